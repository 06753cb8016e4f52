/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: how many levels the page tables of the two kernels have.
 */
#ifndef RAS_PAGING_H
#define RAS_PAGING_H

#include <asm/bootparam.h>
#include <stdbool.h>
#include <stdint.h>

/* With this word a kernel has 4 levels on any CPU. */
#define PAGING_FOUR	"no5lvl"

uint32_t paging_levels(const char *root);
bool paging_fits(const struct setup_header *header, const char *root, const char *append,
		 bool *wants_four);

#endif
