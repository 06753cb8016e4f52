/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tools/ras: a clock that nobody sets.
 */
#ifndef RAS_CLOCK_H
#define RAS_CLOCK_H

#include <stdint.h>

/* Nanoseconds in a second. */
#define CLOCK_SECOND	1000000000ULL

uint64_t clock_ns(void);

#endif
