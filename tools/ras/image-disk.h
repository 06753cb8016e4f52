/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: the device of an image.
 */
#ifndef RAS_IMAGE_DISK_H
#define RAS_IMAGE_DISK_H

#include <stdbool.h>

#include "image-form.h"

/**
 * struct image_disk - a device that is open
 * @path: of it
 * @flags: with which it was opened
 * @fd: of it, past the cache
 * @size: of it, in bytes
 * @block: of %EXTENT_BLOCK bytes, aligned
 */
struct image_disk {
	const char	*path;
	int		flags;
	int		fd;
	uint64_t	size;
	void		*block;
};

bool image_disk_open(struct image_disk *disk, const char *path, const char *root, bool is_owner);
bool image_disk_find_again(struct image_disk *disk, const char *root, const char *token);
void image_disk_close(struct image_disk *disk);
bool image_disk_read(struct image_disk *disk);
bool image_disk_write(struct image_disk *disk);
bool image_disk_tell(struct image_disk *disk, const struct image *image);
bool image_disk_keep(struct image_disk *disk);
bool image_disk_void(struct image_disk *disk);
void image_disk_forget(struct image_disk *disk);

#endif
