// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: is the kernel locked down?
 */
#include <stdlib.h>
#include <string.h>

#include "lockdown.h"
#include "say.h"
#include "whole-file.h"

#define LOCKDOWN	"/sys/kernel/security/lockdown"

/**
 * lockdown_is_off() - may the kernel hibernate and load another kernel?
 * @root: what is put before the names of the kernel's files
 *
 * Return: it may, or does not tell; otherwise the reason was said.
 */
bool lockdown_is_off(const char *root)
{
	char *levels = whole_file_line(root, LOCKDOWN), *level, *end;
	bool is_off = true;

	/* As in "none [integrity] confidentiality". */
	level = levels ? strchr(levels, '[') : NULL;
	end = level ? strchr(level, ']') : NULL;
	if (end) {
		*end = '\0';
		level++;
		is_off = !strcmp(level, "none");
		if (!is_off)
			say_failed(LOCKDOWN, "the kernel is locked down (%s): it neither "
				   "hibernates nor loads a kernel that is not signed", level);
	}
	free(levels);
	return is_off;
}
