/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tools/ras: texts in quotes, for programs.
 */
#ifndef RAS_QUOTE_H
#define RAS_QUOTE_H

#include <stdio.h>

void quote_json_to(FILE *file, const char *string);
void quote_json(const char *string);

#endif
