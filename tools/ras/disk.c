// SPDX-License-Identifier: GPL-2.0
/*
 * ras-savecore: an area of a disk, which is a partition or a file.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source.h"

/* Read all of a block of the area. */
static bool read_block(struct source *source, struct ras_dump_stamp *stamp, uint64_t offset)
{
	const ssize_t size = pread(source->fd, stamp, sizeof(*stamp), (off_t)offset);

	if (size == (ssize_t)sizeof(*stamp))
		return true;
	say_failed(source->name, "cannot read block %" PRIu64 ": %s", offset / RAS_DUMP_BLOCK,
		   size < 0 ? strerror(errno) : "the device or file has become shorter");
	return false;
}

/*
 * The crashed kernel has written to the disk behind the back of every file system and page
 * cache.  A page that this kernel has cached, be it that udev has looked for a file system
 * or that somebody has looked at the area before, may be older than the dump: after a dump
 * that the machine has survived, or if the disk is shared.  So the cache is dropped before a
 * stamp is read, all of it: the same goes for the dump.  What the cache cannot drop is dirty,
 * and then somebody writes to the area.
 */
static void drop_cache(struct source *source)
{
	posix_fadvise(source->fd, 0, 0, POSIX_FADV_DONTNEED);
}

static ssize_t disk_read(struct source *source, void *buffer, size_t size, uint64_t offset)
{
	uint64_t length;
	const uint64_t where = area_find(&source->area, offset, &length);
	ssize_t done;

	if (length < size)
		size = (size_t)length;
	do
		done = pread(source->fd, buffer, size, (off_t)where);
	while (done < 0 && errno == EINTR);
	if (done > 0)
		return done;
	say_failed(source->name, "cannot read byte %" PRIu64 ": %s", where,
		   done < 0 ? strerror(errno) : "the device or file has become shorter");
	return -1;
}

/*
 * The stamp may have changed since it was read: somebody else has taken the dump, or has
 * armed the area again, or the kernel has dumped and lives.  Then what was copied is not what
 * is there.  A change between the look and the write stays unseen; nothing locks out the
 * kernel.
 */
static enum outcome disk_mark(struct source *source)
{
	struct ras_dump_stamp stamp;

	drop_cache(source);
	if (!read_block(source, &stamp, 0))
		return FAILED;
	if (memcmp(&stamp, &source->stamp, sizeof(stamp)))
		return say_failed(source->name, "not marked as taken: its stamp has changed while "
				  "the dump was copied");
	stamp.state = htole32(RAS_DUMP_TAKEN);
	stamp.crc = htole32(area_crc(&stamp));
	if (pwrite(source->fd, &stamp, sizeof(stamp), 0) != (ssize_t)sizeof(stamp) ||
	    fsync(source->fd))
		return say_failed(source->name, "cannot mark it as taken: %s%s", strerror(errno),
				  errno == ETXTBSY ? ": the kernel has it armed" : "");
	return DONE;
}

static const struct source_ops disk_ops = {
	.read	= disk_read,
	.mark	= disk_mark,
};

static enum outcome read_stamps(struct source *source, uint64_t size, uint32_t max_extents)
{
	struct ras_dump_stamp stamp;
	struct why why;

	if (size < RAS_DUMP_BLOCK)
		return say_failed(source->name, "has %" PRIu64 " bytes: too small for a stamp",
				  size);
	if (!read_block(source, &source->stamp, 0))
		return FAILED;
	if (!area_parse(&source->area, &source->stamp, size, max_extents, &why))
		return say_failed(source->name, "%s", why.text);
	for (uint32_t i = 1; i < source->area.extents; i++) {
		if (!read_block(source, &stamp, source->area.start[i]))
			return FAILED;
		if (!area_check_extent(&source->area, i, &stamp, &why))
			return say_failed(source->name, "%s", why.text);
	}
	return DONE;
}

static enum outcome look(struct source *source)
{
	struct stat about;
	off_t size;

	if (fstat(source->fd, &about))
		return say_failed(source->name, "%s", strerror(errno));
	if (!S_ISBLK(about.st_mode) && !S_ISREG(about.st_mode))
		return say_failed(source->name, "is neither a block device nor a file");
	source->kind = S_ISBLK(about.st_mode) ? "device" : "file";
	size = lseek(source->fd, 0, SEEK_END);
	if (size < 0)
		return say_failed(source->name, "no size: %s", strerror(errno));
	drop_cache(source);
	return read_stamps(source, (uint64_t)size, S_ISBLK(about.st_mode) ? 1 : RAS_DUMP_EXTENTS);
}

/**
 * disk_open() - open an area and read its stamps
 * @source: the source, to be closed by source_close() whatever comes out
 * @name: of the device or file
 * @for_mark: the area will be marked as taken.  That it cannot be written is found out before
 *	gigabytes are copied
 *
 * O_SYNC: a mark that is lost in a crash lets the next boot copy the dump again, and keeps the
 * area full until then.  O_NONBLOCK: a FIFO must not stop the boot.
 *
 * Return: %DONE; or %FAILED, and the reason was said.
 */
enum outcome disk_open(struct source *source, const char *name, bool for_mark)
{
	const int mode = for_mark ? O_RDWR | O_SYNC : O_RDONLY;

	memset(source, 0, sizeof(*source));
	source->ops = &disk_ops;
	source->name = name;
	source->kind = "file";
	source->directory = -1;
	source->fd = open(name, mode | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (source->fd < 0)
		return say_failed(name, "%s", strerror(errno));
	return look(source);
}
