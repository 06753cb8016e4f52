// SPDX-License-Identifier: GPL-2.0
/*
 * rasctl - what a crash of this machine will do: look at it, rehearse it, change it
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "array.h"
#include "rasctl.h"
#include "say.h"

const char say_program[] = "rasctl";

#define VERSION "1"
#define SYSFS	"/sys/kernel/ras"
#define PROC	"/proc"
/* No command takes more arguments than the system does. */
#define ANY	4096

static const char help[] =
"usage: rasctl [OPTION]... COMMAND\n"
"\n"
"Shows, rehearses and changes what a crash of this machine will do.\n"
"\n"
"  status                       would a crash now be saved, and by whom\n"
"  plan [TRIGGER]               what each trigger, or this one, would run\n"
"  rehearse                     stop every CPU for a moment, run no handler\n"
"  enable [KIND] NAME           switch on a handler, a trigger or the framework;\n"
"  disable [KIND] NAME          KIND is handler or trigger\n"
"  get FILE                     show a file of " SYSFS "\n"
"  set FILE VALUE               write to it\n"
"  dump setup                   show where dumps go\n"
"  dump setup TARGET...         have dumps go there: a partition, a file, memory,\n"
"                               net:SERVER; or none\n"
"       --create SIZE           make the file TARGET, and fill it with zeros\n"
"       --wipe                  write zeros over both ends of a partition that holds\n"
"                               something else, after a question\n"
"       --yes                   do not ask\n"
"  netdump setup SERVER         have dumps go to this receiver first, an IP address\n"
"       --interface NAME        by this interface, whatever the routes say\n"
"       --port N                its port (default: 20023)\n"
"       --server-key KEY        its public key, of 64 hexadecimal digits or in a file:\n"
"                               all packets are proven, and so are its answers\n"
"  dump --live FILE             stop the machine while its memory is copied; have it go on,\n"
"                               and write the copy to FILE\n"
"  dump test [--config FILE]    try all of a dump but the crash; FILE has the areas of\n"
"                               ras-savecore (default: /etc/ras/areas)\n"
"  hibernate COMMAND...         what ras-hibernate(8) does, such as: hibernate setup DEVICE\n"
"\n"
"      --json                   write JSON: status, rehearse, get, dump setup, netdump setup,\n"
"                               dump --live\n"
"      --sysfs DIR              instead of " SYSFS ", for tests\n"
"      --proc DIR               instead of " PROC ", for tests\n"
"      --help                   show this text\n"
"      --version                show the version\n"
"\n"
"Exit status: 0 yes, or done; 1 no, or refused by the kernel; 2 usage, or nobody knows.\n";

enum {
	OPTION_JSON = 256,
	OPTION_SYSFS,
	OPTION_PROC,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option long_options[] = {
	{ "json",	no_argument,		NULL, OPTION_JSON },
	{ "sysfs",	required_argument,	NULL, OPTION_SYSFS },
	{ "proc",	required_argument,	NULL, OPTION_PROC },
	{ "help",	no_argument,		NULL, OPTION_HELP },
	{ "version",	no_argument,		NULL, OPTION_VERSION },
	{ NULL,		0,			NULL, 0 },
};

/**
 * struct command - a command
 * @name: its first word
 * @word: its second word, or %NULL
 * @least: @most: how many arguments it takes
 * @has_json: it can write JSON
 * @run: what it does
 */
struct command {
	const char	*name;
	const char	*word;
	int		least;
	int		most;
	bool		has_json;
	enum answer	(*run)(const struct context *context, int argc, char **argv);
};

static const struct command commands[] = {
	{ "status",	NULL,		0, 0,	true,	status_command },
	{ "plan",	NULL,		0, 1,	false,	plan_command },
	{ "rehearse",	NULL,		0, 0,	true,	rehearse_command },
	{ "enable",	NULL,		1, 2,	false,	enable_command },
	{ "disable",	NULL,		1, 2,	false,	disable_command },
	{ "get",	NULL,		1, 1,	true,	get_command },
	{ "set",	NULL,		2, 2,	false,	set_command },
	{ "dump",	"setup",	0, ANY,	true,	setup_command },
	{ "netdump",	"setup",	1, ANY,	true,	netdump_setup_command },
	{ "dump",	"--live",	1, 1,	true,	live_command },
	{ "dump",	"test",		0, ANY,	false,	dump_test_command },
	{ "hibernate",	NULL,		1, ANY,	false,	hibernate_command },
};

/**
 * usage_error() - say what is wrong with the command line
 * @format: the reason, for printf(3); %NULL: it was said
 *
 * Return: %ANSWER_TROUBLE, for callers that end with it.
 */
enum answer usage_error(const char *format, ...)
{
	va_list arguments;

	if (format) {
		fputs("rasctl: ", stderr);
		va_start(arguments, format);
		vfprintf(stderr, format, arguments);
		va_end(arguments);
		fputc('\n', stderr);
	}
	fputs("Try 'rasctl --help'.\n", stderr);
	return ANSWER_TROUBLE;
}

/* Return: the command, or NULL, and the reason was said. */
static const struct command *find_command(const char *name, const char *word)
{
	bool has_name = false;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *command = commands + i;

		if (strcmp(command->name, name))
			continue;
		has_name = true;
		if (!command->word || (word && !strcmp(command->word, word)))
			return command;
	}
	if (!has_name)
		usage_error("there is no command \"%s\"", name);
	else if (word)
		usage_error("there is no command \"%s %s\"", name, word);
	else
		usage_error("%s what?", name);
	return NULL;
}

static bool open_directory(struct context *context)
{
	context->directory = open(context->sysfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (context->directory >= 0)
		return true;
	say_failed(context->sysfs, "%s%s", strerror(errno), errno == ENOENT ?
		   ": this kernel does not have the RAS stop framework (CONFIG_RAS_STOP)" :
		   errno == EACCES ? ": this needs root" : "");
	return false;
}

/* --json may stand behind the command as well. */
static int take_json(struct context *context, int argc, char **argv)
{
	int kept = 0;

	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			context->json = true;
		else
			argv[kept++] = argv[i];
	}
	argv[kept] = NULL;
	return kept;
}

static enum answer run(struct context *context, int argc, char **argv)
{
	const struct command *command;
	enum answer answer;

	if (!argc)
		return usage_error("no command is named");
	command = find_command(argv[0], argv[1]);
	if (!command)
		return ANSWER_TROUBLE;
	if (command->word)
		argc--, argv++;
	if (command->has_json)
		argc = take_json(context, argc, argv);
	if (argc - 1 < command->least || argc - 1 > command->most)
		return usage_error("%s takes %s arguments", argv[0],
				   argc - 1 < command->least ? "more" : "fewer");
	if (context->json && !command->has_json)
		return usage_error("%s does not write JSON", argv[0]);
	if (!open_directory(context))
		return ANSWER_TROUBLE;
	answer = command->run(context, argc, argv);
	close(context->directory);
	return answer;
}

/* Return: an option has ended the program, with *answer. */
static bool take_options(struct context *context, int argc, char **argv, enum answer *answer)
{
	int option;

	*answer = ANSWER_YES;
	/* "+": what comes behind the command is its own. */
	while ((option = getopt_long(argc, argv, "+", long_options, NULL)) != -1) {
		switch (option) {
		case OPTION_JSON:
			context->json = true;
			break;
		case OPTION_SYSFS:
			context->sysfs = optarg;
			break;
		case OPTION_PROC:
			context->proc = optarg;
			break;
		case OPTION_HELP:
			fputs(help, stdout);
			return true;
		case OPTION_VERSION:
			puts("rasctl " VERSION);
			return true;
		default:
			*answer = usage_error(NULL);
			return true;
		}
	}
	return false;
}

/* A standard descriptor that is closed would be given to the next file that is opened. */
static void fill_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct context context = { .sysfs = SYSFS, .proc = PROC };
	enum answer answer;

	fill_descriptors();
	if (!take_options(&context, argc, argv, &answer))
		answer = run(&context, argc - optind, argv + optind);
	if (fflush(stdout) || ferror(stdout)) {
		say_failed("standard output", "cannot be written");
		answer = ANSWER_TROUBLE;
	}
	return (int)answer;
}
