// SPDX-License-Identifier: GPL-2.0
/*
 * rasctl: handlers, triggers and the framework are switched on and off.
 */
#include <stdio.h>
#include <string.h>

#include "policy-file.h"
#include "say.h"
#include "value.h"

/* What can be switched. */
enum kind {
	KIND_HANDLER,
	KIND_TRIGGER,
	KIND_FRAMEWORK,
	KINDS,
};

static const char * const kinds[] = {
	[KIND_HANDLER]		= "handler",
	[KIND_TRIGGER]		= "trigger",
	[KIND_FRAMEWORK]	= "framework",
};

/* The file of the switch. */
struct path {
	char	text[320];
};

/* Return: there is such a switch. */
static bool find(const struct context *context, enum kind kind, const char *name,
		 struct path *path)
{
	if (kind == KIND_FRAMEWORK) {
		strcpy(path->text, "enabled");
		return !strcmp(name, kinds[KIND_FRAMEWORK]);
	}
	snprintf(path->text, sizeof(path->text), "%ss/%.255s/enabled", kinds[kind], name);
	return *name && !strchr(name, '/') && policy_has(context, path->text);
}

/* "handler kdb" */
static enum answer switch_kind(const struct context *context, const char *kind_name,
			       const char *name, const char *value)
{
	struct path path;

	for (enum kind kind = KIND_HANDLER; kind < KIND_FRAMEWORK; kind++) {
		if (strcmp(kind_name, kinds[kind]))
			continue;
		if (find(context, kind, name, &path))
			return value_change(context, path.text, value);
		return usage_error("there is no %s \"%s\"", kind_name, name);
	}
	return usage_error("\"%s\" is neither handler nor trigger", kind_name);
}

/* "kdb" */
static enum answer switch_name(const struct context *context, const char *name,
			       const char *value)
{
	struct path path, found;
	int count = 0;

	for (enum kind kind = KIND_HANDLER; kind < KINDS; kind++) {
		if (!find(context, kind, name, &path))
			continue;
		found = path;
		count++;
	}
	if (!count)
		return usage_error("there is no handler and no trigger \"%s\"", name);
	if (count > 1)
		return usage_error("\"%s\" is more than one thing: say handler or trigger", name);
	return value_change(context, found.text, value);
}

static enum answer switch_it(const struct context *context, int argc, char **argv,
			     const char *value)
{
	if (argc == 3)
		return switch_kind(context, argv[1], argv[2], value);
	return switch_name(context, argv[1], value);
}

/**
 * enable_command() - rasctl enable [handler | trigger] NAME
 * @context: the context
 * @argc: number of arguments
 * @argv: the arguments
 */
enum answer enable_command(const struct context *context, int argc, char **argv)
{
	return switch_it(context, argc, argv, "1");
}

/**
 * disable_command() - rasctl disable [handler | trigger] NAME
 * @context: the context
 * @argc: number of arguments
 * @argv: the arguments
 */
enum answer disable_command(const struct context *context, int argc, char **argv)
{
	return switch_it(context, argc, argv, "0");
}
