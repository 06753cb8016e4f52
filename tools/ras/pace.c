// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: how far a save or a resume is, a line each second.
 *
 * The console may be a serial line, and what reads this may be a script: no line is renewed.
 */
#include <inttypes.h>
#include <stdio.h>

#include "clock.h"
#include "pace.h"

#define MIB	(1024.0 * 1024.0)

static double seconds_of(uint64_t from)
{
	const uint64_t ns = clock_ns() - from;

	/* Nobody divides by 0. */
	return (double)(ns ? ns : 1) / (double)CLOCK_SECOND;
}

/**
 * pace_begin() - it begins
 * @pace: set to it
 * @verb: what is done, in the past tense
 * @total: how many bytes there are
 */
void pace_begin(struct pace *pace, const char *verb, uint64_t total)
{
	*pace = (struct pace){ .verb = verb, .total = total, .begun = clock_ns() };
	pace->shown = pace->begun;
}

/**
 * pace_show() - it goes on
 * @pace: of it
 * @done: how many bytes are done, not 0
 */
void pace_show(struct pace *pace, uint64_t done)
{
	const double rate = (double)done / MIB / seconds_of(pace->begun);
	const uint64_t left = done < pace->total ? pace->total - done : 0;

	if (clock_ns() - pace->shown < CLOCK_SECOND)
		return;
	pace->shown = clock_ns();
	printf("%s %3.0f %%, %.0f of %.0f MiB, %.1f MiB/s, %.0f s left\n", pace->verb,
	       100.0 * (double)done / (double)(done + left), (double)done / MIB,
	       (double)(done + left) / MIB, rate, (double)left / MIB / rate);
	fflush(stdout);
}

/**
 * pace_end() - all is done
 * @pace: of it
 */
void pace_end(const struct pace *pace)
{
	const double seconds = seconds_of(pace->begun);

	printf("%s %.1f MiB in %.1f s, %.1f MiB/s\n", pace->verb, (double)pace->total / MIB,
	       seconds, (double)pace->total / MIB / seconds);
	fflush(stdout);
}
