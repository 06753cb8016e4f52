// SPDX-License-Identifier: GPL-2.0
/*
 * ras-savecore, rasdumpd: for their tests: what goes wrong in the middle.  Loaded by LD_PRELOAD.
 *
 * RAS_HOOK is a list of WHAT:WHEN[:ERRNO], with commas.  WHEN is the number of a call, counted
 * over all functions below, or the name of a function.  WHAT happens before the call:
 *
 *   kill    SIGKILL
 *   term    SIGTERM
 *   fail    there is no call, it fails with ERRNO
 *   slow    0.3 s pass
 *   change  a byte of the file RAS_HOOK_FILE is changed: where a stamp has its time
 *   make    the file RAS_HOOK_MAKE is made
 *
 * RAS_HOOK_LOG is a file to which each call is written that was not failed: the function, and
 * the file that its first argument is a descriptor of.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define CHANGED_BYTE	64

static int calls;

/* By other functions than those below. */
static void change(void)
{
	FILE *file = fopen(getenv("RAS_HOOK_FILE"), "r+");
	int byte;

	if (!file || fseek(file, CHANGED_BYTE, SEEK_SET))
		abort();
	byte = fgetc(file);
	if (fseek(file, CHANGED_BYTE, SEEK_SET) || fputc(byte ^ 1, file) == EOF || fclose(file))
		abort();
}

/* Return: the call is to fail. */
static bool act(const char *what, int error)
{
	if (!strcmp(what, "kill"))
		raise(SIGKILL);
	else if (!strcmp(what, "term"))
		raise(SIGTERM);
	else if (!strcmp(what, "slow"))
		usleep(300000);
	else if (!strcmp(what, "change"))
		change();
	else if (!strcmp(what, "make"))
		fclose(fopen(getenv("RAS_HOOK_MAKE"), "wx"));
	else
		errno = error;
	return !strcmp(what, "fail");
}

static void write_log(const char *function, int fd)
{
	FILE *log = getenv("RAS_HOOK_LOG") ? fopen(getenv("RAS_HOOK_LOG"), "a") : NULL;
	char link[64], path[4096] = "";

	if (!log)
		return;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (readlink(link, path, sizeof(path) - 1) < 0)
		abort();
	fprintf(log, "%s %s\n", function, path);
	fclose(log);
}

static bool fails(const char *function, int fd)
{
	const char *next = getenv("RAS_HOOK");
	char what[16], when[32], number[16];
	bool failed = false;
	int error = 0;

	snprintf(number, sizeof(number), "%d", ++calls);
	for (; next && *next; next = strchr(next, ',') ? strchr(next, ',') + 1 : NULL)
		if (sscanf(next, "%15[^:]:%31[^:,]:%d", what, when, &error) >= 2 &&
		    (!strcmp(when, number) || !strcmp(when, function)))
			failed |= act(what, error);
	if (!failed)
		write_log(function, fd);
	return failed;
}

#define HOOK(type, name, fd, parameters, arguments)				\
	type name parameters;							\
	type name parameters							\
	{									\
		type (*real) parameters;						\
										\
		real = (type (*) parameters)dlsym(RTLD_NEXT, #name);			\
		return fails(#name, fd) ? (type)-1 : real arguments;		\
	}

HOOK(ssize_t, pread64, fd, (int fd, void *data, size_t size, off64_t where),
     (fd, data, size, where))
HOOK(ssize_t, pwrite64, fd, (int fd, const void *data, size_t size, off64_t where),
     (fd, data, size, where))
HOOK(int, ftruncate64, fd, (int fd, off64_t size), (fd, size))
HOOK(int, fsync, fd, (int fd), (fd))
HOOK(int, fdatasync, fd, (int fd), (fd))
HOOK(int, renameat2, from,
     (int from, const char *name, int to, const char *as, unsigned int flags),
     (from, name, to, as, flags))
HOOK(int, linkat, from, (int from, const char *name, int to, const char *as, int flags),
     (from, name, to, as, flags))
HOOK(int, unlinkat, directory, (int directory, const char *name, int flags),
     (directory, name, flags))

/* A mode that is not there, because no file is made, does no harm. */
int openat64(int directory, const char *name, int flags, ...)
{
	int (*real)(int, const char *, int, ...) =
		(int (*)(int, const char *, int, ...))dlsym(RTLD_NEXT, "openat64");
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = va_arg(arguments, mode_t);
	va_end(arguments);
	return fails("openat64", directory) ? -1 : real(directory, name, flags, mode);
}
