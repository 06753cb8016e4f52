/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rasctl: both ends of a partition, which have to be zeros before it is an area.
 */
#ifndef RAS_EDGES_H
#define RAS_EDGES_H

#include <stdbool.h>

/* What a partition holds. */
struct edges {
	bool		is_free;
	const char	*what;
};

bool edges_look(int fd, const char *name, struct edges *edges);
bool edges_wipe(int fd, const char *name);

#endif
