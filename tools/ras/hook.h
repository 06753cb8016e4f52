/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rasdumpd: the program that is run when a dump has ended.
 */
#ifndef RAS_HOOK_H
#define RAS_HOOK_H

#include "tally.h"

void hook_run(const char *program, const char *directory, const char *result,
	      const struct event *event);
void hook_reap(void);

#endif
