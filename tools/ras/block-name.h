/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: what the kernel calls a block device.
 */
#ifndef RAS_BLOCK_NAME_H
#define RAS_BLOCK_NAME_H

#include <stdbool.h>
#include <stddef.h>

bool block_name(const char *root, unsigned int major, unsigned int minor, char *name,
		size_t size);

#endif
