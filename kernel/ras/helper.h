/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS stop framework: parked CPUs that work for a handler.
 */
#ifndef _KERNEL_RAS_HELPER_H
#define _KERNEL_RAS_HELPER_H

#include "state.h"

int ras_machine_call_parked(struct ras_machine *m,
			    void (*fn)(struct pt_regs *regs, void *arg),
			    void (*left)(void *arg), void *arg);
int ras_machine_call_parked_end(struct ras_machine *m, unsigned int timeout_ms);
bool ras_help(struct ras_machine *m, struct ras_slot *slot, u64 command,
	      const struct pt_regs *regs);
bool ras_is_helping(const struct ras_machine *m);
bool ras_help_is_over(const struct ras_slot *slot);

#endif /* _KERNEL_RAS_HELPER_H */
