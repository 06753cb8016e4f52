/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: files that are read at once.
 */
#ifndef RAS_WHOLE_FILE_H
#define RAS_WHOLE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct whole_file - the bytes of a file
 * @data: the bytes, and a 0 behind them; freed by who has it
 * @size: how many, without the 0
 */
struct whole_file {
	uint8_t	*data;
	size_t	size;
};

bool whole_file_read(struct whole_file *file, const char *path, size_t most);
char *whole_file_line(const char *root, const char *path);
#endif
