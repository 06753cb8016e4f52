// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: a file that the second kernel can write without its file system.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "block-name.h"
#include "say.h"
#include "stream-file.h"
#include "stream-form.h"
#include "token.h"
#include "zero-file.h"

static bool failed(const char *path)
{
	say_failed(path, "%s", strerror(errno));
	return false;
}

/* On which block device the file is. */
static bool find_disk(int fd, const char *path, const char *root, struct job *job)
{
	struct stat about;

	if (fstat(fd, &about))
		return failed(path);
	job->major = major(about.st_dev);
	job->minor = minor(about.st_dev);
	if (block_name(root, job->major, job->minor, job->disk, sizeof(job->disk)))
		return true;
	say_failed(path, "its file system is on no block device of its own");
	return false;
}

/* A file of XFS may be on another device than its file system. */
static bool is_elsewhere(int fd, const char *path)
{
	struct fsxattr attributes;

	if (ioctl(fd, FS_IOC_FSGETXATTR, &attributes) ||
	    !(attributes.fsx_xflags & FS_XFLAG_REALTIME))
		return false;
	say_failed(path, "is on a realtime device of XFS");
	return true;
}

/* Mark each extent with its place. */
static bool stamp(int fd, const char *path, const struct job *job)
{
	const struct stream_end nothing = { .state = STREAM_EMPTY };
	struct stream_head head;
	uint64_t at = 0;

	for (size_t i = 0; i < job->extents.count; i++) {
		stream_head_make(&head, job->token, at, &nothing);
		if (pwrite(fd, &head, sizeof(head), (off_t)at) != sizeof(head))
			return failed(path);
		at += job->extents.extents[i].length;
	}
	return !fsync(fd) || failed(path);
}

static bool same_extents(int fd, const char *path, uint64_t size, const struct job *job)
{
	struct extents *again = calloc(1, sizeof(*again));
	bool good = again && extents_read(again, fd, path, size);

	if (good && (again->count != job->extents.count ||
		     memcmp(again->extents, job->extents.extents,
			    again->count * sizeof(again->extents[0])))) {
		say_failed(path, "its file system moves it when it is written");
		good = false;
	}
	free(again);
	return good;
}

static bool prepare(int fd, const char *path, uint64_t size, const char *root, struct job *job)
{
	return find_disk(fd, path, root, job) && !is_elsewhere(fd, path) &&
	       extents_read(&job->extents, fd, path, size) && token_make(job->token) &&
	       stamp(fd, path, job) && same_extents(fd, path, size, job);
}

/**
 * stream_file_make() - make a file for the second kernel
 * @path: of the file, which must not exist
 * @size: of it, in bytes
 * @is_quiet: show no progress
 * @root: what is put before the names of the kernel's files
 * @job: set its place
 *
 * Return: it is on the disk; otherwise there is none, and the reason was said.
 */
bool stream_file_make(const char *path, uint64_t size, bool is_quiet, const char *root,
		      struct job *job)
{
	bool good;
	int fd;

	if (!zero_file_make(path, size, is_quiet))
		return false;
	fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	good = fd >= 0 ? prepare(fd, path, size, root, job) : failed(path);
	if (fd >= 0) {
		/* The second kernel writes it past this one's cache. */
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		close(fd);
	}
	if (!good)
		unlink(path);
	return good;
}
