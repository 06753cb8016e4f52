// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine: which page goes when, and each page on its way.
 *
 * What a debugger cannot do without goes first, so that a dump which is cut off can be
 * opened, and is the better the later it was cut off (LKCD's passes).
 */
#include <linux/mm.h>
/* After mm.h: it does not include what it needs. */
#include <linux/lzo.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/string.h>

#include <asm/sections.h>

#include "dump.h"

/* Pages between two looks at the time. */
#define DUMP_STRIDE	64

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
		return kernel & ~first;
	default:
		return arena->keep[word] & ~(first | slab | kernel);
	}
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
static int dump_write_zero(struct dump_session *s, u64 rank)
{
	u64 at = s->end;
	int ret;

	s->result->zeros++;
	if (!s->zero) {
		ret = dump_append(s, s->arena->page, PAGE_SIZE);
		if (ret)
			return ret;
		s->zero = at;
	}
	return dump_write_desc(s, rank, s->zero, PAGE_SIZE, DUMP_RAW);
}

/* Data before its descriptor, so that no descriptor leads to what is not there. */
static int dump_write_page(struct dump_session *s, unsigned long pfn, u64 rank)
{
	struct dump_arena *arena = s->arena;
	size_t size = PAGE_SIZE;
	void *data = arena->page;
	u32 flags = DUMP_RAW;
	u64 at = s->end;
	int ret;

	/*
	 * The copy is stored: other CPUs that are missing, and devices, go on to change the
	 * page.  A page that cannot be read keeps a descriptor that readers refuse.
	 */
	if (ras_copy_page(data, pfn)) {
		s->result->unreadable++;
		return 0;
	}
	if (!memchr_inv(data, 0, PAGE_SIZE))
		return dump_write_zero(s, rank);
	if (s->policy.compression == DUMP_LZO &&
	    lzo1x_1_compress(data, PAGE_SIZE, arena->packed, &size, arena->lzo) == LZO_E_OK &&
	    size < PAGE_SIZE) {
		data = arena->packed;
		flags = DUMP_LZO;
	} else {
		size = PAGE_SIZE;
	}
	ret = dump_append(s, data, size);
	return ret ?: dump_write_desc(s, rank, at, size, flags);
}

static int dump_write_word(struct dump_session *s, enum dump_pass pass, unsigned long word,
			   u64 rank)
{
	unsigned long pages = dump_pages_of(s->arena, pass, word), keep = s->arena->keep[word];

	while (pages) {
		unsigned int bit = __ffs(pages);
		int ret = dump_write_page(s, word * BITS_PER_LONG + bit,
					  rank + hweight_long(keep & (BIT(bit) - 1)));

		if (ret)
			return ret;
		pages &= pages - 1;
	}
	return 0;
}

static bool dump_is_late(const struct dump_session *s)
{
	u64 limit_ns = s->policy.max_seconds * (u64)NSEC_PER_SEC;

	return limit_ns && ras_clock_ns() - s->begin_ns > limit_ns;
}

/**
 * dump_write_pages() - store the pages, pass by pass
 * @s: the session, with its header written
 *
 * Context: A handler.
 * Return: 0; what the target has refused to write with; %-ETIMEDOUT if there is no more time.
 */
int dump_write_pages(struct dump_session *s)
{
	unsigned long words = BITS_TO_LONGS(s->arena->nr_pfns), word;
	enum dump_pass pass;

	for (pass = 0; pass < DUMP_NR_PASSES; pass++) {
		u64 begin_ns = ras_clock_ns(), rank = 0, written = s->result->written;

		for (word = 0; word < words; word++) {
			int ret = dump_write_word(s, pass, word, rank);

			if (ret)
				return ret;
			rank += hweight_long(s->arena->keep[word]);
			if (s->result->written - written < DUMP_STRIDE)
				continue;
			/* By what is written, not by the clock: a hang is no progress. */
			written = s->result->written;
			ras_progress(s->stop);
			if (dump_is_late(s))
				return -ETIMEDOUT;
		}
		s->result->pass_ns[pass] = ras_clock_ns() - begin_ns;
	}
	return 0;
}
