// SPDX-License-Identifier: GPL-2.0
/*
 * rasctl: for its test: a kernel behind the files of a directory.  Loaded by LD_PRELOAD.
 *
 * What is written to a file below RAS_KERNEL_DIR is given to the program RAS_KERNEL instead: the
 * path of the file below that directory, and the value without its newline.  Its exit status is
 * the errno of the write; 0: the value was taken.
 */
#include <dlfcn.h>
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The path below the directory, or NULL. */
static char *path_of(int fd, char *path, size_t size)
{
	const char *directory = getenv("RAS_KERNEL_DIR");
	const size_t length = directory ? strlen(directory) : 0;
	char link[64];
	ssize_t got;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	got = readlink(link, path, size - 1);
	if (got < 0 || !length)
		return NULL;
	path[got] = '\0';
	return !strncmp(path, directory, length) && path[length] == '/' ? path + length + 1 : NULL;
}

static int ask_kernel(const char *path, const void *data, size_t size)
{
	char *value = strndup(data, size), *file = strdup(path), *program;
	char *argv[4] = { NULL }, *none[1] = { NULL };
	pid_t child;
	int status;

	program = getenv("RAS_KERNEL");
	argv[0] = program;
	argv[1] = file;
	argv[2] = value;
	if (!program || !value || !file || !size || value[size - 1] != '\n')
		abort();
	value[size - 1] = '\0';
	if (posix_spawn(&child, program, NULL, NULL, argv, none) ||
	    waitpid(child, &status, 0) != child || !WIFEXITED(status))
		abort();
	free(value);
	free(file);
	return WEXITSTATUS(status);
}

ssize_t write(int fd, const void *data, size_t size)
{
	ssize_t (*real)(int fd, const void *data, size_t size);
	char path[4096], *below = path_of(fd, path, sizeof(path));

	*(void **)&real = dlsym(RTLD_NEXT, "write");
	if (!below)
		return real(fd, data, size);
	errno = ask_kernel(below, data, size);
	return errno ? -1 : (ssize_t)size;
}
