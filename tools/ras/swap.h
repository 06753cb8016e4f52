/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: a swap device that is needed for something else for a while.
 */
#ifndef RAS_SWAP_H
#define RAS_SWAP_H

#include <stdbool.h>

/**
 * struct swap - a device that may be swap
 * @path: of it
 * @root: what is put before the names of the kernel's files; then nothing is changed
 * @was_on: it was in use
 * @priority: that it had
 */
struct swap {
	const char	*path;
	const char	*root;
	bool		was_on;
	int		priority;
};

bool swap_take(struct swap *swap, const char *path, const char *root);
void swap_give_back(const struct swap *swap);
bool swap_is_header(const void *block);

#endif
