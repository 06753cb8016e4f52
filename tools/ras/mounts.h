/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: file systems that are mounted while the machine is off.
 */
#ifndef RAS_MOUNTS_H
#define RAS_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* So many are watched. */
#define MOUNTS_MOST	64
/* The name of a block device, with the 0 at its end: the kernel's DISK_NAME_LEN. */
#define MOUNT_NAME	32

/**
 * struct mount - a block device with a file system that is mounted
 * @name: of it in /dev
 * @major: @minor: its numbers
 * @crc: of what it begins with
 */
struct mount {
	char		name[MOUNT_NAME];
	uint32_t	major;
	uint32_t	minor;
	uint32_t	crc;
};

/**
 * struct mounts - all of them
 * @mounts: the first @count are there
 * @count: how many there are
 */
struct mounts {
	struct mount	mounts[MOUNTS_MOST];
	size_t		count;
};

bool mounts_find(struct mounts *mounts, const char *root);
bool mounts_add(struct mounts *mounts, const struct mount *mount);

#endif
