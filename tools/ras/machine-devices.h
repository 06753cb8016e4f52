/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: the devices of this machine, to be compared.
 */
#ifndef RAS_MACHINE_DEVICES_H
#define RAS_MACHINE_DEVICES_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct devices - lines of text in their order, one for each device
 * @count: of the lines
 * @lines: of them
 */
struct devices {
	size_t	count;
	char	**lines;
};

/* What differs: called with a device, and whether it is new or missing. */
typedef void (*devices_differ)(void *to, const char *device, bool is_new);

bool devices_read(struct devices *devices, const char *root);
void devices_free(struct devices *devices);
size_t devices_compare(const struct devices *before, const struct devices *after,
		       devices_differ differ, void *to);

#endif
