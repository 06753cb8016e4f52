/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-dump: a part of a new file, to be written from its beginning to its end.
 */
#ifndef RAS_APPEND_H
#define RAS_APPEND_H

#include "new-file.h"

#define APPEND_BYTES	65536

/**
 * struct append - a part of a file that is written little by little
 * @file: the file
 * @offset: where what waits is to go
 * @used: how much waits
 * @data: what waits
 */
struct append {
	struct new_file	*file;
	uint64_t	offset;
	size_t		used;
	uint8_t		data[APPEND_BYTES];
};

void append_begin(struct append *append, struct new_file *file, uint64_t offset);
uint64_t append_at(const struct append *append);
bool append_bytes(struct append *append, const void *data, size_t size);
bool append_skip(struct append *append, uint64_t offset);
bool append_end(struct append *append);

#endif
