// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: the command line of a command.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "array.h"
#include "conf.h"
#include "decimal.h"
#include "size.h"
#include "wish.h"

#define INITRD		"/boot/ras-second.cpio"
#define MIB		(1024u * 1024)
#define MEMORY		(64ull * MIB)
/* A kernel is loaded from 16 MiB on, and below 4 GiB. */
#define MEMORY_LEAST	(17ull * MIB)
#define MEMORY_MOST	(2048ull * MIB)
#define WAIT_MOST	3600
#define HOOK_SECONDS	30

enum {
	OPTION_HELP = 256,
	OPTION_KERNEL,
	OPTION_INITRD,
	OPTION_MEMORY,
	OPTION_APPEND,
	OPTION_JOB,
	OPTION_DRY,
	OPTION_JSON,
	OPTION_LOAD_ONLY,
	OPTION_SIZE,
	OPTION_STAY,
	OPTION_COMPRESS,
	OPTION_WAIT,
	OPTION_FOR,
	OPTION_PROGRAM,
	OPTION_ROOT,
	OPTION_UPDATE,
	OPTION_REMOVE,
	/* In the file of settings only. */
	SETTING_DEVICE,
	SETTING_HOOK_SECONDS,
};

/* What the file of settings may have. */
static const struct {
	const char	*name;
	int		option;
} settings[] = {
	{ "DEVICE",		SETTING_DEVICE },
	{ "KERNEL",		OPTION_KERNEL },
	{ "INITRD",		OPTION_INITRD },
	{ "MEMORY",		OPTION_MEMORY },
	{ "APPEND",		OPTION_APPEND },
	{ "COMPRESS",		OPTION_COMPRESS },
	{ "PROGRAM",		OPTION_PROGRAM },
	{ "HOOK_SECONDS",	SETTING_HOOK_SECONDS },
};

/* All options.  Those that each command takes have no bit. */
static const struct {
	unsigned int	takes;
	struct option	option;
} all_options[] = {
	{ 0,			{ "help",	no_argument,		NULL, OPTION_HELP } },
	{ 0,			{ "root",	required_argument,	NULL, OPTION_ROOT } },
	{ TAKES_KERNEL,		{ "kernel",	required_argument,	NULL, OPTION_KERNEL } },
	{ TAKES_KERNEL,		{ "initrd",	required_argument,	NULL, OPTION_INITRD } },
	{ TAKES_KERNEL,		{ "memory",	required_argument,	NULL, OPTION_MEMORY } },
	{ TAKES_KERNEL,		{ "append",	required_argument,	NULL, OPTION_APPEND } },
	{ TAKES_JOB,		{ "job",	required_argument,	NULL, OPTION_JOB } },
	{ TAKES_DRY,		{ "dry-run",	no_argument,		NULL, OPTION_DRY } },
	{ TAKES_JSON,		{ "json",	no_argument,		NULL, OPTION_JSON } },
	{ TAKES_LOAD_ONLY,	{ "load-only",	no_argument,		NULL, OPTION_LOAD_ONLY } },
	{ TAKES_SIZE,		{ "size",	required_argument,	NULL, OPTION_SIZE } },
	{ TAKES_STAY,		{ "no-power-off", no_argument,		NULL, OPTION_STAY } },
	{ TAKES_COMPRESS,	{ "compress",	required_argument,	NULL, OPTION_COMPRESS } },
	{ TAKES_WAIT,		{ "wait",	required_argument,	NULL, OPTION_WAIT } },
	{ TAKES_INITRD,		{ "for",		required_argument,	NULL, OPTION_FOR } },
	{ TAKES_PROGRAM,	{ "program",	required_argument,	NULL, OPTION_PROGRAM } },
	{ TAKES_SETUP,		{ "update",	no_argument,		NULL, OPTION_UPDATE } },
	{ TAKES_SETUP,		{ "remove",	no_argument,		NULL, OPTION_REMOVE } },
};

/* Say that the command line makes no sense.  Return: so, for callers that end with it. */
static enum result usage(const char *command, const char *reason)
{
	if (reason)
		fprintf(stderr, "ras-hibernate %s: %s\n", command, reason);
	fprintf(stderr, "Try 'ras-hibernate %s --help'.\n", command);
	return RESULT_USAGE;
}

static void choose_options(unsigned int takes, struct option *options)
{
	for (size_t i = 0; i < ARRAY_SIZE(all_options); i++)
		if (!(all_options[i].takes & ~takes))
			*options++ = all_options[i].option;
}

static const char *read_size(const char *text, uint64_t least, uint64_t most, uint64_t *size)
{
	const char *end;

	if (!size_parse(text, size, &end) || *end)
		return "a size is a number, and perhaps K, M, G or T behind it";
	if (*size < least || *size > most || *size % MIB)
		return "the size is too small or too large, or no multiple of 1 MiB";
	return NULL;
}

static const char *read_method(const char *name, struct wish *wish)
{
	wish->has_method = image_method_find(name, &wish->method);
	return wish->has_method ? NULL : "--compress takes none, lz4 or zstd";
}

/* What a set-up has, and its settings.  Return: NULL, or what is wrong with it. */
static const char *take_for_setup(struct wish *wish, int option, char *text)
{
	switch (option) {
	case OPTION_UPDATE:
		wish->is_update = true;
		break;
	case OPTION_REMOVE:
		wish->is_removal = true;
		break;
	case SETTING_DEVICE:
		wish->place = text;
		return *text == '/' ? NULL : "a device has a path";
	case SETTING_HOOK_SECONDS:
		return decimal_parse(text, 1, WAIT_MOST, &wish->hook_seconds) ? NULL :
		       "it is a number of seconds, at most an hour";
	}
	return NULL;
}

/* Return: NULL, or what is wrong with it. */
static const char *take(struct wish *wish, int option, char *text)
{
	switch (option) {
	case OPTION_ROOT:
		wish->root = text;
		/* What was read there is not about this machine. */
		wish->is_dry = true;
		break;
	case OPTION_KERNEL:
		wish->kernel = text;
		break;
	case OPTION_INITRD:
		wish->initrd = text;
		break;
	case OPTION_APPEND:
		wish->append = text;
		break;
	case OPTION_JOB:
		wish->job = text;
		break;
	case OPTION_FOR:
		wish->device = text;
		break;
	case OPTION_PROGRAM:
		wish->program = text;
		break;
	case OPTION_DRY:
		wish->is_dry = true;
		wish->is_only_shown = true;
		break;
	case OPTION_JSON:
		wish->is_json = true;
		break;
	case OPTION_LOAD_ONLY:
		wish->is_load_only = true;
		break;
	case OPTION_STAY:
		wish->is_staying = true;
		break;
	case OPTION_MEMORY:
		return read_size(text, MEMORY_LEAST, MEMORY_MOST, &wish->memory);
	case OPTION_SIZE:
		return read_size(text, MIB, INT64_MAX, &wish->size);
	case OPTION_COMPRESS:
		return read_method(text, wish);
	case OPTION_WAIT:
		return decimal_parse(text, 0, WAIT_MOST, &wish->wait) ? NULL :
		       "--wait takes a number of seconds, at most an hour";
	}
	return take_for_setup(wish, option, text);
}

/* Return: NULL, or what is wrong with a line of the file of settings. */
static const char *take_setting(void *to, const char *name, const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (!strcmp(settings[i].name, name))
			return take(to, settings[i].option, (char *)value);
	return "there is no such setting";
}

/* The kernel that runs is the one that is known to run here. */
static const char *this_kernel(void)
{
	static char path[sizeof("/boot/vmlinuz-") + sizeof(((struct utsname *)0)->release)];
	struct utsname name;

	if (uname(&name))
		name.release[0] = 0;
	snprintf(path, sizeof(path), "/boot/vmlinuz-%s", name.release);
	return path;
}

/* The options alone.  Return: %RESULT_GOOD, or they make no sense, which was said. */
static enum result read_options(struct wish *wish, const struct wish_syntax *syntax, int argc,
				char **argv)
{
	struct option options[ARRAY_SIZE(all_options) + 1] = { 0 };
	const char *wrong;
	int option;

	choose_options(syntax->takes, options);
	/* From the first argument on, also if it is not the first time. */
	optind = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == OPTION_HELP) {
			wish->is_done = true;
			return RESULT_GOOD;
		}
		if (option == '?')
			return usage(argv[0], NULL);
		wrong = take(wish, option, optarg);
		if (wrong)
			return usage(argv[0], wrong);
	}
	return RESULT_GOOD;
}

/* The file is where --root says; the command line has the last word. */
static enum result read_settings(struct wish *wish, const struct wish_syntax *syntax, int argc,
				 char **argv)
{
	const struct conf_taker taker = { .take = take_setting, .to = wish };

	if (!(syntax->takes & (TAKES_KERNEL | TAKES_PLACE)))
		return RESULT_GOOD;
	if (!conf_read(wish->root, &taker))
		return RESULT_FAILED;
	return read_options(wish, syntax, argc, argv);
}

/**
 * wish_read() - read a command line
 * @wish: set to what it asks for
 * @syntax: what it may have
 * @argc: number of arguments
 * @argv: the arguments
 *
 * Return: %RESULT_GOOD, and @wish.is_done if that was all; otherwise it makes no sense, which was
 *	said.
 */
enum result wish_read(struct wish *wish, const struct wish_syntax *syntax, int argc, char **argv)
{
	enum result result;

	*wish = (struct wish){
		.root = "", .append = "", .kernel = this_kernel(), .initrd = INITRD,
		.memory = MEMORY, .program = WISH_PROGRAM, .hook_seconds = HOOK_SECONDS,
	};
	result = read_options(wish, syntax, argc, argv);
	if (wish->is_done)
		fputs(syntax->help, stdout);
	else if (result == RESULT_GOOD)
		result = read_settings(wish, syntax, argc, argv);
	if (wish->is_done || result != RESULT_GOOD)
		return result;
	wish->names = argv + optind;
	wish->count = argc - optind;
	if (!wish->count && (syntax->takes & TAKES_PLACE) && wish->place) {
		wish->names = &wish->place;
		wish->count = 1;
	}
	if (syntax->takes & TAKES_SETUP && (wish->is_update || wish->is_removal) && !wish->count)
		return RESULT_GOOD;
	if (wish->count < syntax->names || (wish->count > syntax->names && !syntax->has_more))
		return usage(argv[0], syntax->names ? "so many names do not fit" :
			     "it takes no names");
	return RESULT_GOOD;
}
