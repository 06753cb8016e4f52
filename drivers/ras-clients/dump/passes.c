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

/* Mark @nr_pages that the kernel has mapped by vmalloc(): stacks of tasks, modules. */
static void dump_mark_mapped(struct dump_arena *arena, unsigned long entry,
			     unsigned long nr_pages)
{
	unsigned long pfn = (entry & PTE_PFN_MASK) >> PAGE_SHIFT, end = pfn + nr_pages;

	for (; pfn < end && pfn < arena->nr_pfns; pfn++)
		if (test_bit(pfn, arena->keep))
			__set_bit(pfn, arena->slab);
}

/* The last table on the way to @address has entries for pages. */
static void dump_mark_pages(struct dump_arena *arena, const unsigned long *table,
			    unsigned long address)
{
	const unsigned long *entries = arena->meta;
	unsigned int i;

	if (!is_vmalloc_or_module_addr((void *)address) ||
	    ras_copy(arena->meta, table, PAGE_SIZE))
		return;
	for (i = 0; i < PTRS_PER_PTE; i++)
		if (entries[i] & _PAGE_PRESENT)
			dump_mark_mapped(arena, entries[i], 1);
}

/*
 * Mark the page table at @pfn, whose first entry is for @address, and those below it, from the
 * entry @from on.
 * A crash may have broken them: each entry is copied, only page frames that are memory are
 * followed, and each of them once.  KASAN's tables for what has no shadow are used millions of
 * times.
 */
static void dump_mark_table(struct dump_arena *arena, unsigned long pfn, unsigned int level,
			    unsigned int from, unsigned long address)
{
	const unsigned int shift = PAGE_SHIFT + level * ilog2(PTRS_PER_PTE);
	const unsigned long *table = __va(PFN_PHYS(pfn));
	unsigned int i;

	if (pfn >= arena->nr_pfns || !test_bit(pfn, arena->ram) || test_bit(pfn, arena->first))
		return;
	__set_bit(pfn, arena->first);
	if (!level) {
		dump_mark_pages(arena, table, address);
		return;
	}
	for (i = from; i < PTRS_PER_PTE; i++) {
		unsigned long entry, at = address + ((unsigned long)i << shift);

		if (ras_copy(&entry, &table[i], sizeof(entry)))
			return;
		if (!(entry & _PAGE_PRESENT))
			continue;
		if (level > 2 || !(entry & _PAGE_PSE))
			dump_mark_table(arena, (entry & PTE_PFN_MASK) >> PAGE_SHIFT, level - 1, 0,
					at);
		else if (level == 1 && is_vmalloc_or_module_addr((void *)at))
			dump_mark_mapped(arena, entry, 1UL << (shift - PAGE_SHIFT));
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
 * Tasks are in slab, which goes next, with their stacks and modules.
 *
 * Context: A handler.
 */
void dump_mark_first(struct dump_arena *arena)
{
	const unsigned int level = pgtable_l5_enabled() ? 4 : 3;
	/* The kernel's half ends with the last address there is. */
	const unsigned long address = -((unsigned long)PTRS_PER_PGD << PGDIR_SHIFT);

	/* First: what is marked already is not looked into. */
	dump_mark_table(arena, PFN_DOWN(__pa_symbol(swapper_pg_dir)), level, PTRS_PER_PGD / 2,
			address);
	dump_mark_range(arena, _text, _end - _text);
	dump_mark_range(arena, log_buf_addr_get(), log_buf_len_get());
	dump_mark_cpus(arena);
	dump_mark_sections(arena);
}

/* The pages of a class in one word of the bitmaps. */
static unsigned long dump_pages_in(const struct dump_arena *arena, enum dump_pass pass,
				   unsigned long word)
{
	unsigned long first = arena->first[word], slab = arena->slab[word];
	unsigned long kernel = arena->kernel[word];

	switch (pass) {
	case DUMP_PASS_FIRST:
		/* A page table that is broken may lead to what the level leaves out. */
		return first & arena->keep[word];
	case DUMP_PASS_SLAB:
		/* The arena was taken out of those that are kept. */
		return slab & arena->keep[word] & ~first;
	case DUMP_PASS_KERNEL:
		return kernel & arena->keep[word] & ~(first | slab);
	default:
		return arena->keep[word] & ~(first | slab | kernel);
	}
}

/*
 * Which bits of a word stand for pages of @pass that a former target has.  Of what a debugger
 * opens a dump with each has all.
 */
static unsigned long dump_had(const struct dump_mark *mark, enum dump_pass pass,
			      unsigned long word)
{
	unsigned long start = word * BITS_PER_LONG;

	if (pass < DUMP_PASS_KERNEL || pass > mark->pass)
		return 0;
	if (pass < mark->pass || mark->pfn >= start + BITS_PER_LONG)
		return ~0UL;
	return mark->pfn > start ? BIT(mark->pfn - start) - 1 : 0;
}

/* The pages of a pass in one word of the bitmaps: what no former target has goes before. */
static unsigned long dump_pages_of(const struct dump_session *s, enum dump_pass pass,
				   unsigned long word)
{
	const struct dump_arena *arena = s->arena;
	const struct dump_mark *mark = &s->before;

	if (pass < DUMP_PASS_AGAIN)
		return dump_pages_in(arena, pass, word) & ~dump_had(mark, pass, word);
	return (dump_pages_in(arena, DUMP_PASS_KERNEL, word) &
		dump_had(mark, DUMP_PASS_KERNEL, word)) |
	       (dump_pages_in(arena, DUMP_PASS_REST, word) &
		dump_had(mark, DUMP_PASS_REST, word));
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

static void dump_cursor_init(struct dump_cursor *cursor, const struct dump_session *s,
			     enum dump_pass pass)
{
	cursor->pass = pass;
	cursor->word = 0;
	cursor->pages = dump_pages_of(s, pass, 0);
	cursor->rank = 0;
}

/* Go to the next page of the pass; false if there is none. */
static bool dump_cursor_next(struct dump_cursor *cursor, const struct dump_session *s,
			     struct dump_item *item)
{
	const struct dump_arena *arena = s->arena;
	unsigned long words = BITS_TO_LONGS(arena->nr_pfns);
	unsigned int bit;

	while (!cursor->pages) {
		if (cursor->word + 1 >= words)
			return false;
		cursor->rank += hweight_long(arena->keep[cursor->word++]);
		cursor->pages = dump_pages_of(s, cursor->pass, cursor->word);
	}
	bit = __ffs(cursor->pages);
	cursor->pages &= cursor->pages - 1;
	item->pfn = cursor->word * BITS_PER_LONG + bit;
	item->rank = cursor->rank + hweight_long(arena->keep[cursor->word] & (BIT(bit) - 1));
	return true;
}

/* Hand out pages, as long as there are lots for them; false if the pass has no more. */
static bool dump_fill(struct dump_session *s, struct dump_cursor *cursor)
{
	struct dump_pipe *pipe = &s->arena->pipe;
	struct dump_lot *lot;

	while ((lot = dump_pipe_free(pipe))) {
		lot->nr_items = 0;
		while (lot->nr_items < DUMP_LOT_PAGES &&
		       dump_cursor_next(cursor, s, &lot->item[lot->nr_items]))
			lot->nr_items++;
		if (!lot->nr_items)
			return false;
		dump_lot_filled(lot, &s->log);
	}
	return true;
}

/* The page of zeros, which is in the file once. */
static int dump_store_zeros(struct dump_session *s, u64 rank)
{
	u64 at = s->end;
	int ret;

	s->result->zeros++;
	if (!s->zero) {
		memset(s->arena->meta, 0, PAGE_SIZE);
		ret = dump_store_append(s, s->arena->meta, PAGE_SIZE);
		if (ret)
			return ret;
		s->zero = at;
	}
	return dump_write_desc(s, rank, s->zero, PAGE_SIZE, DUMP_RAW);
}

/* Tell of a page of a lot that begins at @at in the file. */
static int dump_tell_item(struct dump_session *s, const struct dump_item *item, u64 at)
{
	switch (item->kind) {
	case DUMP_ITEM_ZEROS:
		return dump_store_zeros(s, item->rank);
	case DUMP_ITEM_UNREADABLE:
		/* It keeps a descriptor of zeros, which readers refuse. */
		s->result->unreadable++;
		return 0;
	default:
		return dump_write_desc(s, item->rank, at + item->at, item->size, item->flags);
	}
}

/* Pages before their descriptors, so that no descriptor leads to what is not there. */
static int dump_write_lot(struct dump_session *s, struct dump_lot *lot)
{
	u64 at = s->end;
	int ret = dump_store_lot(s, lot);
	unsigned int i;

	for (i = 0; i < lot->nr_items && !ret; i++)
		ret = dump_tell_item(s, &lot->item[i], at);
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

/* The pass has ended early.  Lots are filled in order, and stored in any. */
static void dump_note_cut(struct dump_session *s, const struct dump_cursor *cursor,
			  unsigned long failed)
{
	const struct dump_pipe *pipe = &s->arena->pipe;
	unsigned long pfn = min(failed, cursor->word * BITS_PER_LONG);
	unsigned int i;

	for (i = 0; i < pipe->nr_lots; i++)
		if (dump_lot_is_on_its_way(&pipe->lot[i]))
			pfn = min(pfn, pipe->lot[i].item[0].pfn);
	s->after.pass = cursor->pass;
	s->after.pfn = pfn;
}

static int dump_write_pass(struct dump_session *s, enum dump_pass pass)
{
	struct dump_pipe *pipe = &s->arena->pipe;
	unsigned long failed = ULONG_MAX;
	struct dump_cursor cursor;
	u64 flushed = s->end;
	bool more = true;
	int ret = 0;

	dump_cursor_init(&cursor, s, pass);
	while (!ret && (more || !dump_pipe_is_empty(pipe))) {
		struct dump_lot *lot;

		if (more)
			more = dump_fill(s, &cursor);
		lot = dump_pipe_packed(pipe);
		if (lot) {
			failed = lot->item[0].pfn;
			ret = dump_write_lot(s, lot);
		} else {
			dump_pipe_work(pipe, s->stop, &s->log);
		}
		if (!ret && s->end - flushed > DUMP_FLUSH_BYTES) {
			flushed = s->end;
			ret = dump_store_flush(s);
		}
		if (!ret && dump_is_late(s))
			ret = -ETIME;
		/* After a takeover the lots belong to the new owner. */
		if (!ras_owns_stop())
			return -EBUSY;
		dump_tell_progress(s, pass);
	}
	if (ret)
		dump_note_cut(s, &cursor, failed);
	return ret ?: dump_store_flush(s);
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
	int ret = dump_pipe_begin(pipe, s->stop, s->policy.helpers, dump_lot_pack);
	enum dump_pass pass;

	for (pass = 0; pass < DUMP_NR_PASSES && !ret; pass++) {
		enum dump_pass shown = min(pass, DUMP_PASS_REST);
		u64 begin_ns = ras_clock_ns(), begin = s->end;

		ret = dump_write_pass(s, pass);
		s->result->pass_ns[shown] += ras_clock_ns() - begin_ns;
		s->result->pass_bytes[shown] += s->end - begin;
	}
	if (ras_owns_stop())
		dump_pipe_end(pipe, s->stop);
	return ret;
}
