// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump: do pages overlap in the file?
 *
 * Pages may be in any order, so their places are sorted.  What that takes of memory has a
 * limit: where there are more places, the file is looked at part by part, from its beginning,
 * and each part is as large as its places fit.
 *
 * Several pages in one place are no overlap if they are pages of zeros, which are stored so.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "places.h"

/* How many places there are at a time: 96 MiB. */
#ifndef PLACES
#define PLACES	(3 * 1024 * 1024)
#endif

/* No page. */
#define NOBODY	UINT64_MAX

/**
 * struct place - a place of a page
 * @offset: where in the file it begins
 * @size: of it
 * @differs: a page begins there, too, and takes another size
 * @pfn: of a page that is there
 * @users: how many pages are there
 */
struct place {
	uint64_t	offset;
	uint32_t	size;
	bool		differs;
	uint64_t	pfn;
	uint64_t	users;
};

/**
 * struct places - the places in a part of the file
 * @list: the places
 * @room: how many the list has room for, at least 2
 * @count: how many it has
 * @start: where the part begins
 * @end: where it ends
 * @last: the place before that reaches farthest
 */
struct places {
	struct place	*list;
	size_t		room;
	size_t		count;
	uint64_t	start;
	uint64_t	end;
	struct place	last;
};

static int compare(const void *left, const void *right)
{
	const struct place *one = left, *two = right;

	if (one->offset != two->offset)
		return one->offset < two->offset ? -1 : 1;
	return one->pfn < two->pfn ? -1 : one->pfn > two->pfn;
}

static bool is_sorted(const struct places *places)
{
	for (size_t i = 1; i < places->count; i++)
		if (places->list[i].offset < places->list[i - 1].offset)
			return false;
	return true;
}

/* Sort the places, and leave one of those that begin together. */
static void sort(struct places *places)
{
	struct place *list = places->list;
	size_t kept = 0;

	/* makedumpfile writes them in order. */
	if (!is_sorted(places))
		qsort(list, places->count, sizeof(*list), compare);
	for (size_t i = 1; i < places->count; i++) {
		if (list[i].offset != list[kept].offset) {
			list[++kept] = list[i];
			continue;
		}
		list[kept].users += list[i].users;
		list[kept].differs |= list[i].differs || list[i].size != list[kept].size;
		if (list[i].size > list[kept].size)
			list[kept].size = list[i].size;
	}
	if (places->count)
		places->count = kept + 1;
}

/* There is no room: the part of the file becomes smaller, if its places are many. */
static void make_room(struct places *places)
{
	const size_t half = places->room / 2;

	sort(places);
	if (places->count > half) {
		places->end = places->list[half].offset;
		places->count = half;
	}
}

static void add(struct places *places, const struct page *page)
{
	struct place *place;

	if (places->count == places->room)
		make_room(places);
	if (page->offset < places->start || page->offset >= places->end)
		return;
	place = &places->list[places->count++];
	place->offset = page->offset;
	place->size = page->size;
	place->differs = false;
	place->pfn = page->pfn;
	place->users = 1;
}

/* Find the places of the part that begins at @places->start. */
static void collect(struct places *places, const struct unpack *unpack)
{
	const struct kdump *dump = unpack->dump;
	struct walk walk;
	struct page page;
	struct why why;

	places->count = 0;
	places->end = UINT64_MAX;
	walk_begin(&walk, dump);
	while (walk_next(&walk, &page)) {
		if (page.is == PAGE_THERE &&
		    page_is_plausible(dump, unpack->data_start, &page, &why))
			add(places, &page);
	}
	sort(places);
}

/* Several pages are in one place: that has to be the page of zeros. */
static void check_shared(const struct place *place, struct unpack *unpack,
			 struct findings *findings)
{
	const struct page page = {
		.is = PAGE_THERE, .pfn = place->pfn, .offset = place->offset, .size = place->size,
	};
	struct why why = { "it is not the page of zeros" };

	if (page.size == unpack->dump->page_size &&
	    page_read(unpack, &page, &why) == PAGE_GOOD && page_is_zeros(unpack))
		return;
	findings_problem(findings, "pages in one place, at byte %" PRIu64 " of the file: %" PRIu64
			 ", one is 0x%" PRIx64 "; %s", place->offset, place->users, place->pfn,
			 why.text);
}

/* The places are in order: what begins before the end of one before overlaps with it. */
static void compare_all(struct places *places, struct unpack *unpack, struct findings *findings)
{
	struct place *last = &places->last;

	for (size_t i = 0; i < places->count; i++) {
		const struct place *place = &places->list[i];

		if (place->differs)
			findings_problem(findings, "page 0x%" PRIx64 " and others begin at byte %"
					 PRIu64 " of the file, and their sizes differ",
					 place->pfn, place->offset);
		else if (place->users > 1)
			check_shared(place, unpack, findings);
		if (last->pfn != NOBODY && place->offset - last->offset < last->size)
			findings_problem(findings, "page 0x%" PRIx64 ", at byte %" PRIu64 " of the "
					 "file, overlaps with page 0x%" PRIx64 ", at byte %" PRIu64
					 ", which has %" PRIu32 " bytes", place->pfn,
					 place->offset, last->pfn, last->offset, last->size);
		if (last->pfn == NOBODY ||
		    place->offset + place->size > last->offset + last->size)
			*last = *place;
	}
}

/**
 * places_check() - find pages that overlap in the file
 * @dump: the dump
 * @survey: of its pages
 * @findings: where to say which
 *
 * Return: all descriptors were read; otherwise the error of the file is set.
 */
bool places_check(const struct kdump *dump, const struct survey *survey,
		  struct findings *findings)
{
	struct unpack *unpack = unpack_new(dump, survey->pages);
	struct places places = { .last.pfn = NOBODY };

	places.room = survey->pages < PLACES ? (size_t)survey->pages + 2 : PLACES;
	places.list = calloc(places.room, sizeof(*places.list));
	if (!places.list || !unpack)
		dump->bytes->error = ENOMEM;
	while (!dump->bytes->error && places.end != UINT64_MAX) {
		collect(&places, unpack);
		compare_all(&places, unpack, findings);
		places.start = places.end;
	}
	free(places.list);
	unpack_free(unpack);
	return !dump->bytes->error;
}
