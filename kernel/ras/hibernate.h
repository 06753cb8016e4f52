/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS stop framework: hibernation.
 */
#ifndef _KERNEL_RAS_HIBERNATE_H
#define _KERNEL_RAS_HIBERNATE_H

#include "state.h"

/**
 * struct ras_hibernation - the handlers of one hibernation
 * @nr: how many there are
 * @entry: they, in the order in which they run; none is unregistered meanwhile
 */
struct ras_hibernation {
	unsigned int		nr;
	struct ras_entry	*entry[RAS_MAX_HANDLERS];
};

int ras_prepare_handlers(struct ras_machine *m, struct ras_hibernation *h);
void ras_complete_handlers(struct ras_hibernation *h, int ret);

#endif /* _KERNEL_RAS_HIBERNATE_H */
