// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump: a file that a command makes.
 *
 * It is made as FILE.part, which becomes FILE when it is complete and durable, and goes if it
 * does not become so.  Neither of them is overwritten.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "naming.h"
#include "new-file.h"
#include "say.h"

/* Say what has failed.  Return: false, for callers that end with it. */
static bool failed(const struct new_file *file)
{
	say_failed(file->path, "%s", strerror(errno));
	return false;
}

static bool open_part(struct new_file *file)
{
	file->fd = openat(file->directory, file->part,
			  O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file->fd >= 0)
		return true;
	if (errno != EEXIST)
		return failed(file);
	say_failed(file->path, "its .part exists: another ras-dump is at work, or was killed; "
		   "remove it then");
	return false;
}

/**
 * new_file_open() - begin to make a file
 * @file: the file, to be closed by new_file_close() whatever comes out
 * @path: of it
 *
 * Return: it is open; otherwise the reason was said.
 */
bool new_file_open(struct new_file *file, const char *path)
{
	struct stat about;

	memset(file, 0, sizeof(*file));
	file->path = path;
	file->fd = -1;
	file->directory = naming_open_directory(path, &file->name);
	if (file->directory < 0)
		return false;
	if (!fstatat(file->directory, file->name, &about, AT_SYMLINK_NOFOLLOW)) {
		say_failed(path, "exists; it is not overwritten");
		return false;
	}
	if (asprintf(&file->part, "%s.part", file->name) < 0) {
		file->part = NULL;
		return failed(file);
	}
	return open_part(file);
}

/**
 * new_file_write() - write bytes anywhere in the file
 * @file: the file
 * @data: the bytes
 * @size: how many
 * @offset: where they begin
 *
 * Return: they were written; otherwise the reason was said.
 */
bool new_file_write(struct new_file *file, const void *data, size_t size, uint64_t offset)
{
	const uint8_t *from = data;

	while (size) {
		const ssize_t done = pwrite(file->fd, from, size, (off_t)offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return failed(file);
		from += done;
		size -= (size_t)done;
		offset += (uint64_t)done;
		if (file->size < offset)
			file->size = offset;
	}
	return true;
}

/**
 * new_file_grow() - make the file larger, if it is not so large
 * @file: the file
 * @size: what its size is to be; what was not written is a hole
 *
 * Return: it is so large; otherwise the reason was said.
 */
bool new_file_grow(struct new_file *file, uint64_t size)
{
	if (size <= file->size)
		return true;
	if (ftruncate(file->fd, (off_t)size))
		return failed(file);
	file->size = size;
	return true;
}

/**
 * new_file_finish() - the file is complete: give it its name, and make all of it durable
 * @file: the file
 *
 * Return: that is done; otherwise the reason was said.
 */
bool new_file_finish(struct new_file *file)
{
	if (fsync(file->fd) || !naming_give(file->directory, file->part, file->name))
		return failed(file);
	free(file->part);
	file->part = NULL;
	return !fsync(file->directory) || failed(file);
}

/**
 * new_file_close() - close the file, and remove it unless it was finished
 * @file: the file
 */
void new_file_close(struct new_file *file)
{
	if (file->fd >= 0) {
		close(file->fd);
		if (file->part)
			unlinkat(file->directory, file->part, 0);
	}
	if (file->directory >= 0)
		close(file->directory);
	free(file->part);
}
