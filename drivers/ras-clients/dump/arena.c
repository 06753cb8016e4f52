// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine: all of its memory, allocated outside a stop.
 *
 * It is one block, so that leaving it out of the dump is one range.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/crash_core.h>
#include <linux/gfp.h>
#include <linux/ioport.h>
#include <linux/kexec.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "dump.h"

/* Of the line that is appended to vmcoreinfo. */
#define DUMP_CRASHTIME_BYTES	32

static int dump_add_range(unsigned long pfn, unsigned long nr_pages, void *arg)
{
	struct dump_arena *arena = arg;

	if (pfn < arena->nr_pfns)
		bitmap_set(arena->ram, pfn, min(nr_pages, arena->nr_pfns - pfn));
	return 0;
}

/* Clear the bits of a range of memory. */
static void dump_remove(const struct dump_arena *arena, unsigned long *bitmap,
			phys_addr_t start, phys_addr_t size)
{
	unsigned long pfn = PFN_DOWN(start);
	unsigned long end = min_t(unsigned long, PFN_UP(start + size), arena->nr_pfns);

	if (pfn < end)
		bitmap_clear(bitmap, pfn, end - pfn);
}

static void dump_remove_resource(struct dump_arena *arena, const struct resource *res)
{
	if (res->end)
		dump_remove(arena, arena->ram, res->start, resource_size(res));
}

/**
 * dump_leave_out_arena() - leave the engine's own memory out of the dump
 * @arena: the arena, classified
 *
 * The arena holds the pages that are being written.  The key of sealed dumps is left out, too.
 *
 * Context: A handler.
 */
void dump_leave_out_arena(const struct dump_arena *arena)
{
	const struct dump_seal *seal = dump_seal_get();
	unsigned int i;

	dump_remove(arena, arena->keep, __pa(arena->pages), PAGE_SIZE << arena->order);
	for (i = 0; i < arena->pipe.nr_lots; i++)
		dump_remove(arena, arena->keep, __pa(arena->pipe.lot[i].memory),
			    arena->pipe.lot_bytes);
	if (seal)
		dump_remove(arena, arena->keep, __pa(seal), sizeof(*seal));
}

static void dump_hide_arena(const struct dump_arena *arena, bool hide)
{
	unsigned int i;

	dump_hide_range(arena->pages, PAGE_SIZE << arena->order, hide);
	for (i = 0; i < arena->pipe.nr_lots; i++)
		dump_hide_range(arena->pipe.lot[i].memory, arena->pipe.lot_bytes, hide);
}

/* Where there is memory whose content is of use. */
static void dump_find_ram(struct dump_arena *arena)
{
	walk_system_ram_range(0, arena->nr_pfns, arena, dump_add_range);
	dump_remove_resource(arena, &crashk_res);
	dump_remove_resource(arena, &crashk_low_res);
}

/* The kernel's own copy may be broken by the crash, or have been appended to. */
static void dump_copy_vmcoreinfo(struct dump_arena *arena)
{
	arena->vmcoreinfo_base = min_t(size_t, vmcoreinfo_size, PAGE_SIZE - DUMP_CRASHTIME_BYTES);
	memcpy(arena->vmcoreinfo, vmcoreinfo_data, arena->vmcoreinfo_base);
}

/* Say when the machine has crashed. */
void dump_stamp_vmcoreinfo(struct dump_arena *arena)
{
	arena->vmcoreinfo_size = arena->vmcoreinfo_base +
				 scnprintf(arena->vmcoreinfo + arena->vmcoreinfo_base,
					   DUMP_CRASHTIME_BYTES, "CRASHTIME=%lld\n",
					   ktime_get_real_seconds());
}

/* A part of the arena, of @size bytes; moves @at behind it. */
static void *dump_part(void **at, size_t size)
{
	void *part = *at;

	*at += round_up(size, 64);
	return part;
}

/**
 * dump_arena_make() - allocate what a dump of the memory that there is now needs
 * @compression: how pages are to be stored
 * @with_pipe: with lots, in which pages are packed
 *
 * Context: Process context; may sleep.
 * Return: the arena, or %NULL if the memory is not there.
 */
struct dump_arena *dump_arena_make(enum dump_compression compression, bool with_pipe)
{
	struct dump_arena *arena = kzalloc(sizeof(*arena), GFP_KERNEL);
	size_t size;
	void *at;

	if (!arena)
		return NULL;
	arena->nr_pfns = max_pfn;
	arena->bitmap_bytes = round_up(DIV_ROUND_UP(max_pfn, BITS_PER_BYTE), PAGE_SIZE);
	size = 5 * arena->bitmap_bytes + 2 * PAGE_SIZE + round_up(sizeof(struct dump_stretch), 64);
	arena->order = get_order(size);
	if (arena->order < MAX_ORDER)
		arena->pages = (void *)__get_free_pages(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN,
							arena->order);
	if (!arena->pages ||
	    (with_pipe && dump_pipe_alloc_memory(&arena->pipe, compression))) {
		pr_warn("no block of %zu KiB for its memory\n", size >> 10);
		free_pages((unsigned long)arena->pages, arena->order);
		kfree(arena);
		return NULL;
	}
	at = arena->pages;
	arena->ram = dump_part(&at, arena->bitmap_bytes);
	arena->keep = dump_part(&at, arena->bitmap_bytes);
	arena->first = dump_part(&at, arena->bitmap_bytes);
	arena->slab = dump_part(&at, arena->bitmap_bytes);
	arena->kernel = dump_part(&at, arena->bitmap_bytes);
	arena->meta = dump_part(&at, PAGE_SIZE);
	arena->vmcoreinfo = dump_part(&at, PAGE_SIZE);
	arena->stretch = dump_part(&at, sizeof(struct dump_stretch));
	dump_hide_arena(arena, true);
	dump_find_ram(arena);
	dump_copy_vmcoreinfo(arena);
	return arena;
}

void dump_arena_free(struct dump_arena *arena)
{
	if (!arena)
		return;
	dump_hide_arena(arena, false);
	dump_pipe_free_memory(&arena->pipe);
	free_pages((unsigned long)arena->pages, arena->order);
	kfree(arena);
}

/* How much memory it takes, for good. */
size_t dump_arena_bytes(const struct dump_arena *arena)
{
	return sizeof(*arena) + (PAGE_SIZE << arena->order) +
	       arena->pipe.nr_lots * arena->pipe.lot_bytes;
}
