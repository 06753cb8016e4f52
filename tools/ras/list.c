// SPDX-License-Identifier: GPL-2.0
/*
 * ras-savecore: the areas that the command line and files name.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"
#include "source.h"

static const char blanks[] = " \t\r\n";

/**
 * list_add() - add an area
 * @list: the list
 * @name: of the area, or the directory of the region of memory; it is copied
 * @is_memory: it is a region
 *
 * Return: %DONE; or %FAILED, and the reason was said.
 */
enum outcome list_add(struct list *list, const char *name, bool is_memory)
{
	const size_t size = (list->count + 1) * sizeof(*list->entries);
	struct list_entry *entries = realloc(list->entries, size);

	if (entries) {
		list->entries = entries;
		entries[list->count].is_memory = is_memory;
		entries[list->count].name = strdup(name);
		if (entries[list->count].name) {
			list->count++;
			return DONE;
		}
	}
	return say_failed(name, "no memory");
}

/* Without blanks at either end; empty if it is a comment. */
static char *strip(char *line)
{
	size_t length;

	line += strspn(line, blanks);
	if (*line == '#')
		*line = '\0';
	length = strlen(line);
	while (length && strchr(blanks, line[length - 1]))
		line[--length] = '\0';
	return line;
}

static enum outcome add_line(struct list *list, const char *path, size_t number, char *line,
			     size_t length)
{
	const bool has_zero = strlen(line) < length;
	const char *name = strip(line);

	if (has_zero) {
		say_failed(path, "line %zu has a byte that is 0", number);
		return USAGE;
	}
	if (!*name)
		return DONE;
	if (!strcmp(name, LIST_MEMORY))
		return list_add(list, MEMORY_DIRECTORY, true);
	/* Nobody knows what directory a service runs in. */
	if (*name != '/') {
		say_failed(path, "line %zu: \"%s\" is neither an absolute path nor \""
			   LIST_MEMORY "\"", number, name);
		return USAGE;
	}
	return list_add(list, name, false);
}

/**
 * list_read() - add the areas that a file names, one in a line
 * @list: the list
 * @path: of the file
 *
 * Return: %DONE; %USAGE if a line is neither a path nor empty; or %FAILED.  The reason was
 *	said.
 */
enum outcome list_read(struct list *list, const char *path)
{
	enum outcome outcome = DONE;
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0, number = 0;
	ssize_t length;

	if (!file)
		return say_failed(path, "%s", strerror(errno));
	while (outcome == DONE && (length = getline(&line, &room, file)) > 0)
		outcome = add_line(list, path, ++number, line, (size_t)length);
	if (outcome == DONE && ferror(file))
		outcome = say_failed(path, "%s", strerror(errno));
	free(line);
	fclose(file);
	return outcome;
}

/**
 * list_free() - free what the list has
 * @list: the list
 */
void list_free(struct list *list)
{
	while (list->count)
		free(list->entries[--list->count].name);
	free(list->entries);
}
