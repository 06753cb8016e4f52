// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump: the pages of a dump, one after the other, and what their descriptors say.
 *
 * The descriptor of a page is found by the rank of the page among those of bitmap 2.
 */
#include <endian.h>

#include "pages.h"

/**
 * walk_begin() - begin a way through all pages
 * @walk: the way
 * @dump: the dump
 */
void walk_begin(struct walk *walk, const struct kdump *dump)
{
	walk->dump = dump;
	bitmap_open(&walk->bitmap, dump, 1);
	window_open(&walk->table, dump->bytes);
	walk->index = dump->first_pfn / 64;
	walk->word = 0;
	walk->rank = 0;
}

/* The next word of the bitmap that has a bit, without those of other files. */
static bool next_word(struct walk *walk)
{
	const struct kdump *dump = walk->dump;
	const uint64_t words = (dump->end_pfn + 63) / 64;

	while (!walk->word) {
		const uint64_t index = bitmap_skip(&walk->bitmap, walk->index);

		if (index >= words || !bitmap_word(&walk->bitmap, index, &walk->word))
			return false;
		if (index == dump->first_pfn / 64)
			walk->word &= UINT64_MAX << dump->first_pfn % 64;
		if (index == dump->end_pfn / 64)
			walk->word &= (1ull << dump->end_pfn % 64) - 1;
		walk->index = index + 1;
	}
	return true;
}

/**
 * page_describe() - note what a descriptor says
 * @page: the page; its number is left as it is
 * @desc: the descriptor
 */
void page_describe(struct page *page, const struct kdump_desc *desc)
{
	page->offset = le64toh(desc->offset);
	page->size = le32toh(desc->size);
	page->flags = le32toh(desc->flags);
	page->is = page->offset || page->size || page->flags ? PAGE_THERE : PAGE_MISSING;
}

/* Read the descriptor of a page.  Return: false if that is an error of the file. */
static bool read_desc(struct walk *walk, struct page *page)
{
	struct bytes *bytes = walk->dump->bytes;
	const uint64_t offset = walk->dump->table + walk->rank * sizeof(struct kdump_desc);
	const struct kdump_desc *desc;

	page->is = PAGE_UNLISTED;
	if (!bytes_has(bytes, offset, sizeof(*desc)))
		return true;
	desc = window_at(&walk->table, offset, sizeof(*desc));
	if (!desc)
		return false;
	page_describe(page, desc);
	return true;
}

/**
 * walk_next() - go to the next page
 * @walk: the way
 * @page: set to the page
 *
 * Return: there is one; otherwise that was all, or the error of the file is set.
 */
bool walk_next(struct walk *walk, struct page *page)
{
	if (!next_word(walk))
		return false;
	page->pfn = (walk->index - 1) * 64 + (uint64_t)__builtin_ctzll(walk->word);
	walk->word &= walk->word - 1;
	if (!read_desc(walk, page))
		return false;
	walk->rank++;
	return true;
}

/**
 * page_kind() - how a page is stored
 * @page: the page
 */
enum page_kind page_kind(const struct page *page)
{
	switch (page->flags) {
	case 0:
		return PAGE_RAW;
	case KDUMP_ZLIB:
		return PAGE_ZLIB;
	case KDUMP_LZO:
		return PAGE_LZO;
	case KDUMP_SNAPPY:
		return PAGE_SNAPPY;
	case KDUMP_ZSTD:
		return PAGE_ZSTD;
	default:
		return PAGE_UNKNOWN;
	}
}

/**
 * page_kind_name() - how a page is stored, in a word
 * @kind: how
 */
const char *page_kind_name(enum page_kind kind)
{
	static const char * const names[] = {
		[PAGE_RAW]	= "raw",
		[PAGE_ZLIB]	= "zlib",
		[PAGE_LZO]	= "lzo",
		[PAGE_SNAPPY]	= "snappy",
		[PAGE_ZSTD]	= "zstd",
		[PAGE_UNKNOWN]	= "unknown",
	};

	return names[kind];
}
