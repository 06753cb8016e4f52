/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-netdump-load: all clients run until each has ended.
 */
#ifndef RAS_LOAD_RUN_H
#define RAS_LOAD_RUN_H

#include "load-client.h"

bool load_open(struct load *load, const struct load_options *options);
void load_run(struct load *load);
void load_close(struct load *load);

#endif
