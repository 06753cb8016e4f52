/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-dump: what there is of pages, by their descriptors.
 */
#ifndef RAS_SURVEY_H
#define RAS_SURVEY_H

#include "page.h"

/**
 * struct survey - what there is
 * @bitmaps: what the bitmaps say
 * @pages: pages that bitmap 2 has of this file
 * @missing: those whose descriptors are zeros
 * @unlisted: those whose descriptors are behind the end of the file
 * @beyond: those whose data is behind the end of the file, in a dump that is cut off
 * @implausible: those that cannot be where their descriptors say
 * @by_kind: the others, by how they are stored
 * @bytes: what these take, one by one
 * @zeros: where the page of zeros is that several descriptors share; 0 if there is none
 * @zero_pages: how many descriptors share it
 */
struct survey {
	struct bitmap_counts	bitmaps;
	uint64_t		pages;
	uint64_t		missing;
	uint64_t		unlisted;
	uint64_t		beyond;
	uint64_t		implausible;
	uint64_t		by_kind[PAGE_KINDS];
	uint64_t		bytes;
	uint64_t		zeros;
	uint64_t		zero_pages;
};

bool survey_make(struct survey *survey, const struct kdump *dump);
bool survey_is_zeros(const struct survey *survey, const struct page *page);
uint64_t survey_missing(const struct survey *survey);

#endif
