/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rasctl: what its commands have in common.
 */
#ifndef RAS_RASCTL_H
#define RAS_RASCTL_H

#include <stdbool.h>

/**
 * enum answer - what a command comes to, and the exit status
 * @ANSWER_YES: what was asked is so, or was done
 * @ANSWER_NO: it is not so, or the kernel has refused it
 * @ANSWER_TROUBLE: nobody knows: the command line makes no sense, or a file cannot be read
 */
enum answer {
	ANSWER_YES,
	ANSWER_NO,
	ANSWER_TROUBLE,
};

/**
 * struct context - what the options in front of the command say
 * @sysfs: the name of the framework's directory
 * @directory: that directory, open
 * @proc: the directory of /proc
 * @json: write JSON
 */
struct context {
	const char	*sysfs;
	int		directory;
	const char	*proc;
	bool		json;
};

/* The triggers that the commands have something to do with. */
#define TRIGGER_PANIC	"panic"

/*
 * The commands.  @argv[0] is the word after which the arguments of the command come, and there
 * is a NULL at the end.
 */
enum answer status_command(const struct context *context, int argc, char **argv);
enum answer plan_command(const struct context *context, int argc, char **argv);
enum answer rehearse_command(const struct context *context, int argc, char **argv);
enum answer enable_command(const struct context *context, int argc, char **argv);
enum answer disable_command(const struct context *context, int argc, char **argv);
enum answer get_command(const struct context *context, int argc, char **argv);
enum answer set_command(const struct context *context, int argc, char **argv);
enum answer setup_command(const struct context *context, int argc, char **argv);
enum answer netdump_setup_command(const struct context *context, int argc, char **argv);
enum answer live_command(const struct context *context, int argc, char **argv);
enum answer dump_test_command(const struct context *context, int argc, char **argv);
enum answer hibernate_command(const struct context *context, int argc, char **argv);

enum answer usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
