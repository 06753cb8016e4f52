// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target memory: memory that the level leaves out, borrowed for
 * the dump, on a machine that reserves none.
 *
 * The dump goes to blocks of 2 MiB, each of which says in its first page what it is.  The next
 * kernel looks at every block of memory before it uses any, reserves those, and gives them
 * back when the dump was fetched.  What is lost on the way, because firmware, boot loader or a
 * device has written there, is found by checksums: pages that were there are missing then, and
 * none is shown as another.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/err.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/kernel.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/random.h>
#include <linux/ras_boot.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include <asm/early_ioremap.h>

#include "borrow.h"

/* What a page may take in the file more than its bytes: descriptor, seal, tag. */
#define DUMP_PAGE_EXTRA		128

/**
 * dump_borrow_alloc() - allocate what a dump in borrowed memory needs
 * @b: the blocks
 * @max_blocks: how many there may be
 *
 * Context: Process context; may sleep.
 * Return: 0 or %-ENOMEM.
 */
int dump_borrow_alloc(struct dump_borrow *b, unsigned int max_blocks)
{
	b->block = kcalloc(max_blocks, sizeof(*b->block), GFP_KERNEL);
	b->page = (void *)__get_free_page(GFP_KERNEL);
	if (!b->block || !b->page) {
		dump_borrow_free(b);
		return -ENOMEM;
	}
	b->max_blocks = max_blocks;
	b->id = get_random_u64();
	return 0;
}

void dump_borrow_free(struct dump_borrow *b)
{
	kfree(b->block);
	free_page((unsigned long)b->page);
	b->block = NULL;
	b->page = NULL;
}

static struct dump_borrow *dump_borrow_of(struct dump_target *target)
{
	return container_of(target, struct dump_borrow, keeper.target);
}

static const char *dump_borrow_not_ready(struct dump_target *target)
{
	const struct dump_kept kept = {
		/* Pairs with the release in dump_borrow_taken(). */
		.state	= smp_load_acquire(&dump_borrow_of(target)->kept.state),
	};

	return dump_kept_is_wanted(&kept) ? "holds a dump that was not fetched" : NULL;
}

static u64 dump_borrow_room(struct dump_target *target)
{
	return (u64)dump_borrow_of(target)->nr_blocks * DUMP_BORROW_ROOM;
}

static int dump_borrow_start(struct dump_target *target, const struct dump_session *s,
			     const struct dump_layout *layout)
{
	struct dump_borrow *b = dump_borrow_of(target);
	u64 most = s->layout.data + s->layout.nr_pages * (PAGE_SIZE + DUMP_PAGE_EXTRA);

	/* Whoever has that memory would go on with what the dump leaves there. */
	if (s->stop->resumable) {
		pr_warn("memory is borrowed in a crash only\n");
		return -EBUSY;
	}
	dump_borrow_pick(b, s->arena, min_t(u64, div_u64(most, DUMP_BORROW_ROOM) + 2, UINT_MAX));
	pr_info("memory: %u MiB can be borrowed\n", 2 * b->nr_blocks);
	if (layout->data >= dump_borrow_room(target))
		return -ENOSPC;
	b->stop = s->stop;
	b->id++;
	dump_borrow_begin(b, layout, s->log.seal, ktime_get_real_seconds());
	return 0;
}

static int dump_borrow_write(struct dump_target *target, u64 offset, const void *data,
			     size_t size)
{
	return dump_borrow_put(dump_borrow_of(target), offset, data, size);
}

static int dump_borrow_finish(struct dump_target *target, u64 size, bool whole)
{
	/* Not before: another target may need its device after this one. */
	if (whole)
		pr_info("memory: bus mastering is off now, of %u devices\n", ras_boot_quiet());
	return dump_borrow_end(dump_borrow_of(target), size, whole);
}

static const struct dump_target_ops dump_borrow_ops = {
	.not_ready	= dump_borrow_not_ready,
	.start		= dump_borrow_start,
	.write		= dump_borrow_write,
	.room		= dump_borrow_room,
	.finish		= dump_borrow_finish,
};

static void dump_borrow_look(struct dump_keeper *keeper, struct dump_kept *kept)
{
	*kept = dump_borrow_of(&keeper->target)->kept;
}

static void dump_borrow_read(struct dump_keeper *keeper, u64 offset, void *buf, size_t size)
{
	dump_borrow_get(dump_borrow_of(&keeper->target), offset, buf, size);
}

/* Give a block back, if nobody has written to it since the dump, and so nobody uses it. */
static void dump_block_release(u32 block, void *page)
{
	void *at = dump_block_at(block);
	struct dump_borrow_head head;
	bool is_ours = dump_head_read(block, &head) && head.used &&
		       dump_block_is_right(block, &head, page);

	dump_block_forget(block);
	if (is_ours)
		free_reserved_area(at, at + DUMP_BORROW_BYTES, -1, NULL);
}

static void dump_borrow_taken(struct dump_keeper *keeper)
{
	struct dump_borrow *b = dump_borrow_of(&keeper->target);
	unsigned int i;

	for (i = 0; i < b->nr_blocks; i++)
		if (b->block[i])
			dump_block_release(b->block[i], b->page);
	b->nr_blocks = 0;
	b->kept.size = 0;
	/* Pairs with the acquire in dump_borrow_not_ready(): the blocks are not ours any more. */
	smp_store_release(&b->kept.state, DUMP_KEPT_TAKEN);
}

static const struct dump_keeper_ops dump_borrow_keeper_ops = {
	.look	= dump_borrow_look,
	.read	= dump_borrow_read,
	.taken	= dump_borrow_taken,
};

static struct dump_borrow dump_borrow = {
	.keeper.target	= { .name = "memory", .ops = &dump_borrow_ops, .borrows = true },
	.keeper.ops	= &dump_borrow_keeper_ops,
};

/**
 * struct dump_run - blocks side by side that are kept
 * @first: the first of them
 * @end: the first behind them
 */
struct dump_run {
	u32			first;
	u32			end;
};

/* A block of a run that is lost makes two of it.  memblock needs the rest of its table. */
static struct dump_run dump_runs[DUMP_BORROW_RUNS + 16] __initdata;
static unsigned int dump_nr_runs __initdata;
/* Blocks that somebody else has, or for which there is no room in the table. */
static unsigned int dump_not_kept __initdata;

/* The parameter may be there twice, and so may a range of memory. */
static bool __init dump_is_kept(u32 block)
{
	unsigned int i;

	for (i = 0; i < dump_nr_runs; i++)
		if (block >= dump_runs[i].first && block < dump_runs[i].end)
			return true;
	return false;
}

static bool __init dump_borrow_keep(u32 block)
{
	const phys_addr_t at = (phys_addr_t)block * DUMP_BORROW_BYTES;
	struct dump_run *last = dump_nr_runs ? &dump_runs[dump_nr_runs - 1] : NULL;
	const bool is_next = last && last->end == block;

	if ((!is_next && dump_nr_runs == ARRAY_SIZE(dump_runs)) ||
	    memblock_is_region_reserved(at, DUMP_BORROW_BYTES) ||
	    memblock_reserve(at, DUMP_BORROW_BYTES))
		return false;
	if (is_next)
		last->end++;
	else
		dump_runs[dump_nr_runs++] = (struct dump_run){ block, block + 1 };
	return true;
}

static void __init dump_borrow_reserve(phys_addr_t start, phys_addr_t end)
{
	phys_addr_t at = round_up(start, DUMP_BORROW_BYTES);

	for (; at + DUMP_BORROW_BYTES <= end; at += DUMP_BORROW_BYTES) {
		struct dump_borrow_head *head = early_memremap(at, sizeof(*head));
		const u32 block = at / DUMP_BORROW_BYTES;

		if (!head)
			continue;
		if (dump_head_is_good(head, block) && !dump_is_kept(block) &&
		    !dump_borrow_keep(block)) {
			/* It must not be found later, when its first page may be in use. */
			memset(head, 0, sizeof(*head));
			dump_not_kept++;
		}
		early_memunmap(head, sizeof(*head));
	}
}

/* Keep the blocks of a dump before anybody gets them. */
static int __init dump_borrow_early(char *text)
{
	phys_addr_t start, end;
	unsigned int nr;

	if (text && !strcmp(text, DUMP_BORROW))
		for (nr = 0; ras_boot_ram(nr, &start, &end); nr++)
			dump_borrow_reserve(start, end);
	return 0;
}
early_param("ras_dump.memory", dump_borrow_early);

/**
 * struct dump_found - blocks that the boot has kept
 * @block: the blocks
 * @nr: how many
 */
struct dump_found {
	u32			*block;
	unsigned int		nr;
};

static int __init dump_borrow_find(unsigned long pfn, unsigned long nr_pages, void *arg)
{
	unsigned long block = DIV_ROUND_UP(pfn, DUMP_BORROW_PAGES);
	struct dump_found *found = arg;
	struct dump_borrow_head head;

	for (; (block + 1) * DUMP_BORROW_PAGES <= pfn + nr_pages; block++)
		/* What was not kept may be in use, and only look like one. */
		if (PageReserved(pfn_to_page(block * DUMP_BORROW_PAGES)) &&
		    dump_head_read(block, &head))
			found->block[found->nr++] = block;
	return 0;
}

static int __init dump_borrow_restore(struct dump_borrow *b)
{
	struct dump_found found = { .block = kcalloc(b->max_blocks, sizeof(u32), GFP_KERNEL) };
	unsigned int i, lost;

	if (!found.block)
		return -ENOMEM;
	walk_system_ram_range(0, max_pfn, &found, dump_borrow_find);
	lost = dump_borrow_gather(b, found.block, found.nr);
	if (dump_not_kept)
		pr_warn("memory: blocks that could not be kept: %u\n", dump_not_kept);
	if (lost)
		pr_warn("memory: blocks of the dump that did not survive the reboot: %u\n", lost);
	if (found.nr && b->kept.state == DUMP_KEPT_EMPTY)
		pr_warn("memory: what is left of a dump has no beginning, and is dropped\n");
	for (i = 0; i < found.nr; i++)
		if (found.block[i])
			dump_block_release(found.block[i], b->page);
	kfree(found.block);
	return 0;
}

/**
 * dump_borrow_init() - keep dumps in memory that the level leaves out
 *
 * Return: the keeper, or an error pointer, with a line in the log that says why.
 */
struct dump_keeper *__init dump_borrow_init(void)
{
	struct dump_borrow *b = &dump_borrow;
	unsigned int max_blocks = DIV_ROUND_UP(max_pfn, DUMP_BORROW_PAGES);
	int ret = dump_borrow_alloc(b, max_blocks) ?: ras_boot_quiet_init() ?:
		  dump_borrow_restore(b);

	if (ret) {
		pr_err("memory=borrow: no memory for it: %d\n", ret);
		return ERR_PTR(ret);
	}
	b->keeper.target.memory = max_blocks * sizeof(*b->block) + PAGE_SIZE;
	return &b->keeper;
}
