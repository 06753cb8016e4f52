/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-dump: the commands, and what they have in common.
 */
#ifndef RAS_COMMAND_H
#define RAS_COMMAND_H

#include <stdio.h>

#include "kdump-file.h"

/**
 * enum verdict - what a command comes to, and the exit status
 * @VERDICT_GOOD: all is good
 * @VERDICT_DAMAGED: the dump is damaged
 * @VERDICT_TROUBLE: the command makes no sense, or the file cannot be read or is no dump
 * @VERDICT_CUT: the dump is good as far as it goes, and pages are missing
 */
enum verdict {
	VERDICT_GOOD,
	VERDICT_DAMAGED,
	VERDICT_TROUBLE,
	VERDICT_CUT,
};

/**
 * struct command - a command of ras-dump
 * @name: of it
 * @about: what it does, in a line
 * @run: do it; @argv[0] is its name
 */
struct command {
	const char	*name;
	const char	*about;
	enum verdict	(*run)(int argc, char **argv);
};

/**
 * struct request - what the command line asks of a command that looks at one file
 * @name: of the file
 * @is_json: an object is wanted, not text
 * @is_all: all that is damaged is to be shown
 * @is_quiet: no progress is to be shown
 * @out: where to write to
 */
struct request {
	const char	*name;
	bool		is_json;
	bool		is_all;
	bool		is_quiet;
	FILE		*out;
};

enum verdict command_usage(const char *command, const char *reason);
enum verdict command_open(const struct request *request, struct bytes *bytes,
			  struct kdump *dump);

/* Each in its own file. */
enum verdict info_command(int argc, char **argv);
enum verdict check_command(int argc, char **argv);

enum verdict info_show(const struct request *request, const struct kdump *dump);
enum verdict check_dump(const struct request *request, const struct kdump *dump);

#endif
