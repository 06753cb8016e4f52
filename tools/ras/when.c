// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump: a time, as text.
 */
#include <time.h>

#include "when.h"

/* The last second of the year 9999. */
#define TIME_MAX	253402300799

/**
 * when_text() - a time in UTC
 * @seconds: since 1970
 * @text: set to it, of %WHEN_TEXT; empty if it is no time that anybody means
 *
 * Return: it is one.
 */
bool when_text(int64_t seconds, char *text)
{
	const time_t time = (time_t)seconds;
	struct tm parts;

	*text = '\0';
	if (seconds <= 0 || seconds > TIME_MAX || !gmtime_r(&time, &parts))
		return false;
	return strftime(text, WHEN_TEXT, "%Y-%m-%dT%H:%M:%SZ", &parts);
}
