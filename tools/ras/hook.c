// SPDX-License-Identifier: GPL-2.0
/*
 * rasdumpd: the program that is run when a dump has ended: PROGRAM RESULT FILE, and more in the
 * environment.
 *
 * Some of them run at a time; the others wait, in the order in which their dumps have ended.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "hook.h"
#include "say.h"

#define AT_A_TIME	8
/* More than these do not wait: something is wrong with the program. */
#define WAITING_MAX	10000

extern char **environ;

/**
 * struct run - a program that waits to be run
 * @next: what was asked for after it
 * @program: the program
 * @result: what became of the dump
 * @file: the dump
 * @variables: what is added to the environment
 */
struct run {
	struct run	*next;
	const char	*program;
	const char	*result;
	char		*file;
	char		*variables[4];
};

static struct run *first, **end = &first;
static unsigned int running, waiting;

static void free_run(struct run *run)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		free(run->variables[i]);
	free(run->file);
	free(run);
}

static void start(struct run *run)
{
	char *arguments[] = { (char *)run->program, (char *)run->result, run->file, NULL };
	size_t count = 0, i;
	posix_spawnattr_t attributes;
	char **variables;
	sigset_t none;
	pid_t pid;
	int error;

	while (environ[count])
		count++;
	variables = calloc(count + 5, sizeof(*variables));
	if (!variables)
		return;
	memcpy(variables, environ, count * sizeof(*variables));
	for (i = 0; i < 4; i++)
		variables[count + i] = run->variables[i];
	/* Signals that are blocked here, to be read, would be blocked there as well. */
	sigemptyset(&none);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	error = posix_spawn(&pid, run->program, NULL, &attributes, arguments, variables);
	posix_spawnattr_destroy(&attributes);
	free(variables);
	if (error)
		say_failed(run->program, "%s", strerror(error));
	else
		running++;
}

static void start_some(void)
{
	while (first && running < AT_A_TIME) {
		struct run *run = first;

		first = run->next;
		if (!first)
			end = &first;
		waiting--;
		start(run);
		free_run(run);
	}
}

/**
 * hook_run() - run the program for a dump
 * @program: the program, which is kept
 * @directory: of the store
 * @result: what became of the dump, which is kept
 * @event: the same, and more
 */
void hook_run(const char *program, const char *directory, const char *result,
	      const struct event *event)
{
	struct run *run;

	if (waiting >= WAITING_MAX) {
		say_failed(program, "is not run for %s: too many wait for it", event->file);
		return;
	}
	run = calloc(1, sizeof(*run));
	if (!run || asprintf(&run->file, "%s/%s", directory, event->file) < 0 ||
	    asprintf(&run->variables[0], "RAS_ADDRESS=%s", event->address) < 0 ||
	    asprintf(&run->variables[1], "RAS_HOST=%s", event->host) < 0 ||
	    asprintf(&run->variables[2], "RAS_BYTES=%" PRIu64, event->bytes) < 0 ||
	    asprintf(&run->variables[3], "RAS_REASON=%s", event->reason) < 0) {
		/* What was allocated is not freed: asprintf(3) leaves anything behind. */
		say_failed(program, "%s", strerror(ENOMEM));
		return;
	}
	run->program = program;
	run->result = result;
	*end = run;
	end = &run->next;
	waiting++;
	start_some();
}

/* After SIGCHLD: programs have ended. */
void hook_reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		running -= !!running;
		if (WIFSIGNALED(status))
			say_note("hook", "ended by signal %d", WTERMSIG(status));
		else if (WEXITSTATUS(status))
			say_note("hook", "exit status %d", WEXITSTATUS(status));
	}
	start_some();
}
