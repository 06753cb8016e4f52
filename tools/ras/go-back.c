// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: the way from the second kernel back to the first, and the command back.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "go-back.h"
#include "kexec-call.h"
#include "say.h"
#include "whole-file.h"
#include "wish.h"

#define CMDLINE	"/proc/cmdline"
#define WORD	"kexec_jump_back_entry="

static const char help[] =
"usage: ras-hibernate back [OPTION]...\n"
"\n"
"In the second kernel: go back to the first.\n"
"\n"
"      --load-only       only load the way back, so that a panic goes it\n"
"      --dry-run         load nothing, show where it would go\n"
"      --help            show this text\n"
"\n"
"Exit status: 0 loaded; 1 refused or failed; 2 usage.\n";

/* Return: there is the word, once, and it is an address. */
static bool find_entry(char *words, uint64_t *entry)
{
	char *word, *end;
	int found = 0;

	while ((word = strsep(&words, " \n"))) {
		if (strncmp(word, WORD, strlen(WORD)))
			continue;
		errno = 0;
		*entry = strtoull(word + strlen(WORD), &end, 0);
		if (*end || errno || !*entry)
			return false;
		found++;
	}
	return found == 1;
}

/**
 * go_back_find() - where the first kernel goes on
 * @root: what is put before the names of the kernel's files
 * @entry: set to it
 *
 * Return: this kernel was told; otherwise that was said.
 */
bool go_back_find(const char *root, uint64_t *entry)
{
	char *words = whole_file_line(root, CMDLINE);
	bool good;

	if (!words) {
		say_failed(CMDLINE, "cannot be read: %s", strerror(errno));
		return false;
	}
	good = find_entry(words, entry);
	free(words);
	if (!good)
		say_failed(CMDLINE, "has no " WORD "ADDRESS: this kernel was not jumped to");
	return good;
}

/**
 * go_back_load() - load the way back
 * @entry: where the first kernel goes on
 * @is_dry: only show it
 *
 * Return: it is loaded; otherwise the reason was said.
 */
bool go_back_load(uint64_t entry, bool is_dry)
{
	if (!is_dry)
		return kexec_call_load_way_back(entry);
	printf("back    %#" PRIx64 "\n", entry);
	return true;
}

/**
 * back_command() - ras-hibernate back
 * @argc: number of arguments
 * @argv: the arguments
 */
enum result back_command(int argc, char **argv)
{
	const struct wish_syntax syntax = { .help = help, .takes = TAKES_LOAD_ONLY | TAKES_DRY };
	struct wish wish;
	enum result result = wish_read(&wish, &syntax, argc, argv);
	uint64_t entry;

	if (result != RESULT_GOOD || wish.is_done)
		return result;
	if (!go_back_find(wish.root, &entry) || !go_back_load(entry, wish.is_dry))
		return RESULT_FAILED;
	if (wish.is_load_only || wish.is_dry)
		return RESULT_GOOD;
	kexec_call_start();
	return RESULT_FAILED;
}
