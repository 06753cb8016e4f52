// SPDX-License-Identifier: GPL-2.0
/*
 * tools/ras: numbers, as people write them.
 */
#include <errno.h>
#include <stdlib.h>

#include "decimal.h"

/**
 * decimal_parse() - read a number
 * @text: digits and nothing else
 * @least: the least that it may be
 * @most: the most
 * @value: set to it
 *
 * Return: it is such a number.
 */
bool decimal_parse(const char *text, uint64_t least, uint64_t most, uint64_t *value)
{
	char *end;

	/* strtoull(3) takes blanks and signs as well. */
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return !*end && !errno && *value >= least && *value <= most;
}
