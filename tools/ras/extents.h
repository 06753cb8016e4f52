/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: where the bytes of a file are on its block device.
 */
#ifndef RAS_EXTENTS_H
#define RAS_EXTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A file in more parts is refused. */
#define EXTENTS		1024

/* Addresses and lengths are multiples of it. */
#define EXTENT_BLOCK	4096u

/* A token has 32 hexadecimal digits, and a 0. */
#define EXTENT_TOKEN_BYTES	33

/**
 * struct extent - a part of the file
 * @physical: where it is on the device, in bytes
 * @length: of it
 */
struct extent {
	uint64_t	physical;
	uint64_t	length;
};

/**
 * struct extents - all parts, in the order of the file
 * @count: of the extents
 * @size: of them together
 * @extents: each
 */
struct extents {
	size_t		count;
	uint64_t	size;
	struct extent	extents[EXTENTS];
};

bool extents_add(struct extents *extents, uint64_t physical, uint64_t length);
uint64_t extents_find(const struct extents *extents, uint64_t offset, uint64_t *length);
bool extents_read(struct extents *extents, int fd, const char *name, uint64_t size);

#endif
