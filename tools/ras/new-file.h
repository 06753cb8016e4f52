/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-dump: a file that a command makes.
 */
#ifndef RAS_NEW_FILE_H
#define RAS_NEW_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct new_file - the file
 * @path: of it, as the user knows it
 * @name: of it in its directory
 * @part: its name there until it is complete
 * @directory: that directory
 * @fd: of the file
 * @size: of it, in bytes
 */
struct new_file {
	const char	*path;
	const char	*name;
	char		*part;
	int		directory;
	int		fd;
	uint64_t	size;
};

bool new_file_open(struct new_file *file, const char *path);
bool new_file_write(struct new_file *file, const void *data, size_t size, uint64_t offset);
bool new_file_grow(struct new_file *file, uint64_t size);
bool new_file_finish(struct new_file *file);
void new_file_close(struct new_file *file);

#endif
