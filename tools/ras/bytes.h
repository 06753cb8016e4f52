/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-dump: the bytes of a file, wherever they come from: the fuzzer has them in memory.
 */
#ifndef RAS_BYTES_H
#define RAS_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "why.h"

struct bytes;

/**
 * struct bytes_ops - what can be done with a file
 * @read: read bytes that are within its size.  Return: they were read; otherwise @bytes.error
 *	is the reason
 * @next_data: where the first byte is at or after an offset that is in no hole; the size, if
 *	there is none
 */
struct bytes_ops {
	bool		(*read)(struct bytes *bytes, void *buffer, size_t size, uint64_t offset);
	uint64_t	(*next_data)(struct bytes *bytes, uint64_t offset);
};

/**
 * struct bytes - a file that is open
 * @ops: what can be done with it
 * @size: in bytes
 * @error: why a read has failed, as errno has it; 0 if none has
 * @fd: of the file, for bytes_open()
 */
struct bytes {
	const struct bytes_ops	*ops;
	uint64_t		size;
	int			error;
	int			fd;
};

/* What is read of a file at a time. */
#ifndef WINDOW_BYTES
#define WINDOW_BYTES	65536
#endif

/**
 * struct window - a part of a file, for who reads little by little
 * @bytes: the file
 * @offset: where the part begins
 * @length: of it
 * @data: what it holds
 */
struct window {
	struct bytes	*bytes;
	uint64_t	offset;
	size_t		length;
	uint8_t		data[WINDOW_BYTES];
};

bool bytes_open(struct bytes *bytes, const char *name, struct why *why);
void bytes_of(struct bytes *bytes, int fd, uint64_t size);
void bytes_close(struct bytes *bytes);
bool bytes_has(const struct bytes *bytes, uint64_t offset, uint64_t size);
bool bytes_read(struct bytes *bytes, void *buffer, size_t size, uint64_t offset);
void window_open(struct window *window, struct bytes *bytes);
const void *window_at(struct window *window, uint64_t offset, size_t size);

#endif
