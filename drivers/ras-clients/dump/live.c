// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine: a live dump, of a machine that goes on.
 *
 * The stop only decides which pages are in the dump and copies them, with the help of the
 * parked CPUs, to memory that was allocated beforehand.  All else comes before or after it:
 * the file that readers see is put together while it is read.  The pages are in there as they
 * are, one after the other by their rank, so that the descriptors need not be stored.
 *
 * Whoever writes "dump" into /sys/kernel/ras/trigger gets one; see also
 * /sys/kernel/ras/dump/live/.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/kobject.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/ras.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/vmalloc.h>

#include <asm/sections.h>

#include "dump.h"

/* Page frames that one CPU copies at a time.  Between two of them it looks at the clock. */
#define DUMP_CHUNK_PFNS		1024
/* How long a CPU may take for them, in ms: a thousand times what it needs. */
#define DUMP_CHUNK_MS		1000
/* What the kernel may allocate between the estimate and the stop: an eighth, and this. */
#define DUMP_SPARE_PAGES	1024
/* The notes of a CPU that comes online in between. */
#define DUMP_SPARE_NOTE_BYTES	1024
/* Pages that are copied beforehand, to find out how long it takes, and how often. */
#define DUMP_SAMPLE_PAGES	64
#define DUMP_SAMPLES		8

/**
 * struct dump_live - a live dump
 * @lock: serializes what is done to it outside a stop
 * @max_ns: how long the machine may be stopped for it, in ns
 * @target: as format.c sees it: takes what is before the pages
 * @session: its dump
 * @result: what became of it
 * @arena: bitmaps; @arena->first tells, by rank, which pages could not be read
 * @room: there is memory for so many pages
 * @pages: the pages, by rank
 * @meta: what is before the descriptors in the file
 * @meta_bytes: room for that
 * @chunk_rank: how many pages in the dump are before a chunk of page frames
 * @nr_chunks: how many chunks there are
 * @next: the chunk that nobody has begun yet
 * @copied: chunks that are copied
 * @copy_ns: how long it took to copy the pages, in ns
 * @whole: there is a dump
 * @lost: some CPU may write to this memory at any time, for good
 */
struct dump_live {
	struct mutex		lock;	/* see above */
	u64			max_ns;
	struct dump_target	target;
	struct dump_session	session;
	struct dump_result	result;
	struct dump_arena	*arena;
	u64			room;
	void			*pages;
	void			*meta;
	size_t			meta_bytes;
	u32			*chunk_rank;
	unsigned int		nr_chunks;
	atomic_t		next;
	unsigned long		*copied;
	u64			copy_ns;
	bool			whole;
	bool			lost;
};

static struct dump_live dump_live;

/* The file: meta, descriptors, pages */

static int dump_live_write(struct dump_target *target, u64 offset, const void *data, size_t size)
{
	struct dump_live *live = container_of(target, struct dump_live, target);

	/* The descriptors are made when they are read. */
	if (offset >= live->session.layout.descs)
		return 0;
	if (offset > live->meta_bytes || size > live->meta_bytes - offset)
		return -ENOSPC;
	memcpy(live->meta + offset, data, size);
	return 0;
}

static const struct dump_target_ops dump_live_ops = { .write = dump_live_write };

static u64 dump_live_bytes(const struct dump_live *live)
{
	const struct dump_layout *layout = &live->session.layout;

	return live->whole ? layout->data + layout->nr_pages * PAGE_SIZE : 0;
}

/* A piece of the table of descriptors, up to the end of one of them. */
static size_t dump_live_read_desc(const struct dump_live *live, u64 at, void *buf, size_t count)
{
	const struct dump_layout *layout = &live->session.layout;
	u8 desc[DUMP_DESC_BYTES] = { };
	u32 from;
	u64 rank = div_u64_rem(at, DUMP_DESC_BYTES, &from);

	if (rank < layout->nr_pages && !test_bit(rank, live->arena->first))
		dump_make_desc(desc, layout->data + rank * PAGE_SIZE, PAGE_SIZE, DUMP_RAW);
	count = min_t(size_t, count, DUMP_DESC_BYTES - from);
	memcpy(buf, desc + from, count);
	return count;
}

/**
 * dump_live_read() - read the file
 * @live: the dump, whole
 * @offset: where in the file, in bytes
 * @buf: where to
 * @count: how much, in bytes
 *
 * Return: how much that was; 0 at the end.
 */
static size_t dump_live_read(const struct dump_live *live, u64 offset, void *buf, size_t count)
{
	const struct dump_layout *layout = &live->session.layout;
	size_t done = 0, got;

	count = offset < dump_live_bytes(live) ?
		min_t(u64, count, dump_live_bytes(live) - offset) : 0;
	for (; done < count; done += got, offset += got) {
		got = count - done;
		if (offset < layout->descs) {
			got = min_t(u64, got, layout->descs - offset);
			memcpy(buf + done, live->meta + offset, got);
		} else if (offset < layout->data) {
			got = min_t(u64, got, layout->data - offset);
			got = dump_live_read_desc(live, offset - layout->descs, buf + done, got);
		} else {
			memcpy(buf + done, live->pages + (offset - layout->data), got);
		}
	}
	return done;
}

/* In the stop */

static void dump_copy_page(struct dump_live *live, unsigned long pfn, u64 rank)
{
	if (ras_copy_page(live->pages + rank * PAGE_SIZE, pfn))
		set_bit(rank, live->arena->first);
}

static void dump_copy_chunk(struct dump_live *live, unsigned int chunk)
{
	const struct dump_arena *arena = live->arena;
	unsigned long pfn = (unsigned long)chunk * DUMP_CHUNK_PFNS;
	unsigned long end = min(pfn + DUMP_CHUNK_PFNS, arena->nr_pfns);
	u64 rank = live->chunk_rank[chunk];

	for_each_set_bit_from(pfn, arena->keep, end)
		dump_copy_page(live, pfn, rank++);
	/* The pages are there once ras_help_end() has returned. */
	set_bit(chunk, live->copied);
}

/* Copy a chunk that nobody has begun; false if there is none. */
static bool dump_copy_next(void *arg)
{
	struct dump_live *live = arg;
	unsigned int chunk = atomic_inc_return(&live->next) - 1;

	if (chunk >= live->nr_chunks)
		return false;
	dump_copy_chunk(live, chunk);
	return true;
}

static bool dump_live_is_late(const struct dump_live *live)
{
	return ras_clock_ns() - live->session.begin_ns > live->max_ns;
}

/* How many pages are before each chunk. */
static void dump_rank_chunks(struct dump_live *live)
{
	const struct dump_arena *arena = live->arena;
	unsigned int chunk;
	u32 rank = 0;

	for (chunk = 0; chunk < live->nr_chunks; chunk++) {
		unsigned long word = chunk * (DUMP_CHUNK_PFNS / BITS_PER_LONG), i;

		live->chunk_rank[chunk] = rank;
		for (i = 0; i < DUMP_CHUNK_PFNS / BITS_PER_LONG; i++)
			if ((word + i) * BITS_PER_LONG < arena->nr_pfns)
				rank += hweight_long(arena->keep[word + i]);
	}
}

static int dump_copy_pages(struct dump_live *live, const struct ras_stop *stop)
{
	struct ras_job job = { .work = dump_copy_next, .arg = live, .deadline_ms = DUMP_CHUNK_MS };
	bool helped = live->session.policy.helpers && ras_help_start(stop, &job) > 0;
	unsigned int chunk;

	while (dump_copy_next(live) && !dump_live_is_late(live))
		ras_progress(stop);
	/* For helpers that are still looking for more. */
	atomic_set(&live->next, live->nr_chunks);
	if (helped && ras_help_end(stop)) {
		live->lost = true;
		return -EIO;
	}
	/* What a helper was taken out of. */
	for (chunk = 0; chunk < live->nr_chunks; chunk++) {
		if (test_bit(chunk, live->copied))
			continue;
		if (dump_live_is_late(live))
			return -ETIME;
		dump_copy_chunk(live, chunk);
		ras_progress(stop);
	}
	return 0;
}

static int dump_live_fill(struct dump_live *live, const struct ras_stop *stop)
{
	struct dump_session *s = &live->session;
	int ret;

	dump_classify(s);
	/* What marks the pages that cannot be read. */
	bitmap_zero(live->arena->first, live->arena->nr_pfns);
	dump_lay_out(s);
	if (s->layout.nr_pages > live->room)
		return -ENOSPC;
	dump_rank_chunks(live);
	ret = ras_save_notes(stop) ?: dump_write_meta(s) ?: dump_write_header(s, true);
	if (ret)
		return ret;
	live->copy_ns = ras_clock_ns();
	ret = dump_copy_pages(live, stop);
	live->copy_ns = ras_clock_ns() - live->copy_ns;
	return ret;
}

static enum ras_verdict dump_live_run(struct ras_handler *handler, const struct ras_stop *stop)
{
	struct dump_live *live = &dump_live;

	live->session.stop = stop;
	live->session.begin_ns = ras_clock_ns();
	live->result.error = dump_live_fill(live, stop);
	WRITE_ONCE(live->whole, !live->result.error);
	return live->result.error ? RAS_NEXT : RAS_END;
}

/* Before and after it */

static void dump_live_hide(const void *start, size_t bytes, bool hide)
{
	const void *at;

	for (at = start; start && at < start + bytes; at += PAGE_SIZE)
		dump_hide(vmalloc_to_page(at), hide);
}

static void dump_live_hide_all(const struct dump_live *live, bool hide)
{
	dump_live_hide(live->pages, live->room * PAGE_SIZE, hide);
	dump_live_hide(live->meta, live->meta_bytes, hide);
}

static void dump_live_free(struct dump_live *live)
{
	WRITE_ONCE(live->whole, false);
	if (live->lost) {
		pr_warn("live dump: its %llu MiB are not used again: a CPU may still write there\n",
			live->room >> (20 - PAGE_SHIFT));
	} else {
		dump_live_hide_all(live, false);
		vfree(live->pages);
		vfree(live->meta);
		kvfree(live->chunk_rank);
		kvfree(live->copied);
		dump_arena_free(live->arena);
	}
	live->lost = false;
	live->pages = NULL;
	live->meta = NULL;
	live->chunk_rank = NULL;
	live->copied = NULL;
	live->arena = NULL;
}

/* How long it takes to copy a page when nobody interrupts it, in ns. */
static u64 dump_measure_copy(struct dump_live *live)
{
	unsigned long pfn = PHYS_PFN(__pa_symbol(_text));
	u64 least_ns = U64_MAX;
	unsigned int i, page;

	for (i = 0; i < DUMP_SAMPLES; i++) {
		u64 begin_ns = ras_clock_ns();

		for (page = 0; page < DUMP_SAMPLE_PAGES; page++)
			ras_copy_page(live->pages + page * PAGE_SIZE, pfn++);
		least_ns = min(least_ns, ras_clock_ns() - begin_ns);
	}
	return div_u64(least_ns, DUMP_SAMPLE_PAGES);
}

/* Is there so much memory, and as much again for everybody else? */
static bool dump_can_spare(u64 bytes)
{
	return bytes >> PAGE_SHIFT < si_mem_available() / 2;
}

static int dump_live_alloc(struct dump_live *live)
{
	const gfp_t gfp = GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY;
	u64 bytes = live->room * PAGE_SIZE;

	if (bytes != (size_t)bytes || !dump_can_spare(bytes))
		return -ENOMEM;
	live->pages = __vmalloc(bytes, gfp);
	live->meta = __vmalloc(live->meta_bytes, gfp | __GFP_ZERO);
	live->nr_chunks = DIV_ROUND_UP(live->arena->nr_pfns, DUMP_CHUNK_PFNS);
	live->chunk_rank = kvcalloc(live->nr_chunks, sizeof(*live->chunk_rank), GFP_KERNEL);
	live->copied = kvcalloc(BITS_TO_LONGS(live->nr_chunks), sizeof(long), GFP_KERNEL);
	if (!live->pages || !live->meta || !live->chunk_rank || !live->copied)
		return -ENOMEM;
	dump_live_hide_all(live, true);
	return 0;
}

/* Find out how many pages there would be now, and get the memory for them. */
static int dump_live_estimate(struct dump_live *live)
{
	struct dump_session *s = &live->session;
	const struct dump_layout *layout = &s->layout;
	u64 ms;

	live->arena = dump_arena_make(DUMP_RAW, false);
	if (!live->arena)
		return -ENOMEM;
	s->arena = live->arena;
	dump_stamp_vmcoreinfo(s->arena);
	dump_classify(s);
	dump_lay_out(s);
	live->room = layout->nr_pages + layout->nr_pages / 8 + DUMP_SPARE_PAGES;
	live->meta_bytes = layout->descs + PAGE_ALIGN(num_possible_cpus() * DUMP_SPARE_NOTE_BYTES);
	if (dump_live_alloc(live)) {
		pr_warn("live dump: no memory: %llu MiB needed, twice as much has to be there\n",
			live->room >> (20 - PAGE_SHIFT));
		return -ENOMEM;
	}
	ms = div_u64(live->result.classify_ns + layout->nr_pages * dump_measure_copy(live),
		     NSEC_PER_MSEC);
	pr_info("live dump: %llu pages, %llu MiB of memory; about %llu ms of stop, at most %u\n",
		layout->nr_pages, live->room >> (20 - PAGE_SHIFT), ms, dump_ms(live->max_ns));
	return ms > dump_ms(live->max_ns) ? -EFBIG : 0;
}

static int dump_live_prepare(struct ras_handler *handler, void *arg)
{
	struct dump_live *live = &dump_live;
	struct dump_session *s = &live->session;
	int ret = -EEXIST;

	/* Until dump_live_complete(). */
	mutex_lock(&live->lock);
	if (live->whole) {
		pr_warn("live dump: there is one that was not taken\n");
		goto unlock;
	}
	memset(s, 0, sizeof(*s));
	memset(&live->result, 0, sizeof(live->result));
	s->target = &live->target;
	s->result = &live->result;
	s->policy.level = READ_ONCE(dump_policy.level);
	s->policy.compression = DUMP_RAW;
	s->policy.helpers = READ_ONCE(dump_policy.helpers);
	live->max_ns = READ_ONCE(dump_policy.live_max_ms) * (u64)NSEC_PER_MSEC;
	atomic_set(&live->next, 0);
	ret = dump_live_estimate(live);
	if (!ret)
		return 0;
	if (ret == -EFBIG)
		pr_warn("live dump: that is too long, see dump/live_max_ms\n");
	dump_live_free(live);
unlock:
	mutex_unlock(&live->lock);
	return ret;
}

/* Why there is none. */
static const char *dump_live_failure(const struct dump_live *live,
				     const struct ras_outcome *outcome)
{
	if (outcome->why.why)
		return "the handler was abandoned";
	switch (live->result.error) {
	case 0:
		return outcome->skipped ?: "the handler did not run";
	case -ENOSPC:
		return "more pages than there was memory for";
	case -ETIME:
		return "it took too long";
	case -EIO:
		return "a CPU was lost";
	default:
		return "the notes of the CPUs could not be written";
	}
}

static void dump_live_tell(const struct dump_live *live, const struct ras_outcome *outcome)
{
	if (!live->whole) {
		pr_warn("live dump: none: %s\n", dump_live_failure(live, outcome));
		return;
	}
	pr_info("live dump: %llu pages, %u ms: classify %u, copy %u\n",
		live->session.layout.nr_pages, dump_ms(outcome->ns),
		dump_ms(live->result.classify_ns), dump_ms(live->copy_ns));
}

static void dump_live_complete(struct ras_handler *handler, void *arg, int ret,
			       const struct ras_outcome *outcome)
{
	struct dump_live *live = &dump_live;

	/* Its CPU, or a helper, may still be running it. */
	if (outcome->why.why) {
		WRITE_ONCE(live->whole, false);
		live->lost = true;
	}
	if (!ret)
		dump_live_tell(live, outcome);
	if (!live->whole)
		dump_live_free(live);
	mutex_unlock(&live->lock);
}

static struct ras_handler dump_live_handler = {
	.name		= "dump",
	.priority	= RAS_PRIO_DUMP,
	.flags		= RAS_HANDLER_ON_CALL | RAS_HANDLER_BY_NAME | RAS_HANDLER_HELPED,
	.deadline_ms	= 5000,
	.prepare	= dump_live_prepare,
	.run		= dump_live_run,
	.complete	= dump_live_complete,
};

static struct dump_live dump_live = {
	.lock	= __MUTEX_INITIALIZER(dump_live.lock),
	.target	= { .name = "live", .ops = &dump_live_ops },
};

/* /sys/kernel/ras/dump/live/ */

static ssize_t file_read(struct file *file, struct kobject *kobj, struct bin_attribute *attr,
			 char *buf, loff_t offset, size_t count)
{
	struct dump_live *live = &dump_live;

	mutex_lock(&live->lock);
	count = dump_live_read(live, offset, buf, count);
	mutex_unlock(&live->lock);
	return count;
}

static BIN_ATTR(file, 0400, file_read, NULL, 0);

static ssize_t size_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	u64 bytes;

	mutex_lock(&dump_live.lock);
	bytes = dump_live_bytes(&dump_live);
	mutex_unlock(&dump_live.lock);
	return sysfs_emit(buf, "%llu\n", bytes);
}

static ssize_t state_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", READ_ONCE(dump_live.whole) ? "whole" : "empty");
}

static ssize_t state_store(struct kobject *kobj, struct kobj_attribute *attr, const char *buf,
			   size_t count)
{
	struct dump_live *live = &dump_live;
	int ret = 0;

	if (!sysfs_streq(buf, "taken")) {
		pr_warn("live/state: \"%.*s\" is not \"taken\"\n", dump_word_of(buf), buf);
		return -EINVAL;
	}
	mutex_lock(&live->lock);
	if (live->whole) {
		dump_live_free(live);
	} else {
		pr_warn("live/state: there is no dump to be taken\n");
		ret = -ENOENT;
	}
	mutex_unlock(&live->lock);
	return ret ?: count;
}

static struct kobj_attribute dump_live_size_attr = __ATTR_RO_MODE(size, 0400);
static struct kobj_attribute dump_live_state_attr = __ATTR_RW_MODE(state, 0600);

static struct attribute *dump_live_attrs[] = {
	&dump_live_size_attr.attr,
	&dump_live_state_attr.attr,
	NULL,
};

static struct bin_attribute *dump_live_bin_attrs[] = { &bin_attr_file, NULL };

static const struct attribute_group dump_live_group = {
	.name		= "live",
	.attrs		= dump_live_attrs,
	.bin_attrs	= dump_live_bin_attrs,
};

/**
 * dump_live_init() - have live dumps
 * @parent: the directory /sys/kernel/ras/dump
 *
 * Return: 0 or an errno.
 */
int __init dump_live_init(struct kobject *parent)
{
	return sysfs_create_group(parent, &dump_live_group) ?:
	       ras_register_handler(&dump_live_handler);
}

#ifdef CONFIG_RAS_KUNIT_TEST
#include "live_kunit.h"
#endif
