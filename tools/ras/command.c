// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump: what the commands have in common.
 */
#include <stdio.h>

#include "command.h"
#include "json.h"
#include "say.h"

/**
 * command_usage() - say that the command line makes no sense
 * @command: its name
 * @reason: why, or %NULL if getopt(3) has said it
 *
 * Return: %VERDICT_TROUBLE, for callers that end with it.
 */
enum verdict command_usage(const char *command, const char *reason)
{
	if (reason)
		fprintf(stderr, "ras-dump %s: %s\n", command, reason);
	fprintf(stderr, "Try 'ras-dump %s --help'.\n", command);
	return VERDICT_TROUBLE;
}

/**
 * command_open() - open the dump that a command looks at, or say why not
 * @request: what is asked for
 * @bytes: the file, to be closed by bytes_close() whatever comes out
 * @dump: the dump
 *
 * Return: %VERDICT_GOOD if it is open.
 */
enum verdict command_open(const struct request *request, struct bytes *bytes,
			  struct kdump *dump)
{
	struct json json = { .file = request->out };
	enum kdump_is is = KDUMP_OTHER;
	struct why why;

	if (bytes_open(bytes, request->name, &why))
		is = kdump_open(dump, bytes, &why);
	if (is == KDUMP_OPEN)
		return VERDICT_GOOD;
	say_failed(request->name, "%s%s", is == KDUMP_DAMAGED ? "damaged: " : "", why.text);
	if (request->is_json) {
		json_begin(&json, NULL, '{');
		json_string(&json, "file", request->name);
		json_string(&json, "result", is == KDUMP_DAMAGED ? "damaged" : "refused");
		json_string(&json, "error", why.text);
		json_end(&json, '}');
		fputc('\n', json.file);
	}
	return is == KDUMP_DAMAGED ? VERDICT_DAMAGED : VERDICT_TROUBLE;
}
