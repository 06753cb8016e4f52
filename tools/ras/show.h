/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rasctl: the present set-up of the dump engine.
 */
#ifndef RAS_SHOW_H
#define RAS_SHOW_H

#include "rasctl.h"

enum answer show_targets(const struct context *context);

#endif
