/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rasctl: a rehearsal of a stop.
 */
#ifndef RAS_REHEARSE_H
#define RAS_REHEARSE_H

#include <stdint.h>

#include "rasctl.h"

/**
 * struct rehearsal - what came of it
 * @sequence: the number of the stop
 * @owner: the CPU that owned it
 * @ipi: @nmi, @self, @missing: lists of CPUs, by how they were stopped
 * @stop_ns: @held_ns, @release_ns: how long its parts took
 */
struct rehearsal {
	uint64_t	sequence;
	uint64_t	owner;
	char		*ipi;
	char		*nmi;
	char		*self;
	char		*missing;
	uint64_t	stop_ns;
	uint64_t	held_ns;
	uint64_t	release_ns;
};

enum answer rehearse(const struct context *context, struct rehearsal *rehearsal);
void rehearsal_free(struct rehearsal *rehearsal);

#endif
