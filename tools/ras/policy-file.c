// SPDX-License-Identifier: GPL-2.0
/*
 * rasctl: the files of the framework's directory.
 *
 * A path is relative to that directory and stays in it: it has no "..", and the kernel follows
 * no symbolic link out of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "abi.h"
#include "decimal.h"
#include "policy-file.h"
#include "say.h"

/* The plan may be longer than a page; nothing is as long as this. */
#define POLICY_MOST	(1024 * 1024)
/* sysfs takes a page at most. */
#define POLICY_LONGEST	4095

static bool has_parent(const char *path)
{
	for (const char *at = path; at; at = strchr(at, '/')) {
		at += *at == '/';
		if (!strncmp(at, "..", 2) && (at[2] == '/' || !at[2]))
			return true;
	}
	return false;
}

/* Return: a descriptor, or -1 with errno. */
static int open_beneath(const struct context *context, const char *path, uint64_t flags)
{
	struct open_how how = {
		/* With O_PATH there may be no others. */
		.flags = flags | O_CLOEXEC | (flags & O_PATH ? 0 : O_NOCTTY | O_NONBLOCK),
		.resolve = RESOLVE_BENEATH,
	};

	if (has_parent(path)) {
		errno = EXDEV;
		return -1;
	}
	return (int)syscall(SYS_openat2, context->directory, path, &how, sizeof(how));
}

static void say_open_failed(const char *path, const char *what)
{
	const int error = errno;

	switch (error) {
	case EXDEV:
		say_failed(path, "is not a path below the directory of the framework");
		break;
	case ENOENT:
		say_failed(path, "there is no such file");
		break;
	case EACCES:
	case EPERM:
		say_failed(path, "cannot be %s: %s%s", what, strerror(error),
			   geteuid() ? "; this needs root" : "");
		break;
	default:
		say_failed(path, "cannot be %s: %s", what, strerror(error));
	}
}

/* Return: the permissions of a file, or 0 if it is none, with errno. */
static mode_t mode_of(const struct context *context, const char *path)
{
	const int fd = open_beneath(context, path, O_PATH);
	struct stat about;
	int ret;

	if (fd < 0)
		return 0;
	ret = fstat(fd, &about);
	close(fd);
	if (ret)
		return 0;
	errno = S_ISDIR(about.st_mode) ? EISDIR : EINVAL;
	return S_ISREG(about.st_mode) ? about.st_mode & 0777 : 0;
}

/**
 * policy_has() - is there such a file?
 * @context: the context
 * @path: of the file
 */
bool policy_has(const struct context *context, const char *path)
{
	return mode_of(context, path);
}

/**
 * policy_can_be_read() - is there such a file, and is it one that can be read?
 * @context: the context
 * @path: of the file; "trigger" can only be written
 */
bool policy_can_be_read(const struct context *context, const char *path)
{
	return mode_of(context, path) & 0444;
}

static char *read_all(int fd)
{
	char *text = malloc(POLICY_MOST);
	size_t length = 0;
	ssize_t got = 1;

	while (text && got && length < POLICY_MOST - 1) {
		got = read(fd, text + length, POLICY_MOST - 1 - length);
		if (got < 0 && errno != EINTR)
			break;
		length += got > 0 ? (size_t)got : 0;
	}
	if (!text || got < 0) {
		free(text);
		return NULL;
	}
	text[length] = '\0';
	return text;
}

/**
 * policy_try() - read a file that need not be there
 * @context: the context
 * @path: of the file
 *
 * Return: what it holds, without the newline at the end; or %NULL with errno.
 */
char *policy_try(const struct context *context, const char *path)
{
	const int fd = open_beneath(context, path, O_RDONLY);
	char *text;
	size_t length;
	int error;

	if (fd < 0)
		return NULL;
	text = read_all(fd);
	error = errno;
	close(fd);
	errno = error;
	if (!text)
		return NULL;
	length = strlen(text);
	if (length && text[length - 1] == '\n')
		text[length - 1] = '\0';
	return text;
}

/**
 * policy_read() - read a file
 * @context: the context
 * @path: of the file
 *
 * Return: what it holds, without the newline at the end; or %NULL, and the reason was said.
 */
char *policy_read(const struct context *context, const char *path)
{
	char *text;

	if (policy_has(context, path) && !policy_can_be_read(context, path)) {
		say_failed(path, "can only be written");
		return NULL;
	}
	text = policy_try(context, path);
	if (!text)
		say_open_failed(path, "read");
	return text;
}

/**
 * policy_read_number() - read a file that holds a number
 * @context: the context
 * @path: of the file
 * @number: set to it
 *
 * Return: there is a number; otherwise the reason was said.
 */
bool policy_read_number(const struct context *context, const char *path, uint64_t *number)
{
	char *text = policy_read(context, path);
	bool good;

	if (!text)
		return false;
	good = decimal_parse(text, 0, UINT64_MAX, number);
	if (!good)
		say_failed(path, "\"%.40s\" is not a number", text);
	free(text);
	return good;
}

/**
 * policy_read_switch() - read a file that holds 0 or 1
 * @context: the context
 * @path: of the file
 * @is_on: set to whether it is 1
 *
 * Return: there is one of them; otherwise the reason was said.
 */
bool policy_read_switch(const struct context *context, const char *path, bool *is_on)
{
	uint64_t number;

	if (!policy_read_number(context, path, &number))
		return false;
	if (number > 1)
		say_failed(path, "%" PRIu64 " is neither 0 nor 1", number);
	*is_on = number == 1;
	return number <= 1;
}

/* A refusal by the kernel: the file, the value, the error, and what it means there. */
static void say_refused(const char *path, const char *value, int error)
{
	const char *meaning = abi_meaning(path, error);
	const char *values = error == EINVAL ? abi_values(path) : NULL;

	say_failed(path, "the kernel has refused \"%s\": %s%s%s%s%s", value, strerror(error),
		   meaning ? ": " : "", meaning ? meaning : "",
		   values ? "; it takes " : "", values ? values : "");
	errno = error;
}

/* The value and its newline in one call: each call is a value for the kernel. */
static bool write_line(int fd, const char *path, const char *value)
{
	char line[POLICY_LONGEST + 1];
	const size_t length = (size_t)snprintf(line, sizeof(line), "%s\n", value);
	ssize_t done = write(fd, line, length);
	int error = done < 0 ? errno : 0;

	if (close(fd) && !error)
		error = errno;
	if (error) {
		say_refused(path, value, error);
		return false;
	}
	if (done != (ssize_t)length) {
		say_failed(path, "%zd of %zu bytes of \"%s\" were written", done, length, value);
		errno = EIO;
		return false;
	}
	return true;
}

/**
 * policy_write() - write a value to a file that exists
 * @context: the context
 * @path: of the file
 * @value: the value, without a newline
 *
 * Return: the kernel has taken it; otherwise the reason was said, and errno is %ENOENT or
 *	%EISDIR or the like if there was nothing to write to.
 */
bool policy_write(const struct context *context, const char *path, const char *value)
{
	const mode_t mode = mode_of(context, path);
	int fd;

	if (!mode) {
		say_open_failed(path, "written");
		return false;
	}
	/* Root may open what nobody can write; sysfs would answer with EINVAL. */
	if (!(mode & 0222)) {
		say_failed(path, "can only be read");
		return false;
	}
	if (strlen(value) >= POLICY_LONGEST) {
		say_failed(path, "a value of %zu bytes is too long", strlen(value));
		return false;
	}
	fd = open_beneath(context, path, O_WRONLY);
	if (fd < 0) {
		say_open_failed(path, "written");
		return false;
	}
	return write_line(fd, path, value);
}
