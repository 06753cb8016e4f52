/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-savecore: an area, from the look at its stamps to the mark.
 */
#ifndef RAS_FETCH_H
#define RAS_FETCH_H

#include "say.h"
#include "source.h"

/**
 * struct options - what the user wants
 * @output: the file, or %NULL
 * @directory: where a file is made that has no name
 * @dry_run: change nothing
 * @keep: do not mark the area as taken
 * @json: write JSON
 * @quiet: show no progress
 */
struct options {
	const char	*output;
	const char	*directory;
	bool		dry_run;
	bool		keep;
	bool		json;
	bool		quiet;
};

enum outcome fetch(const struct options *options, const char *name, bool is_memory);

#endif
