/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-dump: the pages of a dump, one after the other, and what their descriptors say.
 */
#ifndef RAS_PAGES_H
#define RAS_PAGES_H

#include "bitmap.h"

/* How a page is stored.  No page is stored as PAGE_UNKNOWN. */
enum page_kind {
	PAGE_RAW,
	PAGE_ZLIB,
	PAGE_LZO,
	PAGE_SNAPPY,
	PAGE_ZSTD,
	PAGE_UNKNOWN,
	PAGE_KINDS = PAGE_UNKNOWN,
};

/**
 * enum page_is - what is known of a page by its descriptor
 * @PAGE_THERE: the descriptor says where it is
 * @PAGE_MISSING: the descriptor is zeros: the page was not written
 * @PAGE_UNLISTED: the file ends before the descriptor does
 */
enum page_is {
	PAGE_THERE,
	PAGE_MISSING,
	PAGE_UNLISTED,
};

/**
 * struct page - a page of bitmap 2
 * @is: what is known; if it is not there, only @pfn counts
 * @pfn: its number
 * @offset: where in the file it is
 * @size: how many bytes it takes there
 * @flags: how it is stored
 */
struct page {
	enum page_is	is;
	uint64_t	pfn;
	uint64_t	offset;
	uint32_t	size;
	uint32_t	flags;
};

/**
 * struct walk - a way through all pages of a file
 * @dump: the dump
 * @bitmap: its second bitmap
 * @table: the part of the descriptors that is looked at
 * @index: of the next word of the bitmap
 * @word: what is left of the one before
 * @rank: how many pages there were
 */
struct walk {
	const struct kdump	*dump;
	struct bitmap		bitmap;
	struct window		table;
	uint64_t		index;
	uint64_t		word;
	uint64_t		rank;
};

void walk_begin(struct walk *walk, const struct kdump *dump);
bool walk_next(struct walk *walk, struct page *page);
void page_describe(struct page *page, const struct kdump_desc *desc);
enum page_kind page_kind(const struct page *page);
const char *page_kind_name(enum page_kind kind);

#endif
