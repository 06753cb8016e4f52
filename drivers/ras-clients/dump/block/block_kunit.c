// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the dump engine's target block: a disk of memory with a volatile cache, which
 * ends commands in an order of its own.  Included by block.c.
 */
#include <kunit/test.h>
#include <linux/io.h>
#include <linux/prandom.h>
#include <linux/vmalloc.h>

/* Two extents, so that transfers end at the end of the first, which is no round number. */
#define FAKE_EXTENT_0	37
#define FAKE_EXTENT_1	1200
#define FAKE_GAP	5
#define FAKE_BLOCKS	(FAKE_EXTENT_0 + FAKE_GAP + FAKE_EXTENT_1)
/* More than one window. */
#define FAKE_FRONT	(DUMP_WINDOW_BYTES + 5 * PAGE_SIZE)
#define FAKE_PAGES	1500

/* What a page descriptor is here. */
struct fake_desc {
	u64	offset;
	u64	size;
};

/**
 * struct fake_disk - a disk
 * @b: the target that writes to it
 * @disk: as its driver
 * @area: as it is armed
 * @cache: what reads return
 * @durable: what a power cut leaves
 * @file: what the dump is to be
 * @busy: the commands in flight
 * @tags: which tags are
 * @starts: calls of start()
 * @stops: and of stop()
 * @writes: commands to write
 * @fail_at: this write fails; 0: none
 * @broken: a descriptor was written before its page was durable, or a stamp written over
 */
struct fake_disk {
	struct dump_block	*b;
	struct dump_disk	disk;
	struct dump_area	*area;
	u8			*cache;
	u8			*durable;
	u8			*file;
	struct dump_command	busy[DUMP_DISK_TAGS];
	unsigned long		tags;
	unsigned int		starts;
	unsigned int		stops;
	unsigned int		writes;
	unsigned int		fail_at;
	bool			broken;
};

static struct fake_disk *fake_of(struct dump_disk *disk)
{
	return container_of(disk, struct fake_disk, disk);
}

static int fake_start(struct dump_disk *disk)
{
	fake_of(disk)->starts++;
	return 0;
}

static void fake_stop(struct dump_disk *disk)
{
	fake_of(disk)->stops++;
}

/* Where on the disk a byte of the dump is. */
static u64 fake_at(const struct fake_disk *fake, u64 offset)
{
	u32 blocks;

	return dump_area_sector(fake->area, offset / RAS_DUMP_BLOCK, &blocks) * DUMP_SECTOR +
	       offset % RAS_DUMP_BLOCK;
}

static bool fake_is_durable(const struct fake_disk *fake, u64 offset)
{
	return fake->durable[fake_at(fake, offset)] == fake->file[offset];
}

/* Are the pages that the descriptors in @data tell of durable, from the first byte to the last? */
static bool fake_is_ordered(const struct fake_disk *fake, const struct fake_desc *desc,
			    size_t bytes)
{
	const struct fake_desc *end = (const void *)desc + bytes;

	for (; desc < end; desc++)
		if (desc->offset && (!fake_is_durable(fake, desc->offset) ||
				     !fake_is_durable(fake, desc->offset + desc->size - 1)))
			return false;
	return true;
}

/* The blocks at @at are about to be written. */
static void fake_judge(struct fake_disk *fake, u64 at, const void *data, size_t bytes)
{
	u64 stamp_1 = fake->area->extent[1].sector * DUMP_SECTOR;
	u64 front_end = fake_at(fake, FAKE_FRONT);

	/* Only stamps are written to a first block, and they are written alone. */
	if (at <= stamp_1 && stamp_1 < at + bytes)
		fake->broken = true;
	if (!at && bytes != RAS_DUMP_BLOCK)
		fake->broken = true;
	if (at && at < front_end && !fake_is_ordered(fake, data, min_t(u64, bytes, front_end - at)))
		fake->broken = true;
}

static int fake_submit(struct dump_disk *disk, unsigned int tag,
		       const struct dump_command *command)
{
	struct fake_disk *fake = fake_of(disk);
	u64 at = command->sector * DUMP_SECTOR;

	if (fake->tags & BIT(tag))
		return -EAGAIN;
	if (command->op != DUMP_DISK_FLUSH &&
	    (!command->bytes || command->bytes > disk->max_bytes ||
	     at + command->bytes > FAKE_BLOCKS * RAS_DUMP_BLOCK))
		return -EIO;
	if (command->op == DUMP_DISK_WRITE)
		fake_judge(fake, at, phys_to_virt(command->addr), command->bytes);
	fake->tags |= BIT(tag);
	fake->busy[tag] = *command;
	return 0;
}

/* The command that was begun last, or has the highest tag, ends first. */
static int fake_poll(struct dump_disk *disk, unsigned int *tag, int *error)
{
	struct fake_disk *fake = fake_of(disk);
	const struct dump_command *command;
	void *at, *data;

	if (!fake->tags)
		return -EAGAIN;
	*tag = __fls(fake->tags);
	*error = 0;
	fake->tags &= ~BIT(*tag);
	command = &fake->busy[*tag];
	at = fake->cache + command->sector * DUMP_SECTOR;
	data = phys_to_virt(command->addr);
	switch (command->op) {
	case DUMP_DISK_READ:
		memcpy(data, at, command->bytes);
		break;
	case DUMP_DISK_WRITE:
		if (++fake->writes == fake->fail_at)
			*error = -EIO;
		else
			memcpy(at, data, command->bytes);
		break;
	case DUMP_DISK_FLUSH:
		memcpy(fake->durable, fake->cache, FAKE_BLOCKS * RAS_DUMP_BLOCK);
	}
	return 0;
}

static const struct dump_disk_ops fake_ops = {
	.name	= "fake",
	.start	= fake_start,
	.submit	= fake_submit,
	.poll	= fake_poll,
	.stop	= fake_stop,
};

static void fake_make_area(struct kunit *test, struct fake_disk *fake)
{
	struct dump_area *area = kunit_kzalloc(test, sizeof(*area), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, area);
	area->stamp = kunit_kzalloc(test, RAS_DUMP_BLOCK, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, area->stamp);
	memcpy(area->stamp->magic, RAS_DUMP_MAGIC, sizeof(area->stamp->magic));
	area->nr_extents = 2;
	area->extent[0].blocks = FAKE_EXTENT_0;
	area->extent[1].sector = (FAKE_EXTENT_0 + FAKE_GAP) * DUMP_BLOCK_SECTORS;
	area->extent[1].blocks = FAKE_EXTENT_1;
	area->blocks = FAKE_EXTENT_0 + FAKE_EXTENT_1 - 2;
	dump_area_stamp(area, 0, (void *)fake->cache);
	dump_area_stamp(area, 1, (void *)fake->cache + area->extent[1].sector * DUMP_SECTOR);
	fake->area = area;
}

static void fake_exit(struct kunit *test)
{
	struct fake_disk *fake = test->priv;

	if (!fake)
		return;
	if (fake->b && fake->b->window)
		dump_block_free_memory(fake->b);
	if (fake->b)
		dump_block_release(&fake->b->target);
	vfree(fake->cache);
	vfree(fake->durable);
	vfree(fake->file);
}

static int fake_init(struct kunit *test)
{
	struct fake_disk *fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);
	struct dump_target *target;

	KUNIT_ASSERT_NOT_NULL(test, fake);
	test->priv = fake;
	fake->cache = vzalloc(FAKE_BLOCKS * RAS_DUMP_BLOCK);
	fake->durable = vzalloc(FAKE_BLOCKS * RAS_DUMP_BLOCK);
	fake->file = vzalloc(FAKE_BLOCKS * RAS_DUMP_BLOCK);
	KUNIT_ASSERT_TRUE(test, fake->cache && fake->durable && fake->file);
	fake_make_area(test, fake);
	target = dump_block_new("fake");
	KUNIT_ASSERT_FALSE(test, IS_ERR(target));
	fake->b = dump_block_of(target);
	fake->b->area = fake->area;
	fake->b->disk = &fake->disk;
	fake->disk.ops = &fake_ops;
	fake->disk.device.bypasses_iommu = true;
	fake->disk.max_bytes = DUMP_DISK_BYTES;
	KUNIT_ASSERT_EQ(test, dump_block_alloc_memory(fake->b), 0);
	return 0;
}

static int fake_write(struct fake_disk *fake, u64 offset, const void *data, size_t size)
{
	memcpy(fake->file + offset, data, size);
	return dump_block_write(&fake->b->target, offset, data, size);
}

/* Write a dump of @pages pages; descriptors in an order that moves the window often. */
static int fake_dump(struct fake_disk *fake, unsigned int pages)
{
	static u8 page[PAGE_SIZE];
	struct rnd_state rnd;
	u64 end = FAKE_FRONT, at;
	unsigned int i;
	int ret = 0;

	prandom_seed_state(&rnd, 12);
	memset(page, 0, sizeof(page));
	for (at = 0; at < FAKE_FRONT && !ret; at += PAGE_SIZE)
		ret = fake_write(fake, at, page, PAGE_SIZE);
	for (i = 0; i < pages && !ret; i++) {
		struct fake_desc desc = {
			.offset	= end,
			.size	= 1 + prandom_u32_state(&rnd) % PAGE_SIZE,
		};
		/* Runs of 100 at either end of the front. */
		u64 rank = i / 100 % 2 ? FAKE_FRONT / sizeof(desc) - 1 - i : i;

		memset(page, 1 + i % 255, desc.size);
		ret = fake_write(fake, end, page, desc.size) ?:
		      fake_write(fake, rank * sizeof(desc), &desc, sizeof(desc));
		end += desc.size;
	}
	return ret;
}

static const struct dump_layout fake_layout = { .data = FAKE_FRONT };

static int fake_begin(struct fake_disk *fake, bool resumable)
{
	const struct ras_stop stop = { .resumable = resumable };
	const struct dump_session s = { .stop = &stop };

	return dump_block_start(&fake->b->target, &s, &fake_layout);
}

/* What the disk keeps over a power cut is the file as far as it goes. */
static void expect_file(struct kunit *test, const struct fake_disk *fake, u64 size)
{
	u64 at, part;

	for (at = 0; at < size; at += part) {
		part = min_t(u64, size - at, RAS_DUMP_BLOCK);
		if (memcmp(fake->durable + fake_at(fake, at), fake->file + at, part))
			break;
	}
	KUNIT_EXPECT_EQ(test, at, size);
}

static void expect_stamp(struct kunit *test, const struct fake_disk *fake, u32 state, u64 bytes)
{
	const struct ras_dump_stamp *stamp = (const void *)fake->durable;

	KUNIT_EXPECT_EQ(test, le32_to_cpu(stamp->state), state);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(stamp->bytes), bytes);
	KUNIT_EXPECT_FALSE(test, memcmp(stamp->magic, RAS_DUMP_MAGIC, sizeof(stamp->magic)));
}

static void dump_block_whole(struct kunit *test)
{
	struct fake_disk *fake = test->priv;
	u64 end;

	KUNIT_ASSERT_EQ(test, fake_begin(fake, false), 0);
	KUNIT_ASSERT_EQ(test, fake_dump(fake, FAKE_PAGES), 0);
	end = fake->b->end;
	dump_block_finish(&fake->b->target, end, true);
	KUNIT_EXPECT_FALSE(test, fake->broken);
	expect_file(test, fake, end);
	expect_stamp(test, fake, RAS_DUMP_WHOLE, end);
	KUNIT_EXPECT_EQ(test, fake->starts, 1);
	KUNIT_EXPECT_EQ(test, fake->stops, 1);
}

/* The device takes a page at a time. */
static void dump_block_small_commands(struct kunit *test)
{
	struct fake_disk *fake = test->priv;

	fake->disk.max_bytes = PAGE_SIZE;
	dump_block_whole(test);
}

/* The machine dies: what the stamp on the disk tells of is there. */
static void dump_block_interrupted(struct kunit *test)
{
	struct fake_disk *fake = test->priv;
	const struct ras_dump_stamp *stamp = (const void *)fake->durable;

	KUNIT_ASSERT_EQ(test, fake_begin(fake, false), 0);
	KUNIT_ASSERT_EQ(test, fake_dump(fake, FAKE_PAGES), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(stamp->state), RAS_DUMP_BEGUN);
	KUNIT_EXPECT_GT(test, le64_to_cpu(stamp->bytes), (u64)FAKE_FRONT);
	KUNIT_EXPECT_LE(test, le64_to_cpu(stamp->bytes), fake->b->end);
	KUNIT_EXPECT_FALSE(test, fake->broken);
}

/* Of a small dump, whose descriptors are all in one window, as well. */
static void dump_block_flushed(struct kunit *test)
{
	struct fake_disk *fake = test->priv;
	u64 end;

	KUNIT_ASSERT_EQ(test, fake_begin(fake, false), 0);
	KUNIT_ASSERT_EQ(test, fake_dump(fake, 50), 0);
	end = fake->b->end;
	KUNIT_ASSERT_EQ(test, dump_block_flush_all(&fake->b->target), 0);
	KUNIT_EXPECT_FALSE(test, fake->broken);
	expect_file(test, fake, end);
	expect_stamp(test, fake, RAS_DUMP_BEGUN, end);
}

/* Before the first page is there the stamp tells of nothing. */
static void dump_block_interrupted_early(struct kunit *test)
{
	struct fake_disk *fake = test->priv;

	KUNIT_ASSERT_EQ(test, fake_begin(fake, false), 0);
	KUNIT_ASSERT_EQ(test, fake_dump(fake, 0), 0);
	memcpy(fake->durable, fake->cache, RAS_DUMP_BLOCK);
	expect_stamp(test, fake, RAS_DUMP_BEGUN, 0);
}

static void dump_block_full(struct kunit *test)
{
	struct fake_disk *fake = test->priv;
	u64 end;

	KUNIT_ASSERT_EQ(test, fake_begin(fake, false), 0);
	KUNIT_EXPECT_EQ(test, fake_dump(fake, 100 * FAKE_PAGES), -ENOSPC);
	end = fake->b->end;
	KUNIT_EXPECT_LE(test, end, fake->area->blocks * RAS_DUMP_BLOCK);
	KUNIT_EXPECT_GT(test, end + PAGE_SIZE, fake->area->blocks * RAS_DUMP_BLOCK);
	dump_block_finish(&fake->b->target, end, false);
	KUNIT_EXPECT_FALSE(test, fake->broken);
	expect_file(test, fake, end);
	expect_stamp(test, fake, RAS_DUMP_CUT, end);
}

/* A disk that fails is not asked again, and does not say that all is well. */
static void dump_block_fails(struct kunit *test)
{
	struct fake_disk *fake = test->priv;
	unsigned int writes;

	fake->fail_at = 40;
	KUNIT_ASSERT_EQ(test, fake_begin(fake, false), 0);
	KUNIT_EXPECT_EQ(test, fake_dump(fake, FAKE_PAGES), -EIO);
	writes = fake->writes;
	KUNIT_EXPECT_EQ(test, dump_block_write(&fake->b->target, 0, &writes, sizeof(writes)),
			-EIO);
	dump_block_finish(&fake->b->target, fake->b->end, false);
	/* Others may have been in flight. */
	KUNIT_EXPECT_LE(test, fake->writes, writes + DUMP_DISK_TAGS);
	KUNIT_EXPECT_EQ(test, fake->stops, 1);
	KUNIT_EXPECT_NE(test, le32_to_cpu(((struct ras_dump_stamp *)fake->cache)->state),
			RAS_DUMP_WHOLE);
}

/* Not one byte is written to a disk that was not armed. */
static void dump_block_wrong(struct kunit *test)
{
	struct fake_disk *fake = test->priv;
	struct ras_dump_stamp *stamp =
		(void *)fake->cache + fake->area->extent[1].sector * DUMP_SECTOR;

	stamp->armed = cpu_to_le64(7);
	dump_area_seal(stamp);
	KUNIT_EXPECT_EQ(test, fake_begin(fake, false), -ESTALE);
	KUNIT_EXPECT_EQ(test, fake->writes, 0);
}

/* A machine that is to go on needs its disk. */
static void dump_block_resumable(struct kunit *test)
{
	struct fake_disk *fake = test->priv;

	KUNIT_EXPECT_EQ(test, fake_begin(fake, true), -EBUSY);
	KUNIT_EXPECT_EQ(test, fake->starts, 0);
}

static struct kunit_case dump_block_cases[] = {
	KUNIT_CASE(dump_block_whole),
	KUNIT_CASE(dump_block_small_commands),
	KUNIT_CASE(dump_block_interrupted),
	KUNIT_CASE(dump_block_flushed),
	KUNIT_CASE(dump_block_interrupted_early),
	KUNIT_CASE(dump_block_full),
	KUNIT_CASE(dump_block_fails),
	KUNIT_CASE(dump_block_wrong),
	KUNIT_CASE(dump_block_resumable),
	{}
};

static struct kunit_suite dump_block_suite = {
	.name		= "ras_dump_block",
	.init		= fake_init,
	.exit		= fake_exit,
	.test_cases	= dump_block_cases,
};

kunit_test_suite(dump_block_suite);
