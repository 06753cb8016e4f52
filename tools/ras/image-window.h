/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: a part of the memory of another kernel, mapped.
 */
#ifndef RAS_IMAGE_WINDOW_H
#define RAS_IMAGE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct image_window - the part
 * @at: where it is mapped
 * @size: of it, in bytes
 */
struct image_window {
	void	*at;
	size_t	size;
};

bool image_window_open(struct image_window *window, int memory, bool is_for_writing,
		       uint64_t address, size_t size);
void image_window_close(const struct image_window *window);

#endif
