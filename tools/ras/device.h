/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rasctl: is a block device used by somebody?
 */
#ifndef RAS_DEVICE_H
#define RAS_DEVICE_H

#include "rasctl.h"

int device_open_unused(const struct context *context, const char *name);

#endif
