// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: borrowed memory: which blocks are taken, what the next kernel makes of what it finds.
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/ras_boot.h>
#include <linux/string.h>

#include <asm/boot.h>
#include <asm/sections.h>

#include "borrow.h"

#define FAKE_BLOCKS	6
/* Of the front, whose end is in the second block; descriptors are at its end. */
#define FAKE_DESCS	(DUMP_BORROW_ROOM - 3 * DUMP_DESC_BYTES / 2)
#define FAKE_NR_DESCS	4
#define FAKE_DATA	(FAKE_DESCS + FAKE_NR_DESCS * DUMP_DESC_BYTES)
/* Three blocks and a half. */
#define FAKE_SIZE	(7 * DUMP_BORROW_ROOM / 2)

static const struct dump_layout fake_layout = { .descs = FAKE_DESCS, .data = FAKE_DATA };

/* Where the pages are: in each block of the file, and over the edge of two. */
static const u64 fake_pages[FAKE_NR_DESCS] = {
	FAKE_DATA, 2 * DUMP_BORROW_ROOM - 50, 2 * DUMP_BORROW_ROOM + 50, 3 * DUMP_BORROW_ROOM,
};

struct fake_memory {
	struct dump_borrow	b;
	struct page		*pages[FAKE_BLOCKS];
	u32			found[FAKE_BLOCKS + 2];
	u8			buf[2048];
};

static void fake_exit(struct kunit *test)
{
	struct fake_memory *fake = test->priv;
	unsigned int i;

	if (!fake)
		return;
	for (i = 0; i < FAKE_BLOCKS; i++)
		if (fake->pages[i])
			__free_pages(fake->pages[i], get_order(DUMP_BORROW_BYTES));
	dump_borrow_free(&fake->b);
}

static int fake_init(struct kunit *test)
{
	struct fake_memory *fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, fake);
	test->priv = fake;
	KUNIT_ASSERT_EQ(test, dump_borrow_alloc(&fake->b, FAKE_BLOCKS), 0);
	for (i = 0; i < FAKE_BLOCKS; i++) {
		fake->pages[i] = alloc_pages(GFP_KERNEL | __GFP_ZERO,
					     get_order(DUMP_BORROW_BYTES));
		KUNIT_ASSERT_NOT_NULL(test, fake->pages[i]);
		fake->b.block[i] = page_to_phys(fake->pages[i]) / DUMP_BORROW_BYTES;
	}
	fake->b.nr_blocks = FAKE_BLOCKS;
	return 0;
}

/* What is at a place of the file. */
static u8 fake_byte(u64 offset)
{
	return div_u64(offset, sizeof_field(struct fake_memory, buf)) * 37 + 11;
}

static void fake_put(struct kunit *test, struct fake_memory *fake, u64 offset, const void *data,
		     size_t size)
{
	KUNIT_ASSERT_EQ(test, dump_borrow_put(&fake->b, offset, data, size), 0);
}

static void fake_append(struct kunit *test, struct fake_memory *fake, u64 from, u64 to)
{
	while (from < to) {
		u32 rest, size;

		div_u64_rem(from, sizeof(fake->buf), &rest);
		size = min_t(u64, sizeof(fake->buf) - rest, to - from);
		memset(fake->buf, fake_byte(from), size);
		fake_put(test, fake, from, fake->buf, size);
		from += size;
	}
}

/* A dump as the engine writes it: pages, and then what leads to them. */
static void fake_dump(struct kunit *test, bool sealed, u64 seconds)
{
	struct fake_memory *fake = test->priv;
	u8 desc[DUMP_DESC_BYTES];
	unsigned int i;

	dump_borrow_begin(&fake->b, &fake_layout, sealed, seconds);
	memset(fake->buf, 0, sizeof(fake->buf));
	fake_put(test, fake, 0, fake->buf, sizeof(fake->buf));
	fake_append(test, fake, FAKE_DATA, FAKE_SIZE);
	for (i = 0; i < FAKE_NR_DESCS; i++) {
		dump_make_desc(desc, fake_pages[i], 100, 0);
		fake_put(test, fake, FAKE_DESCS + i * sizeof(desc), desc, sizeof(desc));
	}
}

/* The machine reboots: another order, and nothing in this kernel's memory. */
static unsigned int fake_reboot(struct fake_memory *fake)
{
	unsigned int i;

	for (i = 0; i < FAKE_BLOCKS; i++)
		fake->found[i] = page_to_phys(fake->pages[(5 * i + 2) % FAKE_BLOCKS]) /
				 DUMP_BORROW_BYTES;
	memset(&fake->b.head, 0, sizeof(fake->b.head));
	fake->b.nr_open = 0;
	return dump_borrow_gather(&fake->b, fake->found, FAKE_BLOCKS);
}

static unsigned int fake_left(const struct fake_memory *fake)
{
	unsigned int i, left = 0;

	for (i = 0; i < FAKE_BLOCKS; i++)
		left += !!fake->found[i];
	return left;
}

/* The page of a descriptor is as it was; or there is no descriptor and no page. */
static void expect_page(struct kunit *test, unsigned int i, bool is_there)
{
	struct fake_memory *fake = test->priv;
	u8 desc[DUMP_DESC_BYTES], bytes[100];
	unsigned int at, wrong = 0;
	u64 offset;
	u32 size;

	dump_borrow_get(&fake->b, FAKE_DESCS + i * sizeof(desc), desc, sizeof(desc));
	dump_read_desc(desc, &offset, &size);
	KUNIT_EXPECT_EQ_MSG(test, size, is_there ? 100 : 0, "page %u", i);
	if (!is_there)
		return;
	KUNIT_EXPECT_EQ(test, offset, fake_pages[i]);
	dump_borrow_get(&fake->b, offset, bytes, sizeof(bytes));
	for (at = 0; at < sizeof(bytes); at++)
		wrong += bytes[at] != fake_byte(offset + at);
	KUNIT_EXPECT_EQ_MSG(test, wrong, 0, "page %u", i);
}

static void expect_pages(struct kunit *test, unsigned int are_there)
{
	unsigned int i;

	for (i = 0; i < FAKE_NR_DESCS; i++)
		expect_page(test, i, are_there & BIT(i));
}

static bool fake_is_cut(struct fake_memory *fake)
{
	dump_borrow_get(&fake->b, 0, fake->buf, sizeof(fake->buf));
	/* Of a header of zeros, this is all that is not zero then. */
	return memchr_inv(fake->buf, 0, sizeof(fake->buf));
}

/*
 * What was written is found, whatever the order, and blocks that were not needed are free.  So
 * is one that is a copy of another.
 */
static void ras_borrow_whole(struct kunit *test)
{
	struct fake_memory *fake = test->priv;
	u32 last = fake->b.block[3];

	fake_dump(test, false, 1000);
	KUNIT_ASSERT_EQ(test, dump_borrow_end(&fake->b, FAKE_SIZE, true), 0);
	memcpy(dump_block_at(fake->b.block[4]), dump_block_at(last), DUMP_BORROW_BYTES);
	KUNIT_EXPECT_EQ(test, fake_reboot(fake), 0);
	KUNIT_EXPECT_EQ(test, (int)fake->b.kept.state, DUMP_KEPT_WHOLE);
	KUNIT_EXPECT_EQ(test, fake->b.kept.size, FAKE_SIZE);
	KUNIT_EXPECT_EQ(test, fake_left(fake), 2);
	KUNIT_EXPECT_EQ(test, fake->b.block[3], last);
	KUNIT_EXPECT_FALSE(test, fake_is_cut(fake));
	expect_pages(test, BIT(FAKE_NR_DESCS) - 1);
}

/* The machine was reset while it wrote, or when the header had been finished already. */
static void ras_borrow_interrupted(struct kunit *test)
{
	struct fake_memory *fake = test->priv;

	fake_dump(test, false, 1000);
	KUNIT_EXPECT_EQ(test, fake_reboot(fake), 0);
	KUNIT_EXPECT_EQ(test, (int)fake->b.kept.state, DUMP_KEPT_BEGUN);
	KUNIT_EXPECT_EQ(test, fake->b.kept.size, 4 * DUMP_BORROW_ROOM);
	KUNIT_EXPECT_TRUE(test, fake_is_cut(fake));
	expect_pages(test, BIT(FAKE_NR_DESCS) - 1);
}

struct lost_param {
	const char	*desc;
	unsigned int	index;
	/* Only a bit of it has changed. */
	bool		flipped;
	bool		sealed;
	bool		interrupted;
	unsigned int	are_there;
};

static const struct lost_param lost_params[] = {
	{ "a block of pages", 2, .are_there = 0b1001 },
	{ "a bit in one", 2, .flipped = true, .are_there = 0b1001 },
	{ "the last block", 3, .are_there = 0b0111 },
	{ "a block of a sealed dump", 2, .sealed = true },
	{ "a block of one that was interrupted", 2, .interrupted = true, .are_there = 0b1001 },
	{ "a bit in one that was interrupted", 2, .flipped = true, .interrupted = true,
	  .are_there = 0b1001 },
	/* The end of the table, too, and the first of its descriptors lies over the edge. */
	{ "the end of the descriptors", 1, .are_there = 0b0000 },
};

static void lost_desc(const struct lost_param *param, char *desc)
{
	strscpy(desc, param->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(lost, lost_params, lost_desc);

static void fake_lose(struct fake_memory *fake, unsigned int index, bool flipped)
{
	u8 *at = dump_block_at(fake->b.block[index]);

	if (flipped)
		at[DUMP_BORROW_BYTES - 1] ^= 1;
	else
		memset(at, 0, DUMP_BORROW_BYTES);
}

/* What did not survive is missing, and nothing else; the next reboot finds the same. */
static void ras_borrow_lost(struct kunit *test)
{
	const struct lost_param *p = test->param_value;
	struct fake_memory *fake = test->priv;
	unsigned int round;

	fake_dump(test, p->sealed, 1000);
	if (!p->interrupted)
		dump_borrow_end(&fake->b, FAKE_SIZE, true);
	fake_lose(fake, p->index, p->flipped);
	for (round = 0; round < 2; round++) {
		KUNIT_EXPECT_EQ(test, fake_reboot(fake), 1);
		KUNIT_EXPECT_EQ(test, (int)fake->b.kept.state, DUMP_KEPT_CUT);
		KUNIT_EXPECT_EQ(test, fake_is_cut(fake), !p->sealed);
		if (!p->sealed)
			expect_pages(test, p->are_there);
	}
}

/* Without the bitmaps nothing of the file makes sense. */
static void ras_borrow_lost_front(struct kunit *test)
{
	struct fake_memory *fake = test->priv;

	fake_dump(test, false, 1000);
	dump_borrow_end(&fake->b, FAKE_SIZE, true);
	fake_lose(fake, 0, true);
	KUNIT_EXPECT_EQ(test, fake_reboot(fake), 1);
	KUNIT_EXPECT_EQ(test, (int)fake->b.kept.state, DUMP_KEPT_EMPTY);
	/* Who has written to it may be using it. */
	KUNIT_EXPECT_EQ(test, fake_left(fake), FAKE_BLOCKS - 1);
	/* Not even the head of the first. */
	memset(page_address(fake->pages[0]), 0, PAGE_SIZE);
	fake_reboot(fake);
	KUNIT_EXPECT_EQ(test, (int)fake->b.kept.state, DUMP_KEPT_EMPTY);
	KUNIT_EXPECT_EQ(test, fake_left(fake), FAKE_BLOCKS);
}

/* Somebody writes to a block before the dump is finished: the sum is of what was meant. */
static void ras_borrow_overwritten(struct kunit *test)
{
	struct fake_memory *fake = test->priv;
	unsigned int index;

	for (index = 2; index < 4; index++) {
		fake_dump(test, false, 1000);
		((u8 *)dump_block_at(fake->b.block[index]))[DUMP_BORROW_HEAD] ^= 1;
		KUNIT_ASSERT_EQ(test, dump_borrow_end(&fake->b, FAKE_SIZE, true), 0);
		KUNIT_EXPECT_EQ(test, fake_reboot(fake), 1);
		KUNIT_EXPECT_EQ(test, fake->b.block[index], 0);
		fake->b.nr_blocks = FAKE_BLOCKS;
		fake->b.block[index] = page_to_phys(fake->pages[index]) / DUMP_BORROW_BYTES;
		fake->b.block[4] = page_to_phys(fake->pages[4]) / DUMP_BORROW_BYTES;
		fake->b.block[5] = page_to_phys(fake->pages[5]) / DUMP_BORROW_BYTES;
	}
}

/* A head that is good, and makes no sense. */
static void ras_borrow_nonsense(struct kunit *test)
{
	struct fake_memory *fake = test->priv;
	struct dump_borrow *b = &fake->b;
	u32 sum;

	fake_dump(test, false, 1000);
	dump_borrow_end(b, FAKE_SIZE, true);
	b->head.data = U64_MAX - DUMP_DESC_BYTES;
	sum = dump_block_sum(b->block[0], DUMP_BORROW_ROOM, b->page);
	dump_borrow_mark(b, 0, DUMP_KEPT_WHOLE, DUMP_BORROW_ROOM, sum);
	fake_lose(fake, 2, true);
	fake_reboot(fake);
	KUNIT_EXPECT_EQ(test, (int)b->kept.state, DUMP_KEPT_EMPTY);
}

/* Two dumps, in turn in the same blocks: the last one counts, whichever is found first. */
static void two_dumps(struct kunit *test, u64 seconds, u64 size)
{
	struct fake_memory *fake = test->priv;

	dump_borrow_begin(&fake->b, &fake_layout, true, seconds);
	fake_put(test, fake, 5 * DUMP_BORROW_ROOM, "old", 4);
	dump_borrow_end(&fake->b, 5 * DUMP_BORROW_ROOM + 4, true);
	/* The first block of the old one is spared. */
	swap(fake->b.block[0], fake->b.block[5]);
	fake->b.nr_blocks = 5;
	fake->b.id++;
	fake_dump(test, false, 2000);
	dump_borrow_end(&fake->b, FAKE_SIZE, true);
	fake_reboot(fake);
	KUNIT_EXPECT_EQ(test, fake->b.kept.size, size);
}

static void ras_borrow_new_dump(struct kunit *test)
{
	struct fake_memory *fake = test->priv;

	two_dumps(test, 1000, FAKE_SIZE);
	KUNIT_EXPECT_EQ(test, (int)fake->b.kept.state, DUMP_KEPT_WHOLE);
	expect_pages(test, BIT(FAKE_NR_DESCS) - 1);
}

static void ras_borrow_old_dump(struct kunit *test)
{
	struct fake_memory *fake = test->priv;

	two_dumps(test, 3000, 5 * DUMP_BORROW_ROOM + 4);
	KUNIT_EXPECT_EQ(test, (int)fake->b.kept.state, DUMP_KEPT_CUT);
}

/* There is no room beyond the blocks, and a block that cannot be written is none. */
static void ras_borrow_full(struct kunit *test)
{
	struct fake_memory *fake = test->priv;
	struct dump_borrow *b = &fake->b;

	/* Behind all memory. */
	b->block[1] = max_pfn / DUMP_BORROW_PAGES + 4096;
	dump_borrow_begin(b, &fake_layout, false, 1000);
	fake_append(test, fake, FAKE_DATA, 5 * DUMP_BORROW_ROOM - 50);
	memset(fake->buf, 'x', 200);
	KUNIT_EXPECT_EQ(test, dump_borrow_put(b, 5 * DUMP_BORROW_ROOM - 50, fake->buf, 100),
			-ENOSPC);
	KUNIT_EXPECT_EQ(test, b->nr_blocks, 5);
	KUNIT_EXPECT_EQ(test, dump_borrow_end(b, 5 * DUMP_BORROW_ROOM, false), 0);
	KUNIT_EXPECT_EQ(test, fake_reboot(fake), 0);
	KUNIT_EXPECT_EQ(test, (int)b->kept.state, DUMP_KEPT_CUT);
	KUNIT_EXPECT_EQ(test, b->kept.size, 5 * DUMP_BORROW_ROOM);
	dump_borrow_get(b, 5 * DUMP_BORROW_ROOM - 1, fake->buf, 1);
	KUNIT_EXPECT_EQ(test, fake->buf[0], 'x');
}

/* Blocks that lie apart are many ranges for memblock: there is an end to it. */
static void ras_borrow_runs(struct kunit *test)
{
	struct dump_borrow *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);
	unsigned int i, runs = 0;

	b->block = kunit_kcalloc(test, 1000, sizeof(*b->block), GFP_KERNEL);
	for (i = 0; i < DUMP_BORROW_RUNS; i++) {
		KUNIT_EXPECT_TRUE(test, dump_borrow_take(b, 1000 - 3 * i, &runs));
		KUNIT_EXPECT_TRUE(test, dump_borrow_take(b, 1000 - 3 * i - 1, &runs));
	}
	KUNIT_EXPECT_EQ(test, runs, DUMP_BORROW_RUNS);
	KUNIT_EXPECT_FALSE(test, dump_borrow_take(b, 10, &runs));
	KUNIT_EXPECT_TRUE(test, dump_borrow_take(b, b->block[b->nr_blocks - 1] - 1, &runs));
}

/* A part of memory may be where the initrd was; one of these is elsewhere. */
#define FAKE_TRIES	8

/* Two blocks that nobody uses, with struct pages that say something else. */
struct fake_chunk {
	struct page		*tried[FAKE_TRIES];
	struct page		*page;
	unsigned long		pfn;
	struct dump_arena	arena;
	struct dump_borrow	b;
};

static void fake_chunk_paint(struct fake_chunk *chunk, unsigned long mapping, unsigned long flag)
{
	unsigned int i;

	/* The one that has a reference: it is mapped. */
	atomic_set(&chunk->page->_mapcount, mapping ? 0 : -1);
	for (i = 0; i < DUMP_CHUNK_PAGES; i++) {
		chunk->page[i].mapping = (void *)mapping;
		if (flag)
			__set_bit(PG_swapbacked, &chunk->page[i].flags);
		else
			__clear_bit(PG_swapbacked, &chunk->page[i].flags);
	}
}

static void alloc_fake_chunk(struct fake_chunk *chunk)
{
	unsigned int i;

	for (i = 0; i < FAKE_TRIES && !chunk->page; i++) {
		chunk->tried[i] = alloc_pages(GFP_KERNEL | __GFP_NOWARN,
					      get_order(DUMP_CHUNK_PAGES * PAGE_SIZE));
		if (chunk->tried[i] && !ras_boot_overwrites(page_to_phys(chunk->tried[i]),
							    DUMP_CHUNK_PAGES * PAGE_SIZE))
			chunk->page = chunk->tried[i];
	}
}

static void free_fake_chunk(struct fake_chunk *chunk)
{
	unsigned int i;

	for (i = 0; i < FAKE_TRIES; i++)
		if (chunk->tried[i])
			__free_pages(chunk->tried[i],
				     get_order(DUMP_CHUNK_PAGES * PAGE_SIZE));
}

static void make_fake_chunk(struct kunit *test, struct fake_chunk *chunk)
{
	struct dump_arena *arena = &chunk->arena;
	size_t bytes;

	alloc_fake_chunk(chunk);
	KUNIT_ASSERT_NOT_NULL(test, chunk->page);
	chunk->pfn = page_to_pfn(chunk->page);
	arena->nr_pfns = chunk->pfn + DUMP_CHUNK_PAGES;
	bytes = BITS_TO_LONGS(arena->nr_pfns) * sizeof(long);
	arena->ram = kunit_kzalloc(test, bytes, GFP_KERNEL);
	arena->keep = kunit_kzalloc(test, bytes, GFP_KERNEL);
	arena->stretch = kunit_kzalloc(test, sizeof(*arena->stretch), GFP_KERNEL);
	chunk->b.block = kunit_kcalloc(test, 4, sizeof(u32), GFP_KERNEL);
	chunk->b.max_blocks = 4;
	bitmap_set(arena->ram, chunk->pfn, DUMP_CHUNK_PAGES);
	fake_chunk_paint(chunk, 0x1000 | PAGE_MAPPING_ANON, 1);
}

/* How many of the two blocks are picked. */
static unsigned int fake_pick(struct fake_chunk *chunk)
{
	dump_borrow_pick(&chunk->b, &chunk->arena, 4);
	return chunk->b.nr_blocks;
}

/* A page that a device may be reading or writing is left alone; @page is in the last block. */
static void pick_at_rest(struct kunit *test, struct fake_chunk *chunk, struct page *page)
{
	static const unsigned int busy[] = { PG_locked, PG_writeback, PG_head, PG_swapcache };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(busy); i++) {
		__set_bit(busy[i], &page->flags);
		KUNIT_EXPECT_EQ_MSG(test, fake_pick(chunk), 1, "flag %u", busy[i]);
		__clear_bit(busy[i], &page->flags);
	}
	/* As for direct I/O. */
	page_ref_inc(page);
	KUNIT_EXPECT_EQ(test, fake_pick(chunk), 1);
	/* Page cache has one reference. */
	page->mapping = (void *)0x1000;
	__set_bit(PG_lru, &page->flags);
	__clear_bit(PG_swapbacked, &page->flags);
	KUNIT_EXPECT_EQ(test, fake_pick(chunk), 2);
	__set_bit(PG_dirty, &page->flags);
	KUNIT_EXPECT_EQ(test, fake_pick(chunk), 1);
	/* A file in memory is always dirty. */
	__set_bit(PG_swapbacked, &page->flags);
	KUNIT_EXPECT_EQ(test, fake_pick(chunk), 2);
	__clear_bit(PG_dirty, &page->flags);
	__set_bit(PG_private, &page->flags);
	KUNIT_EXPECT_EQ(test, fake_pick(chunk), 1);
	__clear_bit(PG_private, &page->flags);
	page_ref_dec(page);
	KUNIT_EXPECT_EQ(test, fake_pick(chunk), 1);
	__clear_bit(PG_lru, &page->flags);
	page->mapping = chunk->page[0].mapping;
	KUNIT_EXPECT_EQ(test, fake_pick(chunk), 2);
}

/* A block is borrowed only if each of its pages is left out, and is known to be nobody's. */
static void ras_borrow_pick(struct kunit *test)
{
	struct fake_chunk *chunk = kunit_kzalloc(test, sizeof(*chunk), GFP_KERNEL);
	const unsigned int last = DUMP_CHUNK_PAGES - 1;
	struct dump_arena *arena = &chunk->arena;
	u32 block;

	make_fake_chunk(test, chunk);
	block = chunk->pfn / DUMP_BORROW_PAGES;
	KUNIT_EXPECT_EQ(test, fake_pick(chunk), 2);
	KUNIT_EXPECT_EQ(test, chunk->b.block[0], block + 1);
	KUNIT_EXPECT_EQ(test, chunk->b.block[1], block);
	/* A page of it is dumped. */
	__set_bit(chunk->pfn + last, arena->keep);
	KUNIT_EXPECT_EQ(test, fake_pick(chunk), 1);
	KUNIT_EXPECT_EQ(test, chunk->b.block[0], block);
	__clear_bit(chunk->pfn + last, arena->keep);
	/* A page of it is no memory. */
	__clear_bit(chunk->pfn, arena->ram);
	KUNIT_EXPECT_EQ(test, fake_pick(chunk), 1);
	KUNIT_EXPECT_EQ(test, chunk->b.block[0], block + 1);
	__set_bit(chunk->pfn, arena->ram);
	/* A page of it is the kernel's. */
	chunk->page[last].mapping = NULL;
	KUNIT_EXPECT_EQ(test, fake_pick(chunk), 1);
	chunk->page[last].mapping = chunk->page[0].mapping;
	/* A page of it is the engine's: it is in no dump, and must not be written to. */
	dump_hide(&chunk->page[1], true);
	KUNIT_EXPECT_EQ(test, fake_pick(chunk), 1);
	dump_hide(&chunk->page[1], false);
	pick_at_rest(test, chunk, &chunk->page[last]);
	/* There is no memory behind. */
	arena->nr_pfns--;
	KUNIT_EXPECT_EQ(test, fake_pick(chunk), 1);
	arena->nr_pfns++;
	dump_borrow_pick(&chunk->b, arena, 1);
	KUNIT_EXPECT_EQ(test, chunk->b.nr_blocks, 1);
	chunk->b.max_blocks = 1;
	KUNIT_EXPECT_EQ(test, fake_pick(chunk), 1);
	fake_chunk_paint(chunk, 0, 0);
	free_fake_chunk(chunk);
}

/* What the boot of the next kernel overwrites. */
static void ras_borrow_boot(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, ras_boot_overwrites(0, PAGE_SIZE));
	KUNIT_EXPECT_TRUE(test, ras_boot_overwrites(SZ_16M - PAGE_SIZE, PAGE_SIZE));
	/* KASLR is off, or it is there by chance: there is no other kernel there. */
	KUNIT_EXPECT_TRUE(test, ras_boot_overwrites(LOAD_PHYSICAL_ADDR, PAGE_SIZE));
	KUNIT_EXPECT_TRUE(test, ras_boot_overwrites(LOAD_PHYSICAL_ADDR + (_end - _text) - 1, 1));
	KUNIT_EXPECT_FALSE(test, ras_boot_overwrites(SZ_256M, SZ_2M));
	/* With the hole below 1 MiB; some memory; behind all memory. */
	KUNIT_EXPECT_FALSE(test, dump_is_of_firmware(0));
	KUNIT_EXPECT_TRUE(test, dump_is_of_firmware(SZ_64M));
	KUNIT_EXPECT_FALSE(test, dump_is_of_firmware(round_up(PFN_PHYS(max_pfn), SZ_2M)));
}

static struct kunit_case borrow_cases[] = {
	KUNIT_CASE(ras_borrow_whole),
	KUNIT_CASE(ras_borrow_interrupted),
	KUNIT_CASE_PARAM(ras_borrow_lost, lost_gen_params),
	KUNIT_CASE(ras_borrow_lost_front),
	KUNIT_CASE(ras_borrow_overwritten),
	KUNIT_CASE(ras_borrow_nonsense),
	KUNIT_CASE(ras_borrow_new_dump),
	KUNIT_CASE(ras_borrow_old_dump),
	KUNIT_CASE(ras_borrow_full),
	KUNIT_CASE(ras_borrow_runs),
	KUNIT_CASE(ras_borrow_pick),
	KUNIT_CASE(ras_borrow_boot),
	{ }
};

static struct kunit_suite borrow_suite = {
	.name		= "ras_dump_borrow",
	.init		= fake_init,
	.exit		= fake_exit,
	.test_cases	= borrow_cases,
};

kunit_test_suite(borrow_suite);
