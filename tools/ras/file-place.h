/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: which block device a file is on, and where.
 */
#ifndef RAS_FILE_PLACE_H
#define RAS_FILE_PLACE_H

#include "extents.h"

/**
 * struct file_place - where a file is
 * @disk: the name of the block device in /dev
 * @major: @minor: its numbers
 */
struct file_place {
	char		disk[64];
	unsigned int	major;
	unsigned int	minor;
};

bool file_place_find(struct file_place *place, struct extents *extents, int fd, const char *path,
		     uint64_t size, const char *root);
bool file_place_is_same(const struct extents *extents, int fd, const char *path, uint64_t size);

#endif
