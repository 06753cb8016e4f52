// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: functions that parked CPUs call for a handler.
 *
 * The order to call carries the number of the call, and stays until the handler ends
 * it, so that a CPU which parks late joins the others.  What the function is, the
 * parked CPUs read after they have seen the order.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "internal.h"

/* One CPU's part in the call. */
struct ras_parked_fn {
	struct ras_slot	*slot;
	u64		order;
	void		(*fn)(struct pt_regs *regs, void *arg);
	void		(*left)(void *arg);
	struct pt_regs	*regs;
	void		*arg;
	bool		begun;
};

static void ras_call_fn(void *arg)
{
	struct ras_parked_fn *call = arg;

	/*
	 * The second look at the order, from where an NMI can take this CPU out.  One that
	 * comes before that comes in vain, but then the order has changed already.
	 */
	if (READ_ONCE(call->slot->order) != call->order)
		return;
	WRITE_ONCE(call->slot->called, RAS_ORDER_CALL(call->order));
	call->begun = true;
	/* Against an NMI on this CPU. */
	barrier();
	call->fn(call->regs, call->arg);
}

/**
 * ras_obey_call() - call what the owner has ordered
 * @m: the machine
 * @slot: this CPU's
 * @order: the order
 * @regs: the context in which this CPU was stopped
 *
 * Context: Parked CPU.
 * Return: false if there is nothing to do for this order.
 */
bool ras_obey_call(struct ras_machine *m, struct ras_slot *slot, u64 order,
		   const struct pt_regs *regs)
{
	struct ras_parked_fn call = {
		.slot	= slot,
		.order	= order,
		.fn	= m->parked_call.fn,
		.left	= m->parked_call.left,
		.arg	= m->parked_call.arg,
		.regs	= regs ? (struct pt_regs *)regs : &slot->record.arch.regs,
	};
	u32 nr = RAS_ORDER_CALL(order);

	/* One that has parked in the middle of a handler it has lost stays out of it. */
	if (slot->called == nr || READ_ONCE(slot->guard.active))
		return false;
	/*
	 * Either ras_call_fn() sees that the call has ended, or ras_call_parked_end() sees
	 * that this CPU is in it: a full barrier on both sides.  That the order is the
	 * same there also means that what was read above belongs to it: the owner gives
	 * another before it writes the function of the next call.
	 */
	xchg(&slot->calling, nr);
	if (!ras_guard_parked(m, ras_call_fn, &call) && call.begun) {
		slot->call_left = slot->record.sequence;
		if (call.left)
			call.left(call.arg);
	}
	/* Pairs with the acquire in ras_in_call(). */
	smp_store_release(&slot->calling, 0);
	return true;
}

/**
 * ras_call_is_over() - may a parked CPU be taken out of the function it calls?
 * @m: the machine
 * @slot: this CPU's
 *
 * Context: NMI on a parked CPU.
 * Return: true if the handler has ended the call.
 */
bool ras_call_is_over(const struct ras_machine *m, const struct ras_slot *slot)
{
	return RAS_ORDER_OP(READ_ONCE(slot->order)) != RAS_ORDER_CALL;
}

/* Give every CPU @order but the owner, and who watches it: that one has its own. */
static void ras_order_parked(struct ras_machine *m, u64 order)
{
	unsigned int cpu;

	for_each_cpu(cpu, m->arch->present())
		if (m->slot[cpu] && cpu != m->stop.owner && (int)cpu != m->watch.cpu)
			/* Pairs with the acquire in ras_await_order(). */
			smp_store_release(&m->slot[cpu]->order, order);
}

/* Is @cpu in the function? */
static bool ras_in_call(const struct ras_machine *m, unsigned int cpu)
{
	/* Pairs with the release in ras_obey_call(). */
	return m->slot[cpu] && smp_load_acquire(&m->slot[cpu]->calling);
}

/* Has @cpu noticed that it is to call a function, as far as it is going to? */
static bool ras_has_begun(const struct ras_machine *m, unsigned int cpu)
{
	const struct ras_slot *slot = m->slot[cpu];

	return !slot || cpu == m->stop.owner || (int)cpu == m->watch.cpu ||
	       !ras_has_parked(m, cpu) || READ_ONCE(slot->guard.active) ||
	       READ_ONCE(slot->calling) || READ_ONCE(slot->called) == m->parked_call.nr;
}

/* Nudge the parked CPUs that do not begin. */
static void ras_wake_callers(struct ras_machine *m)
{
	u64 start = m->arch->now_ns();
	unsigned int cpu;
	bool begun;

	for (;;) {
		begun = true;
		for_each_cpu(cpu, m->arch->present())
			begun &= ras_has_begun(m, cpu);
		if (begun)
			return;
		if (m->arch->now_ns() - start > RAS_NUDGE_NS)
			break;
		m->arch->relax();
	}
	for_each_cpu(cpu, m->arch->present())
		if (!ras_has_begun(m, cpu))
			ras_nudge(m, cpu);
}

/**
 * ras_machine_call_parked() - ras_call_parked() for a given machine
 * @m: the machine
 * @fn: the function
 * @left: called where it was abandoned, or NULL
 * @arg: the argument of both
 *
 * Context: Owner, in a handler.
 * Return: as ras_call_parked().
 */
int ras_machine_call_parked(struct ras_machine *m,
			    void (*fn)(struct pt_regs *regs, void *arg),
			    void (*left)(void *arg), void *arg)
{
	struct ras_parked_call *call = &m->parked_call;

	/* Who watches the owner would not be there. */
	if (call->active || m->watch.cpu != RAS_NOBODY || !ras_acts_as_owner(m))
		return -EBUSY;
	call->fn = fn;
	call->left = left;
	call->arg = arg;
	WRITE_ONCE(call->nr, call->nr < RAS_CALL_MAX ? call->nr + 1 : 1);
	/* After the number: who is still in a former call must not take it for its own. */
	smp_store_release(&call->active, true);
	ras_order_parked(m, RAS_ORDER(m->stop.sequence, RAS_ORDER_CALL) |
			    (u64)call->nr << 4);
	ras_wake_callers(m);
	return 0;
}

/**
 * ras_is_in_parked_call() - does this CPU work for the handler that is running?
 * @m: the machine
 *
 * Not one that is still there after the handler has ended the call.
 *
 * Context: Parked CPU.
 * Return: true if so.
 */
bool ras_is_in_parked_call(const struct ras_machine *m)
{
	const struct ras_slot *slot = m->slot[m->arch->this_cpu()];

	/* Pairs with the release in ras_machine_call_parked(). */
	return smp_load_acquire(&m->parked_call.active) && slot &&
	       READ_ONCE(slot->calling) == READ_ONCE(m->parked_call.nr);
}

/*
 * Wait until no CPU is in the function, for at most @ns.  @recall: take those out of it
 * that an NMI can reach, and ask again: it may have come in vain, right before the CPU
 * was where it can be taken out.
 */
static bool ras_await_callers(struct ras_machine *m, u64 ns, bool recall)
{
	u64 start = m->arch->now_ns(), asked = start - RAS_NUDGE_NS - 1, now;
	unsigned int cpu;

	for (;;) {
		bool busy = false, ask;

		now = m->arch->now_ns();
		ask = recall && now - asked > RAS_NUDGE_NS;
		if (ask)
			asked = now;
		for_each_cpu(cpu, m->arch->present()) {
			if (!ras_in_call(m, cpu))
				continue;
			busy = true;
			if (ask)
				ras_nudge(m, cpu);
		}
		if (!busy)
			return true;
		if (now - start > ns)
			return false;
		m->arch->relax();
	}
}

/**
 * ras_machine_call_parked_end() - ras_call_parked_end() for a given machine
 * @m: the machine
 * @timeout_ms: how long to wait, in ms
 *
 * Context: Owner.
 * Return: as ras_call_parked_end().
 */
int ras_machine_call_parked_end(struct ras_machine *m, unsigned int timeout_ms)
{
	u64 ns = timeout_ms * (u64)NSEC_PER_MSEC;

	if (!m->parked_call.active)
		return 0;
	/* What comes back after it was taken over from gives no orders. */
	if (!ras_acts_as_owner(m))
		return -EBUSY;
	WRITE_ONCE(m->parked_call.active, false);
	ras_order_parked(m, RAS_ORDER(m->stop.sequence, RAS_ORDER_STAY));
	/* See ras_obey_call(). */
	smp_mb();
	if (ras_await_callers(m, ns, false) || ras_await_callers(m, ns, true))
		return 0;
	return -ETIMEDOUT;
}
