/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS stop framework: the chain of handlers of one stop.
 */
#ifndef _KERNEL_RAS_CHAIN_H
#define _KERNEL_RAS_CHAIN_H

#include "state.h"

bool ras_any_ready(struct ras_machine *m, enum ras_trigger trigger,
		   const struct ras_entry *only);
bool ras_only_noreturn(struct ras_machine *m, enum ras_trigger trigger);
bool ras_run_chain(struct ras_machine *m);
bool ras_crash_on_panic(struct ras_machine *m);
void ras_tell_outcome(struct ras_machine *m);
bool ras_crash_on_oops(struct ras_machine *m);
bool ras_call_report(struct ras_machine *m, void (*report)(struct ras_machine *m),
		     struct ras_result *unfinished);
void ras_step_lost(struct ras_machine *m, int from, int to);

#endif /* _KERNEL_RAS_CHAIN_H */
