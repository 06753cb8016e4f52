/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-netdump-load: what has come of a run.
 */
#ifndef RAS_LOAD_RESULT_H
#define RAS_LOAD_RESULT_H

#include "load-client.h"

/**
 * struct result - what has come of a run
 * @ends: how many clients have ended, by how
 * @time_ns: how long the run took
 * @median_ns: the same of the clients that are complete: half of them took no longer
 * @longest_ns: the longest of these
 */
struct result {
	uint32_t	ends[ENDS];
	uint64_t	time_ns;
	uint64_t	median_ns;
	uint64_t	longest_ns;
};

bool result_make(struct result *result, const struct load *load);
bool result_is_good(const struct result *result);
void result_print(const struct result *result, const struct load *load);
void result_print_json(const struct result *result, const struct load *load);

#endif
