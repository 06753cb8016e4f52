/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rasctl: the files of the framework's directory.
 */
#ifndef RAS_POLICY_FILE_H
#define RAS_POLICY_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "rasctl.h"

bool policy_has(const struct context *context, const char *path);
char *policy_try(const struct context *context, const char *path);
char *policy_read(const struct context *context, const char *path);
bool policy_read_number(const struct context *context, const char *path, uint64_t *number);
bool policy_read_switch(const struct context *context, const char *path, bool *is_on);
bool policy_can_be_read(const struct context *context, const char *path);
bool policy_write(const struct context *context, const char *path, const char *value);

#endif
