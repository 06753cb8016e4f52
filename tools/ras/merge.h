/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-dump merge: one dump of parts of it.
 */
#ifndef RAS_MERGE_H
#define RAS_MERGE_H

#include "append.h"
#include "command.h"
#include "progress.h"
#include "survey.h"

/* How many parts there may be. */
#define MERGE_PARTS	16

/**
 * struct part - a dump that is merged
 * @name: of the file
 * @bytes: the file, for who opens it
 * @dump: the dump, which knows its file
 * @survey: of its pages
 * @unpack: what they are read with
 * @walk: the way through them
 * @page: the next
 * @has_page: there is a next
 * @taken: how many pages are from here
 * @damaged: how many were tried and are damaged
 */
struct part {
	const char	*name;
	struct bytes	bytes;
	struct kdump	dump;
	struct survey	survey;
	struct unpack	*unpack;
	struct walk	walk;
	struct page	page;
	bool		has_page;
	uint64_t	taken;
	uint64_t	damaged;
};

/**
 * struct merge - dumps that are merged
 * @parts: the dumps, which are open and of the same crash, the first to be taken from first
 * @count: how many
 * @file: what is made of them
 * @progress: of it
 * @table: the descriptors of @file
 * @data: its pages
 * @zeros: where the page of zeros is; 0 if there is none yet
 * @pages: how many pages any of the parts should have
 * @done: how many of these were looked at
 * @missing: how many of these no part has
 * @failed: the part that cannot be read, if that is why there is no dump
 * @zero: a page of zeros
 */
struct merge {
	struct part	parts[MERGE_PARTS];
	size_t		count;
	struct new_file	file;
	struct progress	progress;
	struct append	table;
	struct append	data;
	uint64_t	zeros;
	uint64_t	pages;
	uint64_t	done;
	uint64_t	missing;
	struct part	*failed;
	uint8_t		zero[KDUMP_PAGE_MAX];
};

bool merge_all(struct merge *merge, struct why *why);

#endif
