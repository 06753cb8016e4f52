/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: the list of the parts that an image has on its device.
 */
#ifndef RAS_IMAGE_LIST_H
#define RAS_IMAGE_LIST_H

#include "image-disk.h"
#include "why.h"

bool image_list_is_needed(const struct extents *extents);
uint8_t *image_list_make(const struct extents *extents, size_t *size);
bool image_list_read(struct extents *extents, const struct image_disk *disk,
		     const struct image *image, struct why *why);

#endif
