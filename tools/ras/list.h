/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-savecore: the areas that the command line and files name.
 */
#ifndef RAS_LIST_H
#define RAS_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "say.h"

/* The line of a file of areas that stands for the region of memory. */
#define LIST_MEMORY	"memory"

struct list_entry {
	char	*name;
	bool	is_memory;
};

struct list {
	struct list_entry	*entries;
	size_t			count;
};

enum outcome list_add(struct list *list, const char *name, bool is_memory);
enum outcome list_read(struct list *list, const char *path);
void list_free(struct list *list);

#endif
