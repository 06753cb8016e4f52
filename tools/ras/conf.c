// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: the file of settings, of lines NAME=VALUE.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "say.h"
#include "whole-file.h"

/* Settings point into it until the program ends, as they point into the command line. */
static char *text;

/* Return: NULL, or what is wrong with the line. */
static const char *take_line(const struct conf_taker *taker, char *line)
{
	char *value = strchr(line, '=');

	if (!*line || *line == '#')
		return NULL;
	if (!value)
		return "it is not NAME=VALUE";
	*value++ = 0;
	return taker->take(taker->to, line, value);
}

/**
 * conf_read() - read the file of settings
 * @root: what is put before its name
 * @taker: who is told what it says
 *
 * Return: all of it makes sense, or there is none; otherwise the reason was said.
 */
bool conf_read(const char *root, const struct conf_taker *taker)
{
	unsigned int number = 0;
	char *rest, *line;

	free(text);
	text = whole_file_line(root, CONF_PATH);
	if (!text && errno != ENOENT && errno != ENOTDIR) {
		say_failed(CONF_PATH, "cannot be read: %s", strerror(errno));
		return false;
	}
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		const char *wrong = take_line(taker, line);

		number++;
		if (wrong) {
			say_failed(CONF_PATH, "line %u, \"%.64s\": %s", number, line, wrong);
			return false;
		}
	}
	return true;
}
