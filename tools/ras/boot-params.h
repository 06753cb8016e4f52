/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: what a boot loader tells the second kernel.
 */
#ifndef RAS_BOOT_PARAMS_H
#define RAS_BOOT_PARAMS_H

#include <asm/bootparam.h>
#include <stdbool.h>

#include "memory-map.h"

/* The longest command line, with the 0 at its end. */
#define COMMAND_LINE_BYTES	4096

/**
 * struct boot_data - a piece of its own in the second kernel's memory
 * @trampoline: a page with the code that is jumped to
 * @params: the parameters
 * @command_line: the words
 */
struct boot_data {
	uint8_t			trampoline[MEMORY_PAGE];
	struct boot_params	params;
	char			command_line[COMMAND_LINE_BYTES];
};

/**
 * struct boot_way - where things are
 * @data: the boot data
 * @entry: the kernel's entry
 * @initrd: the initial file system
 * @initrd_size: of it
 */
struct boot_way {
	uint64_t	data;
	uint64_t	entry;
	uint64_t	initrd;
	uint64_t	initrd_size;
};

bool boot_data_words(struct boot_data *data, const struct setup_header *header, const char *root,
		     uint64_t end, const char *append);
void boot_data_fill(struct boot_data *data, const struct setup_header *header,
		    const struct boot_way *way, const struct memory_map *map, const char *root);

#endif
