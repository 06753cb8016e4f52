// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the RAS stop framework: takeover by another CPU.
 *
 * An owner hangs in a handler where no NMI reaches it, and another CPU goes on with the
 * stop.  The former owner stays away, or comes back and finds its place.
 */
#include <linux/delay.h>
#include <linux/prandom.h>
#include <linux/ptrace.h>
#include <linux/string.h>

#include "fake_guard.h"

/* When it is woken, it takes the NMI that has been waiting. */
static void hook_wedge_late(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	ras_fake_wedge(h->fake, RAS_FAKE_LATE);
}

static void asked_wedge(struct ras_fake_handler *h)
{
	ras_fake_wedge(h->fake, RAS_FAKE_DEAF);
}

/* Let the old owner come back from the stop that another CPU has finished. */
static void expect_canceled(struct kunit *test, struct ras_fake *fake, unsigned int cpu)
{
	ras_fake_unwedge(fake, cpu);
	KUNIT_EXPECT_EQ(test, ras_fake_finish(fake, cpu), -ECANCELED);
	ras_fake_unwedged(fake, cpu);
}

/* A stop that another CPU finishes: wait until the machine is released. */
static bool released(struct ras_fake *fake, u32 sequence)
{
	return ras_fake_until(fake, READ_ONCE(fake->m.last.times.sequence) == sequence &&
				    ras_owner(&fake->m) == RAS_NOBODY);
}

/* Another context than at the trigger, in which the owner hangs. */
static void hook_wedge_elsewhere(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	instruction_pointer_set(&h->fake->cpu[0].regs, 0x5000);
	ras_fake_hook_wedge(h, stop);
	instruction_pointer_set(&h->fake->cpu[0].regs, 0x1000);
}

/* What the handlers see of a former owner that has not come back. */
static void hook_see_old_owner(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->seen = ras_fake_bits(&stop->cpus[RAS_HOW_MISSING]);
	h->ret = ras_cpu_record(stop, 0) == &h->fake->slot[0]->record &&
		 stop->owner == 1;
}

static void ras_takeover_goes_on(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 3);
	struct ras_fake_handler *bad = ras_fake_add_hook(test, "bad", 1,
							 hook_wedge_elsewhere,
							 RAS_FAKE_DEADLINE_MS);
	struct ras_fake_handler *good = ras_fake_add_hook(test, "good", 2,
							  hook_see_old_owner,
							  RAS_FAKE_DEADLINE_MS);

	bad->verdict = RAS_END;
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_ASSERT_TRUE(test, released(fake, 1));
	KUNIT_EXPECT_EQ(test, good->ran, 2);
	KUNIT_EXPECT_EQ(test, good->seen, 0x1UL);
	KUNIT_EXPECT_TRUE(test, good->ret);
	KUNIT_EXPECT_EQ(test, fake->m.nr_results, 2);
	ras_fake_expect_hung(test, fake, 0, 0, 1, RAS_FAKE_DEADLINE_MS);
	/* The deadline, and the time that the owner had to answer. */
	KUNIT_EXPECT_GT(test, fake->m.result[0].ns,
			RAS_FAKE_DEADLINE_NS + RAS_NMI_TIMEOUT_MS * (u64)NSEC_PER_MSEC);
	KUNIT_EXPECT_LE(test, fake->m.result[0].ns,
			RAS_FAKE_DEADLINE_NS + RAS_NMI_TIMEOUT_MS * (u64)NSEC_PER_MSEC +
			RAS_FAKE_SLACK_NS);
	KUNIT_EXPECT_EQ(test, fake->m.result[1].failure.why, RAS_FAILED_NOT);
	ras_fake_expect_counts(test, bad, 1, 0, 1);
	ras_fake_expect_counts(test, good, 1, 0, 0);
	KUNIT_EXPECT_EQ(test, fake->m.stop.owner, 1);
	KUNIT_EXPECT_EQ(test, fake->m.last.owner, 1);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_OWNER, 0x2);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_IPI, 0x4);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_MISSING, 0x1);
	KUNIT_EXPECT_EQ(test, ras_fake_bits(&fake->m.owners), 0x3UL);
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.tainted, 1);
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.went_on, 0);
	ras_fake_expect_trigger(test, fake, RAS_HOW_OWNER);
	/* It may not be armed anew, nor disarmed, while CPU 0 is in it. */
	KUNIT_EXPECT_EQ(test, ras_fake_enable(bad, true), -EBUSY);
	KUNIT_EXPECT_EQ(test, ras_fake_enable(bad, false), -EBUSY);
	KUNIT_EXPECT_EQ(test, bad->arms, 1);
	KUNIT_EXPECT_EQ(test, bad->disarms, 0);
	/* There is nothing left to park for. */
	expect_canceled(test, fake, 0);
	ras_fake_expect_trigger(test, fake, RAS_HOW_OWNER);
	ras_fake_expect_idle(test, fake);
	KUNIT_EXPECT_EQ(test, ras_fake_enable(bad, false), 0);
	KUNIT_EXPECT_EQ(test, bad->disarms, 1);

	/* All are CPUs like any others in the next stop. */
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_OWNER, 0x1);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_IPI, 0x6);
	KUNIT_EXPECT_EQ(test, good->ran, 2);
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.tainted, 1);
	ras_fake_expect_idle(test, fake);
}

/* By which way the former owner comes back while the machine is stopped. */
struct comeback_param {
	const char *desc;
	ras_fake_hook hook;
	enum ras_how how;
};

static const struct comeback_param comeback_params[] = {
	{ "handler returns",	ras_fake_hook_wedge,	 RAS_HOW_SELF },
	{ "takes its NMI",	hook_wedge_late, RAS_HOW_NMI },
};

static void comeback_desc(const struct comeback_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(comeback, comeback_params, comeback_desc);

static void ras_takeover_old_owner_parks(struct kunit *test)
{
	const struct comeback_param *p = test->param_value;
	struct ras_fake *fake = ras_fake_new_guarded(test, 3);
	struct ras_fake_handler *bad, *good, *next;

	bad = ras_fake_add_hook(test, "bad", 1, p->hook, RAS_FAKE_DEADLINE_MS);
	good = ras_fake_add_hook(test, "good", 2, ras_fake_hook_wake_owner, 0);
	next = ras_fake_add_hook(test, "next", 3, hook_see_old_owner, 0);
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_EXPECT_EQ(test, ras_fake_finish(fake, 0), -ECANCELED);
	KUNIT_ASSERT_TRUE(test, released(fake, 1));
	KUNIT_EXPECT_EQ(test, good->seen, 0x2UL);
	KUNIT_EXPECT_EQ(test, good->ret, 0);
	/* Added between the handlers, and its record is there in each. */
	KUNIT_EXPECT_EQ(test, next->ran, 3);
	KUNIT_EXPECT_EQ(test, next->seen, 0UL);
	KUNIT_EXPECT_TRUE(test, next->ret);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_OWNER, 0x2);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_IPI, 0x4);
	RAS_FAKE_EXPECT_CPUS(test, fake, p->how, 0x1);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_MISSING, 0);
	ras_fake_expect_trigger(test, fake, p->how);
	ras_fake_expect_idle(test, fake);
	/* Parked in the middle of what hangs, it does not go on with that. */
	KUNIT_EXPECT_EQ(test, fake->cpu[0].landed, p->how == RAS_HOW_NMI);
	KUNIT_EXPECT_EQ(test, atomic_read(&bad->handler.entry->busy), 0);
}

/* A handler that hung may still ask the core something when it comes back. */
static void hook_wedge_then_ask(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	ras_fake_hook_wedge(h, stop);
	h->seen = !!READ_ONCE(h->handler.entry);
	if (h->seen)
		h->ret = ras_wait_s(&h->handler, stop);
}

static void hook_see_watcher(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->seen = ras_fake_bits(&stop->cpus[RAS_HOW_NMI]);
	h->ret = h->fake->m.watch.cpu;
}

static void hook_wake_second(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->seen = ras_fake_bits(&stop->cpus[RAS_HOW_OWNER]);
	ras_fake_wake(h->fake, 1);
	h->ret = ras_fake_until(h->fake, ras_fake_parked(h->fake, 1)) ? 0 : -ETIMEDOUT;
}

/*
 * A CPU that is parked in the middle of what it has lost watches if there is no other, and
 * can take over in its turn: what it runs then nests in what it has lost.
 */
static void ras_takeover_by_old_owner(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *see, *last;

	ras_fake_add_hook(test, "bad", 1, hook_wedge_late, RAS_FAKE_DEADLINE_MS);
	ras_fake_add_hook(test, "good", 2, ras_fake_hook_wake_owner, RAS_FAKE_DEADLINE_MS);
	see = ras_fake_add_hook(test, "see", 3, hook_see_watcher, RAS_FAKE_DEADLINE_MS);
	ras_fake_add_hook(test, "worse", 4, ras_fake_hook_wedge, RAS_FAKE_DEADLINE_MS);
	last = ras_fake_add_hook(test, "last", 5, hook_wake_second, RAS_FAKE_DEADLINE_MS);
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_EXPECT_EQ(test, ras_fake_finish(fake, 0), -ECANCELED);
	KUNIT_ASSERT_TRUE(test, ras_fake_until(fake, ras_owner(&fake->m) == RAS_NOBODY));
	KUNIT_EXPECT_EQ(test, see->seen, 0x1UL);
	KUNIT_EXPECT_EQ(test, see->ret, 0);
	KUNIT_EXPECT_EQ(test, last->ran, 5);
	KUNIT_EXPECT_EQ(test, last->seen, 0x1UL);
	KUNIT_EXPECT_EQ(test, last->ret, 0);
	ras_fake_expect_hung(test, fake, 0, 0, 1, RAS_FAKE_DEADLINE_MS);
	ras_fake_expect_hung(test, fake, 3, 1, 0, RAS_FAKE_DEADLINE_MS);
	ras_fake_unwedged(fake, 1);
	ras_fake_expect_idle(test, fake);
}

static int job_remove(struct ras_fake *fake, unsigned int cpu, void *arg)
{
	struct ras_fake_handler *h = arg;

	ras_remove_handler(&fake->m, &h->handler);
	return 0;
}

/* A handler's code stays as long as a CPU is in it. */
static void ras_takeover_unregister(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 3);
	struct ras_fake_handler *bad = ras_fake_add_hook(test, "bad", 1,
							 hook_wedge_then_ask,
							 RAS_FAKE_DEADLINE_MS);

	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_ASSERT_TRUE(test, released(fake, 1));
	ras_fake_start(fake, 2, job_remove, bad);
	msleep(50);
	KUNIT_EXPECT_FALSE(test, try_wait_for_completion(&fake->cpu[2].done));
	KUNIT_EXPECT_EQ(test, bad->disarms, 0);
	/* Twice is once, also now. */
	ras_remove_handler(&fake->m, &bad->handler);
	expect_canceled(test, fake, 0);
	KUNIT_EXPECT_EQ(test, ras_fake_finish(fake, 2), 0);
	KUNIT_EXPECT_EQ(test, bad->disarms, 1);
	KUNIT_EXPECT_TRUE(test, bad->seen);
	KUNIT_EXPECT_EQ(test, bad->ret, RAS_WAIT_FOREVER);
	KUNIT_EXPECT_NULL(test, bad->handler.entry);
	ras_fake_expect_idle(test, fake);
}

/* It has wanted no stop of its own, but this one. */
static void ras_takeover_old_owner_was_first(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	char text[512] = "";
	struct seq_buf s;

	ras_fake_add_hook(test, "bad", 1, ras_fake_hook_wedge, RAS_FAKE_DEADLINE_MS);
	ras_fake_add_hook(test, "good", 2, ras_fake_hook_wake_owner, 0);
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_EXPECT_EQ(test, ras_fake_finish(fake, 0), -ECANCELED);
	KUNIT_ASSERT_TRUE(test, released(fake, 1));
	seq_buf_init(&s, text, sizeof(text) - 1);
	ras_format_stop(&s, &fake->m);
	KUNIT_EXPECT_NULL_MSG(test, strstr(text, "came second"), "%s", text);
}

/* The new owner hangs as well, and the one after it goes on. */
static void ras_takeover_twice(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 4);
	struct ras_fake_handler *good;

	ras_fake_add_hook(test, "bad", 1, ras_fake_hook_wedge, RAS_FAKE_DEADLINE_MS);
	ras_fake_add_hook(test, "worse", 2, ras_fake_hook_wedge,
			  2 * RAS_FAKE_DEADLINE_MS);
	good = ras_fake_add(test, "good", 3);
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_ASSERT_TRUE(test, released(fake, 1));
	KUNIT_EXPECT_EQ(test, good->ran, 3);
	KUNIT_EXPECT_EQ(test, fake->m.nr_results, 3);
	ras_fake_expect_hung(test, fake, 0, 0, 1, RAS_FAKE_DEADLINE_MS);
	ras_fake_expect_hung(test, fake, 1, 1, 2, 2 * RAS_FAKE_DEADLINE_MS);
	KUNIT_EXPECT_EQ(test, fake->m.failures, 2);
	KUNIT_EXPECT_EQ(test, fake->m.stop.owner, 2);
	KUNIT_EXPECT_EQ(test, fake->m.stop.trigger_cpu, 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_OWNER, 0x4);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_IPI, 0x8);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_MISSING, 0x3);
	KUNIT_EXPECT_EQ(test, ras_fake_bits(&fake->m.owners), 0x7UL);
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.tainted, 1);

	expect_canceled(test, fake, 0);
	ras_fake_unwedge(fake, 1);
	ras_fake_unwedged(fake, 1);
	ras_fake_expect_idle(test, fake);
}

/* Wake the owner before this one, and give it time to do harm. */
static void hook_wake_second_owner(struct ras_fake_handler *h,
				   const struct ras_stop *stop)
{
	struct ras_fake *fake = h->fake;

	ras_fake_wake(fake, 1);
	h->ret = ras_fake_until(fake, ras_fake_parked(fake, 1)) ? 0 : -ETIMEDOUT;
	usleep_range(5000, 6000);
	atomic64_add(NSEC_PER_SEC, &fake->clock);
	usleep_range(5000, 6000);
	h->seen = READ_ONCE(fake->m.watch.strike) == fake->m.calls;
}

/* Who was on watch, took over and lost again, is not on watch any more. */
static void ras_takeover_second_owner_stays(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 4);
	struct ras_fake_handler *good;

	ras_fake_add_hook(test, "bad", 1, ras_fake_hook_wedge, RAS_FAKE_DEADLINE_MS);
	ras_fake_add_hook(test, "worse", 2, ras_fake_hook_wedge, RAS_FAKE_DEADLINE_MS);
	good = ras_fake_add_hook(test, "good", 3, hook_wake_second_owner, 0);
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_ASSERT_TRUE(test, released(fake, 1));
	KUNIT_EXPECT_EQ(test, good->ret, 0);
	KUNIT_EXPECT_FALSE(test, good->seen);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_OWNER, 0x4);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_IPI, 0xa);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_MISSING, 0x1);
	ras_fake_expect_counts(test, good, 1, 0, 0);
	expect_canceled(test, fake, 0);
	ras_fake_unwedged(fake, 1);
	ras_fake_expect_idle(test, fake);
}

/* Where no NMI can be sent there is nothing to wait for but the timeout. */
static void ras_takeover_without_nmi(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *good;

	fake->no_nmi = true;
	ras_fake_add_hook(test, "bad", 1, ras_fake_hook_wedge, RAS_FAKE_DEADLINE_MS);
	good = ras_fake_add(test, "good", 2);
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_ASSERT_TRUE(test, released(fake, 1));
	KUNIT_EXPECT_EQ(test, good->ran, 2);
	ras_fake_expect_hung(test, fake, 0, 0, 1, RAS_FAKE_DEADLINE_MS);
	KUNIT_EXPECT_EQ(test, fake->slot[0]->nmi_sent, 0);
	expect_canceled(test, fake, 0);
	ras_fake_expect_idle(test, fake);
}

/* A handler that cannot be asked costs itself only, also if nobody answers. */
static void ras_takeover_in_not_ready(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *first = ras_fake_add(test, "first", 1);
	struct ras_fake_handler *bad = ras_fake_add(test, "bad", 2);
	struct ras_fake_handler *good = ras_fake_add(test, "good", 3);

	bad->asked = asked_wedge;
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_ASSERT_TRUE(test, released(fake, 1));
	KUNIT_EXPECT_EQ(test, fake->m.nr_results, 3);
	ras_fake_expect_hung(test, fake, 1, 0, 1, RAS_CORE_DEADLINE_MS);
	ras_fake_expect_counts(test, first, 1, 0, 0);
	ras_fake_expect_counts(test, bad, 0, 0, 1);
	ras_fake_expect_counts(test, good, 1, 0, 0);
	KUNIT_EXPECT_EQ(test, good->ran, 3);
	expect_canceled(test, fake, 0);
	ras_fake_expect_idle(test, fake);
}

/* What a handler does that comes back to a machine that is not its own any more. */
static void hook_wedge_then_harm(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	u32 progress;

	ras_fake_hook_wedge(h, stop);
	progress = h->fake->m.watch.progress;
	ras_progress(stop);
	h->seen = h->fake->m.watch.progress == progress;
	h->ret = ras_machine_handover(&h->fake->m);
	ras_fake_hook_fault_no_address(h, stop);
}

static void ras_takeover_old_owner_does_no_harm(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *bad = ras_fake_add_hook(test, "bad", 1,
							 hook_wedge_then_harm,
							 RAS_FAKE_DEADLINE_MS);

	ras_fake_add_hook(test, "good", 2, ras_fake_hook_wake_owner, 0);
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_EXPECT_EQ(test, ras_fake_finish(fake, 0), -ECANCELED);
	KUNIT_ASSERT_TRUE(test, released(fake, 1));
	KUNIT_EXPECT_TRUE(test, bad->seen);
	/* Its fault was one in a guarded call, but that has been lost. */
	KUNIT_EXPECT_TRUE(test, bad->ret);
	ras_fake_expect_hung(test, fake, 0, 0, 1, RAS_FAKE_DEADLINE_MS);
	KUNIT_EXPECT_EQ(test, fake->m.failures, 1);
	ras_fake_expect_counts(test, bad, 1, 0, 1);
	ras_fake_expect_idle(test, fake);
}

/* When the owner was asked, by the fake clock. */
static u64 asked_ns;

/* The owner comes back when the CPU on watch has seen that its time is up. */
static void come_back_too_late(struct ras_fake *fake)
{
	u64 timeout_ns = fake->m.policy.nmi_timeout_ms * (u64)NSEC_PER_MSEC;
	u64 now = atomic64_read(&fake->clock);
	u32 call = fake->m.calls;

	if (fake->m.watch.strike != call)
		asked_ns = now;
	if (now - asked_ns <= timeout_ns) {
		fake->at_watch = come_back_too_late;
		return;
	}
	ras_fake_wake(fake, 0);
	ras_fake_until(fake, ras_running(&fake->m) != call);
}

/* Who gets there first keeps the machine, whatever the other one has seen. */
static void ras_takeover_too_late(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, ras_fake_hook_wedge,
						       RAS_FAKE_DEADLINE_MS);
	struct ras_fake_handler *good = ras_fake_add(test, "good", 2);

	fake->at_watch = come_back_too_late;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_NULL(test, (void *)fake->at_watch);
	KUNIT_EXPECT_EQ(test, fake->m.stop.owner, 0);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_FAILED_NOT);
	ras_fake_expect_counts(test, h, 1, 0, 0);
	ras_fake_expect_counts(test, good, 1, 0, 0);
	ras_fake_expect_idle(test, fake);
}

#define RACES	300

/* Comes back by itself about when the CPU on watch loses its patience. */
static void hook_race(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	struct ras_fake *fake = h->fake;
	struct ras_fake_cpu *cpu = ras_fake_here(fake);
	u64 until = atomic64_read(&fake->clock) + h->seen * RAS_FAKE_STEP_NS;
	unsigned int spins = 0;

	WRITE_ONCE(cpu->answer, RAS_FAKE_DEAF);
	WRITE_ONCE(cpu->hang_until, U64_MAX);
	/* Tight, for a close finish; the two may have to share a CPU. */
	while ((u64)atomic64_read(&fake->clock) < until &&
	       time_before(jiffies, fake->patience))
		if (++spins % 1024 == 0)
			cond_resched();
		else
			cpu_relax();
	for (spins = h->ret; spins; spins--)
		cpu_relax();
	WRITE_ONCE(cpu->serving, true);
	/* As at the end of ras_fake_hang(). */
	smp_store_release(&cpu->hang_until, 0);
}

static void count_run(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->seen++;
}

static void ras_takeover_race(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 3);
	struct ras_fake_handler *race = ras_fake_add_hook(test, "race", 1, hook_race, 10);
	struct ras_fake_handler *good = ras_fake_add_hook(test, "good", 2, count_run, 10);
	unsigned int i, taken = 0;
	struct rnd_state rnd;
	int ret;

	prandom_seed_state(&rnd, 1);
	fake->m.policy.nmi_timeout_ms = 10;
	for (i = 1; i <= RACES; i++) {
		/* From the last step but one of the clock: about as long as a step. */
		race->seen = 3;
		race->ret = prandom_u32_state(&rnd) % 1000;
		race->handler.entry->failed = false;
		ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
		ret = ras_fake_finish(fake, 0);
		KUNIT_ASSERT_TRUE(test, released(fake, i));
		ras_fake_unwedged(fake, 0);
		ras_fake_unwedged(fake, 1);

		taken += ret == -ECANCELED;
		/* One of the two has gone on with the chain, and only that one. */
		KUNIT_ASSERT_EQ(test, ret, fake->m.stop.owner ? -ECANCELED : 0);
		KUNIT_ASSERT_EQ(test, fake->m.result[0].failure.why,
				fake->m.stop.owner ? RAS_HUNG : RAS_FAILED_NOT);
		KUNIT_ASSERT_EQ(test, fake->m.failures, fake->m.stop.owner ? 1 : 0);
		KUNIT_ASSERT_EQ(test, fake->m.nr_results, 2);
		KUNIT_ASSERT_EQ(test, good->seen, i);
		KUNIT_ASSERT_EQ(test, race->handler.entry->runs, i);
		KUNIT_ASSERT_EQ(test, race->handler.entry->timeouts, taken);
		ras_fake_expect_idle(test, fake);
	}
	kunit_info(test, "%u of %u were taken over\n", taken, RACES);
}

static struct kunit_case ras_takeover_cases[] = {
	KUNIT_CASE(ras_takeover_goes_on),
	KUNIT_CASE_PARAM(ras_takeover_old_owner_parks, comeback_gen_params),
	KUNIT_CASE(ras_takeover_by_old_owner),
	KUNIT_CASE(ras_takeover_unregister),
	KUNIT_CASE(ras_takeover_old_owner_was_first),
	KUNIT_CASE(ras_takeover_twice),
	KUNIT_CASE(ras_takeover_second_owner_stays),
	KUNIT_CASE(ras_takeover_without_nmi),
	KUNIT_CASE(ras_takeover_in_not_ready),
	KUNIT_CASE(ras_takeover_old_owner_does_no_harm),
	KUNIT_CASE(ras_takeover_too_late),
	KUNIT_CASE(ras_takeover_race),
	{}
};

static struct kunit_suite ras_takeover_suite = {
	.name		= "ras_takeover",
	.init		= ras_fake_guard_init,
	.exit		= ras_fake_guard_exit,
	.test_cases	= ras_takeover_cases,
};

kunit_test_suite(ras_takeover_suite);
