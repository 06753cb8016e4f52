/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: the device of an image.
 */
#ifndef RAS_IMAGE_DISK_H
#define RAS_IMAGE_DISK_H

#include <stdbool.h>

#include "image-form.h"
#include "image-place.h"

/**
 * struct image_disk - a device that is open
 * @path: of it, or of the file on it, as the user has named it
 * @place: of the image on it
 * @flags: with which it was opened
 * @fd: of it, past the cache
 * @size: of it, in bytes
 * @offset: of the first block on it
 * @room: how much of it is for the image
 * @block: of %EXTENT_BLOCK bytes, aligned
 */
struct image_disk {
	const char	*path;
	struct image_place place;
	int		flags;
	int		fd;
	uint64_t	size;
	uint64_t	offset;
	uint64_t	room;
	void		*block;
};

bool image_disk_open(struct image_disk *disk, const char *path, const char *root, bool is_owner);
bool image_disk_find_again(struct image_disk *disk, const char *root, const char *token);
void image_disk_close(struct image_disk *disk);
bool image_disk_read(struct image_disk *disk);
bool image_disk_write(struct image_disk *disk);
bool image_disk_mark(struct image_disk *disk, const struct extents *extents, const char *token);
bool image_disk_tell(struct image_disk *disk, const struct image *image);
bool image_disk_keep(struct image_disk *disk);
bool image_disk_void(struct image_disk *disk);
void image_disk_forget(struct image_disk *disk);

#endif
