/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS stop framework: the triggers.
 */
#ifndef _KERNEL_RAS_TRIGGER_H
#define _KERNEL_RAS_TRIGGER_H

#include "stop.h"

int ras_stop_by(struct ras_request *request);
int ras_user_stop(bool rehearsal);
int ras_user_call(const char *name);

#endif /* _KERNEL_RAS_TRIGGER_H */
