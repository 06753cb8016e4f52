// SPDX-License-Identifier: GPL-2.0
/*
 * tools/ras: a clock that nobody sets.
 */
#include <time.h>

#include "clock.h"

/**
 * clock_ns() - the time since some moment
 *
 * Return: the time, in ns.
 */
uint64_t clock_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * CLOCK_SECOND + (uint64_t)time.tv_nsec;
}
