/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-dump: a page: is its descriptor plausible, and what is in it?
 */
#ifndef RAS_PAGE_H
#define RAS_PAGE_H

#include "pages.h"

/**
 * enum page_state - what came of reading a page
 * @PAGE_GOOD: it was read
 * @PAGE_BAD: it is damaged
 * @PAGE_UNREADABLE: the program was built without what decompresses it
 */
enum page_state {
	PAGE_GOOD,
	PAGE_BAD,
	PAGE_UNREADABLE,
};

/**
 * struct unpack - what pages are read with
 * @dump: the dump
 * @data_start: where the descriptors end in the file, and pages may begin
 * @data_end: where the last page ends at most: no page is compressed
 * @zstd: what zstd needs; %NULL until it is needed
 * @stored: the page as it is in the file
 * @data: the page
 */
struct unpack {
	const struct kdump	*dump;
	uint64_t		data_start;
	uint64_t		data_end;
	void			*zstd;
	uint8_t			stored[KDUMP_PAGE_MAX];
	uint8_t			data[KDUMP_PAGE_MAX];
};

struct unpack *unpack_new(const struct kdump *dump, uint64_t pages);
void unpack_free(struct unpack *unpack);
bool page_is_plausible(const struct kdump *dump, uint64_t data_start, const struct page *page,
		       struct why *why);
bool page_is_beyond(const struct unpack *unpack, const struct page *page);
enum page_state page_read(struct unpack *unpack, const struct page *page, struct why *why);
bool page_is_zeros(const struct unpack *unpack);
const char *page_libraries(void);

#endif
