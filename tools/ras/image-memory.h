/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: in the second kernel, the memory of the first, as a sparse file.
 */
#ifndef RAS_IMAGE_MEMORY_H
#define RAS_IMAGE_MEMORY_H

#include "image-form.h"
#include "why.h"

/* The memory of the first kernel; in a kernel that restores, that to be restored. */
#define IMAGE_MEMORY	"/dev/ras_image"

/**
 * struct image_memory - the memory
 * @fd: of the file
 * @least: where it can begin
 * @at: what is before this was gone through
 * @end: of what is in use from @at on
 */
struct image_memory {
	int		fd;
	uint64_t	least;
	uint64_t	at;
	uint64_t	end;
};

bool image_memory_open(struct image_memory *memory, const char *root, uint64_t least,
		       struct why *why);
void image_memory_close(struct image_memory *memory);
bool image_memory_count(struct image_memory *memory, uint64_t *bytes, struct why *why);
bool image_memory_next(struct image_memory *memory, struct image_record *record,
		       struct why *why);
bool image_memory_read(const struct image_memory *memory, const struct image_record *record,
		       void *to, struct why *why);

#endif
