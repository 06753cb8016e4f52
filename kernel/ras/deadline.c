// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: the owner's guarded calls, and their deadlines.
 *
 * While a guarded call with a deadline runs, one of the parked CPUs watches; see watch.c.
 * The call ends in one of three ways: it comes back; this CPU abandons it; or another CPU
 * takes over.  One compare-and-exchange of ras_machine.claim decides which.
 *
 * A handler may try something in a guarded call within its own.  The inner call has a
 * deadline of its own, and the outer one goes on counting: what is watched is the inner
 * call, for the shorter of the two times.
 */
#include <linux/console.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/string.h>

#include "deadline.h"
#include "guard.h"
#include "machine.h"
#include "watch.h"

/* How often printk() may have a call put off: it needs microseconds. */
#define RAS_PUT_OFF_MAX	100

/* What is left of a guard's deadline, in ns; 0: it has passed. */
static u64 ras_left_ns(const struct ras_machine *m, const struct ras_guard *guard)
{
	u64 age = ras_since_ns(m, guard->begin_ns);

	/* Progress counts for all calls that this CPU is in. */
	if (READ_ONCE(m->watch.renewed_ns))
		age = min(age, ras_since_ns(m, READ_ONCE(m->watch.renewed_ns)));

	return age < guard->budget_ns ? guard->budget_ns - age : 0;
}

/* The guarded call of this CPU that @guard was made from, or NULL. */
static struct ras_guard *ras_outer(struct ras_slot *slot, const struct ras_guard *guard)
{
	return guard->outer ? &slot->guard[guard - slot->guard - 1] : NULL;
}

/*
 * Have @guard, which is the innermost, watched for as long as it may take itself and the
 * calls that it was made from have left.
 */
static void ras_watch_guard(struct ras_machine *m, struct ras_slot *slot,
			    const struct ras_guard *guard)
{
	const struct ras_guard *shortest = guard, *outer = ras_outer(slot, guard);
	u64 ns = guard->budget_ns;

	if (outer && ns)
		ns = ras_left_ns(m, guard);
	for (; outer; outer = ras_outer(slot, outer)) {
		if (!outer->budget_ns || (ns && ras_left_ns(m, outer) >= ns))
			continue;
		shortest = outer;
		/* Not 0, which would be no limit. */
		ns = ras_left_ns(m, outer) ?: 1;
	}
	ras_watch_begin(m, guard->call, guard->watched, ns, shortest->deadline_ms);
}

/* Begin @call in @guard.  False if another CPU has taken over from this one. */
static bool ras_enter(struct ras_machine *m, struct ras_slot *slot,
		      struct ras_guard *guard, const struct ras_call *call)
{
	u64 claim = ras_claim(m);
	int self = m->arch->this_cpu();

	if (RAS_OWNER_OF(claim) != self)
		return false;
	m->calls = ras_next_nr(m->calls);
	guard->call = m->calls;
	guard->outer = RAS_CALL_OF(claim);
	guard->begin_ns = m->arch->now_ns();
	guard->deadline_ms = call->deadline_ms;
	guard->budget_ns = call->deadline_ms * (u64)NSEC_PER_MSEC;
	guard->watched = guard->outer ? ras_outer(slot, guard)->watched : !call->unwatched;
	if (!guard->outer) {
		m->console_was_locked = is_console_locked();
		m->step.begin_ns = guard->begin_ns;
		WRITE_ONCE(m->watch.renewed_ns, 0);
	}
	/* First: an NMI must not judge this call by the time of the one before. */
	WRITE_ONCE(m->watch.begin_ns, guard->begin_ns);
	if (!ras_change_claim(m, claim, RAS_CLAIM(self, guard->call)))
		return false;
	/* After the claim: the CPU that watches looks for the call there. */
	ras_watch_guard(m, slot, guard);
	return true;
}

/* Another CPU has taken over from the calls that this one is in. */
static enum ras_call_end ras_lost(struct ras_machine *m, struct ras_slot *slot,
				  const struct ras_guard *guard)
{
	/* This CPU must not go on in the handler that has made this call. */
	if (guard->outer)
		ras_guard_abandon(m, ras_outer(slot, guard), RAS_RECALLED);
	return RAS_CALL_LOST;
}

/*
 * Is the call that @guard was made from to be abandoned as well: has its deadline passed
 * meanwhile, or has another CPU panicked?
 */
static void ras_abandon_outer(struct ras_machine *m, struct ras_slot *slot,
			      const struct ras_guard *guard)
{
	struct ras_guard *next = ras_outer(slot, guard), *outer;

	/* The inner one is left first; ras_call() gets to the next one there. */
	if (guard->failure.why == RAS_PREEMPTED)
		ras_guard_abandon(m, next, RAS_PREEMPTED);
	for (outer = next; outer; outer = ras_outer(slot, outer))
		if (outer->budget_ns && !ras_left_ns(m, outer)) {
			ras_guard_abandon(m, next, RAS_OVERRAN);
			return;
		}
}

/* End the call in @guard.  False if another CPU has ended it. */
static bool ras_leave_call(struct ras_machine *m, struct ras_slot *slot,
			   struct ras_guard *guard)
{
	struct ras_guard *outer = ras_outer(slot, guard);
	bool ended = guard->ended;
	int self = m->arch->this_cpu();
	u32 next = 0;

	ras_guard_close(m, slot, guard);
	if (ended) {
		ras_watch_end(m);
		return true;
	}
	/* As in ras_enter(). */
	WRITE_ONCE(m->watch.begin_ns, m->arch->now_ns());
	/*
	 * The outer call goes on by a new number.  By the old one a CPU that has watched it
	 * before, and stands still since, could take over now.
	 */
	if (outer)
		next = ras_next_nr(m->calls);
	if (!ras_change_claim(m, RAS_CLAIM(self, guard->call), RAS_CLAIM(self, next)))
		return false;
	if (outer) {
		m->calls = next;
		WRITE_ONCE(outer->call, next);
		ras_watch_guard(m, slot, outer);
	} else {
		ras_watch_end(m);
	}
	return true;
}

/**
 * ras_call() - call something that may fail in any way
 * @m: the machine
 * @call: what, and for how long; tells why it was abandoned
 *
 * From within such a call, too: see ras_machine_try().
 *
 * Context: Owner.
 * Return: see enum ras_call_end.  After %RAS_CALL_LOST this CPU is not the owner any
 *	more, and touches nothing but its own slot.
 */
enum ras_call_end ras_call(struct ras_machine *m, struct ras_call *call)
{
	static const struct ras_failure too_deep = { .why = RAS_TOO_DEEP };
	struct ras_slot *slot = ras_this_slot(m);
	struct ras_context ctx;
	struct ras_guard *guard = ras_guard_open(slot, &ctx);
	bool came_back, failed;

	call->broken = NULL;
	if (!guard) {
		call->failure = &too_deep;
		m->failures++;
		return RAS_CALL_ABANDONED;
	}
	if (!ras_enter(m, slot, guard, call)) {
		ras_guard_close(m, slot, guard);
		return ras_lost(m, slot, guard);
	}
	/* Its context is restored while it is watched: an interrupt may not come back. */
	came_back = ras_guard_run(guard, m->arch->call, call->fn, call->arg, &ctx,
				  &call->broken);
	if (!ras_leave_call(m, slot, guard))
		return ras_lost(m, slot, guard);
	failed = ras_guard_failed(m, guard, &ctx, came_back);
	if (failed) {
		ras_note_console(m);
		call->failure = &guard->failure;
		call->broken = NULL;
		m->failures++;
	}
	if (guard->outer && !guard->ended)
		ras_abandon_outer(m, slot, guard);
	return failed ? RAS_CALL_ABANDONED : RAS_CALL_DONE;
}

/**
 * ras_machine_try() - ras_try() for a given machine
 * @m: the machine
 * @fn: the function
 * @arg: its argument
 * @deadline_ms: how long it may take without progress, in ms; 0: as long as the handler
 * @why: why it was abandoned, or NULL
 *
 * Context: Owner, in a handler.
 * Return: as ras_try().
 */
int ras_machine_try(struct ras_machine *m, void (*fn)(void *arg), void *arg,
		    unsigned int deadline_ms, struct ras_failure *why)
{
	struct ras_call call = {
		.fn		= fn,
		.arg		= arg,
		.deadline_ms	= deadline_ms,
	};

	if (!ras_owned_here(m) || !ras_running(m))
		return -EPERM;
	switch (ras_call(m, &call)) {
	case RAS_CALL_DONE:
		return 0;
	case RAS_CALL_LOST:
		/* Only if this CPU was on its way out of the handler already. */
		return -EPERM;
	case RAS_CALL_ABANDONED:
		break;
	}
	if (why)
		*why = *call.failure;
	switch (call.failure->why) {
	case RAS_OVERRAN:
		return -ETIMEDOUT;
	case RAS_PANICKED:
		return -ECANCELED;
	case RAS_TOO_DEEP:
		return -ENOSPC;
	default:
		return -EFAULT;
	}
}

/**
 * ras_renew() - the handler that is running has made progress
 * @m: the machine
 *
 * Context: Owner, or a CPU that works for it.
 */
void ras_renew(struct ras_machine *m)
{
	u64 now = m->arch->now_ns();

	WRITE_ONCE(m->watch.begin_ns, now);
	WRITE_ONCE(m->watch.renewed_ns, now);
	/* Pairs with the READ_ONCE() in ras_watch(). */
	WRITE_ONCE(m->watch.progress, m->watch.progress + 1);
}

/**
 * ras_yield_to_panic() - leave the handler that is running if another CPU has panicked
 * @m: the machine
 *
 * Context: Owner, in a handler.  Returns if there is nothing to yield to.
 */
void ras_yield_to_panic(struct ras_machine *m)
{
	struct ras_guard *guard = ras_guard_top(ras_this_slot(m));

	if (guard && guard->call == ras_running(m) && ras_preempted(m))
		ras_guard_abandon(m, guard, RAS_PREEMPTED);
}

/**
 * ras_strike() - an NMI on the owner: is it to abandon what it is doing?
 * @m: the machine
 * @regs: the interrupted context
 *
 * The CPU that watches has asked for it.  Where none can watch, any NMI does it, such as
 * the button's, once the deadline has passed.
 *
 * Context: NMI on the owner.
 * Return: true if @regs now lead out of the guarded call.
 */
bool ras_strike(struct ras_machine *m, struct pt_regs *regs)
{
	struct ras_guard *guard = ras_guard_below(m);

	/* Not one that this CPU has lost, and is still in. */
	if (!guard || !guard->call || READ_ONCE(guard->ended) ||
	    ras_running(m) != guard->call || !ras_overdue(m, guard->call))
		return false;
	if (m->watch.put_off < RAS_PUT_OFF_MAX && ras_guard_in_printk(guard)) {
		/* Read by ras_ask_owner(), which asks again. */
		WRITE_ONCE(m->watch.put_off, m->watch.put_off + 1);
		return false;
	}
	if (!ras_guard_land(m, guard, regs, RAS_OVERRAN))
		return false;
	guard->failure.deadline_ms = m->watch.deadline_ms;
	return true;
}

NOKPROBE_SYMBOL(ras_strike);

/**
 * ras_guard_end() - end the guarded calls of this CPU while it is in them
 * @m: the machine
 *
 * From here on their deadlines do not count, and nobody takes over.
 *
 * Context: Owner.
 * Return: false if another CPU has taken over already.
 */
bool ras_guard_end(struct ras_machine *m)
{
	struct ras_slot *slot = ras_this_slot(m);
	int self = m->arch->this_cpu();
	struct ras_guard *top, *guard;
	u64 claim = ras_claim(m);

	if (RAS_OWNER_OF(claim) != self)
		return false;
	top = ras_guard_top(slot);
	if (!RAS_CALL_OF(claim) || !top)
		return true;
	/* First: an NMI that comes in between must not leave what has ended. */
	for (guard = top; guard; guard = ras_outer(slot, guard))
		WRITE_ONCE(guard->ended, true);
	barrier();
	if (ras_change_claim(m, claim, RAS_CLAIM(self, 0)))
		return true;
	for (guard = top; guard; guard = ras_outer(slot, guard))
		WRITE_ONCE(guard->ended, false);
	return false;
}
