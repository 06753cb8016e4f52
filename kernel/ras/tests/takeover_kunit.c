// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the RAS stop framework: takeover by another CPU.
 */
#include <linux/delay.h>
#include <linux/panic.h>
#include <linux/prandom.h>
#include <linux/ptrace.h>
#include <linux/string.h>

#include "fake_guard.h"

static void wedge(struct ras_fake *fake, enum ras_fake_answer answer)
{
	WRITE_ONCE(ras_fake_here(fake)->awake, false);
	WRITE_ONCE(ras_fake_here(fake)->answer, answer);
	ras_fake_hang(fake, RAS_FAKE_FOREVER_NS);
}

/* No NMI gets through: another CPU has to take over. */
static void hook_wedge(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	wedge(h->fake, RAS_FAKE_DEAF);
}

/* When it is woken, it takes the NMI that has been waiting. */
static void hook_wedge_late(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	wedge(h->fake, RAS_FAKE_LATE);
}

static void asked_wedge(struct ras_fake_handler *h)
{
	wedge(h->fake, RAS_FAKE_DEAF);
}

/* Let a CPU that hangs come back. */
static void unwedge(struct ras_fake *fake, unsigned int cpu)
{
	ras_fake_wake(fake, cpu);
	ras_fake_until(fake, !READ_ONCE(fake->cpu[cpu].hang_until));
}

/* From now on it is a CPU like any other. */
static void unwedged(struct ras_fake *fake, unsigned int nr)
{
	struct ras_fake_cpu *cpu = &fake->cpu[nr];

	WRITE_ONCE(cpu->answer, RAS_FAKE_ANY);
	WRITE_ONCE(cpu->awake, false);
	/* NMIs that nobody waits for any more. */
	ras_fake_until(fake, !READ_ONCE(cpu->nmi) && !READ_ONCE(cpu->serving));
}

/* Let the old owner come back from the stop that another CPU has finished. */
static void expect_canceled(struct kunit *test, struct ras_fake *fake, unsigned int cpu)
{
	unwedge(fake, cpu);
	KUNIT_EXPECT_EQ(test, ras_fake_finish(fake, cpu), -ECANCELED);
	unwedged(fake, cpu);
}

/* A stop that another CPU finishes: wait until the machine is released. */
static bool released(struct ras_fake *fake, u32 sequence)
{
	return ras_fake_until(fake, READ_ONCE(fake->m.last.times.sequence) == sequence &&
				    atomic_read_acquire(&fake->m.owner) == RAS_NOBODY);
}

static void expect_hung(struct kunit *test, struct ras_fake *fake, unsigned int i,
			int from, int to, unsigned int deadline_ms)
{
	const struct ras_failure expected = {
		.why		= RAS_HUNG,
		.deadline_ms	= deadline_ms,
		.from		= from,
		.to		= to,
	};

	ras_fake_expect_failure(test, &fake->m.result[i].failure, &expected);
	KUNIT_EXPECT_FALSE(test, fake->m.result[i].running);
}

/* The record of a former owner: what was captured at the trigger. */
static void expect_trigger(struct kunit *test, struct ras_fake *fake, enum ras_how how)
{
	struct ras_cpu *record = &fake->slot[0]->record;

	KUNIT_EXPECT_EQ(test, record->sequence, fake->m.stop.sequence);
	KUNIT_EXPECT_EQ(test, record->how, how);
	KUNIT_EXPECT_EQ(test, record->when_ns, 0ULL);
	KUNIT_EXPECT_PTR_EQ(test, record->task, fake->cpu[0].task);
	KUNIT_EXPECT_EQ(test, instruction_pointer((struct pt_regs *)&record->arch.regs),
			0x1000UL);
	KUNIT_EXPECT_PTR_EQ(test, fake->m.stop.regs,
			    (const struct pt_regs *)&record->arch.regs);
	KUNIT_EXPECT_EQ(test, fake->m.stop.trigger_cpu, 0);
}

/* Another context than at the trigger, in which the owner hangs. */
static void hook_wedge_elsewhere(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	instruction_pointer_set(&h->fake->cpu[0].regs, 0x5000);
	hook_wedge(h, stop);
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
	expect_hung(test, fake, 0, 0, 1, RAS_FAKE_DEADLINE_MS);
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
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.owned_up, 1);
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.went_on, 0);
	expect_trigger(test, fake, RAS_HOW_OWNER);
	/* It may not be armed anew, nor disarmed, while CPU 0 is in it. */
	KUNIT_EXPECT_EQ(test, ras_fake_enable(bad, true), -EBUSY);
	KUNIT_EXPECT_EQ(test, ras_fake_enable(bad, false), -EBUSY);
	KUNIT_EXPECT_EQ(test, bad->arms, 1);
	KUNIT_EXPECT_EQ(test, bad->disarms, 0);
	/* There is nothing left to park for. */
	expect_canceled(test, fake, 0);
	expect_trigger(test, fake, RAS_HOW_OWNER);
	ras_fake_expect_idle(test, fake);
	KUNIT_EXPECT_EQ(test, ras_fake_enable(bad, false), 0);
	KUNIT_EXPECT_EQ(test, bad->disarms, 1);

	/* All are CPUs like any others in the next stop. */
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_OWNER, 0x1);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_IPI, 0x6);
	KUNIT_EXPECT_EQ(test, good->ran, 2);
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.owned_up, 1);
	ras_fake_expect_idle(test, fake);
}

static void hook_wake_old_owner(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->seen = ras_fake_bits(&stop->cpus[RAS_HOW_OWNER]);
	ras_fake_wake(h->fake, 0);
	h->ret = ras_fake_until(h->fake, ras_fake_parked(h->fake, 0)) ? 0 : -ETIMEDOUT;
}

/* By which way the former owner comes back while the machine is stopped. */
struct comeback_param {
	const char *desc;
	ras_fake_hook hook;
	enum ras_how how;
};

static const struct comeback_param comeback_params[] = {
	{ "handler returns",	hook_wedge,	 RAS_HOW_SELF },
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
	good = ras_fake_add_hook(test, "good", 2, hook_wake_old_owner, 0);
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
	expect_trigger(test, fake, p->how);
	ras_fake_expect_idle(test, fake);
	/* Parked in the middle of what hangs, it does not go on with that. */
	KUNIT_EXPECT_EQ(test, fake->cpu[0].landed, p->how == RAS_HOW_NMI);
	KUNIT_EXPECT_EQ(test, atomic_read(&bad->handler.entry->busy), 0);
}

/* A handler that hung may still ask the core something when it comes back. */
static void hook_wedge_then_ask(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	hook_wedge(h, stop);
	h->seen = !!READ_ONCE(h->handler.entry);
	if (h->seen)
		h->ret = ras_wait_s(&h->handler, stop);
}

static void hook_see_watcher(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->seen = ras_fake_bits(&stop->cpus[RAS_HOW_NMI]);
	h->ret = h->fake->m.watch.cpu;
}

/* A CPU that is parked in the middle of what it has lost has no guard to spare. */
static void ras_takeover_old_owner_does_not_watch(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *next;

	ras_fake_add_hook(test, "bad", 1, hook_wedge_late, RAS_FAKE_DEADLINE_MS);
	ras_fake_add_hook(test, "good", 2, hook_wake_old_owner, RAS_FAKE_DEADLINE_MS);
	next = ras_fake_add_hook(test, "next", 3, hook_see_watcher, RAS_FAKE_DEADLINE_MS);
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_EXPECT_EQ(test, ras_fake_finish(fake, 0), -ECANCELED);
	KUNIT_ASSERT_TRUE(test, released(fake, 1));
	KUNIT_EXPECT_EQ(test, next->ran, 3);
	KUNIT_EXPECT_EQ(test, next->seen, 0x1UL);
	KUNIT_EXPECT_EQ(test, next->ret, RAS_NOBODY);
	ras_fake_expect_idle(test, fake);
}

/* As ras_panic_stop(), which does not give up because some other stop was first. */
static int job_panic(struct ras_fake *fake, unsigned int cpu, void *arg)
{
	struct ras_request request = {
		.trigger	= RAS_TRIGGER_PANIC,
		.message	= "panic in an NMI",
		.regs		= &fake->cpu[cpu].regs,
	};
	int ret;

	for (;;) {
		ret = ras_machine_stop(&fake->m, &request);
		if (ret != -EBUSY)
			return ret;
		/* The owner may have to share this CPU. */
		usleep_range(20, 50);
	}
}

/* An NMI on a CPU that is parked panics there. */
static void hook_panic_elsewhere(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	struct ras_fake *fake = h->fake;

	if (stop->trigger == RAS_TRIGGER_PANIC)
		return;
	ras_fake_until(fake, ras_fake_parked(fake, 1));
	ras_fake_start(fake, 1, job_panic, NULL);
	/* It has taken the job. */
	ras_fake_until(fake, !READ_ONCE(fake->cpu[1].job));
}

/* Only in the stop that comes after that. */
static void hook_wedge_in_panic(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	if (stop->trigger == RAS_TRIGGER_PANIC)
		hook_wedge(h, stop);
}

static void hook_wake_second_in_panic(struct ras_fake_handler *h,
				      const struct ras_stop *stop)
{
	if (stop->trigger != RAS_TRIGGER_PANIC)
		return;
	ras_fake_wake(h->fake, 1);
	h->ret = ras_fake_until(h->fake, ras_fake_parked(h->fake, 1));
}

/*
 * A parked CPU panics in an NMI, so it owns the next stop without having returned to its
 * ras_park().  It has left the former stop all the same, and parks when it is taken over
 * from.
 */
static void ras_takeover_from_parked_panic(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 3);
	struct ras_fake_handler *wake;

	if (ras_crash_kernel_loaded())
		kunit_skip(test, "a crash kernel is loaded");
	ras_fake_add_hook(test, "panic", 1, hook_panic_elsewhere, 0);
	ras_fake_add_hook(test, "wedge", 2, hook_wedge_in_panic, RAS_FAKE_DEADLINE_MS);
	wake = ras_fake_add_hook(test, "wake", 3, hook_wake_second_in_panic, 0);
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	/* The first stop did not have to wait for it. */
	KUNIT_EXPECT_LT(test, fake->m.last.times.release_ns,
			RAS_NMI_TIMEOUT_MS * (u64)NSEC_PER_MSEC);
	KUNIT_ASSERT_TRUE(test, ras_fake_halted(fake, 1));
	KUNIT_EXPECT_EQ(test, fake->m.stop.trigger_cpu, 1);
	KUNIT_EXPECT_NE(test, fake->m.stop.owner, 1);
	KUNIT_EXPECT_TRUE(test, wake->ret);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_MISSING, 0);
	KUNIT_EXPECT_EQ(test, fake->cpu[1].retired, 1);
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

	ras_fake_add_hook(test, "bad", 1, hook_wedge, RAS_FAKE_DEADLINE_MS);
	ras_fake_add_hook(test, "good", 2, hook_wake_old_owner, 0);
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

	ras_fake_add_hook(test, "bad", 1, hook_wedge, RAS_FAKE_DEADLINE_MS);
	ras_fake_add_hook(test, "worse", 2, hook_wedge, 2 * RAS_FAKE_DEADLINE_MS);
	good = ras_fake_add(test, "good", 3);
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_ASSERT_TRUE(test, released(fake, 1));
	KUNIT_EXPECT_EQ(test, good->ran, 3);
	KUNIT_EXPECT_EQ(test, fake->m.nr_results, 3);
	expect_hung(test, fake, 0, 0, 1, RAS_FAKE_DEADLINE_MS);
	expect_hung(test, fake, 1, 1, 2, 2 * RAS_FAKE_DEADLINE_MS);
	KUNIT_EXPECT_EQ(test, fake->m.failures, 2);
	KUNIT_EXPECT_EQ(test, fake->m.stop.owner, 2);
	KUNIT_EXPECT_EQ(test, fake->m.stop.trigger_cpu, 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_OWNER, 0x4);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_IPI, 0x8);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_MISSING, 0x3);
	KUNIT_EXPECT_EQ(test, ras_fake_bits(&fake->m.owners), 0x7UL);
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.owned_up, 1);

	expect_canceled(test, fake, 0);
	unwedge(fake, 1);
	unwedged(fake, 1);
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

	ras_fake_add_hook(test, "bad", 1, hook_wedge, RAS_FAKE_DEADLINE_MS);
	ras_fake_add_hook(test, "worse", 2, hook_wedge, RAS_FAKE_DEADLINE_MS);
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
	unwedged(fake, 1);
	ras_fake_expect_idle(test, fake);
}

/* Where no NMI can be sent there is nothing to wait for but the timeout. */
static void ras_takeover_without_nmi(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *good;

	fake->no_nmi = true;
	ras_fake_add_hook(test, "bad", 1, hook_wedge, RAS_FAKE_DEADLINE_MS);
	good = ras_fake_add(test, "good", 2);
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_ASSERT_TRUE(test, released(fake, 1));
	KUNIT_EXPECT_EQ(test, good->ran, 2);
	expect_hung(test, fake, 0, 0, 1, RAS_FAKE_DEADLINE_MS);
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
	expect_hung(test, fake, 1, 0, 1, RAS_CORE_DEADLINE_MS);
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

	hook_wedge(h, stop);
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

	ras_fake_add_hook(test, "good", 2, hook_wake_old_owner, 0);
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_EXPECT_EQ(test, ras_fake_finish(fake, 0), -ECANCELED);
	KUNIT_ASSERT_TRUE(test, released(fake, 1));
	KUNIT_EXPECT_TRUE(test, bad->seen);
	/* Its fault was one in a guarded call, but that has been lost. */
	KUNIT_EXPECT_TRUE(test, bad->ret);
	expect_hung(test, fake, 0, 0, 1, RAS_FAKE_DEADLINE_MS);
	KUNIT_EXPECT_EQ(test, fake->m.failures, 1);
	ras_fake_expect_counts(test, bad, 1, 0, 1);
	ras_fake_expect_idle(test, fake);
}

/* After the chain of a crash the new owner does what panic() would have done. */
/* Wedged, after panic() has noted which CPU it is that panics. */
static void hook_panic_and_wedge(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	atomic_set(&panic_cpu, stop->owner);
	hook_wedge(h, stop);
}

/* Not for longer than needed: the machine is alive. */
static void hook_swap_panic_cpu(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->ret = atomic_xchg(&panic_cpu, PANIC_CPU_INVALID);
}

static void ras_takeover_in_crash(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 3);
	struct ras_fake_handler *good;

	if (ras_crash_kernel_loaded())
		kunit_skip(test, "a crash kernel is loaded");
	ras_fake_add_hook(test, "bad", 1, hook_panic_and_wedge, RAS_FAKE_DEADLINE_MS);
	good = ras_fake_add_hook(test, "good", 2, hook_swap_panic_cpu, 0);
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_PANIC);
	KUNIT_ASSERT_TRUE(test, ras_fake_halted(fake, 1));
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.went_on, 1);
	KUNIT_EXPECT_EQ(test, fake->cpu[1].retired, 0);
	KUNIT_EXPECT_EQ(test, good->ran, 2);
	KUNIT_EXPECT_EQ(test, good->ret, 1);
	expect_hung(test, fake, 0, 0, 1, RAS_FAKE_DEADLINE_MS);
	KUNIT_EXPECT_EQ(test, fake->m.state, RAS_ENDED);
	KUNIT_EXPECT_EQ(test, atomic_read(&fake->m.owner), 1);
	KUNIT_EXPECT_EQ(test, fake->m.last.owner, 1);
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.owned_up, 0);
	KUNIT_ASSERT_TRUE(test, ras_fake_halted(fake, 2));
	KUNIT_EXPECT_EQ(test, fake->cpu[2].retired, 1);

	/* The former owner finds its order there. */
	ras_fake_wake(fake, 0);
	KUNIT_ASSERT_TRUE(test, ras_fake_halted(fake, 0));
	KUNIT_EXPECT_EQ(test, fake->cpu[0].retired, 1);
	expect_trigger(test, fake, RAS_HOW_SELF);
}

/* One of the parked CPUs stays awake, in case panic() does not get to its reboot. */
static void ras_takeover_deadman(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 4);

	if (ras_crash_kernel_loaded())
		kunit_skip(test, "a crash kernel is loaded");
	ras_fake_kernel.reboot_in_ms = RAS_FAKE_DEADLINE_MS;
	/* The one that has come by interrupt. */
	fake->cpu[1].answer = RAS_FAKE_NMI;
	fake->cpu[3].answer = RAS_FAKE_NMI;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_PANIC), 0);
	KUNIT_EXPECT_TRUE(test, ras_fake_halted(fake, 1));
	KUNIT_EXPECT_TRUE(test, ras_fake_halted(fake, 3));
	KUNIT_EXPECT_EQ(test, fake->cpu[2].retired, 1);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(fake->cpu[2].halted));
	atomic64_add(RAS_FAKE_DEADLINE_NS - 1, &fake->clock);
	usleep_range(2000, 3000);
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.rebooted, 0);
	/* It may have looked at the clock for the first time but now. */
	atomic64_add(RAS_FAKE_DEADLINE_NS, &fake->clock);
	KUNIT_EXPECT_TRUE(test, ras_fake_halted(fake, 2));
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.rebooted, 1);
}

/* The clock goes on by @ns, and the CPU that is to reboot sees it. */
static void deadman_looks(struct ras_fake *fake, u64 ns)
{
	atomic64_add(ns, &fake->clock);
	usleep_range(2000, 3000);
}

/* A log that takes long to print is no hang, unless it never ends. */
static void ras_takeover_deadman_console(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	int i;

	if (ras_crash_kernel_loaded())
		kunit_skip(test, "a crash kernel is loaded");
	ras_fake_kernel.reboot_in_ms = RAS_FAKE_DEADLINE_MS;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_PANIC), 0);
	deadman_looks(fake, 0);
	for (i = 0; i < 10; i++) {
		WRITE_ONCE(ras_fake_kernel.printed, ras_fake_kernel.printed + 1);
		deadman_looks(fake, RAS_FAKE_DEADLINE_NS / 2);
	}
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.rebooted, 0);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(fake->cpu[1].halted));
	/* It prints on, but for longer than any log takes. */
	WRITE_ONCE(ras_fake_kernel.printed, ras_fake_kernel.printed + 1);
	deadman_looks(fake, 60 * 60 * (u64)NSEC_PER_SEC);
	KUNIT_EXPECT_TRUE(test, ras_fake_halted(fake, 1));
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.rebooted, 1);
}

/* Without a reboot there is nothing to stay awake for. */
static void ras_takeover_no_deadman(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);

	if (ras_crash_kernel_loaded())
		kunit_skip(test, "a crash kernel is loaded");
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_PANIC), 0);
	KUNIT_EXPECT_TRUE(test, ras_fake_halted(fake, 1));
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.rebooted, 0);
}

/* Nor if somebody has thought better of it since. */
static void ras_takeover_deadman_called_off(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);

	if (ras_crash_kernel_loaded())
		kunit_skip(test, "a crash kernel is loaded");
	ras_fake_kernel.reboot_in_ms = RAS_FAKE_DEADLINE_MS;
	ras_fake_kernel.reboot_once = true;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_PANIC), 0);
	KUNIT_EXPECT_TRUE(test, ras_fake_halted(fake, 1));
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.reboot_in_ms, 0);
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.rebooted, 0);
}

static void report_wedge(struct ras_fake *fake)
{
	wedge(fake, RAS_FAKE_DEAF);
}

static void report_fault(struct ras_fake *fake)
{
	ras_fake_fault(&fake->m, "page fault", 0x4711, NULL);
}

static void hook_fail_report(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->fake->at_report = (void (*)(struct ras_fake *))h->seen;
}

/* Where a report fails: before the handlers, before the last one, and at the end. */
struct report_param {
	const char *desc;
	unsigned int where;
	void (*report)(struct ras_fake *fake);
	int owner;
};

static const struct report_param report_params[] = {
	{ "hangs before the first handler",	0, report_wedge, 1 },
	{ "hangs before the last one",		1, report_wedge, 1 },
	{ "hangs at the end",			2, report_wedge, 1 },
	{ "faults before the first handler",	0, report_fault, 0 },
	{ "faults before the last one",		1, report_fault, 0 },
	{ "faults at the end",			2, report_fault, 0 },
};

static void report_desc(const struct report_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(report, report_params, report_desc);

/* A console that fails costs no handler, and none runs twice. */
static void ras_takeover_report_fails(struct kunit *test)
{
	const struct report_param *p = test->param_value;
	struct ras_fake *fake = ras_fake_new_guarded(test, 3);
	struct ras_fake_handler *h[3];
	unsigned int i;

	h[0] = ras_fake_add(test, "first", 1);
	h[1] = ras_fake_add(test, "second", 2);
	h[2] = ras_fake_add_last(test, NULL);
	if (p->where == 0) {
		fake->at_report = p->report;
	} else {
		h[p->where]->hook = hook_fail_report;
		h[p->where]->seen = (unsigned long)p->report;
	}
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_PANIC);
	if (p->owner == 0)
		KUNIT_ASSERT_EQ(test, ras_fake_finish(fake, 0), 0);
	else
		KUNIT_ASSERT_TRUE(test, ras_fake_halted(fake, p->owner));
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.went_on, p->owner != 0);
	KUNIT_EXPECT_NULL(test, (void *)fake->at_report);
	KUNIT_EXPECT_EQ(test, fake->m.stop.owner, p->owner);
	KUNIT_EXPECT_EQ(test, fake->m.state, RAS_ENDED);
	KUNIT_EXPECT_TRUE(test, fake->m.mute);
	KUNIT_EXPECT_EQ(test, fake->m.failures, 1);
	KUNIT_ASSERT_EQ(test, fake->m.nr_results, 3);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_STREQ(test, fake->m.result[i].name, h[i]->handler.name);
		KUNIT_EXPECT_EQ(test, fake->m.result[i].failure.why, RAS_FAILED_NOT);
		KUNIT_EXPECT_FALSE(test, fake->m.result[i].running);
		KUNIT_EXPECT_EQ(test, h[i]->ran, i + 1);
		ras_fake_expect_counts(test, h[i], 1, 0, 0);
	}
}

static void hook_handover(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	struct ras_machine *m = &h->fake->m;

	h->ret = ras_machine_handover(m);
	h->seen = ras_fake_parked(h->fake, 2);
	/* Its deadline does not count any more. */
	m->watch.strike = m->calls;
	h->seen |= ras_guard_strike(m, &ras_fake_here(h->fake)->regs);
}

static void hook_wedge_then_handover(struct ras_fake_handler *h,
				     const struct ras_stop *stop)
{
	hook_wedge(h, stop);
	h->ret = ras_machine_handover(&h->fake->m);
}

/* The CPU that takes over has ended the call, and is not the owner yet. */
static void hook_handover_too_late(struct ras_fake_handler *h,
				   const struct ras_stop *stop)
{
	struct ras_machine *m = &h->fake->m;
	u64 begin = atomic64_read(&h->fake->clock);
	int call = atomic_xchg(&m->running, 0);

	h->ret = ras_machine_handover(m);
	h->seen = m->state == RAS_HANDED_OVER ||
		  atomic64_read(&h->fake->clock) - begin <=
		  RAS_NMI_TIMEOUT_MS * (u64)NSEC_PER_MSEC;
	/* It has died of it, or the owner would wait for the end of its stop. */
	atomic_set(&m->running, call);
}

static void ras_takeover_handover_too_late(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1,
						       hook_handover_too_late, 0);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, h->ret, -ENOENT);
	KUNIT_EXPECT_FALSE(test, h->seen);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_FAILED_NOT);
	ras_fake_expect_idle(test, fake);
}

/* The crash kernel gets a note of the CPU that has crashed, though that hangs. */
static void ras_takeover_handover(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 3);
	struct ras_fake_handler *bad = ras_fake_add_hook(test, "bad", 1,
							 hook_wedge_then_handover,
							 RAS_FAKE_DEADLINE_MS);
	struct ras_fake_handler *last = ras_fake_add_last(test, hook_handover);

	/* A watched call: the watcher has another order when it is over. */
	last->handler.entry->deadline_ms = RAS_FAKE_DEADLINE_MS;
	bad->ret = 1;
	last->ret = -1;
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_PANIC);
	KUNIT_ASSERT_TRUE(test, ras_fake_halted(fake, 2));
	KUNIT_ASSERT_TRUE(test, ras_fake_until(fake, READ_ONCE(fake->m.state) == RAS_ENDED));
	KUNIT_EXPECT_EQ(test, last->ran, 2);
	KUNIT_EXPECT_EQ(test, last->ret, 0);
	KUNIT_EXPECT_FALSE(test, last->seen);
	KUNIT_EXPECT_PTR_EQ(test, fake->cpu[0].note,
			    (const struct ras_cpu *)&fake->slot[0]->record);
	expect_trigger(test, fake, RAS_HOW_OWNER);
	/* Of its own the new owner makes one itself, on the way to the crash kernel. */
	KUNIT_EXPECT_NULL(test, (void *)fake->cpu[1].note);
	KUNIT_EXPECT_PTR_EQ(test, fake->cpu[2].note,
			    (const struct ras_cpu *)&fake->slot[2]->record);

	ras_fake_wake(fake, 0);
	KUNIT_ASSERT_TRUE(test, ras_fake_halted(fake, 0));
	/* It has nothing to hand over, and is not told so: it would stop the others. */
	KUNIT_EXPECT_EQ(test, bad->ret, 1);
	KUNIT_EXPECT_EQ(test, fake->cpu[0].retired, 1);
}

/* A former owner that has parked writes its note itself. */
static void ras_takeover_handover_after_comeback(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 3);
	struct ras_fake_handler *last;

	ras_fake_add_hook(test, "bad", 1, hook_wedge, RAS_FAKE_DEADLINE_MS);
	ras_fake_add_hook(test, "good", 2, hook_wake_old_owner, 0);
	last = ras_fake_add_last(test, hook_handover);
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_PANIC);
	KUNIT_ASSERT_TRUE(test, ras_fake_halted(fake, 0));
	KUNIT_ASSERT_TRUE(test, ras_fake_halted(fake, 1));
	KUNIT_EXPECT_EQ(test, last->ret, 0);
	KUNIT_EXPECT_EQ(test, fake->cpu[0].retired, 1);
	KUNIT_EXPECT_PTR_EQ(test, fake->cpu[0].note,
			    (const struct ras_cpu *)&fake->slot[0]->record);
	expect_trigger(test, fake, RAS_HOW_SELF);
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
	ras_fake_until(fake, atomic_read(&fake->m.running) != call);
}

/* Who gets there first keeps the machine, whatever the other one has seen. */
static void ras_takeover_too_late(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_wedge,
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
		/* From the last step but one of the fake clock: about as long as a step. */
		race->seen = 3;
		race->ret = prandom_u32_state(&rnd) % 1000;
		race->handler.entry->failed = false;
		ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
		ret = ras_fake_finish(fake, 0);
		KUNIT_ASSERT_TRUE(test, released(fake, i));
		unwedged(fake, 0);
		unwedged(fake, 1);

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
	KUNIT_CASE(ras_takeover_old_owner_does_not_watch),
	KUNIT_CASE(ras_takeover_from_parked_panic),
	KUNIT_CASE(ras_takeover_unregister),
	KUNIT_CASE(ras_takeover_old_owner_was_first),
	KUNIT_CASE(ras_takeover_twice),
	KUNIT_CASE(ras_takeover_second_owner_stays),
	KUNIT_CASE(ras_takeover_without_nmi),
	KUNIT_CASE(ras_takeover_in_not_ready),
	KUNIT_CASE(ras_takeover_old_owner_does_no_harm),
	KUNIT_CASE(ras_takeover_in_crash),
	KUNIT_CASE(ras_takeover_deadman),
	KUNIT_CASE(ras_takeover_deadman_console),
	KUNIT_CASE(ras_takeover_no_deadman),
	KUNIT_CASE(ras_takeover_deadman_called_off),
	KUNIT_CASE_PARAM(ras_takeover_report_fails, report_gen_params),
	KUNIT_CASE(ras_takeover_handover),
	KUNIT_CASE(ras_takeover_handover_too_late),
	KUNIT_CASE(ras_takeover_handover_after_comeback),
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
