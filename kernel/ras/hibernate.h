/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS stop framework: hibernation.
 */
#ifndef _KERNEL_RAS_HIBERNATE_H
#define _KERNEL_RAS_HIBERNATE_H

#include "state.h"

/**
 * struct ras_hibernation - one hibernation
 * @nr: how many handlers there are
 * @entry: they, in the order in which they run; none is unregistered meanwhile
 * @away: what becomes of it, as the handlers say
 */
struct ras_hibernation {
	unsigned int		nr;
	struct ras_entry	*entry[RAS_MAX_HANDLERS];
	struct ras_away		away;
};

int ras_prepare_handlers(struct ras_machine *m, struct ras_hibernation *h);
int ras_complete_handlers(struct ras_hibernation *h, int ret);

#endif /* _KERNEL_RAS_HIBERNATE_H */
