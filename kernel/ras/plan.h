/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS stop framework: what a trigger would run.
 */
#ifndef _KERNEL_RAS_PLAN_H
#define _KERNEL_RAS_PLAN_H

#include "state.h"

const struct ras_chain *ras_chain_now(const struct ras_machine *m);
bool ras_is_next(const struct ras_machine *m, const struct ras_entry *entry);
bool ras_entry_runs_on(const struct ras_entry *entry, enum ras_trigger trigger);
int ras_entry_wait_s(const struct ras_machine *m, const struct ras_entry *entry,
		     enum ras_trigger trigger);
const char *ras_entry_off(const struct ras_machine *m, const struct ras_entry *entry,
			  enum ras_trigger trigger);
const char *ras_entry_skipped(const struct ras_machine *m, const struct ras_entry *entry,
			      enum ras_trigger trigger);
u32 ras_provided(const struct ras_machine *m);

#endif /* _KERNEL_RAS_PLAN_H */
