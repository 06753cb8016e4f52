// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the RAS stop framework: stop, park, release.
 *
 * The owner gathers the other CPUs by IPI and by NMI, accounts for those that are late or
 * missing, and releases them.
 *
 * A stop is checked after it is over: its record stays until the next one.
 */
#include <linux/prandom.h>

#include "fake_arch.h"

/* Which CPUs have a record for the handlers, and is it their own? */
static void hook_records(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	const struct ras_cpu *record;
	unsigned int cpu;

	h->seen = 0;
	h->ret = 0;
	/* Beyond the last one as well. */
	for (cpu = 0; cpu < nr_cpu_ids + 2; cpu++) {
		record = ras_cpu_record(stop, cpu);
		if (!record)
			continue;
		h->seen |= BIT(cpu);
		if (record != &h->fake->slot[cpu]->record)
			h->ret = -EINVAL;
	}
}

/* Who has interrupts enabled is stopped by IPI, and nobody gets an NMI. */
static void ras_stop_all_by_ipi(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 4, true);
	struct ras_fake_handler *h = ras_fake_add(test, "h", RAS_PRIO_LOG);
	struct ras_stop *stop = &fake->m.stop;
	unsigned int cpu;

	h->hook = hook_records;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 1, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, h->ran, 1);
	KUNIT_EXPECT_EQ(test, h->seen, 0xfUL);
	KUNIT_EXPECT_EQ(test, h->ret, 0);
	KUNIT_EXPECT_EQ(test, fake->ipis, 0xdUL);
	KUNIT_EXPECT_EQ(test, fake->nmis, 0UL);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_OWNER, 0x2);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_IPI, 0xd);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_NMI, 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_MISSING, 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_OFFLINE, 0);
	for (cpu = 0; cpu < 4; cpu++)
		ras_fake_expect_record(test, fake, cpu,
				       cpu == 1 ? RAS_HOW_OWNER : RAS_HOW_IPI);

	KUNIT_EXPECT_EQ(test, stop->sequence, 1);
	KUNIT_EXPECT_EQ(test, stop->trigger, RAS_TRIGGER_API);
	KUNIT_EXPECT_EQ(test, stop->owner, 1);
	KUNIT_EXPECT_TRUE(test, stop->resumable);
	KUNIT_EXPECT_STREQ(test, stop->message, "test");
	KUNIT_EXPECT_PTR_EQ(test, stop->regs,
			    (const struct pt_regs *)&fake->slot[1]->record.arch.regs);
	KUNIT_EXPECT_EQ(test, fake->begins, 1);
	KUNIT_EXPECT_FALSE(test, fake->crash);
	ras_fake_expect_idle(test, fake);
}

/* What sysfs shows of a stop is kept beyond the next one's beginning. */
static void ras_stop_keeps_last(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 2, true);
	struct ras_last *last = &fake->m.last;

	fake->cpu[0].answer = RAS_FAKE_NMI;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 1, RAS_TRIGGER_SYSRQ), 0);
	KUNIT_EXPECT_EQ(test, last->times.sequence, 1);
	/* The clock stands still but for the grace period. */
	KUNIT_EXPECT_GT(test, last->times.stop_ns, RAS_IPI_GRACE_US * 1000ULL);
	KUNIT_EXPECT_EQ(test, last->times.stop_ns, fake->m.stop.stop_ns);
	KUNIT_EXPECT_EQ(test, last->times.held_ns, 0ULL);
	KUNIT_EXPECT_EQ(test, last->trigger, RAS_TRIGGER_SYSRQ);
	KUNIT_EXPECT_EQ(test, last->owner, 1);
	KUNIT_EXPECT_FALSE(test, last->rehearsal);
	KUNIT_EXPECT_STREQ(test, last->message, "test");
	KUNIT_EXPECT_EQ(test, ras_fake_bits(&last->cpus[RAS_HOW_NMI]), 0x1UL);
}

/* Without a grace period there is no IPI. */
static void ras_stop_without_grace(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 4, true);
	unsigned int cpu;

	fake->m.policy.ipi_grace_us = 0;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, fake->ipis, 0UL);
	KUNIT_EXPECT_EQ(test, fake->nmis, 0xeUL);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_IPI, 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_NMI, 0xe);
	for (cpu = 1; cpu < 4; cpu++)
		ras_fake_expect_record(test, fake, cpu, RAS_HOW_NMI);
	ras_fake_expect_idle(test, fake);
}

/* An architecture that cannot send an IPI goes on to the NMI. */
static void ras_stop_without_ipi(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 2, true);
	u64 before = atomic64_read(&fake->clock);

	fake->no_ipi = true;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_NMI, 0x2);
	/* No grace period is spent on an IPI that was not sent. */
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&fake->clock), before);
	ras_fake_expect_idle(test, fake);
}

/* An NMI goes to those that need one, and to nobody else. */
static void ras_stop_nmi_for_the_rest(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 4, true);

	fake->cpu[2].answer = RAS_FAKE_NMI;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, fake->ipis, 0xeUL);
	KUNIT_EXPECT_EQ(test, fake->nmis, 0x4UL);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_IPI, 0xa);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_NMI, 0x4);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_MISSING, 0);
	ras_fake_expect_record(test, fake, 1, RAS_HOW_IPI);
	ras_fake_expect_record(test, fake, 2, RAS_HOW_NMI);
	/* The grace period came first. */
	KUNIT_EXPECT_GT(test, fake->slot[2]->record.when_ns,
			RAS_IPI_GRACE_US * 1000ULL);
	ras_fake_expect_idle(test, fake);
}

/* A CPU that never answers is named, and costs the timeout and nothing else. */
static void ras_stop_missing_cpu(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 4, true);
	struct ras_fake_handler *h = ras_fake_add(test, "h", RAS_PRIO_LOG);

	h->hook = hook_records;
	/* In one stop with a record, in the next without. */
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	fake->cpu[3].answer = RAS_FAKE_DEAF;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, h->ran, 1);
	KUNIT_EXPECT_EQ(test, h->seen, 0x7UL);
	KUNIT_EXPECT_EQ(test, h->ret, 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_IPI, 0x6);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_NMI, 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_MISSING, 0x8);
	KUNIT_EXPECT_GT(test, fake->m.stop.stop_ns,
			(u64)RAS_NMI_TIMEOUT_MS * NSEC_PER_MSEC);
	ras_fake_expect_idle(test, fake);
}

/* The NMI of a stop that is over stops nobody. */
static void ras_stop_stale_nmi(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 2, true);

	fake->cpu[1].answer = RAS_FAKE_LATE;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_MISSING, 0x2);
	KUNIT_EXPECT_EQ(test, fake->slot[1]->nmi_sent, 1);
	ras_fake_wake(fake, 1);
	/* Taken back, so that the next foreign NMI is not mistaken for it. */
	KUNIT_EXPECT_TRUE(test, ras_fake_until(fake,
					       !READ_ONCE(fake->slot[1]->nmi_sent)));
	KUNIT_EXPECT_TRUE(test, ras_fake_until(fake, !READ_ONCE(fake->cpu[1].serving)));
	KUNIT_EXPECT_EQ(test, fake->slot[1]->record.sequence, 0);
	ras_fake_expect_idle(test, fake);
}

/* Wake CPU 2 and wait until it has parked: it is late by a whole handler. */
static void hook_wake_late(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->seen = ras_fake_bits(&stop->cpus[RAS_HOW_MISSING]);
	ras_fake_wake(h->fake, 2);
	h->ret = ras_fake_until(h->fake, ras_fake_parked(h->fake, 2)) ? 0 : -ETIMEDOUT;
}

static void hook_see_nmi(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->seen = ras_fake_bits(&stop->cpus[RAS_HOW_NMI]);
	h->ret = ras_fake_bits(&stop->cpus[RAS_HOW_MISSING]);
}

/* Who answers after the timeout parks, is no longer missing, and is released. */
static void ras_stop_late_cpu(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 4, true);
	struct ras_fake_handler *first = ras_fake_add(test, "first", 1);
	struct ras_fake_handler *second = ras_fake_add(test, "second", 2);

	fake->cpu[2].answer = RAS_FAKE_LATE;
	first->hook = hook_wake_late;
	second->hook = hook_see_nmi;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, first->seen, 0x4UL);
	KUNIT_EXPECT_EQ(test, first->ret, 0);
	KUNIT_EXPECT_EQ(test, second->seen, 0x4UL);
	KUNIT_EXPECT_EQ(test, second->ret, 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_IPI, 0xa);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_NMI, 0x4);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_MISSING, 0);
	ras_fake_expect_record(test, fake, 2, RAS_HOW_NMI);
	KUNIT_EXPECT_TRUE(test, fake->slot[2]->record.late);
	KUNIT_EXPECT_FALSE(test, fake->slot[1]->record.late);
	ras_fake_expect_idle(test, fake);

	/* It is a CPU like any other in the next stop. */
	fake->cpu[2].answer = RAS_FAKE_ANY;
	first->hook = NULL;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_IPI, 0xe);
	KUNIT_EXPECT_FALSE(test, fake->slot[2]->record.late);
}

/* Late by so much that only the accounting after the last handler sees it. */
static void ras_stop_late_in_last_handler(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 3, true);
	struct ras_fake_handler *h = ras_fake_add(test, "h", 1);

	fake->cpu[2].answer = RAS_FAKE_LATE;
	h->hook = hook_wake_late;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_NMI, 0x4);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_MISSING, 0);
	KUNIT_EXPECT_TRUE(test, fake->slot[2]->record.late);
	ras_fake_expect_idle(test, fake);
}

/* A CPU that is going offline leaves instead of answering: nobody misses it. */
static void ras_stop_cpu_goes_offline(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 4, true);

	fake->cpu[1].answer = RAS_FAKE_UNPLUG;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_IPI, 0xc);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_MISSING, 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_OFFLINE, 0x2);
	KUNIT_EXPECT_EQ(test, fake->slot[1]->record.sequence, 0);
	ras_fake_expect_idle(test, fake);
}

static void hook_plug(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->seen = ras_fake_bits(&stop->cpus[RAS_HOW_OFFLINE]);
	cpumask_set_cpu(2, &h->fake->online);
}

static void hook_see_newcomer(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->seen = ras_fake_bits(&stop->cpus[RAS_HOW_NMI]);
	h->ret = ras_fake_parked(h->fake, 2);
}

/* Bringing a CPU up needs none of those that are parked. */
static void ras_stop_newcomer(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 3, true);
	struct ras_fake_handler *first = ras_fake_add(test, "first", 1);
	struct ras_fake_handler *second = ras_fake_add(test, "second", 2);

	cpumask_clear_cpu(2, &fake->online);
	first->hook = hook_plug;
	second->hook = hook_see_newcomer;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, first->seen, 0x4UL);
	KUNIT_EXPECT_EQ(test, second->seen, 0x4UL);
	KUNIT_EXPECT_TRUE(test, second->ret);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_IPI, 0x2);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_NMI, 0x4);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_OFFLINE, 0);
	ras_fake_expect_record(test, fake, 2, RAS_HOW_NMI);
	ras_fake_expect_idle(test, fake);
}

/* Nothing of a stop is left to disturb the next, whoever owns it. */
static void ras_stop_many_cycles(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 4, true);
	struct rnd_state rnd;
	unsigned int i, owner;

	prandom_seed_state(&rnd, 1);
	for (i = 1; i <= 200; i++) {
		owner = prandom_u32_state(&rnd) % fake->nr;
		/* Some by NMI, some by both. */
		fake->m.policy.ipi_grace_us = i % 3 ? RAS_IPI_GRACE_US : 0;
		fake->cpu[i % fake->nr].answer = i % 5 ? RAS_FAKE_ANY : RAS_FAKE_NMI;
		KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, owner, RAS_TRIGGER_API), 0);
		KUNIT_ASSERT_EQ(test, fake->m.stop.sequence, i);
		KUNIT_ASSERT_EQ(test, fake->m.stop.owner, owner);
		RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_OWNER, BIT(owner));
		RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_MISSING, 0);
		ras_fake_expect_idle(test, fake);
	}
	KUNIT_EXPECT_EQ(test, fake->m.last.times.sequence, 200);
}

/* The sequence has no end; 0 is left out, which means "not parked". */
static void ras_stop_sequence_wraps(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 2, true);
	static const u32 expected[] = { U32_MAX, 1, 2 };
	unsigned int i;

	fake->m.stop.sequence = U32_MAX - 1;
	for (i = 0; i < 2; i++)
		fake->slot[i]->command = RAS_COMMAND(U32_MAX - 1, RAS_RELEASE);
	for (i = 0; i < ARRAY_SIZE(expected); i++) {
		KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
		KUNIT_EXPECT_EQ(test, fake->m.stop.sequence, expected[i]);
		RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_IPI, 0x2);
		ras_fake_expect_idle(test, fake);
	}
}

static void hook_unstick(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->seen = ras_fake_bits(&stop->cpus[RAS_HOW_MISSING]);
	WRITE_ONCE(h->fake->cpu[2].stuck, false);
	h->ret = ras_fake_until(h->fake, ras_fake_parked(h->fake, 2)) ? 0 : -ETIMEDOUT;
}

/* A CPU that leaves a stop when the next has sent its NMI parks again. */
static void ras_stop_leaves_into_next(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 3, true);
	struct ras_fake_handler *h;

	fake->cpu[2].stuck = true;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_ASSERT_TRUE(test, ras_fake_parked(fake, 2));

	/* Its NMI comes while it is parking, and so is not the one to park it. */
	h = ras_fake_add(test, "h", 1);
	h->hook = hook_unstick;
	fake->m.policy.ipi_grace_us = 0;
	fake->patience = jiffies + 20 * HZ;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, h->seen, 0x4UL);
	KUNIT_EXPECT_EQ(test, h->ret, 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_MISSING, 0);
	KUNIT_EXPECT_TRUE(test, fake->slot[2]->record.late);
	ras_fake_expect_idle(test, fake);
}

static int job_foreign_nmi(struct ras_fake *fake, unsigned int cpu, void *arg)
{
	return ras_stopped(&fake->m, RAS_HOW_NMI, &fake->cpu[cpu].regs);
}

/* Nobody is parked, and no NMI claimed, when there is no stop. */
static void ras_stop_foreign_nmi(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 2, true);

	KUNIT_EXPECT_FALSE(test, ras_fake_do(fake, 1, job_foreign_nmi, NULL));
	/* While CPUs are gathered, it would cut the grace period short. */
	fake->m.stop.sequence = 1;
	atomic64_set(&fake->m.claim, RAS_CLAIM(0, 0));
	WRITE_ONCE(fake->m.state, RAS_STOPPING);
	KUNIT_EXPECT_FALSE(test, ras_fake_do(fake, 1, job_foreign_nmi, NULL));
	KUNIT_EXPECT_EQ(test, fake->slot[1]->parked, 0);
	WRITE_ONCE(fake->m.state, RAS_IDLE);
	atomic64_set(&fake->m.claim, RAS_CLAIM_NONE);
}

/* A release has an end also if a CPU does not leave, and the stop an outcome. */
static void ras_stop_stuck_cpu(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 3, true);

	fake->cpu[2].stuck = true;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_IPI, 0x6);
	KUNIT_EXPECT_GT(test, fake->m.last.times.release_ns,
			(u64)RAS_NMI_TIMEOUT_MS * NSEC_PER_MSEC);
	KUNIT_EXPECT_EQ(test, fake->m.state, RAS_IDLE);
	KUNIT_EXPECT_TRUE(test, ras_fake_parked(fake, 2));

	/* Its command waits for it. */
	WRITE_ONCE(fake->cpu[2].stuck, false);
	KUNIT_EXPECT_TRUE(test, ras_fake_until(fake, !READ_ONCE(fake->slot[2]->parked)));
	ras_fake_expect_idle(test, fake);
}

/*
 * A store does not wake every processor: a CPU that does not leave is nudged by NMI.  CPU 1
 * is nudged before that, because it is to watch, and stays awake.
 */
static void ras_stop_nudge(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 4, true);

	fake->cpu[1].asleep = true;
	/* An NMI could not wake this one, so it waits in a way that needs none. */
	fake->cpu[2].asleep = true;
	fake->cpu[2].answer = RAS_FAKE_NMI;
	fake->cpu[3].asleep = true;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_IPI, 0xa);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_NMI, 0x4);
	/* CPU 2 got its NMI before, to be stopped. */
	KUNIT_EXPECT_EQ(test, fake->nmis, BIT(1) | BIT(2) | BIT(3));
	KUNIT_EXPECT_LT(test, fake->m.last.times.release_ns,
			(u64)RAS_NMI_TIMEOUT_MS * NSEC_PER_MSEC);
	ras_fake_expect_idle(test, fake);
}

/* The same for the command that ends a crash. */
static void ras_stop_nudge_crash(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 3, true);

	if (ras_crash_kernel_loaded())
		kunit_skip(test, "a crash kernel is loaded");
	fake->cpu[1].asleep = true;
	fake->cpu[2].asleep = true;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_PANIC), 0);
	KUNIT_EXPECT_TRUE(test, ras_fake_halted(fake, 1));
	KUNIT_EXPECT_TRUE(test, ras_fake_halted(fake, 2));
	KUNIT_EXPECT_EQ(test, fake->cpu[1].retired, 1);
	KUNIT_EXPECT_EQ(test, fake->nmis, BIT(1) | BIT(2));
}

/* A crash has no release: none of the stop before is shown for it. */
static void ras_stop_crash_has_no_release(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 3, true);

	/* Not CPU 1, which watches and is awake. */
	fake->cpu[2].asleep = true;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_GT(test, fake->m.last.times.release_ns, 0ULL);
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_PANIC), 0);
	KUNIT_EXPECT_EQ(test, fake->m.last.times.sequence, 2);
	KUNIT_EXPECT_EQ(test, fake->m.last.times.release_ns, 0ULL);
}

static void hook_see_flags(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	const struct ras_machine *m = &h->fake->m;

	h->seen = m->help_failed || m->oopsed || m->made_crash || m->in_panic ||
		  m->last_only || m->mute || m->console_left || m->notes_saved ||
		  m->help.active;
	h->ret = m->failures || m->nr_results != 1;
}

/* Whatever a former stop has left, a stop begins anew. */
static void ras_stop_begins_anew(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 2, true);
	struct ras_fake_handler *h = ras_fake_add(test, "h", 1);
	struct ras_machine *m = &fake->m;

	h->hook = hook_see_flags;
	m->help_failed = true;
	m->oopsed = true;
	m->made_crash = true;
	m->in_panic = true;
	m->last_only = true;
	m->mute = true;
	m->console_left = true;
	m->notes_saved = true;
	m->help.active = true;
	m->failures = 1;
	m->nr_results = 1;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, h->ran, 1);
	KUNIT_EXPECT_FALSE(test, h->seen);
	KUNIT_EXPECT_FALSE(test, h->ret);
	KUNIT_EXPECT_EQ(test, fake->forgotten, 0);
	ras_fake_expect_idle(test, fake);
}

static void hook_nmi_parked(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	struct ras_fake_cpu *cpu = &h->fake->cpu[1];

	xchg(&cpu->nmi, 1);
	h->ret = ras_fake_until(h->fake, !READ_ONCE(cpu->nmi)) ? 0 : -ETIMEDOUT;
	h->seen = ras_fake_parked(h->fake, 1);
}

/* An NMI of whatever origin neither frees a parked CPU nor parks it twice. */
static void ras_stop_nmi_while_parked(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 2, true);
	struct ras_fake_handler *h = ras_fake_add(test, "h", 1);

	h->hook = hook_nmi_parked;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, h->ret, 0);
	KUNIT_EXPECT_TRUE(test, h->seen);
	ras_fake_expect_record(test, fake, 1, RAS_HOW_IPI);
	ras_fake_expect_idle(test, fake);
}

/* An NMI that was not sent is not waited for in later stops. */
static void ras_stop_without_nmi(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 2, true);

	fake->no_nmi = true;
	fake->cpu[1].answer = RAS_FAKE_NMI;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_MISSING, 0x2);
	KUNIT_EXPECT_EQ(test, fake->slot[1]->nmi_sent, 0);
	ras_fake_expect_idle(test, fake);
}

/* A CPU that goes offline takes an NMI along that has not arrived, and needs a new one later. */
static void ras_stop_nmi_lost_offline(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 3, true);

	fake->cpu[2].answer = RAS_FAKE_DEAF;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_MISSING, 0x4);
	KUNIT_EXPECT_EQ(test, fake->slot[2]->nmi_sent, 1);

	cpumask_clear_cpu(2, &fake->online);
	xchg(&fake->cpu[2].nmi, 0);
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_OFFLINE, 0x4);
	KUNIT_EXPECT_EQ(test, fake->slot[2]->nmi_sent, 0);

	cpumask_set_cpu(2, &fake->online);
	fake->cpu[2].answer = RAS_FAKE_NMI;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_NMI, 0x4);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_MISSING, 0);
	ras_fake_expect_idle(test, fake);
}

static struct kunit_case ras_stop_cases[] = {
	KUNIT_CASE(ras_stop_all_by_ipi),
	KUNIT_CASE(ras_stop_keeps_last),
	KUNIT_CASE(ras_stop_without_grace),
	KUNIT_CASE(ras_stop_without_ipi),
	KUNIT_CASE(ras_stop_nmi_for_the_rest),
	KUNIT_CASE(ras_stop_missing_cpu),
	KUNIT_CASE(ras_stop_stale_nmi),
	KUNIT_CASE(ras_stop_late_cpu),
	KUNIT_CASE(ras_stop_late_in_last_handler),
	KUNIT_CASE(ras_stop_cpu_goes_offline),
	KUNIT_CASE(ras_stop_newcomer),
	KUNIT_CASE(ras_stop_many_cycles),
	KUNIT_CASE(ras_stop_sequence_wraps),
	KUNIT_CASE(ras_stop_leaves_into_next),
	KUNIT_CASE(ras_stop_foreign_nmi),
	KUNIT_CASE(ras_stop_stuck_cpu),
	KUNIT_CASE(ras_stop_nudge),
	KUNIT_CASE(ras_stop_nudge_crash),
	KUNIT_CASE(ras_stop_crash_has_no_release),
	KUNIT_CASE(ras_stop_begins_anew),
	KUNIT_CASE(ras_stop_nmi_while_parked),
	KUNIT_CASE(ras_stop_without_nmi),
	KUNIT_CASE(ras_stop_nmi_lost_offline),
	{}
};

static struct kunit_suite ras_stop_suite = {
	.name		= "ras_stop",
	.init		= ras_fake_init,
	.exit		= ras_fake_exit,
	.test_cases	= ras_stop_cases,
};

kunit_test_suite(ras_stop_suite);
