// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump: the two bitmaps: which page frames are memory, and which are in the dump.
 *
 * They are as large as the headers say, and they are in the file; but a file may have holes,
 * and be larger than any disk.  What is in a hole is not looked at.
 */
#include <endian.h>
#include <string.h>

#include "bitmap.h"

/* After how many words it is worth to ask for holes. */
#ifndef HOLE_WORDS
#define HOLE_WORDS	512
#endif

/**
 * bitmap_open() - begin to read a bitmap
 * @bitmap: the bitmap
 * @dump: the dump
 * @which: 0 for what is memory, 1 for what is in the dump
 */
void bitmap_open(struct bitmap *bitmap, const struct kdump *dump, unsigned int which)
{
	window_open(&bitmap->window, dump->bytes);
	bitmap->offset = dump->bitmaps + which * dump->bitmap_bytes;
	bitmap->words = dump->bitmap_bytes / sizeof(uint64_t);
}

/**
 * bitmap_word() - 64 bits of a bitmap
 * @bitmap: the bitmap
 * @index: of the word, less than @bitmap.words
 * @word: set to the bits, that of the lowest page frame the lowest
 *
 * Return: it was read; otherwise the error of the file is set.
 */
bool bitmap_word(struct bitmap *bitmap, uint64_t index, uint64_t *word)
{
	const void *at = window_at(&bitmap->window, bitmap->offset + index * sizeof(*word),
				   sizeof(*word));

	if (!at)
		return false;
	memcpy(word, at, sizeof(*word));
	*word = le64toh(*word);
	return true;
}

/**
 * bitmap_skip() - pass over a hole
 * @bitmap: the bitmap
 * @index: of a word, at most @bitmap.words
 *
 * Return: the index of a word, all between this and @index being 0.
 */
uint64_t bitmap_skip(struct bitmap *bitmap, uint64_t index)
{
	struct bytes *bytes = bitmap->window.bytes;
	uint64_t at = bitmap->offset + index * sizeof(uint64_t), next;

	if (index % HOLE_WORDS || index >= bitmap->words)
		return index;
	next = bytes->ops->next_data(bytes, at);
	/* It may be that of another file by now. */
	if (next < at)
		return index;
	index += (next - at) / sizeof(uint64_t);
	return index < bitmap->words ? index : bitmap->words;
}

/* The bits of a word that are page frames below the last. */
static uint64_t mask_of(const struct kdump *dump, uint64_t index)
{
	if (dump->max_pfn / 64 > index)
		return UINT64_MAX;
	return dump->max_pfn / 64 == index ? (1ull << dump->max_pfn % 64) - 1 : 0;
}

static void count_word(struct bitmap_counts *counts, uint64_t index, uint64_t memory,
		       uint64_t dumped, uint64_t mask)
{
	const uint64_t foreign = dumped & ~memory & mask, beyond = (memory | dumped) & ~mask;

	if (foreign && !counts->foreign)
		counts->first_foreign = index * 64 + (uint64_t)__builtin_ctzll(foreign);
	if (beyond && !counts->beyond)
		counts->first_beyond = index * 64 + (uint64_t)__builtin_ctzll(beyond);
	counts->foreign += (uint64_t)__builtin_popcountll(foreign);
	counts->beyond += (uint64_t)__builtin_popcountll(beyond);
	counts->memory += (uint64_t)__builtin_popcountll(memory & mask);
	counts->dumped += (uint64_t)__builtin_popcountll(dumped & mask);
}

/**
 * bitmap_count() - count the pages, and compare the bitmaps
 * @dump: the dump
 * @counts: set to what was found
 *
 * Return: both were read; otherwise the error of the file is set.
 */
bool bitmap_count(const struct kdump *dump, struct bitmap_counts *counts)
{
	struct bitmap memory, dumped;

	memset(counts, 0, sizeof(*counts));
	bitmap_open(&memory, dump, 0);
	bitmap_open(&dumped, dump, 1);
	for (uint64_t i = 0; i < memory.words; i++) {
		const uint64_t next = bitmap_skip(&memory, i), other = bitmap_skip(&dumped, i);
		uint64_t one, two;

		i = next < other ? next : other;
		if (i >= memory.words)
			break;
		if (!bitmap_word(&memory, i, &one) || !bitmap_word(&dumped, i, &two))
			return false;
		if (one | two)
			count_word(counts, i, one, two, mask_of(dump, i));
	}
	return true;
}
