// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine: which page goes when, and each page on its way.
 *
 * What a debugger cannot do without goes first, so that a dump which is cut off can be
 * opened, and is the better the later it was cut off (LKCD's passes).
 */
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/string.h>

#include <asm/sections.h>

#include "dump.h"

/* The most that is lost of a dump if the machine dies. */
#define DUMP_FLUSH_BYTES	(16 * 1024 * 1024)

static void dump_mark(struct dump_arena *arena, unsigned long pfn)
{
	if (pfn < arena->nr_pfns && test_bit(pfn, arena->keep))
		__set_bit(pfn, arena->first);
}

/* Mark memory of the direct map, or of the kernel's image. */
static void dump_mark_range(struct dump_arena *arena, const void *start, size_t size)
{
	unsigned long pfn = PFN_DOWN(__pa(start)), end = PFN_UP(__pa(start) + size);

	for (; pfn < end && pfn < arena->nr_pfns; pfn++)
		dump_mark(arena, pfn);
}

/*
 * Mark the page table at @pfn and those below it.  A crash may have broken them: each entry
 * is copied, only page frames that are memory are followed, and each of them once.  KASAN's
 * tables for what has no shadow are used millions of times.
 */
static void dump_mark_table(struct dump_arena *arena, unsigned long pfn, unsigned int level,
			    unsigned int from)
{
	const unsigned long *table = __va(PFN_PHYS(pfn));
	unsigned int i;

	if (pfn >= arena->nr_pfns || !test_bit(pfn, arena->ram) || test_bit(pfn, arena->first))
		return;
	__set_bit(pfn, arena->first);
	for (i = from; level && i < PTRS_PER_PTE; i++) {
		unsigned long entry;

		if (ras_copy(&entry, &table[i], sizeof(entry)))
			return;
		if (!(entry & _PAGE_PRESENT) || (level < 3 && entry & _PAGE_PSE))
			continue;
		dump_mark_table(arena, (entry & PTE_PFN_MASK) >> PAGE_SHIFT, level - 1, 0);
	}
}

/* The areas of the CPUs; with one CPU they are in the kernel's image. */
static void dump_mark_cpus(struct dump_arena *arena)
{
#ifdef CONFIG_SMP
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		dump_mark_range(arena, (void *)__per_cpu_start + per_cpu_offset(cpu),
				__per_cpu_end - __per_cpu_start + PERCPU_MODULE_RESERVE +
				PERCPU_DYNAMIC_RESERVE);
#endif
}

/* The tables that lead from a page frame to its struct page. */
static void dump_mark_sections(struct dump_arena *arena)
{
#ifdef CONFIG_SPARSEMEM_EXTREME
	unsigned int i;

	dump_mark_range(arena, mem_section, NR_SECTION_ROOTS * sizeof(*mem_section));
	for (i = 0; i < NR_SECTION_ROOTS; i++) {
		struct mem_section *root;

		if (ras_copy(&root, &mem_section[i], sizeof(root)))
			return;
		/* What is no address of the direct map is broken. */
		if (virt_addr_valid(root))
			dump_mark_range(arena, root, PAGE_SIZE);
	}
#endif
}

/**
 * dump_mark_first() - have what a debugger opens a dump with go first
 * @arena: the arena, classified
 *
 * The kernel's image, its page tables, the areas of the CPUs, the log, the memory sections.
 * Tasks are in slab, which goes next.
 *
 * Context: A handler.
 */
void dump_mark_first(struct dump_arena *arena)
{
	unsigned int levels = pgtable_l5_enabled() ? 4 : 3;

	/* First: what is marked already is not looked into. */
	dump_mark_table(arena, PFN_DOWN(__pa_symbol(swapper_pg_dir)), levels, PTRS_PER_PGD / 2);
	dump_mark_range(arena, _text, _end - _text);
	dump_mark_range(arena, log_buf_addr_get(), log_buf_len_get());
	dump_mark_cpus(arena);
	dump_mark_sections(arena);
}

/* The pages of a pass in one word of the bitmaps. */
static unsigned long dump_pages_of(const struct dump_arena *arena, enum dump_pass pass,
				   unsigned long word)
{
	unsigned long first = arena->first[word], slab = arena->slab[word];
	unsigned long kernel = arena->kernel[word];

	switch (pass) {
	case DUMP_PASS_FIRST:
		/* A page table that is broken may lead to what the level leaves out. */
		return first & arena->keep[word];
	case DUMP_PASS_SLAB:
		return slab & ~first;
	case DUMP_PASS_KERNEL:
		/* The arena was taken out of those that are kept. */
		return kernel & arena->keep[word] & ~first;
	default:
		return arena->keep[word] & ~(first | slab | kernel);
	}
}

/**
 * struct dump_cursor - how far a pass has come
 * @pass: the pass
 * @word: the word of the bitmaps that is looked at
 * @pages: what of it was not handed out yet
 * @rank: how many pages in the dump are before that word
 */
struct dump_cursor {
	enum dump_pass		pass;
	unsigned long		word;
	unsigned long		pages;
	u64			rank;
};

static void dump_cursor_init(struct dump_cursor *cursor, const struct dump_arena *arena,
			     enum dump_pass pass)
{
	cursor->pass = pass;
	cursor->word = 0;
	cursor->pages = dump_pages_of(arena, pass, 0);
	cursor->rank = 0;
}

/* Go to the next page of the pass; false if there is none. */
static bool dump_cursor_next(struct dump_cursor *cursor, const struct dump_arena *arena,
			     struct dump_item *item)
{
	unsigned long words = BITS_TO_LONGS(arena->nr_pfns);
	unsigned int bit;

	while (!cursor->pages) {
		if (cursor->word + 1 >= words)
			return false;
		cursor->rank += hweight_long(arena->keep[cursor->word++]);
		cursor->pages = dump_pages_of(arena, cursor->pass, cursor->word);
	}
	bit = __ffs(cursor->pages);
	cursor->pages &= cursor->pages - 1;
	item->pfn = cursor->word * BITS_PER_LONG + bit;
	item->rank = cursor->rank + hweight_long(arena->keep[cursor->word] & (BIT(bit) - 1));
	return true;
}

/* Hand out pages, as long as there are lots for them; false if the pass has no more. */
static bool dump_fill(struct dump_arena *arena, struct dump_cursor *cursor)
{
	struct dump_lot *lot;

	while ((lot = dump_pipe_free(&arena->pipe))) {
		lot->nr_items = 0;
		while (lot->nr_items < DUMP_LOT_PAGES &&
		       dump_cursor_next(cursor, arena, &lot->item[lot->nr_items]))
			lot->nr_items++;
		if (!lot->nr_items)
			return false;
		dump_lot_filled(lot);
	}
	return true;
}

/* Store @size bytes behind what is there. */
static int dump_append(struct dump_session *s, const void *data, size_t size)
{
	int ret = s->target->ops->write(s->target, s->end, data, size);

	if (!ret)
		s->end += size;
	return ret;
}

/* The page of zeros, which is in the file once. */
static int dump_store_zeros(struct dump_session *s, u64 rank)
{
	u64 at = s->end;
	int ret;

	s->result->zeros++;
	if (!s->zero) {
		memset(s->arena->meta, 0, PAGE_SIZE);
		ret = dump_append(s, s->arena->meta, PAGE_SIZE);
		if (ret)
			return ret;
		s->zero = at;
	}
	return dump_write_desc(s, rank, s->zero, PAGE_SIZE, DUMP_RAW);
}

/* Data before its descriptor, so that no descriptor leads to what is not there. */
static int dump_store_item(struct dump_session *s, const struct dump_lot *lot,
			   const struct dump_item *item)
{
	u64 at = s->end;

	switch (item->kind) {
	case DUMP_ITEM_ZEROS:
		return dump_store_zeros(s, item->rank);
	case DUMP_ITEM_UNREADABLE:
		/* It keeps a descriptor of zeros, which readers refuse. */
		s->result->unreadable++;
		return 0;
	default:
		return dump_append(s, lot->data + item->at, item->size) ?:
		       dump_write_desc(s, item->rank, at, item->size, item->flags);
	}
}

static int dump_store_lot(struct dump_session *s, struct dump_lot *lot)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < lot->nr_items && !ret; i++)
		ret = dump_store_item(s, lot, &lot->item[i]);
	dump_lot_stored(lot);
	/* By what is written, not by the clock: a hang is no progress. */
	ras_progress(s->stop);
	return ret;
}

static bool dump_is_late(const struct dump_session *s)
{
	u64 limit_ns = s->policy.max_seconds * (u64)NSEC_PER_SEC;

	return limit_ns && ras_clock_ns() - s->begin_ns > limit_ns;
}

/* Should the machine die, what is before this is good. */
static int dump_flush(struct dump_session *s)
{
	const struct dump_target_ops *ops = s->target->ops;

	return ops->flush ? ops->flush(s->target) : 0;
}

static int dump_write_pass(struct dump_session *s, enum dump_pass pass)
{
	struct dump_pipe *pipe = &s->arena->pipe;
	struct dump_cursor cursor;
	u64 flushed = s->end;
	bool more = true;
	int ret = 0;

	dump_cursor_init(&cursor, s->arena, pass);
	while (!ret && (more || !dump_pipe_is_empty(pipe))) {
		struct dump_lot *lot;

		if (more)
			more = dump_fill(s->arena, &cursor);
		lot = dump_pipe_packed(pipe);
		if (lot)
			ret = dump_store_lot(s, lot);
		else
			dump_pipe_work(pipe, s->stop);
		if (!ret && s->end - flushed > DUMP_FLUSH_BYTES) {
			flushed = s->end;
			ret = dump_flush(s);
		}
		if (!ret && dump_is_late(s))
			ret = -ETIME;
		dump_tell_progress(s, pass);
	}
	return ret ?: dump_flush(s);
}

/**
 * dump_write_pages() - store the pages, pass by pass
 * @s: the session, with its header written
 *
 * Context: A handler with %RAS_HANDLER_HELPED.
 * Return: 0; what the target has refused to write with; %-ETIME if there is no more time;
 *	as dump_pipe_begin().
 */
int dump_write_pages(struct dump_session *s)
{
	struct dump_pipe *pipe = &s->arena->pipe;
	int ret = dump_pipe_begin(pipe, s->stop, s->policy.helpers);
	enum dump_pass pass;

	for (pass = 0; pass < DUMP_NR_PASSES && !ret; pass++) {
		u64 begin_ns = ras_clock_ns();

		ret = dump_write_pass(s, pass);
		s->result->pass_ns[pass] = ras_clock_ns() - begin_ns;
	}
	dump_pipe_end(pipe, s->stop);
	return ret;
}
