/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS stop framework: the owner's guarded calls, and their deadlines.
 */
#ifndef _KERNEL_RAS_DEADLINE_H
#define _KERNEL_RAS_DEADLINE_H

#include "state.h"

/* For what the core itself has guarded: printing, and asking a handler. */
#define RAS_CORE_DEADLINE_MS	10000

/**
 * enum ras_call_end - how a guarded call of the owner ends
 * @RAS_CALL_DONE: it came back
 * @RAS_CALL_ABANDONED: this CPU has left it; struct ras_failure tells why
 * @RAS_CALL_LOST: another CPU has taken over meanwhile
 */
enum ras_call_end {
	RAS_CALL_DONE,
	RAS_CALL_ABANDONED,
	RAS_CALL_LOST,
};

/**
 * struct ras_call - a guarded call of the owner
 * @fn: the function
 * @arg: its argument
 * @deadline_ms: how long it may take without progress, in ms; 0: no limit
 * @unwatched: no CPU is to watch it; once it is late, any NMI ends it
 * @failure: why it was abandoned; valid until the next guarded call, and only then
 * @broken: a rule that it broke and that did no harm, or NULL
 */
struct ras_call {
	void			(*fn)(void *arg);
	void			*arg;
	unsigned int		deadline_ms;
	bool			unwatched;
	const struct ras_failure *failure;
	const char		*broken;
};

enum ras_call_end ras_call(struct ras_machine *m, struct ras_call *call);
int ras_machine_try(struct ras_machine *m, void (*fn)(void *arg), void *arg,
		    unsigned int deadline_ms, struct ras_failure *why);
void ras_renew(struct ras_machine *m);
void ras_yield_to_panic(struct ras_machine *m);
bool ras_strike(struct ras_machine *m, struct pt_regs *regs);
bool ras_guard_end(struct ras_machine *m);

#endif /* _KERNEL_RAS_DEADLINE_H */
