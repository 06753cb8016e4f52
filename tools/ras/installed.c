// SPDX-License-Identifier: GPL-2.0
/*
 * rasctl: is there somebody who fetches dumps at boot?
 */
#include <fcntl.h>
#include <paths.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "installed.h"

/* Of a shell that knows nothing of what was installed by hand. */
#define MORE_PLACES	":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/**
 * installed_program() - is there such a program?
 * @name: of the program
 */
bool installed_program(const char *name)
{
	const char *path = getenv("PATH");
	char places[8192], file[4096], *rest = places;

	snprintf(places, sizeof(places), "%s" MORE_PLACES, path ? path : "");
	for (char *place; (place = strsep(&rest, ":"));) {
		if (*place != '/')
			continue;
		snprintf(file, sizeof(file), "%s/%s", place, name);
		if (!access(file, X_OK))
			return true;
	}
	return false;
}

/**
 * installed_unit() - is a unit enabled?
 * @name: of the unit
 */
enum unit installed_unit(const char *name)
{
	char program[] = "systemctl", command[] = "is-enabled";
	char *argv[4] = { NULL };
	posix_spawn_file_actions_t actions;
	int status = -1, failed;
	pid_t child;

	argv[0] = program;
	argv[1] = command;
	argv[2] = strdup(name);
	if (!argv[2] || posix_spawn_file_actions_init(&actions))
		return UNIT_NO_SYSTEMD;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		posix_spawn_file_actions_addopen(&actions, fd, _PATH_DEVNULL, O_RDWR, 0);
	failed = posix_spawnp(&child, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	free(argv[2]);
	if (failed || waitpid(child, &status, 0) != child)
		return UNIT_NO_SYSTEMD;
	/* A shell's "not found", from an older libc. */
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return UNIT_NO_SYSTEMD;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? UNIT_ENABLED : UNIT_NOT_ENABLED;
}
