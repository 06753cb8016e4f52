// SPDX-License-Identifier: GPL-2.0
/*
 * rasctl: sizes, as people write and read them.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "size.h"

static const char units[] = "KMGT";

/**
 * size_text() - a size in words
 * @bytes: the size
 */
struct size_text size_text(uint64_t bytes)
{
	static const char * const names[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	struct size_text text;
	double value = (double)bytes;
	unsigned int unit = 0;

	for (; value >= 1024 && unit < 4; unit++)
		value /= 1024;
	snprintf(text.text, sizeof(text.text), "%.*f %s", unit ? 1 : 0, value, names[unit]);
	return text;
}

/**
 * size_parse() - read a size: a number, and perhaps K, M, G or T behind it
 * @text: the text
 * @bytes: set to the size
 * @end: set to what is behind it
 *
 * Return: there is a size that fits.
 */
bool size_parse(const char *text, uint64_t *bytes, const char **end)
{
	const char *unit;
	unsigned int shift = 0;
	char *behind;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*bytes = strtoull(text, &behind, 0);
	unit = *behind ? strchr(units, *behind) : NULL;
	if (unit) {
		shift = 10 * (unsigned int)(unit - units + 1);
		behind++;
	}
	*end = behind;
	if (errno || *bytes > (uint64_t)INT64_MAX >> shift)
		return false;
	*bytes <<= shift;
	return true;
}
