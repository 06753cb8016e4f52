/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-dump: a time, as text.
 */
#ifndef RAS_WHEN_H
#define RAS_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#define WHEN_TEXT	32

bool when_text(int64_t seconds, char *text);

#endif
