// SPDX-License-Identifier: GPL-2.0
/*
 * rasctl hibernate: what ras-hibernate(8) does.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "rasctl.h"
#include "say.h"

#define PROGRAM	"ras-hibernate"

/**
 * hibernate_command() - rasctl hibernate COMMAND...
 * @context: of the program
 * @argc: number of arguments
 * @argv: the arguments
 *
 * Return: only if the program cannot be run; its exit status is that of this one.
 */
enum answer hibernate_command(const struct context *context, int argc, char **argv)
{
	(void)context;
	(void)argc;
	argv[0] = (char []){ PROGRAM };
	execvp(PROGRAM, argv);
	say_failed(PROGRAM, "cannot be run: %s", strerror(errno));
	return ANSWER_TROUBLE;
}
