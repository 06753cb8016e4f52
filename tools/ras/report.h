/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-savecore: what became of an area, for people and for programs.
 */
#ifndef RAS_REPORT_H
#define RAS_REPORT_H

#include "source.h"

/**
 * struct report - what became of an area
 * @source: the area; its dump counts if @is_known
 * @is_known: its stamps are sound
 * @outcome: %DONE, %NOTHING or %FAILED
 * @is_dry: nothing was to be changed
 * @is_marked: it was marked as taken
 * @is_named: the dump is in @path
 * @path: of the file, or %NULL
 * @resumed: how much of the dump an earlier run has copied
 */
struct report {
	const struct source	*source;
	bool			is_known;
	enum outcome		outcome;
	bool			is_dry;
	bool			is_marked;
	bool			is_named;
	const char		*path;
	uint64_t		resumed;
};

void report_text(const struct report *report);
void report_json(const struct report *report);

#endif
