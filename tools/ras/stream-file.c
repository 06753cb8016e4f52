// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: a file that the second kernel can write without its file system.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "file-place.h"
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

static bool prepare(int fd, const char *path, uint64_t size, const char *root, struct job *job)
{
	struct file_place place;

	if (!file_place_find(&place, &job->extents, fd, path, size, root))
		return false;
	strcpy(job->disk, place.disk);
	job->major = place.major;
	job->minor = place.minor;
	return token_make(job->token) && stamp(fd, path, job) &&
	       file_place_is_same(&job->extents, fd, path, size);
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
