// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: how many levels the page tables of the two kernels have.
 *
 * The first kernel comes back with the CPU as the second has left it, and loads its own page
 * tables at once: they have to have as many levels.
 */
#include <stdlib.h>
#include <string.h>

#include "paging.h"
#include "say.h"
#include "whole-file.h"

#define CPUINFO	"/proc/cpuinfo"

/* Is it one of the words? */
static bool has_word(const char *words, const char *word)
{
	const size_t length = strlen(word);

	for (; (words = strstr(words, word)); words += length)
		if (words[-1] == ' ' && (!words[length] || strchr(" \n", words[length])))
			return true;
	return false;
}

/* Has this kernel 5 levels?  Otherwise it does not show that the CPU could. */
static bool has_five(const char *root)
{
	char *text = whole_file_line(root, CPUINFO);
	const bool is_so = text && *text && has_word(text + 1, "la57");

	free(text);
	return is_so;
}

/**
 * paging_levels() - how many levels this kernel's page tables have
 * @root: what is put before the names of the kernel's files
 */
uint32_t paging_levels(const char *root)
{
	return has_five(root) ? 5 : 4;
}

/**
 * paging_fits() - can the second kernel have as many levels as this one?
 * @header: of the second kernel
 * @root: what is put before the names of the kernel's files
 * @append: the words that the user wants on its command line
 * @wants_four: set if it needs %PAGING_FOUR for that
 *
 * Return: yes; otherwise the reason was said.
 */
bool paging_fits(const struct setup_header *header, const char *root, const char *append,
		 bool *wants_four)
{
	const bool is_five = has_five(root);

	*wants_four = !is_five && header->xloadflags & XLF_5LEVEL_ENABLED;
	if (is_five && !(header->xloadflags & XLF_5LEVEL_ENABLED)) {
		say_failed("kernel", "it has no page tables of 5 levels, as this kernel has");
		return false;
	}
	if (is_five && strstr(append, PAGING_FOUR)) {
		say_failed("--append", "the second kernel needs 5 levels of page tables, as this");
		return false;
	}
	return true;
}
