/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: is the kernel locked down?  See kernel_lockdown(7).
 */
#ifndef RAS_LOCKDOWN_H
#define RAS_LOCKDOWN_H

#include <stdbool.h>

bool lockdown_is_off(const char *root);

#endif
