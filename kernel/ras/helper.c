// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: parked CPUs that work for a handler.
 *
 * The command to help carries the number of the help, and stays until the handler ends it,
 * so that a CPU which parks late joins the others.  The parked CPUs read what the function
 * is after they have seen the command.
 */
#include <linux/errno.h>
#include <linux/kernel.h>

#include "guard.h"
#include "helper.h"
#include "machine.h"

/* One CPU's part in the help. */
struct ras_help_call {
	struct ras_slot	*slot;
	u64		command;
	void		(*fn)(struct pt_regs *regs, void *arg);
	void		(*left)(void *arg);
	struct pt_regs	*regs;
	void		*arg;
	bool		begun;
};

static void ras_help_fn(void *arg)
{
	struct ras_help_call *helper = arg;

	/*
	 * The second look at the command, from where an NMI can take this CPU out.  An NMI
	 * that comes before that comes in vain, but then the command has changed already.
	 */
	if (READ_ONCE(helper->slot->command) != helper->command)
		return;
	WRITE_ONCE(helper->slot->helped, RAS_NR_OF(helper->command));
	helper->begun = true;
	/* Against an NMI on this CPU. */
	barrier();
	helper->fn(helper->regs, helper->arg);
}

/**
 * ras_help() - call what the owner has commanded
 * @m: the machine
 * @slot: this CPU's
 * @command: the command
 * @regs: the context in which this CPU was stopped
 *
 * The function has no deadline: the owner waits for it, or has this CPU leave it by NMI.
 *
 * Context: Parked CPU.
 * Return: false if there is nothing to do for this command.
 */
bool ras_help(struct ras_machine *m, struct ras_slot *slot, u64 command,
	      const struct pt_regs *regs)
{
	struct ras_help_call helper = {
		.slot	 = slot,
		.command = command,
		.fn	 = m->help.fn,
		.left	 = m->help.left,
		.arg	 = m->help.arg,
		.regs	 = regs ? (struct pt_regs *)regs : &slot->record.arch.regs,
	};
	u32 nr = RAS_NR_OF(command);

	/* A CPU that has parked in the middle of a handler it has lost stays out of it. */
	if (slot->helped == nr || READ_ONCE(slot->guards))
		return false;
	/*
	 * Either ras_help_fn() sees that the help has ended, or
	 * ras_machine_call_parked_end() sees that this CPU is in it: a full barrier on
	 * both sides.  That the command is the same there also means that what was read
	 * above belongs to it: the owner gives another command before it writes the
	 * function of the next help.
	 */
	xchg(&slot->helping, nr);
	if (!ras_guard_parked(m, slot, m->arch->call_here, ras_help_fn, &helper) &&
	    helper.begun) {
		slot->help_left = slot->record.sequence;
		if (helper.left)
			helper.left(helper.arg);
	}
	/* Pairs with the acquire in ras_has_left_help(). */
	smp_store_release(&slot->helping, 0);
	return true;
}

/**
 * ras_help_is_over() - may a parked CPU be taken out of the function that it calls?
 * @slot: the CPU's
 *
 * Context: NMI on a parked CPU.
 * Return: true if the handler has ended the help, or finds that this CPU is late.
 */
bool ras_help_is_over(const struct ras_slot *slot)
{
	if (READ_ONCE(slot->helping) == READ_ONCE(slot->job))
		return READ_ONCE(slot->work) != READ_ONCE(slot->helping) ||
		       READ_ONCE(slot->piece_late) == READ_ONCE(slot->piece);
	return RAS_OP_OF(READ_ONCE(slot->command)) != RAS_HELP;
}

/*
 * Give @command to every CPU but the owner, and the one that watches, which has its own;
 * leaves these CPUs in m->pending.
 */
static void ras_command_parked(struct ras_machine *m, u64 command)
{
	unsigned int cpu;

	cpumask_clear(&m->pending);
	for_each_cpu(cpu, m->arch->present()) {
		if (!m->slot[cpu] || (int)cpu == m->stop.owner || (int)cpu == m->watch.cpu)
			continue;
		ras_command(m, cpu, command);
		cpumask_set_cpu(cpu, &m->pending);
	}
}

/* Has @cpu noticed that it is to help, as far as it is going to? */
static bool ras_has_begun(struct ras_machine *m, unsigned int cpu)
{
	const struct ras_slot *slot = m->slot[cpu];

	return !ras_has_parked(m, cpu) || READ_ONCE(slot->guards) ||
	       READ_ONCE(slot->helping) || READ_ONCE(slot->helped) == m->help.nr;
}

/* Is @cpu not in the function? */
static bool ras_has_left_help(struct ras_machine *m, unsigned int cpu)
{
	/* Pairs with the release in ras_help(). */
	return !smp_load_acquire(&m->slot[cpu]->helping);
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
	struct ras_help *help = &m->help;

	/* The CPU that watches the owner would not be there. */
	if (help->active || m->watch.cpu != RAS_NOBODY || !ras_owned_here(m))
		return -EBUSY;
	help->work = NULL;
	help->fn = fn;
	help->left = left;
	help->arg = arg;
	WRITE_ONCE(help->nr, ras_next_nr(help->nr));
	/* After the number: a CPU in a former help must not take this one for its own. */
	smp_store_release(&help->active, true);
	ras_command_parked(m, RAS_COMMAND_NR(m->stop.sequence, RAS_HELP, help->nr));
	ras_await_or_nudge(m, ras_has_begun);
	return 0;
}

/**
 * ras_is_helping() - does this CPU work for the handler that is running?
 * @m: the machine
 *
 * Not if it is still in the function after the handler has ended the help.
 *
 * Context: Parked CPU.
 * Return: true if so.
 */
bool ras_is_helping(const struct ras_machine *m)
{
	const struct ras_slot *slot = ras_this_slot(m);

	/* Pairs with the release in ras_machine_call_parked(). */
	return smp_load_acquire(&m->help.active) && slot &&
	       READ_ONCE(slot->helping) == READ_ONCE(m->help.nr);
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

	if (!m->help.active || m->help.work)
		return 0;
	/* A CPU that comes back after it was taken over from gives no commands. */
	if (!ras_owned_here(m))
		return -EBUSY;
	WRITE_ONCE(m->help.active, false);
	ras_command_parked(m, RAS_COMMAND(m->stop.sequence, RAS_STAY));
	/* See ras_help(). */
	smp_mb();
	if (ras_await(m, ns, RAS_NO_NUDGE, ras_has_left_help))
		return 0;
	/* An NMI takes out the CPUs that it can reach, or comes right too early. */
	return ras_await(m, ns, RAS_NUDGE_NS, ras_has_left_help) ? 0 : -ETIMEDOUT;
}
