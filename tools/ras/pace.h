/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: how far a save or a resume is, a line each second.
 */
#ifndef RAS_PACE_H
#define RAS_PACE_H

#include <stdint.h>

/**
 * struct pace - how far it is
 * @verb: what is done, in the past tense
 * @total: how many bytes there are
 * @begun: when it has begun
 * @shown: when a line was shown
 */
struct pace {
	const char	*verb;
	uint64_t	total;
	uint64_t	begun;
	uint64_t	shown;
};

void pace_begin(struct pace *pace, const char *verb, uint64_t total);
void pace_show(struct pace *pace, uint64_t done);
void pace_end(const struct pace *pace);

#endif
