/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rasdumpd: the loop.
 */
#ifndef RAS_RECEIVER_H
#define RAS_RECEIVER_H

#include "reception.h"

bool receiver_open(const struct receiver_options *options, struct store *store,
		   struct why *why);
bool receiver_run(struct why *why);

#endif
