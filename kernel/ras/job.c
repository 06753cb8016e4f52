// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: jobs that parked CPUs do for a handler, piece by piece.
 *
 * The number of the job stands beside the command of the CPU, so that the one CPU that
 * watches the owner can help as well: a piece, then a look at the clock.  The owner keeps
 * the deadline of the pieces, whenever it asks for the state of a helper.
 */
#include <linux/errno.h>
#include <linux/kernel.h>

#include "guard.h"
#include "job.h"
#include "machine.h"

/* A piece of a job, for the guard. */
struct ras_piece {
	struct ras_slot	*slot;
	bool		(*work)(void *arg);
	void		*arg;
	u32		nr;
	bool		more;
};

static void ras_work(void *arg)
{
	struct ras_piece *piece = arg;

	/* The second look, as in ras_help_fn(). */
	if (READ_ONCE(piece->slot->work) == piece->nr)
		piece->more = piece->work(piece->arg);
}

/**
 * ras_help_piece() - do a piece of the job that the owner has for this CPU
 * @m: the machine
 * @slot: this CPU's
 *
 * Context: Parked CPU.
 * Return: false if there is nothing to do.
 */
bool ras_help_piece(struct ras_machine *m, struct ras_slot *slot)
{
	/* Pairs with the release in ras_machine_help_start(). */
	u32 nr = smp_load_acquire(&slot->work);
	struct ras_piece piece = { .slot = slot, .nr = nr };
	enum ras_helper state;

	/* A CPU that has parked in the middle of a handler it has lost stays out of it. */
	if (likely(!nr) || READ_ONCE(slot->guards) ||
	    (slot->job == nr && slot->job_state != RAS_HELPER_RUNS))
		return false;
	piece.work = m->help.work;
	piece.arg = m->help.arg;
	WRITE_ONCE(slot->job_state, RAS_HELPER_RUNS);
	WRITE_ONCE(slot->job, nr);
	WRITE_ONCE(slot->piece, slot->piece + 1);
	/* Pairs with the barrier in ras_machine_help_end(), as in ras_help(). */
	xchg(&slot->helping, nr);
	if (ras_guard_parked(m, slot, m->arch->call_helper, ras_work, &piece)) {
		state = piece.more ? RAS_HELPER_RUNS : RAS_HELPER_DONE;
	} else {
		state = RAS_HELPER_ABANDONED;
		slot->help_left = slot->record.sequence;
	}
	WRITE_ONCE(slot->job_state, state);
	/* Pairs with the acquire in ras_machine_help_state(). */
	smp_store_release(&slot->helping, 0);
	return true;
}

/* May @cpu help with @job? */
static bool ras_can_help(const struct ras_machine *m, const struct ras_job *job,
			 unsigned int cpu)
{
	return (int)cpu != m->stop.owner && ras_has_parked(m, cpu) &&
	       !READ_ONCE(m->slot[cpu]->guards) &&
	       (!job->cpus || cpumask_test_cpu(cpu, job->cpus));
}

/* Has @cpu joined the job? */
static bool ras_has_joined(struct ras_machine *m, unsigned int cpu)
{
	return READ_ONCE(m->slot[cpu]->job) == m->help.nr;
}

/**
 * ras_machine_help_start() - ras_help_start() for a given machine
 * @m: the machine
 * @job: the work
 *
 * Context: Owner, in a handler.
 * Return: as ras_help_start().
 */
int ras_machine_help_start(struct ras_machine *m, const struct ras_job *job)
{
	struct ras_help *help = &m->help;
	unsigned int cpu, nr = 0;

	if (!job->work || !job->deadline_ms)
		return -EINVAL;
	if (!m->step.entry || !(m->step.entry->flags & RAS_HANDLER_HELPED))
		return -EPERM;
	if (help->active || !ras_owned_here(m))
		return -EBUSY;
	cpumask_clear(&m->pending);
	for_each_cpu(cpu, m->arch->present())
		if (m->slot[cpu] && ras_can_help(m, job, cpu))
			cpumask_set_cpu(cpu, &m->pending);
	/* The CPU that watches stays out of it if there is another one. */
	if (m->watch.cpu != RAS_NOBODY && cpumask_weight(&m->pending) > 1)
		cpumask_clear_cpu(m->watch.cpu, &m->pending);
	help->work = job->work;
	help->arg = job->arg;
	help->deadline_ns = job->deadline_ms * (u64)NSEC_PER_MSEC;
	WRITE_ONCE(help->nr, ras_next_nr(help->nr));
	/* Read by ras_is_helping() on any CPU. */
	smp_store_release(&help->active, true);
	for_each_cpu(cpu, &m->pending) {
		m->slot[cpu]->piece_seen_ns = m->arch->now_ns();
		/* Publishes the job; pairs with the acquire in ras_help_piece(). */
		smp_store_release(&m->slot[cpu]->work, help->nr);
		nr++;
	}
	if (nr)
		ras_await_or_nudge(m, ras_has_joined);
	return nr;
}

/* The piece of @cpu is late: ask it to leave, and give it up if it does not. */
static enum ras_helper ras_hurry(struct ras_machine *m, unsigned int cpu, u64 age_ns)
{
	struct ras_slot *slot = m->slot[cpu];

	if (READ_ONCE(slot->piece_late) != slot->piece_seen) {
		WRITE_ONCE(slot->piece_late, slot->piece_seen);
		ras_nudge(m, cpu);
		return RAS_HELPER_RUNS;
	}
	if (age_ns <= m->help.deadline_ns + ras_nmi_timeout_ns(m)) {
		/* Again: an NMI comes in vain where the CPU cannot be taken out. */
		ras_nudge(m, cpu);
		return RAS_HELPER_RUNS;
	}
	slot->job_lost = m->help.nr;
	return RAS_HELPER_LOST;
}

/* The state of a CPU that has not joined: it may be about to, for as long as a piece. */
static enum ras_helper ras_state_unjoined(struct ras_machine *m, struct ras_slot *slot)
{
	if (READ_ONCE(slot->work) != m->help.nr)
		return RAS_HELPER_NONE;
	if (ras_since_ns(m, slot->piece_seen_ns) <= m->help.deadline_ns)
		return RAS_HELPER_RUNS;
	/* Too late: it is not asked any more, unless it joins right now; see ras_work(). */
	xchg(&slot->work, 0);
	return READ_ONCE(slot->job) == m->help.nr ? RAS_HELPER_RUNS : RAS_HELPER_NONE;
}

/**
 * ras_machine_help_state() - ras_help_state() for a given machine
 * @m: the machine
 * @cpu: the CPU
 *
 * Context: Owner.
 * Return: as ras_help_state().
 */
enum ras_helper ras_machine_help_state(struct ras_machine *m, unsigned int cpu)
{
	struct ras_slot *slot = cpu < nr_cpu_ids ? m->slot[cpu] : NULL;
	u32 piece;
	u64 age;

	if (!slot || !m->help.work)
		return RAS_HELPER_NONE;
	/* A handler that was taken over from has come back: the helpers are not its own. */
	if (!ras_owned_here(m))
		return RAS_HELPER_LOST;
	if (slot->job_lost == m->help.nr)
		return RAS_HELPER_LOST;
	if (READ_ONCE(slot->job) != m->help.nr)
		return ras_state_unjoined(m, slot);
	/* Pairs with the release in ras_help_piece(): its state is final. */
	if (!smp_load_acquire(&slot->helping)) {
		enum ras_helper state = READ_ONCE(slot->job_state);

		/* There is more to do, but it is not asked for it any more. */
		if (state == RAS_HELPER_RUNS && READ_ONCE(slot->work) != m->help.nr)
			return RAS_HELPER_DONE;
		return state;
	}
	piece = READ_ONCE(slot->piece);
	if (piece != slot->piece_seen) {
		slot->piece_seen = piece;
		slot->piece_seen_ns = m->arch->now_ns();
	}
	age = ras_since_ns(m, slot->piece_seen_ns);
	return age <= m->help.deadline_ns ? RAS_HELPER_RUNS : ras_hurry(m, cpu, age);
}

/* Is @cpu in no piece any more, or given up? */
static bool ras_has_ended(struct ras_machine *m, unsigned int cpu)
{
	/* Pairs with the release in ras_help_piece(). */
	return !smp_load_acquire(&m->slot[cpu]->helping) ||
	       ras_machine_help_state(m, cpu) == RAS_HELPER_LOST;
}

/**
 * ras_drop_job() - have no CPU begin another piece
 * @m: the machine
 *
 * Leaves the CPUs that were asked for the job in m->pending.  An NMI takes those that are in
 * a piece out of it.
 *
 * Context: Owner.
 */
void ras_drop_job(struct ras_machine *m)
{
	unsigned int cpu;
	u32 asked;

	WRITE_ONCE(m->help.active, false);
	cpumask_clear(&m->pending);
	for_each_cpu(cpu, m->arch->present()) {
		if (!m->slot[cpu])
			continue;
		/* A full barrier, see ras_help_piece(). */
		asked = xchg(&m->slot[cpu]->work, 0);
		/* Not one that is lost in an earlier job, nor a helper that has taken over. */
		if ((asked == m->help.nr || ras_has_joined(m, cpu)) && (int)cpu != m->stop.owner)
			cpumask_set_cpu(cpu, &m->pending);
	}
}

/**
 * ras_machine_help_end() - ras_help_end() for a given machine
 * @m: the machine
 *
 * Context: Owner.
 * Return: as ras_help_end().
 */
int ras_machine_help_end(struct ras_machine *m)
{
	unsigned int cpu;
	bool ended;

	if (!m->help.active || !m->help.work)
		return 0;
	if (!ras_owned_here(m))
		return -EBUSY;
	ras_drop_job(m);
	/* Bounded: a CPU in a piece comes back, leaves it, or is given up. */
	ended = ras_await(m, m->help.deadline_ns + 2 * ras_nmi_timeout_ns(m), RAS_NO_NUDGE,
			  ras_has_ended);
	/* Taken over from meanwhile: they may be at work for the new owner. */
	if (!ras_owned_here(m))
		return -EBUSY;
	if (!ended)
		for_each_cpu(cpu, &m->pending)
			m->slot[cpu]->job_lost = m->help.nr;
	for_each_cpu(cpu, m->arch->present())
		if (m->slot[cpu] && m->slot[cpu]->job_lost == m->help.nr)
			return -ETIMEDOUT;
	return 0;
}
