// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump: what there is of pages, by their descriptors.
 *
 * Pages of zeros are stored once, and their descriptors all point there.  Where that is, no
 * header says: it is a place of a page as it is that comes again, and has zeros.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "survey.h"

/* Of places that were seen, how many are remembered. */
#define SEEN	256

/* Look whether the place of a raw page is that of the pages of zeros. */
static void look_for_zeros(struct survey *survey, struct unpack *unpack, uint64_t *seen,
			   const struct page *page)
{
	uint64_t *entry = &seen[(page->offset ^ page->offset / KDUMP_PAGE_MAX) % SEEN];
	struct why why;

	/* 0 is the place of no page. */
	if (*entry != page->offset)
		*entry = page->offset;
	else if (page_read(unpack, page, &why) == PAGE_GOOD && page_is_zeros(unpack))
		survey->zeros = page->offset;
}

static void count_page(struct survey *survey, struct unpack *unpack, uint64_t *seen,
		       const struct page *page)
{
	const enum page_kind kind = page_kind(page);
	struct why why;

	if (page->is == PAGE_MISSING) {
		survey->missing++;
	} else if (page->is == PAGE_UNLISTED) {
		survey->unlisted++;
	} else if (kdump_is_cut(unpack->dump) && page_is_beyond(unpack, page)) {
		survey->beyond++;
	} else if (!page_is_plausible(unpack->dump, unpack->data_start, page, &why)) {
		survey->implausible++;
	} else {
		survey->by_kind[kind]++;
		survey->bytes += page->size;
		if (kind == PAGE_RAW && !survey->zeros)
			look_for_zeros(survey, unpack, seen, page);
	}
}

/**
 * survey_is_zeros() - is it one of the pages of zeros that share a place?
 * @survey: the survey
 * @page: the page, whose descriptor is there
 */
bool survey_is_zeros(const struct survey *survey, const struct page *page)
{
	return survey->zeros && page->offset == survey->zeros && page_kind(page) == PAGE_RAW;
}

/* How many pages share the place, which is known now. */
static void count_zeros(struct survey *survey, const struct kdump *dump)
{
	struct walk walk;
	struct page page;

	walk_begin(&walk, dump);
	while (survey->zeros && walk_next(&walk, &page))
		if (page.is == PAGE_THERE && survey_is_zeros(survey, &page) &&
		    page.size == dump->page_size)
			survey->zero_pages++;
}

static void count_pages(struct survey *survey, const struct kdump *dump, struct unpack *unpack)
{
	uint64_t seen[SEEN] = { 0 };
	struct walk walk;
	struct page page;

	walk_begin(&walk, dump);
	while (walk_next(&walk, &page)) {
		count_page(survey, unpack, seen, &page);
		survey->pages++;
	}
	if (!dump->bytes->error)
		count_zeros(survey, dump);
}

/* How many pages the second bitmap has of this file. */
static uint64_t ranks(const struct survey *survey, const struct kdump *dump)
{
	struct walk walk;
	struct page page;

	if (!kdump_is_split(dump))
		return survey->bitmaps.dumped;
	walk_begin(&walk, dump);
	while (walk_next(&walk, &page))
		;
	return walk.rank;
}

/**
 * survey_make() - look at all descriptors
 * @survey: set to what was found
 * @dump: the dump
 *
 * Return: they were read; otherwise the error of the file is set.
 */
bool survey_make(struct survey *survey, const struct kdump *dump)
{
	struct unpack *unpack;

	memset(survey, 0, sizeof(*survey));
	if (!bitmap_count(dump, &survey->bitmaps))
		return false;
	unpack = unpack_new(dump, ranks(survey, dump));
	if (!unpack)
		dump->bytes->error = ENOMEM;
	else
		count_pages(survey, dump, unpack);
	unpack_free(unpack);
	return !dump->bytes->error;
}

/**
 * survey_missing() - how many pages are not there
 * @survey: the survey
 */
uint64_t survey_missing(const struct survey *survey)
{
	return survey->missing + survey->unlisted + survey->beyond;
}
