// SPDX-License-Identifier: GPL-2.0
/*
 * tools/ras: why something was refused, for who can say it.
 */
#include <stdio.h>

#include "why.h"

/**
 * refuse() - note why something is refused
 * @why: set to the reason
 * @format: the reason, for printf(3)
 *
 * Return: %false, for callers that end with it.
 */
bool refuse(struct why *why, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	refuse_by(why, format, arguments);
	va_end(arguments);
	return false;
}

/**
 * refuse_by() - note why something is refused, for functions that take arguments themselves
 * @why: set to the reason
 * @format: the reason, for vprintf(3)
 * @arguments: of @format
 */
void refuse_by(struct why *why, const char *format, va_list arguments)
{
	vsnprintf(why->text, sizeof(why->text), format, arguments);
}
