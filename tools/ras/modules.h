/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: files of kernel modules.
 */
#ifndef RAS_MODULES_H
#define RAS_MODULES_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct modules - files, in the order in which they are to be loaded
 * @paths: of them
 * @count: how many there are
 */
struct modules {
	char	**paths;
	size_t	count;
};

bool modules_add(struct modules *modules, const char *name);
bool modules_add_for(struct modules *modules, const char *device);
void modules_free(struct modules *modules);

#endif
