/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS stop framework: jobs that parked CPUs do for a handler, piece by piece.
 */
#ifndef _KERNEL_RAS_JOB_H
#define _KERNEL_RAS_JOB_H

#include "state.h"

int ras_machine_help_start(struct ras_machine *m, const struct ras_job *job);
enum ras_helper ras_machine_help_state(struct ras_machine *m, unsigned int cpu);
int ras_machine_help_end(struct ras_machine *m);
void ras_drop_job(struct ras_machine *m);
bool ras_help_piece(struct ras_machine *m, struct ras_slot *slot);

#endif /* _KERNEL_RAS_JOB_H */
