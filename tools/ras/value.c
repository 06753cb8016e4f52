// SPDX-License-Identifier: GPL-2.0
/*
 * rasctl: the value of a file is shown or changed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "policy-file.h"
#include "quote.h"
#include "value.h"

/**
 * value_change() - write a value to a file, and show what it was and what it is
 * @context: the context
 * @path: of the file
 * @value: the value
 */
enum answer value_change(const struct context *context, const char *path, const char *value)
{
	const bool is_readable = policy_can_be_read(context, path);
	char *before = is_readable ? policy_read(context, path) : NULL, *after;

	if (is_readable && !before)
		return ANSWER_TROUBLE;
	if (!policy_write(context, path, value)) {
		free(before);
		return policy_has(context, path) ? ANSWER_NO : ANSWER_TROUBLE;
	}
	/* Of "trigger" there is nothing to read. */
	if (!is_readable) {
		printf("%s: %s was written\n", path, value);
		return ANSWER_YES;
	}
	after = policy_read(context, path);
	if (after)
		printf("%s: %s -> %s\n", path, before, after);
	free(before);
	free(after);
	return after ? ANSWER_YES : ANSWER_TROUBLE;
}

/**
 * get_command() - rasctl get FILE
 * @context: the context
 * @argc: number of arguments
 * @argv: the arguments
 */
enum answer get_command(const struct context *context, int argc, char **argv)
{
	char *value = policy_read(context, argv[1]);

	(void)argc;
	if (!value)
		return ANSWER_TROUBLE;
	if (context->json) {
		fputs("{\"file\": ", stdout);
		quote_json(argv[1]);
		fputs(", \"value\": ", stdout);
		quote_json(value);
		puts("}");
	} else {
		puts(value);
	}
	free(value);
	return ANSWER_YES;
}

/**
 * set_command() - rasctl set FILE VALUE
 * @context: the context
 * @argc: number of arguments
 * @argv: the arguments
 */
enum answer set_command(const struct context *context, int argc, char **argv)
{
	(void)argc;
	return value_change(context, argv[1], argv[2]);
}
