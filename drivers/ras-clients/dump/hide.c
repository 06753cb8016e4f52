// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine: memory that no dump tool reads, and /proc/kcore does not show.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/string.h>

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

/**
 * dump_secret_alloc() - memory for secrets: no dump has it, and no file shows it
 * @bytes: how much
 *
 * Context: Process context.
 * Return: the memory, all zeros, for dump_secret_free(); or NULL.
 */
void *dump_secret_alloc(size_t bytes)
{
	void *secret = alloc_pages_exact(bytes, GFP_KERNEL | __GFP_ZERO);

	if (secret)
		dump_hide_range(secret, bytes, true);
	return secret;
}

/**
 * dump_secret_free() - forget secrets, and free their memory
 * @secret: the memory; may be NULL
 * @bytes: how much
 *
 * Context: Process context.
 */
void dump_secret_free(void *secret, size_t bytes)
{
	if (!secret)
		return;
	memzero_explicit(secret, bytes);
	dump_hide_range(secret, bytes, false);
	free_pages_exact(secret, bytes);
}
