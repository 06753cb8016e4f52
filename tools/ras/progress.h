/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tools/ras: how far a copy or a check is.
 */
#ifndef RAS_PROGRESS_H
#define RAS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct progress - how far a copy or a check is
 * @name: of the area or file
 * @verb: what is done with the dump, in the past tense
 * @is_quiet: nothing is shown
 * @is_terminal: a line is renewed; otherwise there is one at the end
 * @total: size of the dump
 * @first: how much of it an earlier run has done
 * @begun: when this one has begun, in seconds
 * @shown: when the line was renewed
 */
struct progress {
	const char	*name;
	const char	*verb;
	bool		is_quiet;
	bool		is_terminal;
	uint64_t	total;
	uint64_t	first;
	double		begun;
	double		shown;
};

void progress_begin(struct progress *progress, const char *name, const char *verb,
		    uint64_t total, uint64_t first, bool is_quiet);
void progress_show(struct progress *progress, uint64_t done);
void progress_end(struct progress *progress, uint64_t done);

#endif
