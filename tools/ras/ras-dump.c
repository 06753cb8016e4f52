// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump - look at the dump of a kernel that has crashed, unseal it, merge parts of it
 */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "descriptors.h"
#include "page.h"
#include "say.h"
#include "stop.h"

#define VERSION "1"

const char say_program[] = "ras-dump";

static const struct command commands[] = {
	{ "info",	"show what a dump is of, and what is in it",	info_command },
	{ "check",	"check that all of a dump can be read",		check_command },
	{ "keygen",	"make a key for sealed dumps",			keygen_command },
	{ "pubkey",	"show the public key of a secret key",		pubkey_command },
	{ "unseal",	"make an ordinary dump of a sealed one",	unseal_command },
	{ "merge",	"make one dump of parts of it",			merge_command },
};

#define COMMANDS (sizeof(commands) / sizeof(*commands))

static void print_help(void)
{
	puts("usage: ras-dump COMMAND [OPTION]... FILE...\n"
	     "       ras-dump COMMAND --help\n"
	     "       ras-dump --help | --version\n");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-8s %s\n", commands[i].name, commands[i].about);
	puts("\nExit status: 0 good, 1 the dump is damaged, 2 usage, or it cannot be read, 3 it\n"
	     "is good as far as it goes, but pages are missing (check, unseal, merge).");
}

static enum verdict usage(const char *reason, const char *argument)
{
	fprintf(stderr, "ras-dump: %s%s\nTry 'ras-dump --help'.\n", reason, argument);
	return VERDICT_TROUBLE;
}

static enum verdict run(int argc, char **argv)
{
	if (argc < 2)
		return usage("no command is named", "");
	if (!strcmp(argv[1], "--help")) {
		print_help();
		return VERDICT_GOOD;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("ras-dump " VERSION " (%s)\n", page_libraries());
		return VERDICT_GOOD;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	return usage("there is no command ", argv[1]);
}

int main(int argc, char **argv)
{
	enum verdict verdict;

	descriptors_fill();
	stop_catch_signals();
	verdict = run(argc, argv);
	if (fflush(stdout) || ferror(stdout)) {
		say_failed("standard output", "cannot be written");
		verdict = VERDICT_TROUBLE;
	}
	return (int)verdict;
}
