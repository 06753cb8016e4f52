/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tools/ras: what goes wrong, in one line on standard error.
 */
#ifndef RAS_SAY_H
#define RAS_SAY_H

/**
 * enum outcome - what an area, a run or a step of it comes to, and the exit status of
 *	ras-savecore
 * @DONE: what was asked for: a dump was fetched
 * @NOTHING: there is no dump to fetch
 * @USAGE: the user has asked for what makes no sense
 * @FAILED: there is a line that says why
 */
enum outcome {
	DONE,
	NOTHING,
	USAGE,
	FAILED,
};

/* The name of the program, which each of them defines. */
extern const char say_program[];

enum outcome say_failed(const char *object, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void say_note(const char *object, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
const char *say_last(void);
void say_renewed(const char *text);
void say_end_line(void);

#endif
