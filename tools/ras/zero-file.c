// SPDX-License-Identifier: GPL-2.0
/*
 * rasctl: a file that is written with zeros, to be an area.
 *
 * Blocks that are only reserved would not do: the file system shows them as zeros, whatever a
 * crashed kernel has put there.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/ras_dump.h>

#include "progress.h"
#include "say.h"
#include "stop.h"
#include "zero-file.h"

#define PIECE	(1024 * 1024)

#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC	0x58465342
#endif

/* Can a file of this directory be an area? */
static bool check_place(const char *path, int directory, uint64_t size)
{
	struct statfs about;

	if (fstatfs(directory, &about)) {
		say_failed(path, "%s", strerror(errno));
		return false;
	}
	if (about.f_type != EXT4_SUPER_MAGIC && about.f_type != XFS_SUPER_MAGIC) {
		say_failed(path, "would not be on ext4 or xfs");
		return false;
	}
	if (about.f_bsize != RAS_DUMP_BLOCK) {
		say_failed(path, "would be on a file system with blocks of %ld bytes, not %d",
			   (long)about.f_bsize, RAS_DUMP_BLOCK);
		return false;
	}
	if (about.f_bavail < size / RAS_DUMP_BLOCK) {
		say_failed(path, "there is room for %" PRIu64 " bytes only",
			   (uint64_t)about.f_bavail * RAS_DUMP_BLOCK);
		return false;
	}
	return true;
}

static bool write_zeros(int fd, const char *path, uint64_t size, bool is_quiet)
{
	static const char zeros[PIECE];
	struct progress progress;
	uint64_t done = 0;

	progress_begin(&progress, path, "written", size, 0, is_quiet);
	while (done < size && !stop_reason()) {
		const size_t piece = size - done < PIECE ? (size_t)(size - done) : PIECE;
		const ssize_t got = write(fd, zeros, piece);

		if (got < 0 && errno != EINTR) {
			say_failed(path, "cannot be written: %s", strerror(errno));
			return false;
		}
		done += got > 0 ? (uint64_t)got : 0;
		progress_show(&progress, done);
	}
	if (stop_reason()) {
		say_failed(path, "was not made: %s", stop_reason());
		return false;
	}
	if (fsync(fd)) {
		say_failed(path, "cannot be written: %s", strerror(errno));
		return false;
	}
	progress_end(&progress, done);
	return true;
}

static bool make_in(int directory, const char *name, const char *path, uint64_t size,
		    bool is_quiet)
{
	int fd;

	if (!check_place(path, directory, size))
		return false;
	fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		say_failed(path, "cannot be made: %s", strerror(errno));
		return false;
	}
	if (write_zeros(fd, path, size, is_quiet) && !fsync(directory)) {
		close(fd);
		return true;
	}
	unlinkat(directory, name, 0);
	close(fd);
	return false;
}

/**
 * zero_file_make() - make a file of zeros that are written
 * @path: of the file, which must not exist
 * @size: of it, in bytes
 * @is_quiet: show no progress
 *
 * Return: it is on the disk; otherwise there is none, and the reason was said.
 */
bool zero_file_make(const char *path, uint64_t size, bool is_quiet)
{
	char *copy = strdup(path), *other = strdup(path);
	bool good = false;
	int directory = -1;

	stop_catch_signals();
	if (copy && other)
		directory = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0) {
		say_failed(path, "cannot be made: %s", strerror(errno));
	} else {
		good = make_in(directory, basename(other), path, size, is_quiet);
		close(directory);
	}
	free(copy);
	free(other);
	return good;
}
