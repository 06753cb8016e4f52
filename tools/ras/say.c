// SPDX-License-Identifier: GPL-2.0
/*
 * tools/ras: what goes wrong, in one line on standard error.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "say.h"

static char last[1024];
/* A line that is renewed has no end yet. */
static bool line_is_open;

static void begin(const char *object)
{
	say_end_line();
	fprintf(stderr, "%s: %s: ", say_program, object);
}

/**
 * say_failed() - say why something cannot be done
 * @object: the area, file or directory that it is about
 * @format: the reason, for printf(3)
 *
 * Return: %FAILED, for callers that end with it.
 */
enum outcome say_failed(const char *object, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(last, sizeof(last), format, arguments);
	va_end(arguments);
	begin(object);
	fprintf(stderr, "%s\n", last);
	return FAILED;
}

/**
 * say_note() - say what is worth knowing and no failure
 * @object: what it is about
 * @format: what there is to say, for printf(3)
 */
void say_note(const char *object, const char *format, ...)
{
	va_list arguments;

	begin(object);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

/**
 * say_last() - the reason of the last failure, for those who read JSON
 */
const char *say_last(void)
{
	return last;
}

/**
 * say_renewed() - show a line in the place of the one that was shown before
 * @text: the line
 */
void say_renewed(const char *text)
{
	fprintf(stderr, "\r%-76s", text);
	fflush(stderr);
	line_is_open = true;
}

/**
 * say_end_line() - leave the line that was renewed as it is
 */
void say_end_line(void)
{
	if (line_is_open)
		fputc('\n', stderr);
	line_is_open = false;
}
