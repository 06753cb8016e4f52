// SPDX-License-Identifier: GPL-2.0
/*
 * user - what somebody without privileges tries, to stop the machine or to change policy
 *
 * usage: user FILE...
 *        user --step
 *
 * --step: steps through a loop of its own, until it is killed.
 *
 * Opens each file for writing, and causes each exception that a debugger of the kernel
 * would take, as uid 1000.  The files must be refused; the exceptions must come back as
 * signals, or do nothing.  A line for each thing that is not so, then a count.
 *
 * Exit status: 0 if all is as it must be, 1 if not, 2 if it could not be tried.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY	1000
/* DR7: local breakpoint 0, on writes, of four bytes.  Intel SDM, volume 3, 18.2.4. */
#define DR7_WRITE_4	0x000d0001UL

static unsigned int tried, wrong;

/* Where the kernel writes to, in the last of the exceptions. */
static volatile unsigned int watched;

static void breakpoint(void) { __asm__ volatile("int3"); }
static void breakpoint_long(void) { __asm__ volatile(".byte 0xcd, 0x03"); }
static void step(void)
{
	__asm__ volatile("pushfq; orl $0x100, (%%rsp); popfq; nop; nop" ::: "memory", "cc");
}

/* A step that begins at the door of the kernel. */
static void step_in(void)
{
	__asm__ volatile("pushfq; orl $0x100, (%%rsp); popfq; syscall"
			 :: "a"(39L) : "rcx", "r11", "memory", "cc");
}

static void write_watched(void) { watched = 1; }

/*
 * The kernel hits a breakpoint that a user has set.  What it finds in the user's copy of
 * DR6 is still from the user's own hit.
 */
static void have_written(void)
{
	unsigned int bytes = 7;
	int ends[2];

	watched = 1;
	if (pipe(ends) || write(ends[1], &bytes, sizeof(bytes)) != sizeof(bytes) ||
	    read(ends[0], (void *)&watched, sizeof(watched)) != sizeof(watched))
		_exit(2);
	_exit(watched == 7 ? 0 : 1);
}

struct exception {
	const char *name;
	void (*cause)(void);
	/* Of the child: 0 if it has to end by itself. */
	int signal;
	/* By a parent that has set a breakpoint on @watched. */
	int watch;
};

static const struct exception exceptions[] = {
	{ "breakpoint",		breakpoint,		SIGTRAP, 0 },
	{ "long breakpoint",	breakpoint_long,	SIGTRAP, 0 },
	{ "step",		step,			SIGTRAP, 0 },
	{ "step into the kernel", step_in,		SIGTRAP, 0 },
	{ "watchpoint",		write_watched,		SIGTRAP, 1 },
	{ "watchpoint hit by the kernel", have_written,	0,	 1 },
};

static void complain(const char *name, const char *expected, int got)
{
	wrong++;
	printf("%s: expected %s, got %d\n", name, expected, got);
}

static void child(const struct exception *e)
{
	if (e->watch && (ptrace(PTRACE_TRACEME, 0, 0, 0) || raise(SIGSTOP)))
		_exit(2);
	e->cause();
	_exit(0);
}

/* Return: the signal that the child got, 0 if it has ended by itself as it should. */
static int outcome(const struct exception *e, pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	if (e->watch) {
		if (ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, u_debugreg[0]),
			   &watched) ||
		    ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, u_debugreg[7]),
			   DR7_WRITE_4) ||
		    ptrace(PTRACE_CONT, pid, 0, 0) || waitpid(pid, &status, 0) != pid)
			return -errno;
		/* Its own signal for the kernel's access, if it gets one, is no fault. */
		while (WIFSTOPPED(status) && !e->signal && WSTOPSIG(status) == SIGTRAP)
			if (ptrace(PTRACE_CONT, pid, 0, 0) || waitpid(pid, &status, 0) != pid)
				return -errno;
	}
	if (WIFSTOPPED(status)) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return WSTOPSIG(status);
	}
	return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

static void try_exception(const struct exception *e)
{
	pid_t pid;
	int got;

	tried++;
	/* What one is about to do has to be seen if it is the last thing. */
	printf("tries a %s\n", e->name);
	fflush(stdout);
	pid = fork();
	if (!pid)
		child(e);
	got = pid > 0 ? outcome(e, pid) : -errno;
	if (got != e->signal)
		complain(e->name, e->signal ? "SIGTRAP" : "its end", got);
}

static void try_file(const char *path)
{
	int fd = open(path, O_WRONLY);

	tried++;
	if (fd >= 0)
		close(fd);
	if (fd >= 0 || (errno != EACCES && errno != EPERM))
		complain(path, "to be refused", fd >= 0 ? 0 : errno);
}

static void stepped(int signal)
{
	(void)signal;
}

/* Each return from the signal has TF set again. */
static void step_for_ever(void)
{
	signal(SIGTRAP, stepped);
	__asm__ volatile("pushfq; orl $0x100, (%%rsp); popfq" ::: "memory", "cc");
	for (;;)
		;
}

int main(int argc, char **argv)
{
	if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY)) {
		perror("user: setuid");
		return 2;
	}
	if (argc == 2 && !strcmp(argv[1], "--step"))
		step_for_ever();
	for (int i = 1; i < argc; i++)
		try_file(argv[i]);
	for (size_t i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++)
		try_exception(&exceptions[i]);
	printf("%u tried, %u wrong\n", tried, wrong);
	return wrong != 0;
}
