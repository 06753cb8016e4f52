/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tools/ras: numbers, as people write them.
 */
#ifndef RAS_DECIMAL_H
#define RAS_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

bool decimal_parse(const char *text, uint64_t least, uint64_t most, uint64_t *value);

#endif
