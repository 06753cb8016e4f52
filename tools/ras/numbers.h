/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-dump: where the segments of a sealed dump are, by their numbers.
 */
#ifndef RAS_NUMBERS_H
#define RAS_NUMBERS_H

#include "crypt.h"

/* How many segments there may be: with those of the kernel's engine, hundreds of GiB. */
#ifndef NUMBERS_MAX
#define NUMBERS_MAX	(1u << 24)
#endif

/**
 * struct place_of - where a segment is
 * @number: of the segment
 * @offset: in the file, not 0; 0 if there is no segment here
 */
struct place_of {
	uint64_t	number;
	uint64_t	offset;
};

/**
 * struct numbers - the segments
 * @slots: a hash table; %NULL as long as it is empty
 * @room: how many slots it has, a power of 2
 * @count: of segments
 * @key: of the hash, which makers of dumps do not know
 */
struct numbers {
	struct place_of	*slots;
	size_t		room;
	size_t		count;
	uint8_t		key[CRYPT_KEY_BYTES];
};

void numbers_begin(struct numbers *numbers);
void numbers_end(struct numbers *numbers);
struct place_of *numbers_find(const struct numbers *numbers, uint64_t number);
bool numbers_add(struct numbers *numbers, uint64_t number, uint64_t offset, struct why *why);

#endif
