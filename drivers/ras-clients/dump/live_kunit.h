/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit: live dumps: which page goes where, and the file that is put together from it.
 * Included by live.c.
 */
#include <kunit/test.h>
#include <linux/prandom.h>

/* Some pages of the kernel that nobody writes to. */
#define LIVE_PAGES	200

struct live_fixture {
	struct dump_live	live;
	struct dump_arena	arena;
	unsigned long		pfn[LIVE_PAGES];
};

static int live_init(struct kunit *test)
{
	struct live_fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	unsigned long pfn = PHYS_PFN(__pa_symbol(__start_rodata)), bytes;
	struct rnd_state rnd;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, f);
	test->priv = f;
	prandom_seed_state(&rnd, 3);
	for (i = 0; i < LIVE_PAGES; i++, pfn += 1 + prandom_u32_state(&rnd) % 3)
		f->pfn[i] = pfn;
	/* No whole chunk, and no whole word, at the end. */
	f->arena.nr_pfns = pfn + 5;
	bytes = BITS_TO_LONGS(f->arena.nr_pfns) * sizeof(long);
	f->arena.keep = kunit_kzalloc(test, bytes, GFP_KERNEL);
	f->arena.first = kunit_kzalloc(test, bytes, GFP_KERNEL);
	f->live.arena = &f->arena;
	f->live.nr_chunks = DIV_ROUND_UP(f->arena.nr_pfns, DUMP_CHUNK_PFNS);
	f->live.chunk_rank = kunit_kzalloc(test, f->live.nr_chunks * sizeof(u32), GFP_KERNEL);
	f->live.copied = kunit_kzalloc(test, f->live.nr_chunks + sizeof(long), GFP_KERNEL);
	f->live.pages = kunit_kzalloc(test, LIVE_PAGES * PAGE_SIZE, GFP_KERNEL);
	f->live.meta_bytes = 3 * PAGE_SIZE;
	f->live.meta = kunit_kzalloc(test, f->live.meta_bytes, GFP_KERNEL);
	if (!f->arena.keep || !f->arena.first || !f->live.chunk_rank || !f->live.copied ||
	    !f->live.pages || !f->live.meta)
		return -ENOMEM;
	for (i = 0; i < LIVE_PAGES; i++)
		__set_bit(f->pfn[i], f->arena.keep);
	f->live.target.ops = &dump_live_ops;
	f->live.session.layout.descs = 2 * PAGE_SIZE;
	f->live.session.layout.data = 4 * PAGE_SIZE;
	f->live.session.layout.nr_pages = LIVE_PAGES;
	return 0;
}

/* Each page is at its rank, whoever copies which chunk. */
static void ras_live_copies(struct kunit *test)
{
	struct live_fixture *f = test->priv;
	unsigned int i, wrong = 0;

	dump_rank_chunks(&f->live);
	while (dump_copy_next(&f->live))
		cond_resched();
	for (i = 0; i < LIVE_PAGES; i++)
		wrong += !!memcmp(f->live.pages + i * PAGE_SIZE, __va(PFN_PHYS(f->pfn[i])),
				  PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, wrong, 0);
	KUNIT_EXPECT_TRUE(test, bitmap_full(f->live.copied, f->live.nr_chunks));
	KUNIT_EXPECT_TRUE(test, bitmap_empty(f->arena.first, f->arena.nr_pfns));
}

/* A page that cannot be read is named by its rank; those behind it stay where they are. */
static void ras_live_unreadable(struct kunit *test)
{
	struct live_fixture *f = test->priv;

	/* There is no such memory. */
	f->arena.nr_pfns = round_up(f->arena.nr_pfns, BITS_PER_LONG);
	dump_copy_page(&f->live, PHYS_PFN(1ULL << 51), 7);
	dump_copy_page(&f->live, f->pfn[8], 8);
	KUNIT_EXPECT_EQ(test, bitmap_weight(f->arena.first, f->arena.nr_pfns), 1);
	KUNIT_EXPECT_TRUE(test, test_bit(7, f->arena.first));
	KUNIT_EXPECT_EQ(test, memcmp(f->live.pages + 8 * PAGE_SIZE, __va(PFN_PHYS(f->pfn[8])),
				     PAGE_SIZE), 0);
}

/* What the file is to be. */
static void live_make_file(struct live_fixture *f, u8 *file)
{
	const struct dump_layout *layout = &f->live.session.layout;
	unsigned int i;

	memcpy(file, f->live.meta, layout->descs);
	for (i = 0; i < LIVE_PAGES; i++)
		if (!test_bit(i, f->arena.first))
			dump_make_desc(file + layout->descs + i * DUMP_DESC_BYTES,
				       layout->data + i * PAGE_SIZE, PAGE_SIZE, DUMP_RAW);
	memcpy(file + layout->data, f->live.pages, LIVE_PAGES * PAGE_SIZE);
}

/* In pieces of any size, and not beyond the end. */
static void ras_live_reads(struct kunit *test)
{
	static const size_t pieces[] = { PAGE_SIZE, 4093, 1, 25, 70001 };
	struct live_fixture *f = test->priv;
	size_t size = f->live.session.layout.data + LIVE_PAGES * PAGE_SIZE, at, got;
	u8 *file = kunit_kzalloc(test, size, GFP_KERNEL);
	u8 *read = kunit_kzalloc(test, size + PAGE_SIZE, GFP_KERNEL);
	struct rnd_state rnd;
	unsigned int i;

	KUNIT_ASSERT_TRUE(test, file && read);
	prandom_seed_state(&rnd, 4);
	prandom_bytes_state(&rnd, f->live.meta, f->live.meta_bytes);
	prandom_bytes_state(&rnd, f->live.pages, LIVE_PAGES * PAGE_SIZE);
	__set_bit(5, f->arena.first);
	__set_bit(LIVE_PAGES - 1, f->arena.first);
	live_make_file(f, file);
	KUNIT_EXPECT_EQ(test, dump_live_read(&f->live, 0, read, size), 0);
	f->live.whole = true;
	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		memset(read, 0x5a, size);
		for (at = 0; (got = dump_live_read(&f->live, at, read + at, pieces[i])); at += got)
			if (at + got > size)
				break;
		KUNIT_EXPECT_EQ(test, at, size);
		KUNIT_EXPECT_EQ(test, memcmp(read, file, size), 0);
	}
	KUNIT_EXPECT_EQ(test, dump_live_read(&f->live, size + 1, read, 1), 0);
	KUNIT_EXPECT_EQ(test, dump_live_read(&f->live, U64_MAX, read, 1), 0);
}

/* What does not fit is refused, and nothing is written then. */
static void ras_live_writes(struct kunit *test)
{
	struct live_fixture *f = test->priv;
	struct dump_target *target = &f->live.target;
	static const u8 data[16] = { [0 ... 15] = 0xa5 };

	KUNIT_EXPECT_EQ(test, dump_live_write(target, 100, data, 16), 0);
	KUNIT_EXPECT_EQ(test, memcmp(f->live.meta + 100, data, 16), 0);
	/* Descriptors are made when they are read. */
	KUNIT_EXPECT_EQ(test, dump_live_write(target, 2 * PAGE_SIZE, data, 16), 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(f->live.meta + 2 * PAGE_SIZE, 0, PAGE_SIZE));
	f->live.meta_bytes = 100;
	KUNIT_EXPECT_EQ(test, dump_live_write(target, 84, data, 16), 0);
	KUNIT_EXPECT_EQ(test, dump_live_write(target, 85, data, 16), -ENOSPC);
	KUNIT_EXPECT_EQ(test, dump_live_write(target, 101, data, 16), -ENOSPC);
}

static struct kunit_case live_cases[] = {
	KUNIT_CASE(ras_live_copies),
	KUNIT_CASE(ras_live_unreadable),
	KUNIT_CASE(ras_live_reads),
	KUNIT_CASE(ras_live_writes),
	{}
};

static struct kunit_suite live_suite = {
	.name		= "ras_dump_live",
	.init		= live_init,
	.test_cases	= live_cases,
};

kunit_test_suite(live_suite);
