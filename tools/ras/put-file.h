/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: small files that are written, and removed.
 */
#ifndef RAS_PUT_FILE_H
#define RAS_PUT_FILE_H

#include <stdbool.h>

bool put_file(const char *path, const char *text, bool is_only_shown);
bool put_file_rename(const char *from, const char *to);
bool put_file_remove(const char *path, bool is_only_shown);

#endif
