/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: can this kernel resume an image?
 */
#ifndef RAS_IMAGE_CHECK_H
#define RAS_IMAGE_CHECK_H

#include "hibernate.h"
#include "image-disk.h"
#include "memory-map.h"

/**
 * struct checked - an image that is looked at
 * @disk: its device
 * @image: what its first block says
 * @map: the memory of the machine
 * @is_void: it can never be resumed
 */
struct checked {
	struct image_disk	disk;
	struct image		image;
	struct memory_map	map;
	bool			is_void;
};

enum result image_find(struct checked *checked);
enum result image_check(struct checked *checked, const char *root);

#endif
