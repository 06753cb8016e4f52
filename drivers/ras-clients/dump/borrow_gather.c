// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target memory: what the next kernel makes of the blocks that it
 * has found.
 *
 * What did not survive is missing: no descriptor leads to it, and none leads to other bytes.
 */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/string.h>

#include "borrow.h"

static bool dump_borrow_makes_sense(const struct dump_borrow *b,
				    const struct dump_borrow_head *first)
{
	const u64 room = (u64)b->max_blocks * DUMP_BORROW_ROOM;

	return first->size <= room && first->data <= room && first->descs <= first->data &&
	       (first->state == DUMP_KEPT_BEGUN || first->size);
}

/* The first block of the dump that was begun last. */
static bool dump_borrow_find_first(const struct dump_borrow *b, const u32 *found,
				   unsigned int nr_found, struct dump_borrow_head *first)
{
	struct dump_borrow_head head;
	bool is_there = false;
	unsigned int i;

	for (i = 0; i < nr_found; i++) {
		if (!dump_head_read(found[i], &head) || head.index ||
		    !dump_borrow_makes_sense(b, &head))
			continue;
		if (!is_there || head.seconds > first->seconds)
			*first = head;
		is_there = true;
	}
	return is_there;
}

/*
 * Put the blocks of the dump in order, and take them out of @found.  One that somebody has
 * written to is in use, perhaps: it is not given back, either.
 */
static void dump_borrow_sort(struct dump_borrow *b, u32 *found, unsigned int nr_found)
{
	const struct dump_borrow_head *first = &b->head;
	struct dump_borrow_head head;
	unsigned int i;

	for (i = 0; i < nr_found; i++) {
		const u32 block = found[i];

		if (!dump_head_read(block, &head) || head.id != first->id ||
		    head.index >= b->max_blocks || b->block[head.index])
			continue;
		/* While it was being written, nobody knew where it ends. */
		if (first->state != DUMP_KEPT_BEGUN &&
		    (head.index >= b->nr_blocks || head.state != first->state || !head.used))
			continue;
		found[i] = 0;
		if (head.used && !dump_block_is_right(block, &head, b->page)) {
			dump_block_forget(block);
			continue;
		}
		b->block[head.index] = block;
		b->nr_blocks = max(b->nr_blocks, head.index + 1);
	}
}

/* Does a part of the file lie in blocks all of which have survived? */
static bool dump_borrow_has(const struct dump_borrow *b, u64 offset, u64 size)
{
	u64 index = div_u64(offset, DUMP_BORROW_ROOM), last;

	if (!size)
		return true;
	last = div_u64(offset + size - 1, DUMP_BORROW_ROOM);
	if (offset + size < offset || last >= b->nr_blocks)
		return false;
	for (; index <= last; index++)
		if (!b->block[index])
			return false;
	return true;
}

/* Change a part of the front of a dump that was found, as far as it is there. */
static void dump_borrow_change(struct dump_borrow *b, u64 offset, const void *data, size_t size)
{
	while (size) {
		u64 index = div_u64(offset, DUMP_BORROW_ROOM);
		u64 at = offset - index * DUMP_BORROW_ROOM;
		size_t part = min_t(u64, size, DUMP_BORROW_ROOM - at);

		if (index < b->nr_blocks && b->block[index])
			dump_block_store(dump_block_at(b->block[index]) + DUMP_BORROW_HEAD + at,
					 data, part);
		offset += part;
		data += part;
		size -= part;
	}
}

/* Another reboot must find the front as it is now. */
static void dump_borrow_sum_front(struct dump_borrow *b)
{
	u64 index = min_t(u64, dump_borrow_front(b) + 1, b->nr_blocks);
	struct dump_borrow_head head;

	while (index--)
		if (b->block[index] && dump_head_read(b->block[index], &head) && head.used)
			dump_borrow_mark(b, index, head.state, head.used,
					 dump_block_sum(b->block[index], head.used, b->page));
}

/* Have no descriptor lead to what did not survive, and the header say that pages are missing. */
static void dump_borrow_mend(struct dump_borrow *b)
{
	const struct dump_borrow_head *head = &b->head;
	u8 desc[DUMP_DESC_BYTES];
	u64 at, offset;
	u32 size;

	for (at = head->descs; at + sizeof(desc) <= head->data; at += sizeof(desc)) {
		dump_borrow_get(b, at, desc, sizeof(desc));
		dump_read_desc(desc, &offset, &size);
		/* Of one that lies over the edge of two blocks, a half may be there. */
		if (dump_borrow_has(b, at, sizeof(desc)) &&
		    (!size || dump_borrow_has(b, offset, size)))
			continue;
		memset(desc, 0, sizeof(desc));
		dump_borrow_change(b, at, desc, sizeof(desc));
	}
	dump_borrow_get(b, 0, b->page, PAGE_SIZE);
	dump_cut_header(b->page);
	dump_borrow_change(b, 0, b->page, PAGE_SIZE);
	dump_borrow_sum_front(b);
}

/* There is no dump in these blocks after all. */
static void dump_borrow_give_up(struct dump_borrow *b, u32 *found)
{
	unsigned int i;

	for (i = 0; i < b->nr_blocks; i++) {
		if (!b->block[i])
			continue;
		/* There was one for each. */
		while (*found)
			found++;
		*found = b->block[i];
	}
	b->nr_blocks = 0;
}

static unsigned int dump_borrow_count_lost(const struct dump_borrow *b)
{
	unsigned int i, lost = 0;

	for (i = 0; i < b->nr_blocks; i++)
		lost += !b->block[i];
	return lost;
}

/**
 * dump_borrow_gather() - make a dump of the blocks that the boot has found
 * @b: where to
 * @found: the blocks; those that belong to the dump are 0 afterwards
 * @nr_found: how many
 *
 * Context: Process context.
 * Return: how many blocks of the dump did not survive.
 */
unsigned int dump_borrow_gather(struct dump_borrow *b, u32 *found, unsigned int nr_found)
{
	const struct dump_borrow_head *head = &b->head;
	unsigned int lost;

	b->kept.state = DUMP_KEPT_EMPTY;
	b->nr_blocks = 0;
	memset(b->block, 0, b->max_blocks * sizeof(*b->block));
	if (!dump_borrow_find_first(b, found, nr_found, &b->head))
		return 0;
	b->nr_blocks = min_t(u64, DIV_ROUND_UP_ULL(head->size, DUMP_BORROW_ROOM), b->max_blocks);
	dump_borrow_sort(b, found, nr_found);
	b->nr_open = b->nr_blocks;
	lost = dump_borrow_count_lost(b);
	/* Where the bitmaps are unknown, so is which descriptor is whose. */
	if (!dump_borrow_has(b, 0, head->descs ?: PAGE_SIZE)) {
		dump_borrow_give_up(b, found);
		return lost;
	}
	b->kept.state = head->state;
	b->kept.size = head->state == DUMP_KEPT_BEGUN ? (u64)b->nr_blocks * DUMP_BORROW_ROOM :
							 head->size;
	if (lost)
		b->kept.state = DUMP_KEPT_CUT;
	/* The header may have been finished before the dump was interrupted. */
	if (head->descs && (lost || head->state == DUMP_KEPT_BEGUN))
		dump_borrow_mend(b);
	return lost;
}
