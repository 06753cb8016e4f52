/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: the place of an image, as it is named on the command line.
 */
#ifndef RAS_IMAGE_PLACE_H
#define RAS_IMAGE_PLACE_H

#include "extents.h"

/**
 * struct image_place - where an image is
 * @device: the path of the block device
 * @offset: of the first block on it
 * @file: of a file that has the image, open; -1: it is on the device itself
 * @bytes: size of that file
 * @extents: its parts
 */
struct image_place {
	char		device[4096];
	uint64_t	offset;
	int		file;
	uint64_t	bytes;
	struct extents	extents;
};

bool image_place_find(struct image_place *place, const char *name, const char *root);
void image_place_close(struct image_place *place);
bool image_place_is_private(const struct image_place *place, const char *name);
bool image_place_is_same(const struct image_place *place, const char *name);
void image_place_forget(const struct image_place *place);
bool image_place_is_file(const char *path, const char *root);
bool image_place_is_there(const char *name);

#endif
