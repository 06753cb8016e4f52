// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: what the dump engine takes a page frame for, by its struct page; and the lots in which
 * pages are packed.
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/mm.h>
/* After mm.h: it does not include what it needs. */
#include <linux/lzo.h>
#include <linux/prandom.h>
#include <linux/page-flags.h>

#include "dump.h"

/* Any block of page frames; none of them is looked at. */
#define FIRST_PFN	(512 * DUMP_BLOCK_PAGES)

struct class_param {
	const char	*desc;
	unsigned long	flags;
	unsigned long	mapping;
	unsigned int	type;
	unsigned long	private;
	int		refs;
	enum dump_class	class;
};

#define BUDDY	(~PG_buddy)
#define OFFLINE	(~PG_offline)
/* A page whose mapcount is that of no mapping. */
#define NO_TYPE	(~0U)
/* An address that is none of a mapping, with no low bits. */
#define FILE	0x1000UL

static const struct class_param class_params[] = {
	{ "the kernel's", 0, 0, NO_TYPE, 0, 1, DUMP_OF_KERNEL },
	{ "reserved", BIT(PG_reserved), FILE, NO_TYPE, 0, 1, DUMP_OF_KERNEL },
	{ "slab", BIT(PG_slab), 0, NO_TYPE, 0, 1, DUMP_OF_SLAB },
	{ "slab whose list looks like a mapping", BIT(PG_slab) | BIT(PG_lru), FILE | 1, NO_TYPE, 0,
	  1, DUMP_OF_SLAB },
	{ "page cache", BIT(PG_lru), FILE, NO_TYPE, 0, 1, DUMP_OF_CACHE },
	{ "page cache with data of the file system", BIT(PG_lru) | BIT(PG_private), FILE, NO_TYPE,
	  0, 1, DUMP_OF_CACHE_PRIVATE },
	{ "page cache that cannot be evicted", BIT(PG_unevictable), FILE, NO_TYPE, 0, 1,
	  DUMP_OF_CACHE },
	{ "a mapping, but on no list", 0, FILE, NO_TYPE, 0, 1, DUMP_OF_KERNEL },
	{ "movable memory of a driver", BIT(PG_lru), FILE | PAGE_MAPPING_MOVABLE, NO_TYPE, 0, 1,
	  DUMP_OF_KERNEL },
	{ "anonymous", BIT(PG_lru), FILE | PAGE_MAPPING_ANON, NO_TYPE, 0, 1, DUMP_OF_USER },
	{ "merged", BIT(PG_lru), FILE | PAGE_MAPPING_KSM, NO_TYPE, 0, 1, DUMP_OF_USER },
	{ "anonymous, to be swapped", BIT(PG_swapbacked), FILE | PAGE_MAPPING_ANON, NO_TYPE, 0, 1,
	  DUMP_OF_USER },
	{ "like an anonymous one, but on no list", 0, FILE | PAGE_MAPPING_ANON, NO_TYPE, 0, 1,
	  DUMP_OF_KERNEL },
	{ "free", 0, 0, BUDDY, 3, 0, DUMP_OF_NOBODY },
	{ "free, and in use", 0, 0, BUDDY, 3, 1, DUMP_OF_KERNEL },
	{ "free, with an order that there is not", 0, 0, BUDDY, MAX_ORDER, 0, DUMP_OF_KERNEL },
	{ "free, of the largest order", 0, 0, BUDDY, MAX_ORDER - 1, 0,
	  DUMP_OF_NOBODY },
	{ "given to the hypervisor", 0, 0, OFFLINE, 0, 1, DUMP_OF_OTHERS },
#ifdef CONFIG_MEMORY_FAILURE
	{ "poisoned", BIT(PG_lru) | BIT(PG_hwpoison), FILE, NO_TYPE, 0, 1, DUMP_OF_OTHERS },
#endif
};

static void class_desc(const struct class_param *param, char *desc)
{
	strscpy(desc, param->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(class, class_params, class_desc);

static struct dump_look *new_look(struct kunit *test)
{
	struct dump_look *look = kunit_kzalloc(test, sizeof(*look), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, look);
	for (i = 0; i < DUMP_BLOCK_PAGES; i++) {
		look->block[i].page_type = NO_TYPE;
		set_page_count(&look->block[i], 1);
	}
	return look;
}

/* One page, by itself. */
static void ras_dump_class(struct kunit *test)
{
	const struct class_param *p = test->param_value;
	struct dump_look *look = new_look(test);
	struct page *page = look->block;

	page->flags = p->flags;
	page->mapping = (void *)p->mapping;
	page->page_type = p->type;
	page->private = p->private;
	set_page_count(page, p->refs);
	KUNIT_EXPECT_EQ(test, dump_class_of(look, FIRST_PFN), p->class);
}

/* The pages of a free block have no mark but the first. */
static void ras_dump_free_block(struct kunit *test)
{
	struct dump_look *look = new_look(test);
	unsigned int i;

	for (i = 8; i < 24; i++)
		set_page_count(&look->block[i], 0);
	look->block[8].page_type = BUDDY;
	look->block[8].private = 3;
	/* One in the middle of it is in use after all. */
	set_page_count(&look->block[11], 1);

	for (i = 0; i < 24; i++)
		KUNIT_EXPECT_EQ_MSG(test, dump_class_of(look, FIRST_PFN + i),
				    i < 8 || i > 15 || i == 11 ? DUMP_OF_KERNEL : DUMP_OF_NOBODY,
				    "page %u", i);
}

/* A free block whose first page is not where a block of its order begins. */
static void ras_dump_free_misplaced(struct kunit *test)
{
	struct dump_look *look = new_look(test);

	set_page_count(&look->block[4], 0);
	look->block[4].page_type = BUDDY;
	look->block[4].private = 3;
	KUNIT_EXPECT_EQ(test, dump_class_of(look, FIRST_PFN + 4), DUMP_OF_KERNEL);
}

static void make_compound(struct dump_look *look, unsigned int at, unsigned int order)
{
	unsigned int i;

	look->block[at].flags |= BIT(PG_head);
	look->block[at + 1].compound_order = order;
	for (i = at + 1; i < at + BIT(order) && i < DUMP_BLOCK_PAGES; i++)
		look->block[i].compound_head =
			(unsigned long)pfn_to_page(FIRST_PFN + at) + 1;
}

/* Tails are what their head is; only as many as it has, and only of their own head. */
static void ras_dump_compound(struct kunit *test)
{
	struct dump_look *look = new_look(test);
	unsigned int i;

	look->block[16].flags = BIT(PG_lru);
	look->block[16].mapping = (void *)FILE;
	make_compound(look, 16, 3);
	/* Behind its end, and a tail of another. */
	look->block[24].compound_head = (unsigned long)pfn_to_page(FIRST_PFN + 16) + 1;
	look->block[20].compound_head = (unsigned long)pfn_to_page(FIRST_PFN + 8) + 1;

	for (i = 16; i < 25; i++)
		KUNIT_EXPECT_EQ_MSG(test, dump_class_of(look, FIRST_PFN + i),
				    i == 20 || i == 24 ? DUMP_OF_KERNEL : DUMP_OF_CACHE,
				    "page %u", i);
}

/* A head whose order cannot be: it is dumped, and so are its tails. */
static void ras_dump_compound_broken(struct kunit *test)
{
	struct dump_look *look = new_look(test);
	unsigned int i;

	look->block[4].flags = BIT(PG_lru);
	look->block[4].mapping = (void *)FILE;
	make_compound(look, 4, 3);
	for (i = 4; i < 12; i++)
		KUNIT_EXPECT_EQ_MSG(test, dump_class_of(look, FIRST_PFN + i), DUMP_OF_KERNEL,
				    "page %u", i);
}

/* Each class has one bit of the level at most; the kernel's own pages have none. */
static void ras_dump_level(struct kunit *test)
{
	static const unsigned int bit[DUMP_NR_CLASSES] = {
		[DUMP_OF_CACHE]		= 2,
		[DUMP_OF_CACHE_PRIVATE]	= 4,
		[DUMP_OF_USER]		= 8,
		[DUMP_OF_NOBODY]	= 16,
	};
	unsigned int level, class;

	for (level = 0; level <= DUMP_LEVEL_MAX; level++)
		for (class = 0; class < DUMP_OF_OTHERS; class++)
			KUNIT_EXPECT_EQ_MSG(test, dump_level_keeps(level, class),
					    !(level & bit[class]), "level %u, class %u", level,
					    class);
	KUNIT_EXPECT_FALSE(test, dump_level_keeps(0, DUMP_OF_OTHERS));
}

/* Page frames that a stretch is taken from; the last word of the bitmap is half used. */
#define STRETCH_PFNS	(DUMP_STRETCH_PAGES / 2 + BITS_PER_LONG / 2)

/* Memory of this machine, with a hole.  Behind the bitmap is what belongs to something else. */
static struct dump_arena *stretch_arena(struct kunit *test)
{
	struct dump_arena *arena = kunit_kzalloc(test, sizeof(*arena), GFP_KERNEL);
	unsigned long pfn;

	KUNIT_ASSERT_NOT_NULL(test, arena);
	arena->nr_pfns = STRETCH_PFNS;
	arena->ram = kunit_kzalloc(test, (BITS_TO_LONGS(STRETCH_PFNS) + 1) * sizeof(long),
				   GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, arena->ram);
	arena->ram[BITS_TO_LONGS(STRETCH_PFNS)] = ~0UL;
	for (pfn = 0; pfn < STRETCH_PFNS; pfn++)
		if (pfn_valid(pfn) && !(pfn >= 1000 && pfn < 2000))
			__set_bit(pfn, arena->ram);
	return arena;
}

/* Each page frame that is memory is counted once, and is kept where it was counted. */
static void ras_dump_stretch(struct kunit *test)
{
	const unsigned int level = DUMP_FREE | DUMP_USER;
	struct dump_arena *arena = stretch_arena(test);
	struct dump_stretch *to = kunit_kzalloc(test, sizeof(*to), GFP_KERNEL);
	u64 pages = 0, left_out = 0;
	enum dump_class class;
	unsigned int word;

	KUNIT_ASSERT_NOT_NULL(test, to);
	/* What is there from an earlier one does not count. */
	memset(to, 0xff, sizeof(*to));
	dump_classify_stretch(arena, to, 0, level);
	for (class = 0; class < DUMP_NR_CLASSES; class++) {
		pages += to->pages[class];
		left_out += to->left_out[class];
		KUNIT_EXPECT_TRUE(test, dump_level_keeps(level, class) ? !to->left_out[class] :
								       !to->pages[class]);
	}
	KUNIT_EXPECT_EQ(test, pages + left_out, bitmap_weight(arena->ram, STRETCH_PFNS));
	KUNIT_EXPECT_EQ(test, pages, bitmap_weight(to->keep, DUMP_STRETCH_PAGES));
	KUNIT_EXPECT_EQ(test, to->pages[DUMP_OF_SLAB],
			bitmap_weight(to->slab, DUMP_STRETCH_PAGES));
	KUNIT_EXPECT_EQ(test, to->pages[DUMP_OF_KERNEL],
			bitmap_weight(to->kernel, DUMP_STRETCH_PAGES));
	for (word = 0; word < DUMP_STRETCH_WORDS; word++) {
		unsigned long ram = word < BITS_TO_LONGS(STRETCH_PFNS) ? arena->ram[word] : 0;

		KUNIT_EXPECT_EQ(test, to->keep[word] & ~ram, 0UL);
		KUNIT_EXPECT_EQ(test, to->slab[word] & to->kernel[word], 0UL);
		KUNIT_EXPECT_EQ(test, (to->slab[word] | to->kernel[word]) & ~to->keep[word], 0UL);
	}
}

/* A pipe, and a stop that helpers are never asked in. */
struct dump_pipe_test {
	struct dump_pipe	pipe;
	struct ras_stop		stop;
	struct dump_log		log;
	struct page		*page[3];
};

static void dump_pipe_test_end(void *arg)
{
	struct dump_pipe_test *t = arg;
	unsigned int i;

	dump_pipe_free_memory(&t->pipe);
	for (i = 0; i < ARRAY_SIZE(t->page); i++)
		if (t->page[i])
			__free_page(t->page[i]);
}

/* With a page of zeros, one of a text, and one that LZO cannot make smaller. */
static struct dump_pipe_test *dump_pipe_test_new(struct kunit *test)
{
	struct dump_pipe_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	struct rnd_state rnd;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, t);
	test->priv = t;
	KUNIT_ASSERT_EQ(test, dump_pipe_alloc_memory(&t->pipe, DUMP_LZO), 0);
	for (i = 0; i < ARRAY_SIZE(t->page); i++) {
		t->page[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, t->page[i]);
	}
	memset(page_address(t->page[1]), 'x', 1000);
	prandom_seed_state(&rnd, 1);
	prandom_bytes_state(&rnd, page_address(t->page[2]), PAGE_SIZE);
	return t;
}

static int dump_pipe_test_begin(struct dump_pipe_test *t)
{
	return dump_pipe_begin(&t->pipe, &t->stop, 0, dump_lot_pack);
}

static struct dump_lot *dump_pipe_test_fill(struct kunit *test, struct dump_pipe_test *t)
{
	struct dump_lot *lot = dump_pipe_free(&t->pipe);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, lot);
	lot->nr_items = ARRAY_SIZE(t->page);
	for (i = 0; i < lot->nr_items; i++)
		lot->item[i].pfn = page_to_pfn(t->page[i]);
	dump_lot_filled(lot, &t->log);
	return lot;
}

static void dump_pipe_expect_packed(struct kunit *test, const struct dump_pipe_test *t,
				    const struct dump_lot *lot)
{
	u8 *page = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	size_t size = PAGE_SIZE;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, atomic_read(&lot->state), DUMP_LOT_PACKED);
	KUNIT_EXPECT_EQ(test, lot->item[0].kind, DUMP_ITEM_ZEROS);
	KUNIT_EXPECT_EQ(test, lot->item[1].kind, DUMP_ITEM_PACKED);
	KUNIT_EXPECT_EQ(test, lot->item[1].flags, DUMP_LZO);
	KUNIT_EXPECT_EQ(test, lzo1x_decompress_safe(lot->data + lot->item[1].at,
						    lot->item[1].size, page, &size), LZO_E_OK);
	KUNIT_EXPECT_FALSE(test, memcmp(page, page_address(t->page[1]), PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, lot->item[2].flags, DUMP_RAW);
	KUNIT_EXPECT_EQ(test, lot->item[2].size, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, lot->item[2].at, lot->item[1].size);
	KUNIT_EXPECT_FALSE(test, memcmp(lot->data + lot->item[2].at, page_address(t->page[2]),
					PAGE_SIZE));
}

static void dump_pipe_alone(struct kunit *test)
{
	struct dump_pipe_test *t = dump_pipe_test_new(test);
	struct dump_lot *lot;

	KUNIT_ASSERT_EQ(test, dump_pipe_test_begin(t), 0);
	KUNIT_EXPECT_TRUE(test, dump_pipe_is_empty(&t->pipe));
	lot = dump_pipe_test_fill(test, t);
	KUNIT_EXPECT_FALSE(test, dump_pipe_is_empty(&t->pipe));
	KUNIT_EXPECT_NULL(test, dump_pipe_packed(&t->pipe));
	dump_pipe_work(&t->pipe, &t->stop, &t->log);
	KUNIT_EXPECT_PTR_EQ(test, dump_pipe_packed(&t->pipe), lot);
	dump_pipe_expect_packed(test, t, lot);
	dump_lot_stored(lot);
	KUNIT_EXPECT_TRUE(test, dump_pipe_is_empty(&t->pipe));
	dump_pipe_end(&t->pipe, &t->stop);
}

/*
 * A CPU that has no part in this job has taken a lot, and may go on to write to it.  The owner
 * packs the pages in another lot.
 */
static void dump_pipe_recovers(struct kunit *test)
{
	static struct dump_seal seal;
	struct dump_pipe_test *t = dump_pipe_test_new(test);
	struct dump_lot *lot, *spare = &t->pipe.lot[1];

	KUNIT_ASSERT_EQ(test, dump_pipe_test_begin(t), 0);
	t->log.seal = &seal;
	t->log.number = 5;
	lot = dump_pipe_test_fill(test, t);
	KUNIT_EXPECT_EQ(test, lot->number, 5ULL);
	atomic_set(&lot->state, DUMP_LOT_TAKEN + nr_cpu_ids);
	lot->bytes = 77;
	dump_pipe_work(&t->pipe, &t->stop, &t->log);
	KUNIT_EXPECT_EQ(test, atomic_read(&lot->state), DUMP_LOT_LOST);
	KUNIT_ASSERT_EQ(test, atomic_read(&spare->state), DUMP_LOT_FILLED);
	/* The pages may be others by now, and must not be encrypted with the same number. */
	KUNIT_EXPECT_EQ(test, spare->number, 6ULL);
	spare->log = NULL;
	t->log.seal = NULL;
	dump_pipe_work(&t->pipe, &t->stop, &t->log);
	dump_pipe_expect_packed(test, t, spare);
	dump_pipe_end(&t->pipe, &t->stop);
}

/* A CPU that was lost comes back after all, and has packed its lot: too late. */
static void dump_pipe_late(struct kunit *test)
{
	struct dump_pipe_test *t = dump_pipe_test_new(test);
	struct dump_lot *lot = &t->pipe.lot[1];

	atomic_set(&lot->state, DUMP_LOT_TAKEN + 1);
	KUNIT_ASSERT_EQ(test, dump_pipe_test_begin(t), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&lot->state), DUMP_LOT_LOST);
	/* As at the end of dump_lot_work(). */
	atomic_cmpxchg_release(&lot->state, DUMP_LOT_TAKEN + 1, DUMP_LOT_PACKED);
	KUNIT_EXPECT_NULL(test, dump_pipe_packed(&t->pipe));
	KUNIT_EXPECT_TRUE(test, dump_pipe_is_empty(&t->pipe));
	dump_pipe_end(&t->pipe, &t->stop);
	KUNIT_ASSERT_EQ(test, dump_pipe_test_begin(t), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&lot->state), DUMP_LOT_LOST);
	dump_pipe_end(&t->pipe, &t->stop);
}

/* What a lost CPU has kept since an earlier attempt is not used again; the rest is enough. */
static void dump_pipe_without_lost(struct kunit *test)
{
	struct dump_pipe_test *t = dump_pipe_test_new(test);
	unsigned int i;

	for (i = 1; i < t->pipe.nr_lots; i++)
		atomic_set(&t->pipe.lot[i].state, DUMP_LOT_TAKEN + 1);
	KUNIT_ASSERT_EQ(test, dump_pipe_test_begin(t), 0);
	KUNIT_EXPECT_TRUE(test, dump_pipe_is_empty(&t->pipe));
	KUNIT_EXPECT_PTR_EQ(test, dump_pipe_test_fill(test, t), &t->pipe.lot[0]);
	KUNIT_EXPECT_NULL(test, dump_pipe_free(&t->pipe));
	dump_pipe_work(&t->pipe, &t->stop, &t->log);
	dump_pipe_expect_packed(test, t, &t->pipe.lot[0]);
	dump_pipe_end(&t->pipe, &t->stop);

	atomic_set(&t->pipe.lot[0].state, DUMP_LOT_TAKEN + 1);
	KUNIT_EXPECT_EQ(test, dump_pipe_test_begin(t), -EBUSY);
}

static void dump_kunit_exit(struct kunit *test)
{
	if (test->priv)
		dump_pipe_test_end(test->priv);
}

static struct kunit_case dump_cases[] = {
	KUNIT_CASE_PARAM(ras_dump_class, class_gen_params),
	KUNIT_CASE(ras_dump_free_block),
	KUNIT_CASE(ras_dump_free_misplaced),
	KUNIT_CASE(ras_dump_compound),
	KUNIT_CASE(ras_dump_compound_broken),
	KUNIT_CASE(ras_dump_level),
	KUNIT_CASE(ras_dump_stretch),
	KUNIT_CASE(dump_pipe_alone),
	KUNIT_CASE(dump_pipe_recovers),
	KUNIT_CASE(dump_pipe_late),
	KUNIT_CASE(dump_pipe_without_lost),
	{ }
};

static struct kunit_suite dump_suite = {
	.name		= "ras_dump",
	.exit		= dump_kunit_exit,
	.test_cases	= dump_cases,
};

kunit_test_suite(dump_suite);
