/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: a token, by which the second kernel knows what the first has prepared.
 */
#ifndef RAS_TOKEN_H
#define RAS_TOKEN_H

#include <stdbool.h>

bool token_make(char *token);

#endif
