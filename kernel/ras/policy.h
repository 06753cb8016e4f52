/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS stop framework: policy, from sysfs and from the command line.
 */
#ifndef _KERNEL_RAS_POLICY_H
#define _KERNEL_RAS_POLICY_H

#include "state.h"

int ras_await_idle(const struct ras_machine *m);
int ras_parse_bool(const char *text, bool *value);
int ras_parse_uint(const char *text, unsigned int min, unsigned int max,
		   unsigned int *value);
int ras_parse_triggers(const char *text, u32 *mask);
int ras_set(struct ras_machine *m, const char *name, const char *text);
int ras_set_trigger(struct ras_machine *m, enum ras_trigger trigger, const char *text);
int ras_set_entry(struct ras_machine *m, struct ras_entry *entry,
		  const char *name, const char *text);
void ras_boot_policy(struct ras_machine *m, struct ras_entry *entry, bool *enable);

#endif /* _KERNEL_RAS_POLICY_H */
