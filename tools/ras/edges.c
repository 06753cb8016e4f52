// SPDX-License-Identifier: GPL-2.0
/*
 * rasctl: both ends of a partition, which have to be zeros before it is an area.
 *
 * The kernel looks at the same bytes: drivers/ras-clients/dump/block/area.c.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "area.h"
#include "array.h"
#include "edges.h"
#include "say.h"

#define EDGE_BYTES	(128 * 1024)

/* What is known by some bytes at its beginning. */
static const struct {
	size_t		offset;
	size_t		length;
	const char	*bytes;
	const char	*name;
} signatures[] = {
	{ 0, 8, RAS_DUMP_MAGIC, "a damaged area for dumps" },
	{ 1080, 2, "\x53\xef", "a file system: ext2, ext3 or ext4" },
	{ 0, 4, "XFSB", "a file system: xfs" },
	{ 65600, 8, "_BHRfS_M", "a file system: btrfs" },
	{ 1024, 4, "\x10\x20\xf5\xf2", "a file system: f2fs" },
	{ 3, 4, "NTFS", "a file system: ntfs" },
	{ 4086, 10, "SWAPSPACE2", "swap space" },
	{ 0, 4, "LUKS", "something encrypted: LUKS" },
	{ 536, 8, "LVM2 001", "a physical volume of LVM" },
	{ 4096, 4, "\xfc\x4e\x2b\xa9", "a part of a RAID" },
	{ 512, 8, "EFI PART", "a partition table" },
	{ 510, 2, "\x55\xaa", "a boot sector or a partition table" },
};

static uint8_t edge[EDGE_BYTES];

/* Read up to an edge, which may be cut by the end. */
static bool read_edge(int fd, const char *name, uint64_t offset, size_t size)
{
	const ssize_t got = pread(fd, edge, size, (off_t)offset);

	if (got == (ssize_t)size)
		return true;
	say_failed(name, "byte %" PRIu64 " cannot be read: %s", offset,
		   got < 0 ? strerror(errno) : "the end came early");
	return false;
}

static bool is_zeros(size_t size)
{
	return !size || (!edge[0] && !memcmp(edge, edge + 1, size - 1));
}

static bool is_stamp(size_t size)
{
	struct ras_dump_stamp stamp;

	if (size < sizeof(stamp))
		return false;
	memcpy(&stamp, edge, sizeof(stamp));
	return !memcmp(stamp.magic, RAS_DUMP_MAGIC, sizeof(stamp.magic)) &&
	       le32toh(stamp.version) == RAS_DUMP_VERSION && le32toh(stamp.crc) == area_crc(&stamp);
}

static const char *what_is_it(size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(signatures); i++) {
		const size_t end = signatures[i].offset + signatures[i].length;

		if (end <= size && !memcmp(edge + signatures[i].offset, signatures[i].bytes,
					   signatures[i].length))
			return signatures[i].name;
	}
	return "something else";
}

/* Of the device, in whole blocks. */
static bool find_size(int fd, const char *name, uint64_t *size)
{
	const off_t end = lseek(fd, 0, SEEK_END);

	*size = end < 0 ? 0 : (uint64_t)end / RAS_DUMP_BLOCK * RAS_DUMP_BLOCK;
	if (*size > (uint64_t)UINT32_MAX * RAS_DUMP_BLOCK)
		*size = (uint64_t)UINT32_MAX * RAS_DUMP_BLOCK;
	if (*size < 2 * RAS_DUMP_BLOCK)
		say_failed(name, "is too small for a stamp and a dump");
	return *size >= 2 * RAS_DUMP_BLOCK;
}

/**
 * edges_look() - may a partition be made an area?
 * @fd: the partition
 * @name: its name
 * @edges: set to what it holds: @is_free if there are zeros, or an area; otherwise @what there is
 *
 * Return: that is known; otherwise the reason was said.
 */
bool edges_look(int fd, const char *name, struct edges *edges)
{
	uint64_t size;
	size_t length;

	edges->what = NULL;
	if (!find_size(fd, name, &size))
		return false;
	/* The kernel may have written past the page cache. */
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	length = size < EDGE_BYTES ? (size_t)size : EDGE_BYTES;
	if (!read_edge(fd, name, 0, length))
		return false;
	edges->is_free = is_stamp(length);
	if (edges->is_free)
		return true;
	if (!is_zeros(length)) {
		edges->what = what_is_it(length);
		return true;
	}
	if (!read_edge(fd, name, size - length, length))
		return false;
	edges->is_free = is_zeros(length);
	edges->what = "something else at its end";
	return true;
}

/**
 * edges_wipe() - write zeros over both ends of a partition
 * @fd: the partition
 * @name: its name
 *
 * Return: they are on the disk; otherwise the reason was said.
 */
bool edges_wipe(int fd, const char *name)
{
	uint64_t size;
	size_t length;

	if (!find_size(fd, name, &size))
		return false;
	length = size < EDGE_BYTES ? (size_t)size : EDGE_BYTES;
	memset(edge, 0, sizeof(edge));
	if (pwrite(fd, edge, length, 0) == (ssize_t)length &&
	    pwrite(fd, edge, length, (off_t)(size - length)) == (ssize_t)length && !fsync(fd))
		return true;
	say_failed(name, "cannot be written: %s", strerror(errno));
	return false;
}
