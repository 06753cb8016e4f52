// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump: what the commands have in common.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "array.h"
#include "command.h"
#include "json.h"
#include "say.h"

/* What the reason begins with, on standard error. */
#define DAMAGED	"damaged: "

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
 * command_said() - what has failed was said: say it also in JSON
 * @request: what is asked for
 * @verdict: what it comes to: %VERDICT_DAMAGED or %VERDICT_TROUBLE
 * @name: of the file that it is about
 *
 * Return: @verdict, for callers that end with it.
 */
enum verdict command_said(const struct request *request, enum verdict verdict, const char *name)
{
	const bool is_damaged = verdict == VERDICT_DAMAGED;
	const char *reason = say_last();
	struct json json = { .file = request->out };

	if (!request->is_json)
		return verdict;
	if (is_damaged && !strncmp(reason, DAMAGED, strlen(DAMAGED)))
		reason += strlen(DAMAGED);
	json_begin(&json, NULL, '{');
	json_string(&json, "file", name);
	json_string(&json, "result", is_damaged ? "damaged" : "refused");
	json_string(&json, "error", reason);
	json_end(&json, '}');
	fputc('\n', json.file);
	return verdict;
}

/**
 * command_failed() - say why there is nothing to show, also in JSON
 * @request: what is asked for
 * @verdict: what it comes to: %VERDICT_DAMAGED or %VERDICT_TROUBLE
 * @name: of the file that it is about
 * @reason: why
 *
 * Return: @verdict, for callers that end with it.
 */
enum verdict command_failed(const struct request *request, enum verdict verdict,
			    const char *name, const char *reason)
{
	say_failed(name, "%s%s", verdict == VERDICT_DAMAGED ? DAMAGED : "", reason);
	return command_said(request, verdict, name);
}

/**
 * command_open() - open a dump that a command looks at, or say why not
 * @request: what is asked for
 * @name: of the file
 * @bytes: the file, to be closed by bytes_close() whatever comes out
 * @dump: the dump
 *
 * Return: %VERDICT_GOOD if it is open.
 */
enum verdict command_open(const struct request *request, const char *name, struct bytes *bytes,
			  struct kdump *dump)
{
	enum kdump_is is = KDUMP_OTHER;
	struct why why;

	if (bytes_open(bytes, name, &why))
		is = kdump_open(dump, bytes, &why);
	if (is == KDUMP_OPEN)
		return VERDICT_GOOD;
	return command_failed(request, is == KDUMP_DAMAGED ? VERDICT_DAMAGED : VERDICT_TROUBLE,
			      name, why.text);
}

/* All options.  Those that each command takes have no bit. */
static const struct {
	unsigned int	takes;
	struct option	option;
} all_options[] = {
	{ 0,			{ "help",	no_argument,		NULL, 'h' } },
	{ 0,			{ "json",	no_argument,		NULL, 'j' } },
	{ TAKES_ALL,		{ "all",	no_argument,		NULL, 'a' } },
	{ TAKES_QUIET,		{ "quiet",	no_argument,		NULL, 'q' } },
	{ TAKES_KEY,		{ "key",	required_argument,	NULL, 'k' } },
	{ TAKES_UNTIL_DAMAGE,	{ "until-damage", no_argument,		NULL, 'u' } },
};

/* What getopt_long() is to know of: the long options, and the letters of some. */
static void choose_options(unsigned int takes, struct option *options, char *letters)
{
	for (size_t i = 0; i < ARRAY_SIZE(all_options); i++) {
		const struct option *option = &all_options[i].option;

		if (all_options[i].takes & ~takes)
			continue;
		*options++ = *option;
		if (strchr("aqk", option->val)) {
			*letters++ = (char)option->val;
			if (option->has_arg)
				*letters++ = ':';
		}
	}
}

/**
 * command_parse() - read a command line
 * @syntax: what it may have
 * @request: set to what it asks for; without names if that was all
 * @argc: number of arguments
 * @argv: the arguments
 *
 * Return: %VERDICT_GOOD, or it makes no sense.
 */
enum verdict command_parse(const struct syntax *syntax, struct request *request, int argc,
			   char **argv)
{
	struct option options[ARRAY_SIZE(all_options) + 1] = { 0 };
	char letters[2 * ARRAY_SIZE(all_options) + 1] = "";
	int option;

	*request = (struct request){ .out = stdout };
	choose_options(syntax->takes, options, letters);
	while ((option = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		if (option == 'h') {
			fputs(syntax->help, request->out);
			return VERDICT_GOOD;
		}
		if (option == '?')
			return command_usage(argv[0], NULL);
		request->is_json |= option == 'j';
		request->is_all |= option == 'a';
		request->is_quiet |= option == 'q';
		request->is_until_damage |= option == 'u';
		if (option == 'k')
			request->key = optarg;
	}
	if (argc - optind < syntax->least || argc - optind > syntax->most)
		return command_usage(argv[0], syntax->names);
	if (syntax->takes & TAKES_KEY && !request->key)
		return command_usage(argv[0], "--key is to be given");
	request->names = argv + optind;
	request->count = argc - optind;
	request->name = argv[optind];
	return VERDICT_GOOD;
}

/**
 * command_look() - do a command that looks at one dump
 * @look: the command
 * @argc: number of arguments
 * @argv: the arguments
 *
 * Return: what came of it.
 */
enum verdict command_look(const struct look *look, int argc, char **argv)
{
	const struct syntax syntax = {
		.help	= look->help,
		.takes	= look->takes,
		.least	= 1,
		.most	= 1,
		.names	= "one file is to be named",
	};
	struct request request;
	enum verdict verdict = command_parse(&syntax, &request, argc, argv);
	struct kdump dump;
	struct bytes bytes;

	if (!request.name)
		return verdict;
	verdict = command_open(&request, request.name, &bytes, &dump);
	if (verdict == VERDICT_GOOD)
		verdict = look->run(&request, &dump);
	bytes_close(&bytes);
	return verdict;
}
