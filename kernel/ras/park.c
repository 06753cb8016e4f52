// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: the side of a CPU that is stopped.
 *
 * A parked CPU has written its record, touches no lock, and waits on a cache line of its
 * own for a command from the owner.  If the owner hangs, the parked CPU that watches it
 * becomes the owner: ras_park() returns that to the floor above.
 */
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/nmi.h>
#include <linux/preempt.h>
#include <linux/string.h>

#include "guard.h"
#include "helper.h"
#include "job.h"
#include "machine.h"
#include "park.h"
#include "watch.h"

/* Does a stop want CPUs to park?  The acquire makes struct ras_stop valid. */
static bool ras_wants_cpus(const struct ras_machine *m)
{
	/* Pairs with the release in ras_begin(). */
	switch (smp_load_acquire(&m->state)) {
	case RAS_STOPPING:
	case RAS_STOPPED:
	case RAS_AWAY:
	case RAS_ENDED:
	case RAS_HANDED_OVER:
		return true;
	default:
		return false;
	}
}

/**
 * ras_note_reason() - remember why this CPU wanted a stop of its own
 * @m: the machine
 * @trigger: what it came with
 * @message: the reason in words
 *
 * Context: Any, with interrupts disabled, before ras_park().
 */
void ras_note_reason(struct ras_machine *m, enum ras_trigger trigger, const char *message)
{
	struct ras_slot *slot = ras_this_slot(m);

	/* An NMI on a parked CPU: its record is closed. */
	if (slot->parking)
		return;
	slot->lost = trigger;
	strscpy(slot->lost_message, message, sizeof(slot->lost_message));
	strim(slot->lost_message);
	slot->lost_pending = true;
}

/**
 * ras_record_here() - write the record of this CPU, once in a stop
 * @m: the machine
 * @how: by which way the CPU came here
 * @regs: the context that was interrupted, or that of the trigger
 *
 * Context: Owner, or a CPU that parks.
 */
void ras_record_here(struct ras_machine *m, enum ras_how how, const struct pt_regs *regs)
{
	struct ras_slot *slot = ras_this_slot(m);
	struct ras_cpu *record = &slot->record;

	if (record->sequence == m->stop.sequence) {
		/* It has been the owner: its registers were captured then. */
		if (record->how == RAS_HOW_OWNER)
			record->how = how;
		return;
	}
	record->sequence = m->stop.sequence;
	record->how = how;
	record->late = false;
	record->when_ns = ras_since_ns(m, m->begin_ns);
	record->task = current;
	record->pid = current->pid;
	record->preempt_count = preempt_count();
	record->lost_message[0] = '\0';
	if (slot->lost_pending && how != RAS_HOW_OWNER) {
		record->how = RAS_HOW_SELF;
		record->lost = slot->lost;
		memcpy(record->lost_message, slot->lost_message,
		       sizeof(record->lost_message));
		slot->lost_pending = false;
	}
	m->arch->capture(record, regs);
}

/* Is @command one that ends the stop @sequence, or of a later stop? */
static bool ras_ends_stop(u64 command, u32 sequence)
{
	s32 later = RAS_SEQUENCE_OF(command) - sequence;

	return later > 0 || (!later && RAS_OP_OF(command) >= RAS_RELEASE);
}

/*
 * Wait for the command that ends the stop @sequence, and obey those that come before it.
 * False if this CPU has taken over.  @nudge: the owner can wake this CPU by NMI.
 *
 * A command of a later stop means that this CPU has missed the one that ended its own,
 * which was a release: only a released machine can be stopped again.
 */
static bool ras_await_command(struct ras_machine *m, struct ras_slot *slot, u32 sequence,
			      const struct pt_regs *regs, bool nudge,
			      enum ras_command_op *end)
{
	u64 command;

	/* Pairs with the release in ras_command(). */
	while (command = smp_load_acquire(&slot->command),
	       !ras_ends_stop(command, sequence)) {
		unsigned int op = RAS_SEQUENCE_OF(command) == sequence ?
				  RAS_OP_OF(command) : RAS_STAY;

		if (ras_take_over_if_due(m, slot))
			return false;
		if (op == RAS_WATCH) {
			if (ras_watch(m, slot, command))
				return false;
		} else if (!ras_help_piece(m, slot) &&
			   (op != RAS_HELP || !ras_help(m, slot, command, regs))) {
			m->arch->wait(&slot->command, command, nudge && !slot->awake);
		}
	}
	*end = RAS_SEQUENCE_OF(command) == sequence ? RAS_OP_OF(command) : RAS_RELEASE;
	return true;
}

static void ras_halt(void *machine)
{
	const struct ras_machine *m = machine;

	for (;;)
		m->arch->halt();
}

/* Carry out a command that ends this CPU.  Does not return if @op is one. */
static void ras_obey(struct ras_machine *m, struct ras_slot *slot,
		     enum ras_command_op op, const struct pt_regs *frame)
{
	if (op == RAS_RELEASE)
		return;
	if (op == RAS_HANDOVER)
		m->arch->note(m->arch->this_cpu(), &slot->record);
	m->arch->retire();
	/* Pairs with the acquire in ras_has_parked(): the note is written. */
	smp_store_release(&slot->parked, 0);
	if (op == RAS_DEADMAN)
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
	 * @parking first: after @parked is cleared the next stop may begin, and its NMI
	 * must find that it has to park this CPU.
	 */
	WRITE_ONCE(slot->parking, false);
	barrier();
	/* Pairs with the acquire in ras_has_parked(). */
	smp_store_release(&slot->parked, 0);
}

/**
 * ras_park_in_nmi() - go on being parked, in an NMI that has interrupted ras_park()
 * @m: the machine
 * @slot: this CPU's
 *
 * For an NMI that wants a stop of its own and cannot return before it has had it, such as
 * a panic.  This CPU obeys here what it would have obeyed there: it goes on watching, and
 * takes over if it has to.  The ras_park() below finds the same command, or a later one,
 * if it is ever returned to.
 *
 * Context: NMI on a CPU that is in ras_park().
 * Return: as ras_park().
 */
enum ras_parking ras_park_in_nmi(struct ras_machine *m, struct ras_slot *slot)
{
	enum ras_command_op end;

	/* The NMI came before ras_park() was done, so this CPU may park here instead. */
	if (!slot->parked) {
		WRITE_ONCE(slot->parking, false);
		return RAS_PARK_NOT;
	}
	if (!ras_await_command(m, slot, slot->parked, NULL, false, &end))
		return RAS_PARK_OWNER;
	ras_obey(m, slot, end, NULL);
	ras_unpark(slot);
	return RAS_PARK_RELEASED;
}

/**
 * ras_park() - park this CPU if a stop wants it
 * @m: the machine
 * @how: by which way the CPU came here
 * @regs: the interrupted context
 *
 * An NMI may come at any point of this function and call it again; whichever of the two
 * sets @parking first does the parking.
 *
 * Context: Any, with interrupts disabled.
 * Return: see enum ras_parking.
 */
enum ras_parking ras_park(struct ras_machine *m, enum ras_how how,
			  const struct pt_regs *regs)
{
	const struct pt_regs *frame = how == RAS_HOW_IPI ? regs : NULL;
	struct ras_slot *slot = ras_this_slot(m);
	enum ras_parking parked = RAS_PARK_NOT;
	enum ras_command_op end;
	u32 sequence = 0;

	if (slot->parking)
		return RAS_PARK_NOT;
	/*
	 * More than once: the next stop need not have waited for a CPU that was late, and
	 * its NMI may have come, in vain, while @parking was set.
	 */
	while (ras_wants_cpus(m) && !ras_owned_here(m) &&
	       (!parked || READ_ONCE(m->stop.sequence) != sequence)) {
		slot->parking = true;
		/* Against an NMI on this CPU; the compiler must not move it down. */
		barrier();
		sequence = READ_ONCE(m->stop.sequence);
		/* Read by the owner, and by an NMI on this CPU. */
		WRITE_ONCE(slot->awake, false);
		WRITE_ONCE(slot->take_over, 0);
		ras_record_here(m, how, regs);
		/* Publishes the record; pairs with the acquire in ras_has_parked(). */
		smp_store_release(&slot->parked, sequence);

		/* The record may be of before an NMI, in which this CPU parks now. */
		if (!ras_await_command(m, slot, sequence, regs,
				       ras_takes_nmi(slot) && !in_nmi(), &end))
			return RAS_PARK_OWNER;
		ras_obey(m, slot, end, frame);

		touch_nmi_watchdog();
		touch_softlockup_watchdog_sync();
		ras_unpark(slot);
		parked = RAS_PARK_RELEASED;
	}
	return parked;
}

/**
 * ras_land_lost() - leave a guarded call that this CPU is in for nothing
 * @m: the machine
 * @regs: the interrupted context
 *
 * Another CPU has taken over from this one, which was reached too late and parked in the
 * middle of the call: if it were released there, it would go on with what hangs.  Or it is
 * parked, and the help that it is in has ended.
 *
 * Context: NMI, after this CPU was parked.
 */
void ras_land_lost(struct ras_machine *m, struct pt_regs *regs)
{
	const struct ras_slot *slot = ras_this_slot(m);
	struct ras_guard *guard = ras_guard_below(m);
	bool lost;

	if (!guard)
		return;
	if (guard->helper)
		/* Not while it stores a record in the log: nobody could read what follows. */
		lost = !ras_guard_in_printk(guard) &&
		       (ras_help_is_over(slot) || READ_ONCE(slot->take_over));
	else
		/* In ras_park() on top of the call it waits for its command there. */
		lost = ras_running(m) != guard->call && !slot->parking;
	if (lost)
		ras_guard_land(m, guard, regs, RAS_RECALLED);
}

NOKPROBE_SYMBOL(ras_land_lost);
