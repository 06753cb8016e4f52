// SPDX-License-Identifier: GPL-2.0
/*
 * ras-savecore - fetch the dump that a crashed kernel has written to a disk or to memory
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "descriptors.h"
#include "fetch.h"
#include "list.h"
#include "stop.h"

#define VERSION "1"

const char say_program[] = "ras-savecore";

static const char help[] =
"usage: ras-savecore [OPTION]... AREA...\n"
"\n"
"Copies the dump that a crashed kernel has written to an area, which is a block device or a\n"
"preallocated file, and marks the area as taken, so that the next crash may write to it.\n"
"\n"
"  -o, --output FILE    copy to FILE; for one area only\n"
"  -d, --directory DIR  copy to DIR/vmcore-YYYY-MM-DD-HH-MM-SS (default DIR: /var/crash)\n"
"      --memory[=DIR]   also the dump in the region of memory that the kernel shows in DIR\n"
"                       (default: " MEMORY_DIRECTORY ")\n"
"      --config FILE    also the areas that FILE names, one in a line\n"
"  -n, --dry-run        say what there is, change nothing\n"
"      --keep           do not mark the area as taken\n"
"      --json           write a JSON object for each area\n"
"  -q, --quiet          show no progress\n"
"      --help           show this text\n"
"      --version        show the version\n"
"\n"
"Exit status: 0 a dump was fetched, 1 there is none, 2 usage, 3 an error.\n";

enum {
	OPTION_MEMORY = 256,
	OPTION_CONFIG,
	OPTION_KEEP,
	OPTION_JSON,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option long_options[] = {
	{ "output",	required_argument,	NULL, 'o' },
	{ "directory",	required_argument,	NULL, 'd' },
	{ "memory",	optional_argument,	NULL, OPTION_MEMORY },
	{ "config",	required_argument,	NULL, OPTION_CONFIG },
	{ "dry-run",	no_argument,		NULL, 'n' },
	{ "keep",	no_argument,		NULL, OPTION_KEEP },
	{ "json",	no_argument,		NULL, OPTION_JSON },
	{ "quiet",	no_argument,		NULL, 'q' },
	{ "help",	no_argument,		NULL, OPTION_HELP },
	{ "version",	no_argument,		NULL, OPTION_VERSION },
	{ NULL,		0,			NULL, 0 },
};

/**
 * struct command - what the command line says
 * @options: for all areas
 * @areas: the areas
 * @has_directory: there was --directory
 * @has_config: there was --config; it may name no area
 * @is_done: there was --help or --version
 */
struct command {
	struct options	options;
	struct list	areas;
	bool		has_directory;
	bool		has_config;
	bool		is_done;
};

static enum outcome usage(const char *reason)
{
	if (reason)
		fprintf(stderr, "ras-savecore: %s\n", reason);
	fprintf(stderr, "Try 'ras-savecore --help'.\n");
	return USAGE;
}

/* An option that says how. */
static enum outcome take_option(struct command *command, int option)
{
	switch (option) {
	case 'o':
		command->options.output = optarg;
		return DONE;
	case 'd':
		command->options.directory = optarg;
		command->has_directory = true;
		return DONE;
	case 'n':
		command->options.dry_run = true;
		return DONE;
	case OPTION_KEEP:
		command->options.keep = true;
		return DONE;
	case OPTION_JSON:
		command->options.json = true;
		return DONE;
	case 'q':
		command->options.quiet = true;
		return DONE;
	default:
		return usage(NULL);
	}
}

/* Any option. */
static enum outcome take(struct command *command, int option)
{
	switch (option) {
	case OPTION_MEMORY:
		return list_add(&command->areas, optarg ? optarg : MEMORY_DIRECTORY, true);
	case OPTION_CONFIG:
		command->has_config = true;
		return list_read(&command->areas, optarg);
	case OPTION_HELP:
		fputs(help, stdout);
		command->is_done = true;
		return DONE;
	case OPTION_VERSION:
		puts("ras-savecore " VERSION);
		command->is_done = true;
		return DONE;
	default:
		return take_option(command, option);
	}
}

static enum outcome parse(struct command *command, int argc, char **argv)
{
	enum outcome outcome = DONE;
	int option;

	while (outcome == DONE && !command->is_done) {
		option = getopt_long(argc, argv, "o:d:nq", long_options, NULL);
		if (option == -1)
			break;
		outcome = take(command, option);
	}
	if (outcome != DONE || command->is_done)
		return outcome;
	for (; outcome == DONE && optind < argc; optind++)
		outcome = list_add(&command->areas, argv[optind], false);
	if (outcome != DONE)
		return outcome;
	if (!command->areas.count && !command->has_config)
		return usage("no area is named");
	if (command->options.output && command->areas.count > 1)
		return usage("--output is for one area, and there are more");
	if (command->options.output && command->has_directory)
		return usage("--output and --directory exclude each other");
	return DONE;
}

/* The outcome of all areas: an error counts more than a dump, that more than none. */
static enum outcome fetch_all(const struct command *command)
{
	enum outcome all = NOTHING;

	for (size_t i = 0; i < command->areas.count; i++) {
		const struct list_entry *entry = &command->areas.entries[i];
		enum outcome outcome;

		if (stop_reason())
			return say_failed(entry->name, "not looked at: %s", stop_reason());
		outcome = fetch(&command->options, entry->name, entry->is_memory);
		if (outcome == FAILED || all == NOTHING)
			all = outcome;
		/* One signal, one line. */
		if (outcome == FAILED && stop_reason())
			break;
	}
	return all;
}

int main(int argc, char **argv)
{
	struct command command = { .options = { .directory = "/var/crash" } };
	enum outcome outcome;

	descriptors_fill();
	stop_catch_signals();
	outcome = parse(&command, argc, argv);
	if (outcome == DONE && !command.is_done)
		outcome = fetch_all(&command);
	list_free(&command.areas);
	if (fflush(stdout) || ferror(stdout))
		outcome = say_failed("standard output", "cannot be written");
	return (int)outcome;
}
