// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: files that are read at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "say.h"
#include "whole-file.h"

#define PIECE	65536
/* No text that the kernel shows here is so long, even with thousands of CPUs. */
#define TEXT	(64u * 1024 * 1024)

/* Return: 0 or an errno. */
static int read_all(int fd, struct whole_file *file, size_t most)
{
	size_t room = 0;
	ssize_t got;

	do {
		if (room - file->size < PIECE + 1) {
			uint8_t *data = realloc(file->data, room = 2 * room + PIECE + 1);

			if (!data)
				return ENOMEM;
			file->data = data;
		}
		got = read(fd, file->data + file->size, PIECE);
		if (got < 0 && errno != EINTR)
			return errno;
		file->size += got > 0 ? (size_t)got : 0;
		if (file->size > most)
			return EFBIG;
	} while (got);
	file->data[file->size] = 0;
	return 0;
}

/* Return: 0 or an errno. */
static int read_path(const char *path, struct whole_file *file, size_t most)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), error;

	memset(file, 0, sizeof(*file));
	if (fd < 0)
		return errno;
	error = read_all(fd, file, most);
	close(fd);
	if (!error)
		return 0;
	free(file->data);
	file->data = NULL;
	return error;
}

/**
 * whole_file_read() - read a file
 * @file: set to its bytes
 * @path: of it
 * @most: that it may have
 *
 * Return: it was read; otherwise the reason was said.
 */
bool whole_file_read(struct whole_file *file, const char *path, size_t most)
{
	const int error = read_path(path, file, most);

	if (error)
		say_failed(path, "cannot be read: %s", strerror(error));
	return !error;
}

/**
 * whole_file_line() - the text of a small file of the kernel
 * @root: what is put before the path
 * @path: of the file
 *
 * Return: its text without the newline at its end, which the caller frees; %NULL, and errno says
 *	why.
 */
char *whole_file_line(const char *root, const char *path)
{
	struct whole_file file;
	char *name;
	int error;

	if (asprintf(&name, "%s%s", root, path) < 0)
		return NULL;
	error = read_path(name, &file, TEXT);
	free(name);
	if (error) {
		errno = error;
		return NULL;
	}
	if (file.size && file.data[file.size - 1] == '\n')
		file.data[file.size - 1] = 0;
	return (char *)file.data;
}
