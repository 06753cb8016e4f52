// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the RAS stop framework: takeover in a crash.
 *
 * The CPU that takes over ends the crash, or hands it over to the crash kernel; another
 * one reboots the machine if panic() does not get to it.  A report that fails costs no
 * handler.
 */
#include <linux/delay.h>
#include <linux/panic.h>
#include <linux/string.h>

#include "fake_guard.h"

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
	ras_fake_until(fake, atomic_read(&fake->m.panicked));
}

/* Only in the stop that comes after that. */
static void hook_wedge_in_panic(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	if (stop->trigger == RAS_TRIGGER_PANIC)
		ras_fake_hook_wedge(h, stop);
}

static void hook_wake_first_in_panic(struct ras_fake_handler *h,
				     const struct ras_stop *stop)
{
	if (stop->trigger != RAS_TRIGGER_PANIC)
		return;
	ras_fake_wake(h->fake, 0);
	h->ret = ras_fake_until(h->fake, ras_fake_parked(h->fake, 0));
}

/*
 * A parked CPU panics in an NMI.  The stop becomes the crash, and that CPU, which does not
 * return to its ras_park(), watches from within the NMI and takes over there.
 */
static void ras_takeover_by_parked_panic(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 3);
	struct ras_fake_handler *wake;

	if (ras_crash_kernel_loaded())
		kunit_skip(test, "a crash kernel is loaded");
	ras_fake_add_hook(test, "panic", 1, hook_panic_elsewhere, 0);
	ras_fake_add_hook(test, "wedge", 2, hook_wedge_in_panic, RAS_FAKE_DEADLINE_MS);
	wake = ras_fake_add_hook(test, "wake", 3, hook_wake_first_in_panic, 0);
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_ASSERT_TRUE(test, ras_fake_halted(fake, 1));
	KUNIT_EXPECT_EQ(test, fake->m.stop.trigger, RAS_TRIGGER_PANIC);
	KUNIT_EXPECT_EQ(test, fake->m.stop.trigger_cpu, 1);
	KUNIT_EXPECT_EQ(test, fake->m.stop.owner, 1);
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.went_on, 1);
	KUNIT_EXPECT_TRUE(test, wake->ret);
	KUNIT_ASSERT_TRUE(test, ras_fake_halted(fake, 0));
	KUNIT_ASSERT_TRUE(test, ras_fake_halted(fake, 2));
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_MISSING, 0);
	KUNIT_EXPECT_EQ(test, fake->cpu[0].retired, 1);
}

/* Wedged, after panic() has noted which CPU it is that panics. */
static void hook_panic_and_wedge(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	atomic_set(&panic_cpu, stop->owner);
	ras_fake_hook_wedge(h, stop);
}

/* Not for longer than needed: the machine is alive. */
static void hook_swap_panic_cpu(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->ret = atomic_xchg(&panic_cpu, PANIC_CPU_INVALID);
}

/* After the chain of a crash the new owner does what panic() would have done. */
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
	ras_fake_expect_hung(test, fake, 0, 0, 1, RAS_FAKE_DEADLINE_MS);
	KUNIT_EXPECT_EQ(test, fake->m.state, RAS_ENDED);
	KUNIT_EXPECT_EQ(test, ras_owner(&fake->m), 1);
	KUNIT_EXPECT_EQ(test, fake->m.last.owner, 1);
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.tainted, 0);
	KUNIT_ASSERT_TRUE(test, ras_fake_halted(fake, 2));
	KUNIT_EXPECT_EQ(test, fake->cpu[2].retired, 1);

	/* The former owner finds its command there. */
	ras_fake_wake(fake, 0);
	KUNIT_ASSERT_TRUE(test, ras_fake_halted(fake, 0));
	KUNIT_EXPECT_EQ(test, fake->cpu[0].retired, 1);
	ras_fake_expect_trigger(test, fake, RAS_HOW_SELF);
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
	ras_fake_wedge(fake, RAS_FAKE_DEAF);
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

static int job_guard_end(struct ras_fake *fake, unsigned int cpu, void *arg)
{
	return ras_guard_end(&fake->m);
}

/* Who does not own the stop ends nobody's call. */
static void ras_takeover_ends_own_call(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);

	atomic64_set(&fake->m.claim, RAS_CLAIM(0, 5));
	KUNIT_EXPECT_FALSE(test, ras_fake_do(fake, 1, job_guard_end, NULL));
	KUNIT_EXPECT_EQ(test, ras_claim(&fake->m), RAS_CLAIM(0, 5));
	atomic64_set(&fake->m.claim, RAS_CLAIM(1, 0));
	KUNIT_EXPECT_TRUE(test, ras_fake_do(fake, 1, job_guard_end, NULL));
	KUNIT_EXPECT_EQ(test, ras_claim(&fake->m), RAS_CLAIM(1, 0));
	atomic64_set(&fake->m.claim, RAS_CLAIM_NONE);
}

static void hook_handover(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	struct ras_machine *m = &h->fake->m;

	h->ret = ras_machine_handover(m);
	h->seen = ras_fake_parked(h->fake, 2);
	/* Its deadline does not count any more. */
	m->watch.strike = m->calls;
	h->seen |= ras_strike(m, &ras_fake_here(h->fake)->regs);
}

static void hook_wedge_then_handover(struct ras_fake_handler *h,
				     const struct ras_stop *stop)
{
	ras_fake_hook_wedge(h, stop);
	h->ret = ras_machine_handover(&h->fake->m);
}

/* The crash kernel gets a note of the CPU that has crashed, though that hangs. */
static void ras_takeover_handover(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 3);
	struct ras_fake_handler *bad = ras_fake_add_hook(test, "bad", 1,
							 hook_wedge_then_handover,
							 RAS_FAKE_DEADLINE_MS);
	struct ras_fake_handler *last = ras_fake_add_last(test, hook_handover);

	/* A watched call: the watcher has another command when it is over. */
	last->handler.entry->deadline_ms = RAS_FAKE_DEADLINE_MS;
	bad->ret = 1;
	last->ret = -1;
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_PANIC);
	KUNIT_ASSERT_TRUE(test, ras_fake_halted(fake, 2));
	KUNIT_ASSERT_TRUE(test, ras_fake_until(fake,
					       READ_ONCE(fake->m.state) == RAS_ENDED));
	KUNIT_EXPECT_EQ(test, last->ran, 2);
	KUNIT_EXPECT_EQ(test, last->ret, 0);
	KUNIT_EXPECT_FALSE(test, last->seen);
	KUNIT_EXPECT_PTR_EQ(test, fake->cpu[0].note,
			    (const struct ras_cpu *)&fake->slot[0]->record);
	ras_fake_expect_trigger(test, fake, RAS_HOW_OWNER);
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

	ras_fake_add_hook(test, "bad", 1, ras_fake_hook_wedge, RAS_FAKE_DEADLINE_MS);
	ras_fake_add_hook(test, "good", 2, ras_fake_hook_wake_owner, 0);
	last = ras_fake_add_last(test, hook_handover);
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_PANIC);
	KUNIT_ASSERT_TRUE(test, ras_fake_halted(fake, 0));
	KUNIT_ASSERT_TRUE(test, ras_fake_halted(fake, 1));
	KUNIT_EXPECT_EQ(test, last->ret, 0);
	KUNIT_EXPECT_EQ(test, fake->cpu[0].retired, 1);
	KUNIT_EXPECT_PTR_EQ(test, fake->cpu[0].note,
			    (const struct ras_cpu *)&fake->slot[0]->record);
	ras_fake_expect_trigger(test, fake, RAS_HOW_SELF);
}

static struct kunit_case ras_takeover_crash_cases[] = {
	KUNIT_CASE(ras_takeover_by_parked_panic),
	KUNIT_CASE(ras_takeover_in_crash),
	KUNIT_CASE(ras_takeover_deadman),
	KUNIT_CASE(ras_takeover_deadman_console),
	KUNIT_CASE(ras_takeover_no_deadman),
	KUNIT_CASE(ras_takeover_deadman_called_off),
	KUNIT_CASE_PARAM(ras_takeover_report_fails, report_gen_params),
	KUNIT_CASE(ras_takeover_ends_own_call),
	KUNIT_CASE(ras_takeover_handover),
	KUNIT_CASE(ras_takeover_handover_after_comeback),
	{}
};

static struct kunit_suite ras_takeover_crash_suite = {
	.name		= "ras_takeover_crash",
	.init		= ras_fake_guard_init,
	.exit		= ras_fake_guard_exit,
	.test_cases	= ras_takeover_crash_cases,
};

kunit_test_suite(ras_takeover_crash_suite);
