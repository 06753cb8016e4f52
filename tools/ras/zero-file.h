/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rasctl: a file that is written with zeros, to be an area.
 */
#ifndef RAS_ZERO_FILE_H
#define RAS_ZERO_FILE_H

#include <stdbool.h>
#include <stdint.h>

bool zero_file_make(const char *path, uint64_t size, bool is_quiet);

#endif
