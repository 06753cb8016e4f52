/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS stop framework: the parked CPU that watches the owner.
 */
#ifndef _KERNEL_RAS_WATCH_H
#define _KERNEL_RAS_WATCH_H

#include "state.h"

void ras_watch_begin(struct ras_machine *m, u32 call, bool watched, u64 budget_ns,
		     unsigned int deadline_ms);
void ras_watch_end(struct ras_machine *m);
bool ras_overdue(const struct ras_machine *m, u32 call);
bool ras_watch(struct ras_machine *m, struct ras_slot *slot, u64 command);
bool ras_watch_look(struct ras_machine *m, struct ras_slot *slot);
bool ras_take_over_if_due(struct ras_machine *m, struct ras_slot *slot);
int ras_watcher(struct ras_machine *m);
void ras_deadman(struct ras_machine *m);

#endif /* _KERNEL_RAS_WATCH_H */
