/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rasdumpd: which counts of proven packets were seen, so that none is taken twice.
 */
#ifndef RAS_COUNTS_H
#define RAS_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

/* How many counts below the highest one are known; a power of 2. */
#define COUNTS		4096
#define COUNTS_WORD	64

/**
 * struct counts - the window of RFC 4303, 3.4.3
 * @highest: the highest count that was seen; or 0
 * @seen: which were seen, of that and those below it: a bit for each, in a ring
 */
struct counts {
	uint32_t	highest;
	uint64_t	seen[COUNTS / COUNTS_WORD];
};

bool counts_is_new(const struct counts *counts, uint32_t count);
void counts_mark(struct counts *counts, uint32_t count);

#endif
