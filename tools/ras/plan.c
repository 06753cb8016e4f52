// SPDX-License-Identifier: GPL-2.0
/*
 * rasctl: the plan, which is for people: it is shown, and the reason why a handler is not armed
 * is taken from it, because no other file has that.  Nothing is decided by it.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plan.h"
#include "policy-file.h"
#include "say.h"

static const char not_armed[] = "not armed: ";

/* The line behind this one, or the end. */
static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

/**
 * plan_section() - find what the plan says of a trigger
 * @plan: the plan
 * @trigger: the trigger; %NULL: all of it
 * @length: set to the length of the section
 *
 * Return: the section, which begins with the name of the trigger; or %NULL.
 */
const char *plan_section(const char *plan, const char *trigger, size_t *length)
{
	const char *line = plan, *end;
	size_t name;

	*length = strlen(plan);
	if (!trigger)
		return plan;
	name = strlen(trigger);
	while (*line && (strncmp(line, trigger, name) || !strchr("\n ", line[name])))
		line = next_line(line);
	if (!*line)
		return NULL;
	end = next_line(line);
	while (*end == ' ')
		end = next_line(end);
	*length = (size_t)(end - line);
	return line;
}

/* Is the line "  300 NAME not armed: REASON"?  Return: the reason, or NULL. */
static const char *reason_in(const char *line, const char *handler)
{
	const size_t name = strlen(handler);

	line += strspn(line, " ");
	line += strspn(line, "0123456789");
	line += strspn(line, " ");
	if (strncmp(line, handler, name))
		return NULL;
	line += name;
	line += strspn(line, " ");
	if (strncmp(line, not_armed, strlen(not_armed)))
		return NULL;
	return line + strlen(not_armed);
}

/**
 * plan_reason() - why a handler is not armed
 * @plan: the plan
 * @trigger: the trigger; %NULL: any
 * @handler: the name of the handler
 *
 * Return: the reason, to be freed; %NULL if the plan has none.
 */
char *plan_reason(const char *plan, const char *trigger, const char *handler)
{
	size_t length;
	const char *line = plan_section(plan, trigger, &length), *end = line + length;

	for (; line && line < end; line = next_line(line)) {
		const char *reason = reason_in(line, handler);

		if (reason && *reason != '\n' && *reason)
			return strndup(reason, strcspn(reason, "\n"));
	}
	return NULL;
}

static void say_no_trigger(const struct context *context, const char *name)
{
	const int fd = openat(context->directory, "triggers", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	char names[512] = "";

	while (directory && (entry = readdir(directory))) {
		const size_t length = strlen(names);

		if (entry->d_name[0] != '.')
			snprintf(names + length, sizeof(names) - length, " %s", entry->d_name);
	}
	if (directory)
		closedir(directory);
	usage_error("there is no trigger \"%s\"; there are%s", name, names);
}

/**
 * plan_command() - rasctl plan [TRIGGER]
 * @context: the context
 * @argc: number of arguments
 * @argv: the arguments
 */
enum answer plan_command(const struct context *context, int argc, char **argv)
{
	const char *trigger = argc > 1 ? argv[1] : NULL, *section;
	enum answer answer = ANSWER_TROUBLE;
	char path[300];
	size_t length;
	char *plan;

	if (trigger) {
		snprintf(path, sizeof(path), "triggers/%.255s/enabled", trigger);
		if (strchr(trigger, '/') || !policy_has(context, path)) {
			say_no_trigger(context, trigger);
			return ANSWER_TROUBLE;
		}
	}
	plan = policy_read(context, "plan");
	if (!plan)
		return ANSWER_TROUBLE;
	section = plan_section(plan, trigger, &length);
	if (section) {
		while (length && section[length - 1] == '\n')
			length--;
		printf("%.*s\n", (int)length, section);
		answer = ANSWER_YES;
	} else {
		say_failed("plan", "has nothing about the trigger %s", trigger);
	}
	free(plan);
	return answer;
}
