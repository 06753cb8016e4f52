/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS stop framework: who owns a stop, and how it begins and ends.
 */
#ifndef _KERNEL_RAS_STOP_H
#define _KERNEL_RAS_STOP_H

#include "state.h"

/**
 * struct ras_request - what a trigger asks for
 * @trigger: which one
 * @rehearsal: no handler is to run
 * @needs_handler: the stop is of no use if no handler is armed for it
 * @message: the reason in words
 * @regs: the interrupted context
 * @live: the same, if the trigger goes on with it
 * @only: the one handler that is to run, or NULL
 * @arg: what it finds in stop->arg
 * @outcome: where to tell what became of it, or NULL
 */
struct ras_request {
	enum ras_trigger	trigger;
	bool			rehearsal;
	bool			needs_handler;
	const char		*message;
	const struct pt_regs	*regs;
	struct pt_regs		*live;
	struct ras_entry	*only;
	void			*arg;
	struct ras_outcome	*outcome;
};

int ras_machine_stop(struct ras_machine *m, const struct ras_request *request);
int ras_machine_handover(struct ras_machine *m);
int ras_machine_leave(struct ras_machine *m, void (*fn)(void *arg), void *arg);
int ras_machine_go_away(struct ras_machine *m, int (*fn)(void *arg), void *arg);
bool ras_stopped(struct ras_machine *m, enum ras_how how, struct pt_regs *regs);
bool ras_park_here(struct ras_machine *m, enum ras_how how, const struct pt_regs *regs,
		   bool in_nmi);

#endif /* _KERNEL_RAS_STOP_H */
