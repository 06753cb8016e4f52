// SPDX-License-Identifier: GPL-2.0
/*
 * rasctl: disks and files are made targets of the dump engine.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "area.h"
#include "device.h"
#include "edges.h"
#include "policy-file.h"
#include "say.h"
#include "show.h"
#include "size.h"
#include "targets.h"
#include "zero-file.h"

/* A stamp and a block. */
#define SMALLEST	(2 * RAS_DUMP_BLOCK)

enum {
	OPTION_CREATE = 256,
	OPTION_WIPE,
	OPTION_YES,
};

static const struct option long_options[] = {
	{ "create",	required_argument,	NULL, OPTION_CREATE },
	{ "wipe",	no_argument,		NULL, OPTION_WIPE },
	{ "yes",	no_argument,		NULL, OPTION_YES },
	{ NULL,		0,			NULL, 0 },
};

/**
 * struct wish - what the command line asks for
 * @size: of the file that is to be made; 0: none is
 * @wipe: write zeros over the ends of what holds something else
 * @yes: do not ask
 * @names: of the targets
 * @count: of them
 */
struct wish {
	uint64_t	size;
	bool		wipe;
	bool		yes;
	char		**names;
	int		count;
};

static enum answer take_size(struct wish *wish, const char *text)
{
	const char *end;

	if (!size_parse(text, &wish->size, &end) || *end || wish->size < SMALLEST)
		return usage_error("\"%s\" is not a size, such as 512M or 2G", text);
	wish->size = (wish->size + RAS_DUMP_BLOCK - 1) / RAS_DUMP_BLOCK * RAS_DUMP_BLOCK;
	return ANSWER_YES;
}

static enum answer take(struct wish *wish, int option)
{
	switch (option) {
	case OPTION_CREATE:
		return take_size(wish, optarg);
	case OPTION_WIPE:
		wish->wipe = true;
		return ANSWER_YES;
	case OPTION_YES:
		wish->yes = true;
		return ANSWER_YES;
	default:
		return usage_error(NULL);
	}
}

/* What the kernel would misunderstand. */
static enum answer check_names(const struct wish *wish)
{
	for (int i = 0; i < wish->count; i++) {
		const char *name = wish->names[i];

		if (!strcmp(name, TARGETS_NONE) && wish->count > 1)
			return usage_error("none stands alone");
		if (*name != '/' && !target_is_net(name) && strcmp(name, TARGET_MEMORY) &&
		    strcmp(name, TARGETS_NONE))
			return usage_error("\"%s\" is no absolute path, net:SERVER, memory or none",
					   name);
		if (strpbrk(name, " ,\t\n"))
			return usage_error("\"%s\" has a blank or a comma", name);
		for (int j = 0; j < i; j++)
			if (!strcmp(name, wish->names[j]))
				return usage_error("\"%s\" is there twice", name);
	}
	if (wish->size && (wish->count != 1 || wish->names[0][0] != '/'))
		return usage_error("--create makes one file, whose path is the only target");
	if (wish->size && wish->wipe)
		return usage_error("--create and --wipe exclude each other");
	if (wish->wipe && !wish->count)
		return usage_error("--wipe needs a target");
	return ANSWER_YES;
}

static enum answer parse(struct wish *wish, int argc, char **argv)
{
	enum answer answer = ANSWER_YES;
	int option;

	memset(wish, 0, sizeof(*wish));
	optind = 0;
	while (answer == ANSWER_YES) {
		option = getopt_long(argc, argv, "", long_options, NULL);
		if (option == -1)
			break;
		answer = take(wish, option);
	}
	if (answer != ANSWER_YES)
		return answer;
	wish->names = argv + optind;
	wish->count = argc - optind;
	return check_names(wish);
}

/* Somebody sits there and agrees. */
static bool agrees(const char *name, const char *what)
{
	char line[16] = "";

	if (!isatty(STDIN_FILENO)) {
		say_failed(name, "holds %s; nobody is there to be asked, see --yes", what);
		return false;
	}
	fprintf(stderr, "%s holds %s, which is lost if its ends become zeros.  Do it? [y/N] ",
		name, what);
	if (fgets(line, sizeof(line), stdin) && (!strcmp(line, "y\n") || !strcmp(line, "yes\n")))
		return true;
	say_failed(name, "is left as it is");
	return false;
}

/* A partition that is open for us alone.  The first pass only finds out whether it can be done. */
static bool make_free(const struct wish *wish, const char *name, int fd, bool is_first)
{
	struct edges edges;

	if (!edges_look(fd, name, &edges))
		return false;
	if (edges.is_free)
		return true;
	if (!wish->wipe) {
		say_failed(name, "holds %s; an area is full of zeros, see --wipe", edges.what);
		return false;
	}
	if (is_first)
		return true;
	if (!wish->yes && !agrees(name, edges.what))
		return false;
	return edges_wipe(fd, name);
}

/* What the kernel would refuse of a partition; it is asked about a file later. */
static bool prepare(const struct context *context, const struct wish *wish, const char *name,
		    bool is_first)
{
	struct stat about;
	bool good;
	int fd;

	if (*name != '/')
		return true;
	if (wish->size)
		return is_first || zero_file_make(name, wish->size, context->json);
	if (stat(name, &about)) {
		say_failed(name, "%s", strerror(errno));
		return false;
	}
	if (wish->wipe && !S_ISBLK(about.st_mode)) {
		say_failed(name, "--wipe is for partitions; make another file by --create");
		return false;
	}
	if (!S_ISBLK(about.st_mode))
		return true;
	fd = device_open_unused(context, name);
	if (fd < 0)
		return false;
	good = make_free(wish, name, fd, is_first);
	close(fd);
	return good;
}

/* For each target that is not one yet. */
static bool prepare_all(const struct context *context, const struct wish *wish,
			const struct targets *targets)
{
	bool good = true;

	/* Nothing is changed before all can be.  What is a target already is the kernel's. */
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; good && i < wish->count; i++)
			if (wish->size || !targets_find(targets, wish->names[i]))
				good = prepare(context, wish, wish->names[i], !pass);
	return good;
}

static bool write_targets(const struct context *context, const struct wish *wish)
{
	char list[PATH_MAX] = "";
	bool good;

	for (int i = 0; i < wish->count; i++) {
		const size_t length = strlen(list);

		if (strlen(wish->names[i]) + 2 > sizeof(list) - length) {
			say_failed(TARGETS_FILE, "the names are too long");
			return false;
		}
		snprintf(list + length, sizeof(list) - length, "%s%s", i ? " " : "",
			 wish->names[i]);
	}
	good = policy_write(context, TARGETS_FILE, list);
	if (!good && wish->size)
		say_note(wish->names[0], "was made, and is left as it is");
	return good;
}

/* Have dumps go where the command line says. */
static enum answer set_up(const struct context *context, const struct wish *wish)
{
	enum answer answer = ANSWER_TROUBLE;
	struct targets targets;

	if (targets_load(context, &targets))
		answer = prepare_all(context, wish, &targets) && write_targets(context, wish) ?
			 ANSWER_YES : ANSWER_NO;
	targets_free(&targets);
	return answer;
}

/**
 * setup_command() - rasctl dump setup [OPTION]... [TARGET]...
 * @context: the context
 * @argc: number of arguments
 * @argv: the arguments
 */
enum answer setup_command(const struct context *context, int argc, char **argv)
{
	enum answer answer;
	struct wish wish;

	answer = parse(&wish, argc, argv);
	if (answer == ANSWER_YES && wish.count)
		answer = set_up(context, &wish);
	if (answer != ANSWER_YES)
		return answer;
	answer = show_targets(context);
	/* That there is none is what was asked for. */
	if (wish.count && !strcmp(wish.names[0], TARGETS_NONE) && answer == ANSWER_NO)
		answer = ANSWER_YES;
	return answer;
}
