// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client that jumps to another kernel: the first kernel tells which of its pages are free.
 *
 * A bit for each page, in pages of their own; pages with the addresses of these; and the addresses
 * of the latter on the page that the second kernel knows.
 */
#include <linux/bitmap.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/memblock.h>
#include <linux/memory_hotplug.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/pfn.h>

#include "jump.h"

/* Addresses on a page. */
#define FREE_PER_INDEX	(PAGE_SIZE / sizeof(u64))

static void *free_page_of(u64 address)
{
	return phys_to_virt(address);
}

static u64 free_new_page(void)
{
	unsigned long page = get_zeroed_page(GFP_KERNEL | __GFP_NOWARN | __GFP_RETRY_MAYFAIL);

	return page ? virt_to_phys((void *)page) : 0;
}

/* Add the bits of JUMP_PFNS more pages. */
static int free_add(struct jump_page *page, unsigned long nr)
{
	u64 *index = &page->index[nr / FREE_PER_INDEX];
	u64 bits;

	if (!*index)
		*index = free_new_page();
	bits = *index ? free_new_page() : 0;
	if (!bits)
		return -ENOMEM;
	((u64 *)free_page_of(*index))[nr % FREE_PER_INDEX] = bits;
	return 0;
}

/**
 * jump_free_prepare() - have memory for the bits
 * @page: where the second kernel finds them
 *
 * Context: Process context; may sleep.
 * Return: 0; %-ENOMEM; %-E2BIG if there are more pages than the index has room for.
 */
int jump_free_prepare(struct jump_page *page)
{
	unsigned long i, nr = DIV_ROUND_UP(max_pfn, JUMP_PFNS);
	int ret = nr > JUMP_INDEXES * FREE_PER_INDEX ? -E2BIG : 0;

	for (i = 0; i < nr && !ret; i++)
		ret = free_add(page, i);
	if (ret)
		jump_free_release(page);
	return ret;
}

/**
 * jump_free_release() - give the memory for the bits back
 * @page: as for jump_free_prepare()
 *
 * Context: Process context.
 */
void jump_free_release(struct jump_page *page)
{
	unsigned long i, k;
	u64 *index;

	for (i = 0; i < JUMP_INDEXES && page->index[i]; i++) {
		index = free_page_of(page->index[i]);
		for (k = 0; k < FREE_PER_INDEX && index[k]; k++)
			free_page((unsigned long)free_page_of(index[k]));
		free_page((unsigned long)index);
		page->index[i] = 0;
	}
}

/* A block of free pages is aligned to its size, so its bits are on one page. */
static void free_mark_block(struct jump_page *page, unsigned long pfn, unsigned int order)
{
	unsigned long nr = pfn / JUMP_PFNS;
	u64 *index = free_page_of(page->index[nr / FREE_PER_INDEX]);

	bitmap_set(free_page_of(index[nr % FREE_PER_INDEX]), pfn % JUMP_PFNS, BIT(order));
}

/* If a block of free pages begins there, mark it.  How far to go on? */
static unsigned long free_look_at(struct jump_page *page, unsigned long pfn)
{
	struct page *first = pfn_to_online_page(pfn);
	unsigned long order;

	if (!first || !PageBuddy(first))
		return 1;
	/* As buddy_order(), which the rest of the kernel does not see. */
	order = page_private(first);
	if (order >= MAX_ORDER || !IS_ALIGNED(pfn, BIT(order)))
		return 1;
	free_mark_block(page, pfn, order);
	return BIT(order);
}

/**
 * jump_free_mark() - find the pages that are free
 * @page: its parts of memory are looked through; as for jump_free_prepare()
 *
 * Pages on the lists of a CPU count as used.
 *
 * Context: A stop, before the jump: nobody allocates pages, or frees any.
 */
void jump_free_mark(struct jump_page *page)
{
	unsigned long pfn, end;
	unsigned int i;

	if (!page->index[0])
		return;
	for (i = 0; i < page->nr_ranges; i++) {
		end = min_t(unsigned long, PHYS_PFN(page->range[i].end), max_pfn);
		for (pfn = PHYS_PFN(page->range[i].start); pfn < end;)
			pfn += free_look_at(page, pfn);
	}
}
