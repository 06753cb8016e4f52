/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS stop framework: the lowest floor of the core.  State, claims and commands; the one
 * way to summon a CPU; the one bounded wait.
 */
#ifndef _KERNEL_RAS_MACHINE_H
#define _KERNEL_RAS_MACHINE_H

#include "state.h"

void ras_machine_init(struct ras_machine *m, const struct ras_arch_ops *arch,
		      const struct ras_kernel_ops *kernel, struct ras_slot **slot);

bool ras_summon(struct ras_machine *m, unsigned int cpu);
void ras_nudge(struct ras_machine *m, unsigned int cpu);
bool ras_takes_nmi(const struct ras_slot *slot);
bool ras_await(struct ras_machine *m, u64 timeout_ns, u64 nudge_ns,
	       bool (*done)(struct ras_machine *m, unsigned int cpu));
void ras_await_or_nudge(struct ras_machine *m,
			bool (*done)(struct ras_machine *m, unsigned int cpu));
void ras_command(struct ras_machine *m, unsigned int cpu, u64 command);
void ras_command_all(struct ras_machine *m, enum ras_command_op op, int except);
const struct ras_cpu *ras_machine_record(const struct ras_machine *m, unsigned int cpu);

/* ras_await() without nudging. */
#define RAS_NO_NUDGE	U64_MAX

/* The NMI timeout of policy, in ns. */
static inline u64 ras_nmi_timeout_ns(const struct ras_machine *m)
{
	return READ_ONCE(m->policy.nmi_timeout_ms) * (u64)NSEC_PER_MSEC;
}

/* The number after @nr, of a call or of a help: one that none has had for long, and not 0. */
static inline u32 ras_next_nr(u32 nr)
{
	return nr < RAS_NR_MAX ? nr + 1 : 1;
}

/* Time since @begin_ns; 0 if that was on a CPU whose clock is ahead. */
static inline u64 ras_since_ns(const struct ras_machine *m, u64 begin_ns)
{
	s64 ns = m->arch->now_ns() - begin_ns;

	return max_t(s64, ns, 0);
}

static inline u64 ras_claim(const struct ras_machine *m)
{
	return atomic64_read(&m->claim);
}

/* The CPU that owns the stop, or %RAS_NOBODY. */
static inline int ras_owner(const struct ras_machine *m)
{
	return RAS_OWNER_OF(ras_claim(m));
}

/* The guarded call that the owner is in, or 0. */
static inline u32 ras_running(const struct ras_machine *m)
{
	return RAS_CALL_OF(ras_claim(m));
}

/* Change the claim from @from to @to; false if it is not @from any more. */
static inline bool ras_change_claim(struct ras_machine *m, u64 from, u64 to)
{
	return atomic64_cmpxchg(&m->claim, from, to) == (s64)from;
}

static inline struct ras_slot *ras_this_slot(const struct ras_machine *m)
{
	return m->slot[m->arch->this_cpu()];
}

/* Is @cpu parked in this stop? */
static inline bool ras_has_parked(const struct ras_machine *m, unsigned int cpu)
{
	/* Pairs with the release in ras_park(). */
	return m->slot[cpu] && smp_load_acquire(&m->slot[cpu]->parked) == m->stop.sequence;
}

/*
 * Has a panic on another CPU to make the present stop a crash?  In whichever stop that CPU
 * has recorded it: it may have come before this one had its number, and nothing but a crash
 * follows a panic.
 */
static inline bool ras_preempted(const struct ras_machine *m)
{
	return m->stop.resumable && atomic_read(&m->panicked);
}

/* Does the calling CPU own the stop? */
static inline bool ras_owned_here(const struct ras_machine *m)
{
	return ras_owner(m) == (int)m->arch->this_cpu();
}

#endif /* _KERNEL_RAS_MACHINE_H */
