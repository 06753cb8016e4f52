/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-dump: the two bitmaps: which page frames are memory, and which are in the dump.
 */
#ifndef RAS_BITMAP_H
#define RAS_BITMAP_H

#include "kdump-file.h"

/**
 * struct bitmap - a bitmap, to be read from its beginning to its end
 * @window: the part of it that is looked at
 * @offset: where in the file it is
 * @words: how many words of 64 bits it has
 */
struct bitmap {
	struct window	window;
	uint64_t	offset;
	uint64_t	words;
};

/**
 * struct bitmap_counts - what the two have to do with each other
 * @memory: pages of the first
 * @dumped: pages of the second
 * @foreign: pages of the second that are not in the first
 * @first_foreign: the first of these
 * @beyond: bits of both that are behind the last page frame
 * @first_beyond: the first of these
 */
struct bitmap_counts {
	uint64_t	memory;
	uint64_t	dumped;
	uint64_t	foreign;
	uint64_t	first_foreign;
	uint64_t	beyond;
	uint64_t	first_beyond;
};

void bitmap_open(struct bitmap *bitmap, const struct kdump *dump, unsigned int which);
bool bitmap_word(struct bitmap *bitmap, uint64_t index, uint64_t *word);
uint64_t bitmap_skip(struct bitmap *bitmap, uint64_t index);
bool bitmap_count(const struct kdump *dump, struct bitmap_counts *counts);

#endif
