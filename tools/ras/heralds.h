/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rasdumpd: the socket to which heralds come.
 */
#ifndef RAS_HERALDS_H
#define RAS_HERALDS_H

#include "reception.h"

bool heralds_open(const struct reception *reception, struct why *why);

#endif
