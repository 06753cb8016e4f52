/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS stop framework: the side of a CPU that is stopped.
 */
#ifndef _KERNEL_RAS_PARK_H
#define _KERNEL_RAS_PARK_H

#include "state.h"

/**
 * enum ras_parking - how a CPU comes out of ras_park()
 * @RAS_PARK_NOT: no stop wants this CPU, or it is in ras_park() already
 * @RAS_PARK_RELEASED: it was parked and has been released
 * @RAS_PARK_OWNER: it has taken over: it owns the stop now, and is to finish it
 */
enum ras_parking {
	RAS_PARK_NOT,
	RAS_PARK_RELEASED,
	RAS_PARK_OWNER,
};

enum ras_parking ras_park(struct ras_machine *m, enum ras_how how,
			  const struct pt_regs *regs);
enum ras_parking ras_park_in_nmi(struct ras_machine *m, struct ras_slot *slot);
void ras_unpark(struct ras_slot *slot);
void ras_note_reason(struct ras_machine *m, enum ras_trigger trigger, const char *message);
void ras_record_here(struct ras_machine *m, enum ras_how how, const struct pt_regs *regs);
void ras_land_lost(struct ras_machine *m, struct pt_regs *regs);

#endif /* _KERNEL_RAS_PARK_H */
