/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rasctl: sizes, as people write and read them.
 */
#ifndef RAS_SIZE_H
#define RAS_SIZE_H

#include <stdbool.h>
#include <stdint.h>

/* Long enough for any size. */
struct size_text {
	char	text[24];
};

struct size_text size_text(uint64_t bytes);
bool size_parse(const char *text, uint64_t *bytes, const char **end);

#endif
