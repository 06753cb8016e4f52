// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: the command line of a command.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "array.h"
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
	{ TAKES_INITRD,		{ "program",	required_argument,	NULL, OPTION_PROGRAM } },
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

/* Return: NULL, or what is wrong with it. */
static const char *take(struct wish *wish, int option)
{
	switch (option) {
	case OPTION_ROOT:
		wish->root = optarg;
		/* What was read there is not about this machine. */
		wish->is_dry = true;
		break;
	case OPTION_KERNEL:
		wish->kernel = optarg;
		break;
	case OPTION_INITRD:
		wish->initrd = optarg;
		break;
	case OPTION_APPEND:
		wish->append = optarg;
		break;
	case OPTION_JOB:
		wish->job = optarg;
		break;
	case OPTION_FOR:
		wish->device = optarg;
		break;
	case OPTION_PROGRAM:
		wish->program = optarg;
		break;
	case OPTION_DRY:
		wish->is_dry = true;
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
		return read_size(optarg, MEMORY_LEAST, MEMORY_MOST, &wish->memory);
	case OPTION_SIZE:
		return read_size(optarg, MIB, INT64_MAX, &wish->size);
	case OPTION_COMPRESS:
		return read_method(optarg, wish);
	case OPTION_WAIT:
		return decimal_parse(optarg, 0, WAIT_MOST, &wish->wait) ? NULL :
		       "--wait takes a number of seconds, at most an hour";
	}
	return NULL;
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
	struct option options[ARRAY_SIZE(all_options) + 1] = { 0 };
	const char *wrong;
	int option;

	*wish = (struct wish){
		.root = "", .append = "", .kernel = this_kernel(), .initrd = INITRD,
		.memory = MEMORY, .program = "/proc/self/exe",
	};
	choose_options(syntax->takes, options);
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == OPTION_HELP) {
			fputs(syntax->help, stdout);
			wish->is_done = true;
			return RESULT_GOOD;
		}
		if (option == '?')
			return usage(argv[0], NULL);
		wrong = take(wish, option);
		if (wrong)
			return usage(argv[0], wrong);
	}
	if (argc - optind < syntax->names ||
	    (argc - optind > syntax->names && !syntax->has_more))
		return usage(argv[0], syntax->names ? "so many names do not fit" :
			     "it takes no names");
	wish->names = argv + optind;
	wish->count = argc - optind;
	return RESULT_GOOD;
}
