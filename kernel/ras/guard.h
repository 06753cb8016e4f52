/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS stop framework: the guard, which calls on this CPU what may fail.
 */
#ifndef _KERNEL_RAS_GUARD_H
#define _KERNEL_RAS_GUARD_H

#include "state.h"

/**
 * struct ras_context - what a guarded call may leave changed
 *
 * Saved before the call and restored after it.
 */
struct ras_context {
	int		count;
	bool		irqs_were_off;
	int		pagefaults;
#ifdef CONFIG_PREEMPT_RCU
	int		rcu_nesting;
#endif
#ifdef CONFIG_CONTEXT_TRACKING_IDLE
	long		nmi_nesting;
#endif
	int		panic_cpu;
	struct pt_regs	*irq_regs;
	struct ras_printk printk;
};

extern atomic_t ras_guards;

struct ras_guard *ras_guard_open(struct ras_slot *slot, struct ras_context *ctx);
bool ras_guard_run(struct ras_guard *guard, bool (*call)(void (*fn)(void *arg), void *arg),
		   void (*fn)(void *arg), void *arg, const struct ras_context *ctx,
		   const char **broken);
void ras_guard_close(struct ras_machine *m, struct ras_slot *slot,
		     struct ras_guard *guard);
bool ras_guard_failed(struct ras_machine *m, struct ras_guard *guard,
		      const struct ras_context *ctx, bool came_back);
bool ras_guard_land(struct ras_machine *m, struct ras_guard *guard, struct pt_regs *regs,
		    enum ras_failing why);
void ras_guard_abandon(struct ras_machine *m, struct ras_guard *guard,
		       enum ras_failing why);
bool ras_guard_parked(struct ras_machine *m, struct ras_slot *slot,
		      bool (*call)(void (*fn)(void *arg), void *arg),
		      void (*fn)(void *arg), void *arg);
struct ras_guard *ras_guard_top(struct ras_slot *slot);
struct ras_guard *ras_guard_below(struct ras_machine *m);
bool ras_guard_fault(struct ras_machine *m, struct pt_regs *regs, const char *fault,
		     const unsigned long *address, bool as_nmi);
__printf(2, 0) void ras_guard_panic(struct ras_machine *m, const char *fmt,
				    va_list args);
bool ras_guard_in_printk(const struct ras_guard *guard);
void ras_note_locks(const struct ras_guard *guard, struct ras_failure *failure);
void ras_note_console(struct ras_machine *m);

#endif /* _KERNEL_RAS_GUARD_H */
