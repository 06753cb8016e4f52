// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: programs that are run before a save, and afterwards.
 *
 * A program in /etc stands for one of the same name in /usr/lib.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "array.h"
#include "clock.h"
#include "save-hooks.h"
#include "say.h"

#define LOOK_US		10000
/* As run-parts(8) has it: no backups, nothing that a package manager has left. */
#define LETTERS \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

extern char **environ;

static const char * const directories[] = { "/etc/ras/hibernate.d", "/usr/lib/ras/hibernate.d" };

static const char *name_of(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* Whoever can write here gets to be root.  Return: nobody else can; otherwise that was said. */
static bool is_trusted(const char *path, const struct stat *about)
{
	if ((about->st_uid && about->st_uid != geteuid()) || about->st_mode & 0022)
		say_failed(path, "is not run: others than root can write to it");
	else
		return true;
	return false;
}

/* Return: it goes on. */
static bool add(struct save_hooks *hooks, const char *directory, const char *name)
{
	struct stat about;
	char *path;

	for (size_t i = 0; i < hooks->count; i++)
		if (!strcmp(name_of(hooks->paths[i]), name))
			return true;
	if (asprintf(&path, "%s/%s", directory, name) < 0)
		return false;
	if (stat(path, &about) || !S_ISREG(about.st_mode) || !(about.st_mode & 0111)) {
		free(path);
		return true;
	}
	if (is_trusted(path, &about) && hooks->count < SAVE_HOOKS_MOST) {
		hooks->paths[hooks->count++] = path;
		return true;
	}
	if (hooks->count >= SAVE_HOOKS_MOST)
		say_failed(directory, "there are more than %d hooks", SAVE_HOOKS_MOST);
	free(path);
	return false;
}

/* Return: all was found there; otherwise the reason was said. */
static bool add_all(struct save_hooks *hooks, const char *directory)
{
	DIR *list = opendir(directory);
	struct dirent *entry;
	struct stat about;
	bool good;

	if (!list && (errno == ENOENT || errno == ENOTDIR))
		return true;
	if (!list || fstat(dirfd(list), &about)) {
		say_failed(directory, "%s", strerror(errno));
		if (list)
			closedir(list);
		return false;
	}
	good = is_trusted(directory, &about);
	while (good && (entry = readdir(list)))
		if (strspn(entry->d_name, LETTERS) == strlen(entry->d_name))
			good = add(hooks, directory, entry->d_name);
	closedir(list);
	return good;
}

static int compare(const void *one, const void *two)
{
	return strcmp(name_of(*(char * const *)one), name_of(*(char * const *)two));
}

static void forget(struct save_hooks *hooks)
{
	while (hooks->count)
		free(hooks->paths[--hooks->count]);
}

/**
 * save_hooks_find() - find the programs
 * @hooks: set to them, for save_hooks_after()
 * @root: what is put before their names
 * @seconds: that each of them may take
 *
 * Return: they may run; otherwise the reason was said.
 */
bool save_hooks_find(struct save_hooks *hooks, const char *root, uint64_t seconds)
{
	char path[4096];
	bool good = true;

	*hooks = (struct save_hooks){ .seconds = seconds };
	for (size_t i = 0; good && i < ARRAY_SIZE(directories); i++) {
		snprintf(path, sizeof(path), "%s%s", root, directories[i]);
		good = add_all(hooks, path);
	}
	qsort(hooks->paths, hooks->count, sizeof(*hooks->paths), compare);
	if (!good)
		forget(hooks);
	return good;
}

/* In a group of its own, with no signal blocked or ignored.  Return: 0 or an errno. */
static int start(const char *path, const char *when, pid_t *pid)
{
	char *arguments[] = { (char *)path, (char *)when, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int error;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
				 POSIX_SPAWN_SETPGROUP);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	error = posix_spawn(pid, path, &files, &attributes, arguments, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return error;
}

/* Return: it has ended, with *@status; otherwise it was killed. */
static bool await(pid_t pid, uint64_t seconds, int *status)
{
	const uint64_t begun = clock_ns();

	do {
		if (waitpid(pid, status, WNOHANG) == pid)
			return true;
		usleep(LOOK_US);
	} while (clock_ns() - begun < seconds * CLOCK_SECOND);
	kill(-pid, SIGKILL);
	waitpid(pid, status, 0);
	return false;
}

/* Return: it has done its work; otherwise the reason was said. */
static bool run(const struct save_hooks *hooks, const char *path, const char *when)
{
	int status, error;
	pid_t pid;

	fflush(stdout);
	error = start(path, when, &pid);
	if (error)
		say_failed(path, "%s: %s", when, strerror(error));
	else if (!await(pid, hooks->seconds, &status))
		say_failed(path, "%s: was killed after %" PRIu64 " s", when, hooks->seconds);
	else if (WIFSIGNALED(status))
		say_failed(path, "%s: ended by signal %d", when, WTERMSIG(status));
	else if (WEXITSTATUS(status))
		say_failed(path, "%s: exit status %d", when, WEXITSTATUS(status));
	else
		return true;
	return false;
}

/**
 * save_hooks_before() - run the programs before a save
 * @hooks: them
 *
 * Return: all have done their work; otherwise the save must not be, and the reason was said.
 */
bool save_hooks_before(struct save_hooks *hooks)
{
	bool good = true;

	while (good && hooks->begun < hooks->count)
		good = run(hooks, hooks->paths[hooks->begun++], "pre");
	return good;
}

/**
 * save_hooks_after() - run the programs that have run before the save, in reverse order
 * @hooks: them; forgotten afterwards
 * @is_resumed: the machine was resumed
 *
 * One that fails does not stop the others.
 */
void save_hooks_after(struct save_hooks *hooks, bool is_resumed)
{
	setenv("RESULT", is_resumed ? "resumed" : "failed", 1);
	while (hooks->begun)
		run(hooks, hooks->paths[--hooks->begun], "post");
	forget(hooks);
}
