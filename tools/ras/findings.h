/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-dump: what a check has found, as it is found, for people or for programs.
 */
#ifndef RAS_FINDINGS_H
#define RAS_FINDINGS_H

#include "json.h"
#include "pages.h"

/* How many of a kind are shown unless all are wanted. */
#define FINDINGS_SHOWN	10

/**
 * struct findings - what was found
 * @name: of the file
 * @json: where to
 * @is_json: an object is written, not lines
 * @is_all: all are shown
 * @problems: what is wrong with something else than one page
 * @pages: pages that are damaged
 * @unreadable: pages that nobody can tell of, for want of a library
 * @lists_pages: the list of problems has ended, that of pages has begun
 */
struct findings {
	const char	*name;
	struct json	json;
	bool		is_json;
	bool		is_all;
	uint64_t	problems;
	uint64_t	pages;
	uint64_t	unreadable;
	bool		lists_pages;
};

void findings_begin(struct findings *findings);
void findings_problem(struct findings *findings, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void findings_page(struct findings *findings, const struct kdump *dump, const struct page *page,
		   const char *reason);
void findings_end(struct findings *findings);

#endif
