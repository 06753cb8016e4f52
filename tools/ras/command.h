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

/* The options that not each command takes. */
#define TAKES_ALL		0x1
#define TAKES_QUIET		0x2
#define TAKES_KEY		0x4
#define TAKES_UNTIL_DAMAGE	0x8

/**
 * struct syntax - what the command line of a command may have
 * @help: the text of its --help
 * @takes: the options, by their bits
 * @least: how many files are named, at least
 * @most: at most
 * @names: what is wrong with another number of them
 */
struct syntax {
	const char	*help;
	unsigned int	takes;
	int		least;
	int		most;
	const char	*names;
};

/**
 * struct request - what a command line asks for
 * @name: of the file, or of the first; %NULL if nothing is left to do
 * @names: of all files
 * @count: how many
 * @key: the file of the secret key
 * @is_json: an object is wanted, not text
 * @is_all: all that is damaged is to be shown
 * @is_quiet: no progress is to be shown
 * @is_until_damage: what is before the damage is wanted
 * @out: where to write to
 */
struct request {
	const char	*name;
	char		**names;
	int		count;
	const char	*key;
	bool		is_json;
	bool		is_all;
	bool		is_quiet;
	bool		is_until_damage;
	FILE		*out;
};

/**
 * struct look - a command that looks at one dump
 * @help: see struct syntax
 * @takes: the same
 * @run: look at it
 */
struct look {
	const char	*help;
	unsigned int	takes;
	enum verdict	(*run)(const struct request *request, const struct kdump *dump);
};

enum verdict command_usage(const char *command, const char *reason);
enum verdict command_said(const struct request *request, enum verdict verdict, const char *name);
enum verdict command_failed(const struct request *request, enum verdict verdict,
			    const char *name, const char *reason);
enum verdict command_open(const struct request *request, const char *name, struct bytes *bytes,
			  struct kdump *dump);
enum verdict command_parse(const struct syntax *syntax, struct request *request, int argc,
			   char **argv);
enum verdict command_look(const struct look *look, int argc, char **argv);

/* Each in its own file. */
enum verdict info_command(int argc, char **argv);
enum verdict check_command(int argc, char **argv);
enum verdict keygen_command(int argc, char **argv);
enum verdict pubkey_command(int argc, char **argv);
enum verdict unseal_command(int argc, char **argv);
enum verdict merge_command(int argc, char **argv);

enum verdict info_show(const struct request *request, const struct kdump *dump);
enum verdict check_dump(const struct request *request, const struct kdump *dump);

#endif
