// SPDX-License-Identifier: GPL-2.0
/*
 * tools/ras: how far a copy or a check is.
 */
#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "progress.h"
#include "say.h"

/* How often the line is renewed, in seconds. */
#define RENEW_S	0.2
#define MIB	(1024.0 * 1024.0)

static double now(void)
{
	return (double)clock_ns() / CLOCK_SECOND;
}

/* MiB in a second, by this run. */
static double rate(const struct progress *progress, uint64_t done)
{
	const double seconds = now() - progress->begun;

	return seconds > 0 ? (double)(done - progress->first) / MIB / seconds : 0;
}

static void renew(struct progress *progress, uint64_t done)
{
	const double speed = rate(progress, done);
	const double percent = progress->total ? 100.0 * (double)done / (double)progress->total :
						 100.0;
	const double left = (double)(progress->total - done) / MIB;
	char eta[32] = "-:--:--", line[128];

	if (speed > 0 && left / speed < 1e6) {
		const int seconds = (int)(left / speed + 0.5);

		snprintf(eta, sizeof(eta), "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60,
			 seconds % 60);
	}
	snprintf(line, sizeof(line), "%5.1f%%  %.1f of %.1f MiB  %.1f MiB/s  ETA %s", percent,
		 (double)done / MIB, (double)progress->total / MIB, speed, eta);
	say_renewed(line);
	progress->shown = now();
}

/**
 * progress_begin() - a copy or a check begins
 * @progress: the progress
 * @name: of the area or file
 * @verb: what is done with the dump, in the past tense
 * @total: size of the dump
 * @first: how much of it an earlier run has done
 * @is_quiet: show nothing
 */
void progress_begin(struct progress *progress, const char *name, const char *verb,
		    uint64_t total, uint64_t first, bool is_quiet)
{
	progress->name = name;
	progress->verb = verb;
	progress->is_quiet = is_quiet;
	progress->is_terminal = isatty(STDERR_FILENO);
	progress->total = total;
	progress->first = first;
	progress->begun = now();
	progress->shown = 0;
}

/**
 * progress_show() - it goes on
 * @progress: the progress
 * @done: how much of the dump is done
 */
void progress_show(struct progress *progress, uint64_t done)
{
	if (!progress->is_quiet && progress->is_terminal && now() - progress->shown >= RENEW_S)
		renew(progress, done);
}

/**
 * progress_end() - it has ended
 * @progress: the progress
 * @done: how much of the dump is done
 */
void progress_end(struct progress *progress, uint64_t done)
{
	if (progress->is_quiet)
		return;
	if (progress->is_terminal) {
		renew(progress, done);
		say_end_line();
		return;
	}
	say_note(progress->name, "%s %.1f of %.1f MiB in %.1f s, %.1f MiB/s", progress->verb,
		 (double)(done - progress->first) / MIB, (double)progress->total / MIB,
		 now() - progress->begun, rate(progress, done));
}
