// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine: memory that no dump tool reads, and /proc/kcore does not show.
 */
#include <linux/mm.h>
#include <linux/page-flags.h>

#include "dump.h"

/**
 * dump_hide() - tell every dump tool, kdump's makedumpfile among them, to leave a page out
 * @page: a page that belongs to the engine, and is mapped by nobody
 * @hide: true: leave it out; false: no more
 *
 * It counts as offline, see PAGE_TYPE_OPS() in page-flags.h.
 */
void dump_hide(struct page *page, bool hide)
{
	if (hide)
		page->page_type &= ~PG_offline;
	else
		page->page_type |= PG_offline;
}

/**
 * dump_hide_range() - likewise, all pages of some memory
 * @start: where it begins; in the direct map, on a page
 * @bytes: how much
 * @hide: see dump_hide()
 */
void dump_hide_range(const void *start, size_t bytes, bool hide)
{
	const void *at;

	for (at = start; at < start + bytes; at += PAGE_SIZE)
		dump_hide(virt_to_page(at), hide);
}
