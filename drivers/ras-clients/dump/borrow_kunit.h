/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit: borrowed memory: which blocks are taken, what the next kernel makes of what it finds.
 * Included by borrow.c.
 */
#include <kunit/test.h>
#include <linux/prandom.h>

#include <asm/boot.h>
#include <asm/sections.h>

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

/* What is at a place of the file: not the same in any two blocks. */
static void fake_fill(struct fake_memory *fake, u64 offset, size_t size)
{
	struct rnd_state rnd;

	prandom_seed_state(&rnd, offset + 1);
	prandom_bytes_state(&rnd, fake->buf, size);
}

static void fake_put(struct kunit *test, struct fake_memory *fake, u64 offset, const void *data,
		     size_t size)
{
	KUNIT_ASSERT_EQ(test, dump_borrow_put(&fake->b, offset, data, size), 0);
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
	for (i = 0; i < FAKE_NR_DESCS; i++) {
		fake_fill(fake, fake_pages[i], 100);
		fake_put(test, fake, fake_pages[i], fake->buf, 100);
		dump_make_desc(desc, fake_pages[i], 100, 0);
		fake_put(test, fake, FAKE_DESCS + i * sizeof(desc), desc, sizeof(desc));
	}
	fake_fill(fake, FAKE_SIZE - 1000, 1000);
	fake_put(test, fake, FAKE_SIZE - 1000, fake->buf, 1000);
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
	u64 offset;
	u32 size;

	dump_borrow_get(&fake->b, FAKE_DESCS + i * sizeof(desc), desc, sizeof(desc));
	dump_read_desc(desc, &offset, &size);
	KUNIT_EXPECT_EQ_MSG(test, size, is_there ? 100 : 0, "page %u", i);
	if (!is_there)
		return;
	KUNIT_EXPECT_EQ(test, offset, fake_pages[i]);
	fake_fill(fake, offset, sizeof(bytes));
	dump_borrow_get(&fake->b, offset, bytes, sizeof(bytes));
	KUNIT_EXPECT_EQ_MSG(test, memcmp(bytes, fake->buf, sizeof(bytes)), 0, "page %u", i);
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

/* What was written is found, whatever the order, and blocks that were not needed are free. */
static void ras_borrow_whole(struct kunit *test)
{
	struct fake_memory *fake = test->priv;

	fake_dump(test, false, 1000);
	KUNIT_ASSERT_EQ(test, dump_borrow_end(&fake->b, FAKE_SIZE, true), 0);
	KUNIT_EXPECT_EQ(test, fake_reboot(fake), 0);
	KUNIT_EXPECT_EQ(test, (int)fake->b.kept.state, DUMP_KEPT_WHOLE);
	KUNIT_EXPECT_EQ(test, fake->b.kept.size, FAKE_SIZE);
	KUNIT_EXPECT_EQ(test, fake_left(fake), 2);
	KUNIT_EXPECT_FALSE(test, fake_is_cut(fake));
	expect_pages(test, BIT(FAKE_NR_DESCS) - 1);
}

/* The machine was reset while it wrote. */
static void ras_borrow_interrupted(struct kunit *test)
{
	struct fake_memory *fake = test->priv;

	fake_dump(test, false, 1000);
	KUNIT_EXPECT_EQ(test, fake_reboot(fake), 0);
	KUNIT_EXPECT_EQ(test, (int)fake->b.kept.state, DUMP_KEPT_BEGUN);
	KUNIT_EXPECT_EQ(test, fake->b.kept.size, 4 * DUMP_BORROW_ROOM);
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
	KUNIT_EXPECT_EQ(test, fake_left(fake), FAKE_BLOCKS);
	/* Not even the head of the first. */
	memset(page_address(fake->pages[0]), 0, PAGE_SIZE);
	fake_reboot(fake);
	KUNIT_EXPECT_EQ(test, (int)fake->b.kept.state, DUMP_KEPT_EMPTY);
	KUNIT_EXPECT_EQ(test, fake_left(fake), FAKE_BLOCKS);
}

/* Two dumps, in turn in the same blocks: the last one counts. */
static void ras_borrow_two_dumps(struct kunit *test)
{
	struct fake_memory *fake = test->priv;
	u64 size;

	dump_borrow_begin(&fake->b, &fake_layout, true, 1000);
	fake_put(test, fake, 5 * DUMP_BORROW_ROOM, "old", 4);
	dump_borrow_end(&fake->b, 5 * DUMP_BORROW_ROOM + 4, true);
	/* The first block of the old one is spared. */
	swap(fake->b.block[0], fake->b.block[5]);
	fake->b.nr_blocks = 5;
	fake->b.id++;
	fake_dump(test, false, 2000);
	dump_borrow_end(&fake->b, FAKE_SIZE, true);
	KUNIT_EXPECT_EQ(test, fake_reboot(fake), 0);
	KUNIT_EXPECT_EQ(test, (int)fake->b.kept.state, DUMP_KEPT_WHOLE);
	size = fake->b.kept.size;
	KUNIT_EXPECT_EQ(test, size, FAKE_SIZE);
	expect_pages(test, BIT(FAKE_NR_DESCS) - 1);
}

/* There is no room beyond the blocks, and a block that cannot be written is none. */
static void ras_borrow_full(struct kunit *test)
{
	struct fake_memory *fake = test->priv;
	struct dump_borrow *b = &fake->b;

	/* Behind all memory. */
	b->block[1] = max_pfn / DUMP_BORROW_PAGES + 4096;
	dump_borrow_begin(b, &fake_layout, false, 1000);
	memset(fake->buf, 'x', 200);
	fake_put(test, fake, 5 * DUMP_BORROW_ROOM - 100, fake->buf, 100);
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
	arena->look = kunit_kzalloc(test, sizeof(*arena->look), GFP_KERNEL);
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
	dump_hide(&chunk->page[0], true);
	KUNIT_EXPECT_EQ(test, fake_pick(chunk), 1);
	dump_hide(&chunk->page[0], false);
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
}

static struct kunit_case borrow_cases[] = {
	KUNIT_CASE(ras_borrow_whole),
	KUNIT_CASE(ras_borrow_interrupted),
	KUNIT_CASE_PARAM(ras_borrow_lost, lost_gen_params),
	KUNIT_CASE(ras_borrow_lost_front),
	KUNIT_CASE(ras_borrow_two_dumps),
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
