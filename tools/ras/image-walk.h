/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: all records of an image, one after the other.
 */
#ifndef RAS_IMAGE_WALK_H
#define RAS_IMAGE_WALK_H

#include "image-disk.h"
#include "memory-map.h"
#include "why.h"

/**
 * struct image_visit - what is done with each record
 * @verb: what is done, in the past tense, to be shown
 * @memory: is called with the memory of a record, by several threads at the same time.
 *	Return: it goes on; otherwise @why is set
 * @to: for @memory
 */
struct image_visit {
	const char	*verb;
	bool		(*memory)(void *to, uint64_t address, const void *data, size_t size,
				  struct why *why);
	void		*to;
};

bool image_walk(const struct image_disk *disk, const struct image *image,
		const struct memory_map *map, const struct image_visit *visit, struct why *why);

#endif
