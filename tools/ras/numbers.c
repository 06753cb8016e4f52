// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump: where the segments of a sealed dump are, by their numbers.
 */
#include <stdlib.h>
#include <string.h>

#include "numbers.h"

#define FIRST_ROOM	1024

/**
 * numbers_begin() - there are no segments yet
 * @numbers: the segments, to be ended by numbers_end()
 */
void numbers_begin(struct numbers *numbers)
{
	memset(numbers, 0, sizeof(*numbers));
	crypt_hash_key(numbers->key, sizeof(numbers->key));
}

/**
 * numbers_end() - forget all segments
 * @numbers: the segments
 */
void numbers_end(struct numbers *numbers)
{
	free(numbers->slots);
}

/* The slot of a segment, or that where it would be. */
static struct place_of *slot_of(const struct numbers *numbers, uint64_t number)
{
	size_t at = crypt_hash(number, numbers->key) & (numbers->room - 1);

	while (numbers->slots[at].offset && numbers->slots[at].number != number)
		at = (at + 1) & (numbers->room - 1);
	return &numbers->slots[at];
}

/**
 * numbers_find() - find a segment
 * @numbers: the segments
 * @number: of it
 *
 * Return: it, until the next is added; or %NULL.
 */
struct place_of *numbers_find(const struct numbers *numbers, uint64_t number)
{
	struct place_of *slot;

	if (!numbers->room)
		return NULL;
	slot = slot_of(numbers, number);
	return slot->offset ? slot : NULL;
}

/* Make the table twice as large. */
static bool grow(struct numbers *numbers)
{
	struct numbers larger = *numbers;

	larger.room = numbers->room ? 2 * numbers->room : FIRST_ROOM;
	larger.slots = calloc(larger.room, sizeof(*larger.slots));
	if (!larger.slots)
		return false;
	for (size_t i = 0; i < numbers->room; i++)
		if (numbers->slots[i].offset)
			*slot_of(&larger, numbers->slots[i].number) = numbers->slots[i];
	free(numbers->slots);
	*numbers = larger;
	return true;
}

/**
 * numbers_add() - note where a segment is
 * @numbers: the segments
 * @number: of it, which no other has
 * @offset: where it is, not 0
 * @why: set to the reason if there is no room
 */
bool numbers_add(struct numbers *numbers, uint64_t number, uint64_t offset, struct why *why)
{
	struct place_of *slot;

	if (numbers->count >= NUMBERS_MAX)
		return refuse(why, "there are more than %u segments", NUMBERS_MAX);
	if (numbers->count >= numbers->room / 4 * 3 && !grow(numbers))
		return refuse(why, "no memory");
	slot = slot_of(numbers, number);
	slot->number = number;
	slot->offset = offset;
	numbers->count++;
	return true;
}
