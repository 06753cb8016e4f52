/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tools/ras: why something was refused, for who can say it.
 */
#ifndef RAS_WHY_H
#define RAS_WHY_H

#include <stdarg.h>
#include <stdbool.h>

/* Why something was refused. */
struct why {
	char	text[200];
};

bool refuse(struct why *why, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void refuse_by(struct why *why, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

#endif
