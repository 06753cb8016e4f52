/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rasctl: the value of a file is shown or changed.
 */
#ifndef RAS_VALUE_H
#define RAS_VALUE_H

#include "rasctl.h"

enum answer value_change(const struct context *context, const char *path, const char *value);

#endif
