/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tools/ras: a file that gets its name when it is complete.
 */
#ifndef RAS_NAMING_H
#define RAS_NAMING_H

#include <stdbool.h>

int naming_open_directory(const char *path, const char **name);
bool naming_give(int directory, const char *part, const char *name);

#endif
