// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: makedumpfile(8), which dumps the first kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dump-run.h"

/* It may look for pages for so long; a machine that has many may need minutes. */
#ifndef QUIET_MS
#define QUIET_MS	600000
#endif

/* So much of the end of its log is looked at. */
#define TAIL	1024

static void become(int out, int log, const char *core)
{
	char * const argv[] = {
		(char []){ "makedumpfile" }, (char []){ "-F" }, (char []){ "-l" },
		(char []){ "-d" }, (char []){ "31" }, strdup(core), NULL,
	};

	if (dup2(out, STDOUT_FILENO) >= 0 && dup2(log, STDERR_FILENO) >= 0)
		execvp(argv[0], argv);
	dprintf(log, "cannot be started: %s\n", strerror(errno));
	_exit(127);
}

/**
 * dump_run_begin() - start it
 * @run: set to it
 * @core: the file that it reads
 *
 * Return: it runs; otherwise errno says why not.
 */
bool dump_run_begin(struct dump_run *run, const char *core)
{
	int ends[2];

	run->is_hung = false;
	run->log = memfd_create("log", MFD_CLOEXEC);
	if (run->log < 0)
		return false;
	if (pipe2(ends, O_CLOEXEC)) {
		close(run->log);
		return false;
	}
	run->pid = fork();
	if (!run->pid)
		become(ends[1], run->log, core);
	close(ends[1]);
	run->out = ends[0];
	if (run->pid > 0)
		return true;
	close(ends[0]);
	close(run->log);
	return false;
}

/* Wait for what it writes.  Return: there is something, or it has ended. */
static bool is_alive(struct dump_run *run)
{
	struct pollfd out = { .fd = run->out, .events = POLLIN };

	if (poll(&out, 1, QUIET_MS))
		return true;
	run->is_hung = true;
	kill(run->pid, SIGKILL);
	return false;
}

/**
 * dump_run_read() - read what it writes
 * @run: it
 * @buffer: to where
 * @size: how much
 *
 * Return: how much there was, less than @size only at the end.
 */
size_t dump_run_read(struct dump_run *run, void *buffer, size_t size)
{
	size_t done = 0;
	ssize_t got;

	while (done < size && is_alive(run)) {
		got = read(run->out, (char *)buffer + done, size - done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	return done;
}

/* The last line of the log with a word in it; progress is renewed by carriage returns. */
static void last_line(int log, char *why, size_t size)
{
	const off_t end = lseek(log, 0, SEEK_END);
	char tail[TAIL + 1] = "", *rest = tail, *line;
	ssize_t got;

	snprintf(why, size, "it has said nothing");
	got = pread(log, tail, TAIL, end > TAIL ? end - TAIL : 0);
	if (got <= 0)
		return;
	tail[got] = 0;
	while ((line = strsep(&rest, "\r\n")))
		if (strspn(line, " ") != strlen(line))
			snprintf(why, size, "%s", line);
}

/**
 * dump_run_end() - wait for its end, to which it is brought if it still writes
 * @run: it
 * @why: set to the reason if it has failed
 * @size: of @why
 *
 * Return: it has succeeded.
 */
bool dump_run_end(struct dump_run *run, char *why, size_t size)
{
	int status = -1;

	close(run->out);
	while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR)
		;
	last_line(run->log, why, size);
	if (run->is_hung)
		snprintf(why, size, "it was silent for %d s", QUIET_MS / 1000);
	close(run->log);
	return WIFEXITED(status) && !WEXITSTATUS(status);
}
