// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: the owner gathers the other CPUs.
 */
#include <linux/kernel.h>

#include "gather.h"
#include "machine.h"
#include "park.h"

/* Note how @cpu was stopped, where the handlers and the report read it. */
static void ras_account(struct ras_machine *m, unsigned int cpu, enum ras_how how)
{
	cpumask_set_cpu(cpu, &m->stop.cpus[how]);
	/* An offline CPU may come online. */
	if (how != RAS_HOW_OFFLINE)
		cpumask_set_cpu(cpu, &m->gathered);
}

/* CPUs that were offline from the start.  An NMI that was sent to them is lost. */
static void ras_account_offline(struct ras_machine *m)
{
	unsigned int cpu;

	if (!cpumask_andnot(&m->stop.cpus[RAS_HOW_OFFLINE], m->arch->present(),
			    m->arch->online()))
		return;
	for_each_cpu(cpu, &m->stop.cpus[RAS_HOW_OFFLINE])
		WRITE_ONCE(m->slot[cpu]->nmi_sent, 0);
}

/* Has @cpu parked?  Then account for it. */
static bool ras_count_parked(struct ras_machine *m, unsigned int cpu)
{
	if (!ras_has_parked(m, cpu))
		return false;
	ras_account(m, cpu, m->slot[cpu]->record.how);
	return true;
}

/*
 * An NMI that a former stop has sent, and that has not arrived, serves this one as well:
 * with a second one the CPU would take both, one after the other, and find that nobody has
 * sent the other.  A crash does not rely on it, and sends its own.
 */
static void ras_send_nmi(struct ras_machine *m, unsigned int cpu)
{
	if (READ_ONCE(m->slot[cpu]->nmi_sent) && m->stop.resumable)
		return;
	ras_summon(m, cpu);
}

static void ras_send_nmis(struct ras_machine *m)
{
	unsigned int cpu;

	for_each_cpu(cpu, &m->pending)
		ras_send_nmi(m, cpu);
}

/*
 * Wait for the CPUs in m->pending, which have been sent an NMI, and name the rest.  A CPU
 * that went offline meanwhile is not missing.  A CPU that answers later parks all the same,
 * see ras_add_newcomers().
 */
static void ras_await_nmis(struct ras_machine *m)
{
	unsigned int cpu;

	if (ras_await(m, ras_nmi_timeout_ns(m), RAS_NO_NUDGE, ras_count_parked))
		return;
	for_each_cpu(cpu, &m->pending) {
		if (cpumask_test_cpu(cpu, m->arch->online())) {
			ras_account(m, cpu, RAS_HOW_MISSING);
			continue;
		}
		/* Offline CPUs take no NMI: none is on its way any more. */
		WRITE_ONCE(m->slot[cpu]->nmi_sent, 0);
		ras_account(m, cpu, RAS_HOW_OFFLINE);
	}
}

/**
 * ras_add_newcomers() - account for CPUs that came after the stop was complete
 * @m: the machine
 *
 * A missing CPU may have parked since; a CPU may have come online, because
 * bringing one up does not need any of the CPUs that are parked.
 *
 * Context: Owner, between handlers.
 */
void ras_add_newcomers(struct ras_machine *m)
{
	struct cpumask *cpus = m->stop.cpus;
	unsigned int cpu;

	for_each_cpu(cpu, &cpus[RAS_HOW_MISSING]) {
		if (!ras_has_parked(m, cpu))
			continue;
		cpumask_clear_cpu(cpu, &cpus[RAS_HOW_MISSING]);
		m->slot[cpu]->record.late = true;
		ras_account(m, cpu, m->slot[cpu]->record.how);
	}

	if (!cpumask_andnot(&m->pending, m->arch->online(), &m->gathered))
		return;
	cpumask_andnot(&cpus[RAS_HOW_OFFLINE], &cpus[RAS_HOW_OFFLINE], &m->pending);
	ras_send_nmis(m);
	ras_await_nmis(m);
}

/**
 * ras_summon_all() - send for every other CPU
 * @m: the machine
 * @grace_us: how long the CPUs may take to answer an IPI, in us; 0: NMIs at once
 *
 * CPUs with interrupts enabled answer an IPI; a CPU in an irq-disabled section leaves it
 * first, and the locks that it holds there.  What the owner does until it calls
 * ras_gather_all() costs no time, because the other CPUs are on their way.
 *
 * Context: Owner, at the beginning of a stop.
 * Return: what ras_gather_all() is to wait for the IPI, in us.
 */
unsigned int ras_summon_all(struct ras_machine *m, unsigned int grace_us)
{
	cpumask_copy(&m->pending, m->arch->online());
	cpumask_clear_cpu(m->stop.owner, &m->pending);
	if (grace_us && !cpumask_empty(&m->pending) && m->arch->send_ipi(&m->pending))
		return grace_us;
	ras_send_nmis(m);
	return 0;
}

/**
 * ras_gather_all() - wait for the CPUs that ras_summon_all() has sent for
 * @m: the machine
 * @grace_us: as ras_summon_all() returns it
 *
 * After the grace period, each CPU that has not answered gets an NMI.
 *
 * Context: Owner, at the beginning of a stop.
 */
void ras_gather_all(struct ras_machine *m, unsigned int grace_us)
{
	ras_account(m, m->stop.owner, RAS_HOW_OWNER);
	ras_record_here(m, RAS_HOW_OWNER, m->stop.regs);
	ras_account_offline(m);
	if (grace_us) {
		ras_await(m, grace_us * NSEC_PER_USEC, RAS_NO_NUDGE, ras_count_parked);
		ras_send_nmis(m);
	}
	ras_await_nmis(m);
	m->stop.regs = &m->slot[m->stop.owner]->record.arch.regs;
}
