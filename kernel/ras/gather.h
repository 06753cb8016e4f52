/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS stop framework: the owner gathers the other CPUs.
 */
#ifndef _KERNEL_RAS_GATHER_H
#define _KERNEL_RAS_GATHER_H

#include "state.h"

unsigned int ras_summon_all(struct ras_machine *m, unsigned int grace_us);
void ras_gather_all(struct ras_machine *m, unsigned int grace_us);
void ras_add_newcomers(struct ras_machine *m);

#endif /* _KERNEL_RAS_GATHER_H */
