// SPDX-License-Identifier: GPL-2.0
/*
 * rasdumpd: which counts of proven packets were seen, so that none is taken twice.
 */
#include <string.h>

#include "counts.h"

static uint64_t bit_of(uint32_t count)
{
	return 1ULL << count % COUNTS_WORD;
}

static uint64_t *word_of(struct counts *counts, uint32_t count)
{
	return &counts->seen[count % COUNTS / COUNTS_WORD];
}

/**
 * counts_is_new() - is a count one that was not seen?
 * @counts: the counts, zeros at first
 * @count: the count
 *
 * Return: it is.  A count too far below the highest one is taken for one that was seen.
 */
bool counts_is_new(const struct counts *counts, uint32_t count)
{
	if (count > counts->highest)
		return true;
	if (counts->highest - count >= COUNTS)
		return false;
	return !(counts->seen[count % COUNTS / COUNTS_WORD] & bit_of(count));
}

/**
 * counts_mark() - a count was seen
 * @counts: the counts
 * @count: the count, which is new
 */
void counts_mark(struct counts *counts, uint32_t count)
{
	/* The bits at the places of the counts in between are of counts that leave the window. */
	if (count > counts->highest && count - counts->highest >= COUNTS) {
		memset(counts->seen, 0, sizeof(counts->seen));
		counts->highest = count;
	}
	while (count > counts->highest) {
		counts->highest++;
		*word_of(counts, counts->highest) &= ~bit_of(counts->highest);
	}
	*word_of(counts, count) |= bit_of(count);
}
