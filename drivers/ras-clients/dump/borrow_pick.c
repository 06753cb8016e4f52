// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target memory: which memory can be borrowed.
 *
 * Blocks of which nothing is in the dump, which no device is using, and which nobody overwrites
 * on the way to the next kernel.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/ras.h>
#include <linux/ras_boot.h>
#include <linux/string.h>

#include "borrow.h"

/* Is all of the block memory that the firmware tells of?  The next kernel looks nowhere else. */
bool dump_is_of_firmware(phys_addr_t at)
{
	phys_addr_t start, end;
	unsigned int nr;

	for (nr = 0; ras_boot_ram(nr, &start, &end); nr++)
		if (at >= start && at + DUMP_BORROW_BYTES <= end)
			return true;
	return false;
}

/* Will nothing of the block be in the dump, nor be overwritten on the way to the next kernel? */
static bool dump_is_spare(const struct dump_arena *arena, unsigned long block)
{
	unsigned long pfn = block * DUMP_BORROW_PAGES;
	unsigned long word = pfn / BITS_PER_LONG, end = word + DUMP_BORROW_PAGES / BITS_PER_LONG;

	if (pfn + DUMP_BORROW_PAGES > arena->nr_pfns)
		return false;
	for (; word < end; word++)
		if (~arena->ram[word] || arena->keep[word])
			return false;
	return dump_is_of_firmware(PFN_PHYS(pfn)) &&
	       !ras_boot_overwrites(PFN_PHYS(pfn), DUMP_BORROW_BYTES);
}

/*
 * A device may still be reading a page, to write it to a disk, or writing to it.  Such pages are
 * locked, or somebody has a reference to them besides page cache and page tables.
 */
static bool dump_is_at_rest(const struct page *page, enum dump_class class)
{
	const unsigned long busy = BIT(PG_locked) | BIT(PG_writeback) | BIT(PG_head);
	const int mapped = atomic_read(&page->_mapcount) + 1;
	const bool swapbacked = page->flags & BIT(PG_swapbacked);

	if (class == DUMP_OF_NOBODY)
		return true;
	if (page->flags & busy || READ_ONCE(page->compound_head) & 1)
		return false;
	if (class == DUMP_OF_USER)
		return page_ref_count(page) == mapped &&
		       !(swapbacked && page->flags & BIT(PG_swapcache));
	/* Of pages with private data, the buffers have locks of their own. */
	return class == DUMP_OF_CACHE && page_ref_count(page) == mapped + 1 &&
	       (swapbacked || !(page->flags & BIT(PG_dirty)));
}

static enum dump_class dump_class_at_rest(struct dump_look *look, unsigned long pfn)
{
	enum dump_class class = dump_class_of(look, pfn);

	return dump_is_at_rest(&look->block[pfn % DUMP_BLOCK_PAGES], class) ? class :
									     DUMP_OF_KERNEL;
}

/*
 * What is in the two blocks of the chunk that begins at @pfn: a bit for each class.  What must
 * be left alone counts as the kernel's.
 */
static void dump_look_into(struct dump_look *look, unsigned long pfn, u32 *holds)
{
	unsigned int i, j;

	memset(look, 0, sizeof(*look));
	holds[0] = 0;
	holds[1] = 0;
	for (i = 0; i < DUMP_CHUNK_PAGES; i += DUMP_BLOCK_PAGES) {
		u32 *hold = &holds[i / DUMP_BORROW_PAGES];

		if (ras_copy(look->block, pfn_to_page(pfn + i), sizeof(look->block)))
			*hold |= BIT(DUMP_OF_KERNEL);
		else
			for (j = 0; j < DUMP_BLOCK_PAGES; j++)
				*hold |= BIT(dump_class_at_rest(look, pfn + i + j));
	}
}

/* Take a block, unless that makes too many runs of blocks; they come from the top down. */
bool dump_borrow_take(struct dump_borrow *b, unsigned long block, unsigned int *runs)
{
	bool is_next = b->nr_blocks && b->block[b->nr_blocks - 1] == block + 1;

	if (!is_next && *runs == DUMP_BORROW_RUNS)
		return false;
	*runs += !is_next;
	b->block[b->nr_blocks++] = block;
	return true;
}

/* Pick blocks that hold nothing but these classes. */
static void dump_borrow_pick_of(struct dump_borrow *b, const struct dump_arena *arena,
				unsigned int wanted, u32 classes)
{
	unsigned long chunk = DIV_ROUND_UP(arena->nr_pfns, DUMP_CHUNK_PAGES);
	unsigned int runs = 0;
	u32 holds[2];
	int half;

	b->nr_blocks = 0;
	while (chunk-- && b->nr_blocks < wanted) {
		bool spare[2] = { dump_is_spare(arena, 2 * chunk),
				  dump_is_spare(arena, 2 * chunk + 1) };

		if (!spare[0] && !spare[1])
			continue;
		dump_look_into(&arena->stretch->look, chunk * DUMP_CHUNK_PAGES, holds);
		for (half = 1; half >= 0 && b->nr_blocks < wanted; half--)
			if (spare[half] && !(holds[half] & ~classes) &&
			    !dump_borrow_take(b, 2 * chunk + half, &runs))
				return;
	}
}

/**
 * dump_borrow_pick() - decide which memory is borrowed
 * @b: where to
 * @arena: the arena, classified
 * @wanted: how many blocks are enough
 *
 * Free memory only, if there is enough; else page cache and memory of processes, too, in which
 * there are longer runs of blocks.
 *
 * Context: A handler.  Writes to none of them.
 */
void dump_borrow_pick(struct dump_borrow *b, const struct dump_arena *arena,
		      unsigned int wanted)
{
	wanted = min(wanted, b->max_blocks);
	dump_borrow_pick_of(b, arena, wanted, BIT(DUMP_OF_NOBODY));
	if (b->nr_blocks < wanted)
		dump_borrow_pick_of(b, arena, wanted, BIT(DUMP_OF_NOBODY) | BIT(DUMP_OF_CACHE) |
				    BIT(DUMP_OF_USER));
}
