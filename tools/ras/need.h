/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rasctl: how large a dump would be now.
 */
#ifndef RAS_NEED_H
#define RAS_NEED_H

#include <stdbool.h>
#include <stdint.h>

#include "rasctl.h"

bool need_estimate(const struct context *context, uint64_t *bytes);

#endif
