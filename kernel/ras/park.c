// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: the side of a CPU that is stopped.
 *
 * A parked CPU has written its record, touches no lock, and waits on a cache
 * line of its own for an order from the owner.
 */
#define pr_fmt(fmt) "ras: " fmt

#include <linux/kernel.h>
#include <linux/nmi.h>
#include <linux/preempt.h>
#include <linux/string.h>

#include "internal.h"

/* Does a stop want CPUs to park?  The acquire makes struct ras_stop valid. */
static bool ras_wants_cpus(const struct ras_machine *m)
{
	/* Pairs with the release in ras_begin(). */
	switch (smp_load_acquire(&m->state)) {
	case RAS_STOPPING:
	case RAS_STOPPED:
	case RAS_ENDED:
	case RAS_HANDED_OVER:
		return true;
	default:
		return false;
	}
}

/**
 * ras_note_lost() - remember why this CPU wanted a stop of its own
 * @m: the machine
 * @trigger: what it came with
 * @message: the reason in words
 *
 * Context: Any, with interrupts disabled, before ras_park().
 */
void ras_note_lost(struct ras_machine *m, enum ras_trigger trigger,
		   const char *message)
{
	struct ras_slot *slot = m->slot[m->arch->this_cpu()];

	/* An NMI on a parked CPU: its record is closed. */
	if (slot->parking)
		return;
	slot->lost = trigger;
	strscpy(slot->lost_message, message, sizeof(slot->lost_message));
	strim(slot->lost_message);
	slot->lost_pending = true;
}

static void ras_fill_record(struct ras_machine *m, struct ras_slot *slot,
			    enum ras_how how, const struct pt_regs *regs)
{
	struct ras_cpu *record = &slot->record;
	u64 now = m->arch->now_ns();

	/* It has been the owner: its registers were captured then. */
	if (record->sequence == m->stop.sequence) {
		if (record->how == RAS_HOW_OWNER)
			record->how = how;
		return;
	}
	record->sequence = m->stop.sequence;
	record->how = how;
	record->late = false;
	/* Another CPU's clock, which may be behind. */
	record->when_ns = now > m->begin_ns ? now - m->begin_ns : 0;
	record->task = current;
	record->pid = current->pid;
	record->preempt_count = preempt_count();
	record->lost_message[0] = '\0';
	if (slot->lost_pending) {
		record->how = RAS_HOW_SELF;
		record->lost = slot->lost;
		memcpy(record->lost_message, slot->lost_message,
		       sizeof(record->lost_message));
		slot->lost_pending = false;
	}
	m->arch->capture(record, regs);
}

/**
 * ras_takes_nmi() - can an NMI get at a CPU that is parked?
 * @slot: the CPU's, its record filled
 *
 * Context: Any.
 * Return: false if it was parked in an NMI.
 */
bool ras_takes_nmi(const struct ras_slot *slot)
{
	return slot->record.how != RAS_HOW_NMI && !(slot->record.preempt_count & NMI_MASK);
}

/* Is @order one that ends the stop @sequence, or later than that? */
static bool ras_order_ends(u64 order, u32 sequence)
{
	s32 later = RAS_ORDER_SEQUENCE(order) - sequence;

	if (later)
		return later > 0;
	switch (RAS_ORDER_OP(order)) {
	case RAS_ORDER_STAY:
	case RAS_ORDER_WATCH:
	case RAS_ORDER_CALL:
		return false;
	default:
		return true;
	}
}

/*
 * Wait for the order that ends the stop @sequence.  An order of a later stop
 * means that this CPU has missed its own, which was a release: only a released
 * machine can be stopped again.
 */
static enum ras_order_op ras_await_order(struct ras_machine *m,
					 struct ras_slot *slot, u32 sequence,
					 const struct pt_regs *regs,
					 const struct pt_regs *frame)
{
	bool nudge = ras_takes_nmi(slot);
	u64 order;

	/* Pairs with the release of whoever gives an order. */
	while (order = smp_load_acquire(&slot->order),
	       !ras_order_ends(order, sequence)) {
		unsigned int op = RAS_ORDER_SEQUENCE(order) == sequence ?
				  RAS_ORDER_OP(order) : RAS_ORDER_STAY;

		ras_take_over_if_due(m, slot, frame);
		if (op == RAS_ORDER_WATCH)
			ras_watch(m, slot, order, frame);
		else if (op != RAS_ORDER_CALL || !ras_obey_call(m, slot, order, regs))
			m->arch->wait(&slot->order, order, nudge && !slot->awake);
	}

	if (RAS_ORDER_SEQUENCE(order) != sequence)
		return RAS_ORDER_RELEASE;
	return RAS_ORDER_OP(order);
}

static void ras_halt(void *machine)
{
	const struct ras_machine *m = machine;

	for (;;)
		m->arch->halt();
}

/* Carry out an order that ends this CPU.  Does not return if @op is one. */
static void ras_obey(struct ras_machine *m, struct ras_slot *slot,
		     enum ras_order_op op, const struct pt_regs *frame)
{
	if (op == RAS_ORDER_RELEASE)
		return;
	if (op == RAS_ORDER_HANDOVER)
		m->arch->note(m->arch->this_cpu(), &slot->record);
	m->arch->retire();
	/* Pairs with the acquire in ras_has_parked(): the note is written. */
	smp_store_release(&slot->parked, 0);
	if (op == RAS_ORDER_DEADMAN)
		ras_deadman(m);
	m->arch->stay(frame, ras_halt, m);
}

/**
 * ras_unpark() - this CPU is not parked any more
 * @slot: this CPU's
 *
 * Context: The CPU itself, also in an NMI that has interrupted its ras_park().
 */
void ras_unpark(struct ras_slot *slot)
{
	/*
	 * @parking first: after @parked is cleared the next stop may begin, and
	 * its NMI must find that it has to park this CPU.
	 */
	WRITE_ONCE(slot->parking, false);
	barrier();
	/* Pairs with the acquire in ras_has_parked(). */
	smp_store_release(&slot->parked, 0);
}

/**
 * ras_obey_in_nmi() - obey the order that ends the stop, if it has been given
 * @m: the machine
 * @slot: this CPU's
 *
 * After a release this CPU counts as left, and may park, lose or own the next stop
 * from within the NMI.  The ras_park() that the NMI has interrupted finds the same
 * order, or a later one, when it goes on.
 *
 * Context: NMI on a CPU that is in ras_park() below.
 */
void ras_obey_in_nmi(struct ras_machine *m, struct ras_slot *slot)
{
	/* Pairs with the release in ras_give_order(). */
	u64 order = smp_load_acquire(&slot->order);

	/*
	 * The NMI came before ras_park() was done.  Who comes by it may park here instead,
	 * for it may be a panic, which does not return.
	 */
	if (!slot->parked) {
		WRITE_ONCE(slot->parking, false);
		return;
	}
	if (!ras_order_ends(order, slot->parked))
		return;
	if (RAS_ORDER_SEQUENCE(order) == slot->parked)
		ras_obey(m, slot, RAS_ORDER_OP(order), NULL);
	ras_unpark(slot);
}

/**
 * ras_park_for_good() - wait for the order that ends a crash on this CPU
 * @m: the machine
 *
 * Context: A CPU that has been the owner.  Does not return.
 */
void ras_park_for_good(struct ras_machine *m)
{
	struct ras_slot *slot = m->slot[m->arch->this_cpu()];

	ras_obey(m, slot, ras_await_order(m, slot, m->stop.sequence, NULL, NULL), NULL);
}

/**
 * ras_park() - park this CPU if a stop wants it
 * @m: the machine
 * @how: by which way the CPU came here
 * @regs: the interrupted context
 *
 * An NMI may come at any point of this function and call it again; whichever
 * of the two got as far as @parking first does the parking.
 *
 * Context: Any, with interrupts disabled.
 * Return: true if the CPU was parked and has been released.
 */
bool ras_park(struct ras_machine *m, enum ras_how how, const struct pt_regs *regs)
{
	struct ras_slot *slot = m->slot[m->arch->this_cpu()];
	const struct pt_regs *frame;
	bool parked = false;
	u32 sequence = 0;

	if (slot->parking)
		return false;
again:
	if (!ras_wants_cpus(m) || ras_owned_here(m) ||
	    (parked && READ_ONCE(m->stop.sequence) == sequence))
		return parked;

	slot->parking = true;
	/* Against an NMI on this CPU; the compiler must not move it down. */
	barrier();
	sequence = READ_ONCE(m->stop.sequence);
	/* Read by the owner, and by an NMI on this CPU. */
	WRITE_ONCE(slot->awake, false);
	WRITE_ONCE(slot->take_over, 0);
	ras_fill_record(m, slot, how, regs);
	/* Publishes the record; pairs with the acquire in ras_has_parked(). */
	smp_store_release(&slot->parked, sequence);

	frame = how == RAS_HOW_IPI ? regs : NULL;
	ras_obey(m, slot, ras_await_order(m, slot, sequence, regs, frame), frame);

	touch_nmi_watchdog();
	touch_softlockup_watchdog_sync();
	ras_unpark(slot);
	/*
	 * The next stop need not have waited for a CPU that was late, and its
	 * NMI may have come, in vain, while @parking was set.
	 */
	parked = true;
	goto again;
}

/**
 * ras_machine_stopped() - an interrupt or NMI that may be the owner's
 * @m: the machine
 * @how: %RAS_HOW_IPI or %RAS_HOW_NMI
 * @regs: the interrupted context
 *
 * Context: Interrupt or NMI.
 * Return: true if the owner, or who watches it, had sent for this CPU.
 */
bool ras_machine_stopped(struct ras_machine *m, enum ras_how how,
			 struct pt_regs *regs)
{
	/* Pairs with the release in ras_machine_init(). */
	enum ras_state state = smp_load_acquire(&m->state);
	struct ras_slot *slot;
	bool sent = true;

	if (state == RAS_OFF)
		return false;

	if (how == RAS_HOW_NMI) {
		slot = m->slot[m->arch->this_cpu()];
		/* Stopped for a reason: the hard-lockup detector's is none. */
		if (slot->parking || ras_owned_here(m))
			touch_nmi_watchdog();
		/* Also taken back if it comes after the stop is over. */
		sent = xchg(&slot->nmi_sent, 0);
		if (ras_owned_here(m))
			return ras_guard_strike(m, regs) || sent;
		/* The button's, for instance: the owner may hang where nobody watches. */
		if (!sent && slot->parked && ras_watch_look(m, slot))
			sent = true;
		/*
		 * Somebody else's NMI in the grace period: let the CPU leave
		 * the section it is in.
		 */
		if (!sent && state == RAS_STOPPING)
			return false;
	}
	ras_park(m, how, regs);
	if (how == RAS_HOW_NMI)
		ras_guard_lost(m, regs);
	return sent;
}
