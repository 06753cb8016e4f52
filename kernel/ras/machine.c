// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: the machine as all floors of the core see it.
 *
 * Commands to parked CPUs, the NMI that summons one, and the one wait, which is bounded
 * by the clock, are here; what they are used for is on the floors above.
 */
#include <linux/kernel.h>
#include <linux/preempt.h>

#include "machine.h"

struct ras_machine ras_machine = {
	.state		= RAS_OFF,
	.lock		= __MUTEX_INITIALIZER(ras_machine.lock),
	.entries	= LIST_HEAD_INIT(ras_machine.entries),
};

/**
 * ras_machine_init() - make a machine that can be stopped
 * @m: the machine, zeroed but for its lock and its list of entries
 * @arch: how to stop its CPUs
 * @kernel: what a stop does to the kernel around it
 * @slot: a slot for each possible CPU, indexed by its number
 *
 * Context: Once, before anything else.
 */
void ras_machine_init(struct ras_machine *m, const struct ras_arch_ops *arch,
		      const struct ras_kernel_ops *kernel, struct ras_slot **slot)
{
	m->arch = arch;
	m->kernel = kernel;
	m->slot = slot;
	m->policy.enabled = true;
	m->policy.triggers = RAS_ON_ALL & ~RAS_ON(OOPS);
	m->policy.ipi_grace_us = RAS_IPI_GRACE_US;
	m->policy.nmi_timeout_ms = RAS_NMI_TIMEOUT_MS;
	atomic64_set(&m->claim, RAS_CLAIM_NONE);
	m->watch.cpu = RAS_NOBODY;
	/* Pairs with the acquire of everything that looks at the state first. */
	smp_store_release(&m->state, RAS_IDLE);
}

/**
 * ras_takes_nmi() - can an NMI reach a CPU that is parked?
 * @slot: the CPU's, its record filled
 *
 * Context: Any.
 * Return: false if the CPU was parked in an NMI.
 */
bool ras_takes_nmi(const struct ras_slot *slot)
{
	return slot->record.how != RAS_HOW_NMI && !(slot->record.preempt_count & NMI_MASK);
}

/**
 * ras_summon() - send a CPU an NMI of ours
 * @m: the machine
 * @cpu: the CPU
 *
 * Context: Owner, or a parked CPU that watches it.
 * Return: false if the NMI could not be sent.
 */
bool ras_summon(struct ras_machine *m, unsigned int cpu)
{
	/* Read by ras_stopped() in the NMI that this sends. */
	xchg(&m->slot[cpu]->nmi_sent, 1);
	if (m->arch->send_nmi(cpu))
		return true;
	WRITE_ONCE(m->slot[cpu]->nmi_sent, 0);
	return false;
}

/**
 * ras_nudge() - wake a parked CPU that has not noticed its command
 * @m: the machine
 * @cpu: the CPU
 *
 * A CPU that was parked in an NMI takes none, and does not wait in a way that needs one.
 *
 * Context: Owner.
 */
void ras_nudge(struct ras_machine *m, unsigned int cpu)
{
	const struct ras_slot *slot = m->slot[cpu];

	if (ras_takes_nmi(slot) && !READ_ONCE(slot->nmi_sent))
		ras_summon(m, cpu);
}

/**
 * ras_await() - wait until something is true of every CPU in m->pending
 * @m: the machine
 * @timeout_ns: for how long, in ns
 * @nudge_ns: how often the CPUs that are left are nudged, in ns, or %RAS_NO_NUDGE.
 *	More than once, because an NMI right before MWAIT does not keep a CPU from waiting
 * @done: is it true of @cpu?
 *
 * Every wait of the owner for other CPUs is this one.  A CPU leaves m->pending when
 * @done() returns true for it, and is not asked again.
 *
 * Context: Owner.
 * Return: true if m->pending is empty.
 */
bool ras_await(struct ras_machine *m, u64 timeout_ns, u64 nudge_ns,
	       bool (*done)(struct ras_machine *m, unsigned int cpu))
{
	u64 start = m->arch->now_ns(), nudged = start, now = start;
	unsigned int cpu;

	for (;;) {
		bool all = true;

		for_each_cpu(cpu, &m->pending) {
			if (done(m, cpu))
				cpumask_clear_cpu(cpu, &m->pending);
			else
				all = false;
		}
		if (all)
			return true;
		if (now - start > timeout_ns)
			return false;
		if (now - nudged > nudge_ns) {
			nudged = now;
			for_each_cpu(cpu, &m->pending)
				ras_nudge(m, cpu);
		}
		m->arch->relax();
		/* The time is read before the last look, so that a look follows it. */
		now = m->arch->now_ns();
	}
}

/**
 * ras_await_or_nudge() - have every CPU in m->pending notice its command
 * @m: the machine
 * @done: has @cpu noticed it?
 *
 * Waits for %RAS_NUDGE_NS at most, then nudges the CPUs that are left.
 *
 * Context: Owner.
 */
void ras_await_or_nudge(struct ras_machine *m,
			bool (*done)(struct ras_machine *m, unsigned int cpu))
{
	unsigned int cpu;

	if (ras_await(m, RAS_NUDGE_NS, RAS_NO_NUDGE, done))
		return;
	for_each_cpu(cpu, &m->pending)
		ras_nudge(m, cpu);
}

/* Give @cpu a command. */
void ras_command(struct ras_machine *m, unsigned int cpu, u64 command)
{
	/* Pairs with the acquire in ras_await_command(). */
	smp_store_release(&m->slot[cpu]->command, command);
}

/* Give a command to every CPU but @except, also to those that may only park later. */
void ras_command_all(struct ras_machine *m, enum ras_command_op op, int except)
{
	const struct cpumask *present = m->arch->present();
	u64 command = RAS_COMMAND(m->stop.sequence, op);
	unsigned int cpu;

	for_each_cpu(cpu, present)
		if (m->slot[cpu] && (int)cpu != except)
			ras_command(m, cpu, command);
}

/**
 * ras_machine_record() - ras_cpu_record() for a given machine
 * @m: the machine
 * @cpu: number of the CPU
 *
 * Context: Owner, or a CPU that works for it.
 * Return: as ras_cpu_record().
 */
const struct ras_cpu *ras_machine_record(const struct ras_machine *m, unsigned int cpu)
{
	if (cpu >= nr_cpu_ids || !m->slot[cpu])
		return NULL;
	/* A CPU that has been the owner made its record then; others when they parked. */
	if (cpumask_test_cpu(cpu, &m->owners) || ras_has_parked(m, cpu))
		return &m->slot[cpu]->record;
	return NULL;
}
