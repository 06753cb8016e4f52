// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine: what each page frame holds.
 *
 * By its struct page alone, of which a copy is looked at: no list and no pointer is followed
 * that a crash may have broken.  A page is left out only if everything in its struct page
 * agrees that it holds what the level leaves out.
 */
#include <linux/mm.h>
#include <linux/page-flags.h>

#include "dump.h"

static bool dump_has(const struct page *page, enum pageflags flag)
{
	return page->flags & BIT(flag);
}

static bool dump_has_type(const struct page *page, unsigned int type)
{
	return (page->page_type & (PAGE_TYPE_BASE | type)) == PAGE_TYPE_BASE;
}

/* Given to a hypervisor, or known to be broken: to read it does harm. */
static bool dump_is_others(const struct page *page)
{
#ifdef CONFIG_MEMORY_FAILURE
	if (dump_has(page, PG_hwpoison))
		return true;
#endif
	return dump_has_type(page, PG_offline);
}

static bool dump_is_free(struct dump_look *look, const struct page *page, unsigned long pfn)
{
	unsigned long order = page->private;

	if (page_ref_count(page) || dump_has(page, PG_slab) || dump_has(page, PG_lru) ||
	    dump_has(page, PG_reserved))
		return false;
	/* Behind the first page of a free block, whose other pages have no mark. */
	if (pfn < look->free_end)
		return true;
	if (!dump_has_type(page, PG_buddy) || order >= MAX_ORDER || pfn & (BIT(order) - 1))
		return false;
	look->free_end = pfn + BIT(order);
	return true;
}

/* Of a page that is no tail. */
static enum dump_class dump_class_of_mapping(const struct page *page)
{
	unsigned long mapping = (unsigned long)page->mapping;
	bool listed = dump_has(page, PG_lru) || dump_has(page, PG_unevictable);

	if (dump_has(page, PG_slab))
		return DUMP_OF_SLAB;
	if (dump_has(page, PG_reserved) || !mapping)
		return DUMP_OF_KERNEL;
	/* Anonymous, or merged with others of the same content. */
	if (mapping & PAGE_MAPPING_ANON)
		return listed || dump_has(page, PG_swapbacked) ? DUMP_OF_USER : DUMP_OF_KERNEL;
	if (mapping & PAGE_MAPPING_MOVABLE || !listed)
		return DUMP_OF_KERNEL;
	return dump_has(page, PG_private) ? DUMP_OF_CACHE_PRIVATE : DUMP_OF_CACHE;
}

/* A compound page begins here, if its order makes sense: then its tails follow it. */
static enum dump_class dump_class_of_head(struct dump_look *look, const struct page *page,
					  unsigned long pfn)
{
	const struct page *tail = page + 1;
	enum dump_class class = dump_class_of_mapping(page);
	unsigned int order = tail->compound_order;

	look->head_end = 0;
	/* So the second page of it is in this block, too. */
	if (!order || order > PUD_SHIFT - PAGE_SHIFT || pfn & (BIT(order) - 1))
		return DUMP_OF_KERNEL;
#ifdef CONFIG_HUGETLB_PAGE
	if (tail->compound_dtor == HUGETLB_PAGE_DTOR)
		class = DUMP_OF_USER;
#endif
	look->head = pfn;
	look->head_end = pfn + BIT(order);
	look->head_class = class;
	return class;
}

/**
 * dump_class_of() - what a page frame holds
 * @look: with copies of the struct pages of its block; the page frames of a machine are
 *	looked at in ascending order
 * @pfn: the page frame
 *
 * Context: Any.
 * Return: see enum dump_class.
 */
enum dump_class dump_class_of(struct dump_look *look, unsigned long pfn)
{
	const struct page *page = &look->block[pfn % DUMP_BLOCK_PAGES];
	unsigned long head = READ_ONCE(page->compound_head);

	if (dump_is_others(page))
		return DUMP_OF_OTHERS;
	if (dump_is_free(look, page, pfn))
		return DUMP_OF_NOBODY;
	if (head & 1) {
		if (pfn < look->head_end && head - 1 == (unsigned long)pfn_to_page(look->head))
			return look->head_class;
		return DUMP_OF_KERNEL;
	}
	if (dump_has(page, PG_head))
		return dump_class_of_head(look, page, pfn);
	return dump_class_of_mapping(page);
}

/* Does a dump of this level have the pages of a class? */
bool dump_level_keeps(unsigned int level, enum dump_class class)
{
	switch (class) {
	case DUMP_OF_CACHE:
		return !(level & DUMP_CACHE);
	case DUMP_OF_CACHE_PRIVATE:
		return !(level & DUMP_CACHE_PRIVATE);
	case DUMP_OF_USER:
		return !(level & DUMP_USER);
	case DUMP_OF_NOBODY:
		return !(level & DUMP_FREE);
	case DUMP_OF_OTHERS:
		return false;
	default:
		return true;
	}
}
