/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS stop framework: registration and arming of handlers.
 */
#ifndef _KERNEL_RAS_REGISTRY_H
#define _KERNEL_RAS_REGISTRY_H

#include "state.h"

extern struct kobj_type ras_entry_ktype;
int ras_add_handler(struct ras_machine *m, struct ras_handler *handler);
void ras_remove_handler(struct ras_machine *m, struct ras_handler *handler);
int ras_entry_enable(struct ras_machine *m, struct ras_entry *entry, bool enable);
struct ras_entry *ras_hold_entry(struct ras_handler *handler);
struct ras_entry *ras_hold_named_entry(struct ras_machine *m, const char *name);
unsigned int ras_hold_trigger(struct ras_machine *m, enum ras_trigger trigger,
			      struct ras_entry **held);
void ras_let_go_entry(struct ras_entry *entry);
void ras_sort_chain(struct ras_machine *m);

#endif /* _KERNEL_RAS_REGISTRY_H */
