/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: a kernel in the form of bzImage.
 */
#ifndef RAS_BZIMAGE_H
#define RAS_BZIMAGE_H

#include <asm/bootparam.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct bzimage - what a bzImage says of itself, checked
 * @header: its setup header
 * @data: what is loaded
 * @size: how much that is
 * @room: how much memory it needs from where it is loaded, in whole pages
 * @align: what that place has to be a multiple of, a power of 2
 * @least: the lowest such place
 */
struct bzimage {
	struct setup_header	header;
	const uint8_t		*data;
	size_t			size;
	uint64_t		room;
	uint64_t		align;
	uint64_t		least;
};

/* Where the 64-bit entry is, from where it is loaded. */
#define BZIMAGE_ENTRY	0x200

bool bzimage_check(struct bzimage *image, const char *name, const uint8_t *data, size_t size);

#endif
