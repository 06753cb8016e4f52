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
 * @release: of the kernel that loads them; %NULL: of the one that runs
 */
struct modules {
	char	**paths;
	size_t	count;
	const char *release;
};

bool modules_add(struct modules *modules, const char *name);
bool modules_add_for(struct modules *modules, const char *device);
void modules_free(struct modules *modules);

#endif
