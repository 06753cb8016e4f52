// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: where the bytes of a file are on its block device.
 *
 * Nobody but this program may know better: a part that the file system would move, share or
 * change on its way to the disk is refused.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>

#include "array.h"
#include "extents.h"
#include "say.h"

/* Read at a time. */
#define AT_ONCE	64

/* What must not be said of an extent, and what it means. */
static const struct {
	uint32_t	flag;
	const char	*means;
} bad_flags[] = {
	{ FIEMAP_EXTENT_DELALLOC,	"has no place on the disk yet" },
	{ FIEMAP_EXTENT_UNKNOWN,	"has no known place on the disk" },
	{ FIEMAP_EXTENT_DATA_ENCRYPTED,	"is encrypted" },
	{ FIEMAP_EXTENT_ENCODED,	"is compressed or encoded" },
	{ FIEMAP_EXTENT_DATA_INLINE,	"is in metadata of the file system" },
	{ FIEMAP_EXTENT_DATA_TAIL,	"shares a block" },
	{ FIEMAP_EXTENT_NOT_ALIGNED,	"is not aligned to blocks" },
	{ FIEMAP_EXTENT_UNWRITTEN,	"was not written" },
	{ FIEMAP_EXTENT_SHARED,		"is shared with another file" },
};

/* All flags that are known to do no harm. */
#define HARMLESS	((uint32_t)(FIEMAP_EXTENT_LAST | FIEMAP_EXTENT_MERGED))

static const char *what_is_bad(uint32_t flags)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_flags); i++)
		if (flags & bad_flags[i].flag)
			return bad_flags[i].means;
	return flags & ~HARMLESS ? "is of a kind that nobody knows" : NULL;
}

/**
 * extents_add() - add the next part of a file
 * @extents: the parts
 * @physical: where it is
 * @length: of it
 *
 * Return: it makes sense, and there is room for it.
 */
bool extents_add(struct extents *extents, uint64_t physical, uint64_t length)
{
	if (extents->count == EXTENTS || !length || length % EXTENT_BLOCK ||
	    physical % EXTENT_BLOCK || length > INT64_MAX - extents->size ||
	    physical > INT64_MAX - length)
		return false;
	extents->extents[extents->count++] = (struct extent){ physical, length };
	extents->size += length;
	return true;
}

/**
 * extents_find() - where a byte of the file is
 * @extents: the parts
 * @offset: of the byte in the file, less than the size
 * @length: set to how many bytes are there from it on
 *
 * Return: its address on the device.
 */
uint64_t extents_find(const struct extents *extents, uint64_t offset, uint64_t *length)
{
	const struct extent *extent = extents->extents;

	for (; offset >= extent->length; extent++)
		offset -= extent->length;
	*length = extent->length - offset;
	return extent->physical + offset;
}

static bool take(struct extents *extents, const struct fiemap_extent *extent, const char *name)
{
	const char *bad = what_is_bad(extent->fe_flags);

	if (!bad && extent->fe_logical != extents->size)
		bad = "does not follow the one before it";
	if (!bad && extents->count == EXTENTS)
		bad = "is one too many: the file is in too many parts";
	if (!bad && extents_add(extents, extent->fe_physical, extent->fe_length))
		return true;
	say_failed(name, "cannot be written past its file system: its part at byte %" PRIu64 " %s",
		   (uint64_t)extent->fe_logical, bad ? bad : "is not aligned to blocks");
	return false;
}

/* Read the next extents.  Return: how many, 0 at the end, or -1, and the reason was said. */
static int read_some(struct extents *extents, int fd, const char *name, uint64_t size)
{
	union {
		struct fiemap	map;
		uint8_t		bytes[sizeof(struct fiemap) +
				      AT_ONCE * sizeof(struct fiemap_extent)];
	} some = {
		.map = {
			.fm_start = extents->size,
			.fm_length = size - extents->size,
			.fm_flags = FIEMAP_FLAG_SYNC,
			.fm_extent_count = AT_ONCE,
		},
	};

	if (ioctl(fd, FS_IOC_FIEMAP, &some.map)) {
		say_failed(name, "its file system does not say where it is: %s", strerror(errno));
		return -1;
	}
	for (uint32_t i = 0; i < some.map.fm_mapped_extents; i++)
		if (!take(extents, some.map.fm_extents + i, name))
			return -1;
	return (int)some.map.fm_mapped_extents;
}

/**
 * extents_read() - find the parts of a file
 * @extents: set to them
 * @fd: of the file
 * @name: of it
 * @size: of it, a multiple of %EXTENT_BLOCK
 *
 * Return: all of it can be written on the device; otherwise the reason was said.
 */
bool extents_read(struct extents *extents, int fd, const char *name, uint64_t size)
{
	int got = 1;

	extents->count = 0;
	extents->size = 0;
	while (extents->size < size && got > 0)
		got = read_some(extents, fd, name, size);
	if (got < 0)
		return false;
	if (extents->size == size)
		return true;
	say_failed(name, "only %" PRIu64 " of its %" PRIu64 " bytes have a place on the disk",
		   extents->size, size);
	return false;
}
