// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the RAS stop framework: what a debugger needs of it, and nobody else.
 */
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/string.h>

#include "fake_guard.h"

static struct ras_fake_handler *add_interactive(struct kunit *test, ras_fake_hook hook,
						int wait_s)
{
	struct ras_fake_handler *h = ras_fake_handler(test, "debugger", 1);

	h->handler.flags = RAS_HANDLER_INTERACTIVE;
	h->handler.wait_s = wait_s;
	h->hook = hook;
	KUNIT_ASSERT_EQ(test, ras_add_handler(&h->fake->m, &h->handler), 0);
	return h;
}

struct wait_param {
	const char *desc;
	enum ras_trigger trigger;
	int wait_s;
	u64 reboot_in_ms;
	int waits;
	const char *skipped;
};

static const struct wait_param wait_params[] = {
	{ "panic, no reboot",	RAS_TRIGGER_PANIC, RAS_WAIT_AUTO, 0, RAS_WAIT_FOREVER },
	{ "panic, a reboot",	RAS_TRIGGER_PANIC, RAS_WAIT_AUTO, 1000, 0,
	  "panic= is set: waits for nobody" },
	{ "oops, no reboot",	RAS_TRIGGER_OOPS,  RAS_WAIT_AUTO, 0, RAS_WAIT_FOREVER },
	{ "oops, a reboot",	RAS_TRIGGER_OOPS,  RAS_WAIT_AUTO, 1000, 0,
	  "panic= is set: waits for nobody" },
	{ "nmi",		RAS_TRIGGER_NMI,   RAS_WAIT_AUTO, 0, RAS_WAIT_NMI_S },
	{ "nmi, a reboot",	RAS_TRIGGER_NMI,   RAS_WAIT_AUTO, 1000, RAS_WAIT_NMI_S },
	{ "nmi, 7 s",		RAS_TRIGGER_NMI,   7, 0, 7 },
	{ "sysrq, a reboot",	RAS_TRIGGER_SYSRQ, RAS_WAIT_AUTO, 1000, RAS_WAIT_FOREVER },
	{ "panic, 7 s",		RAS_TRIGGER_PANIC, 7, 1000, 7 },
	{ "panic, 0 s",		RAS_TRIGGER_PANIC, 0, 0, 0, "waits for nobody" },
	{ "api, 0 s",		RAS_TRIGGER_API,   0, 0, RAS_WAIT_FOREVER },
};

static void wait_desc(const struct wait_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(wait, wait_params, wait_desc);

static void hook_ask_wait(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->ret = ras_wait_s(&h->handler, stop);
}

static void ras_debugger_wait(struct kunit *test)
{
	const struct wait_param *p = test->param_value;
	struct ras_fake *fake = ras_fake_new_guarded(test, 1);
	struct ras_fake_handler *h = add_interactive(test, hook_ask_wait, p->wait_s);

	h->ret = -1;
	fake->m.policy.triggers = RAS_ON_ALL;
	ras_fake_kernel.reboot_in_ms = p->reboot_in_ms;
	KUNIT_EXPECT_EQ(test, ras_entry_wait_s(&fake->m, h->handler.entry, p->trigger),
			p->waits);
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, p->trigger), 0);
	KUNIT_EXPECT_EQ(test, h->ret, p->skipped ? -1 : p->waits);
	KUNIT_EXPECT_STREQ(test, fake->m.result[0].skipped ?: "", p->skipped ?: "");
	/* Which trigger it would be is not known in general. */
	KUNIT_EXPECT_STREQ(test, ras_fake_skipped(h), "");
}

/* A debugger that nobody could use does not make a panic longer. */
static void ras_debugger_without_line(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *h = add_interactive(test, NULL, RAS_WAIT_AUTO);

	ras_fake_add_last(test, NULL);
	KUNIT_EXPECT_FALSE(test, ras_fake_only_noreturn(fake, RAS_TRIGGER_PANIC));
	h->reason = "no line";
	KUNIT_EXPECT_TRUE(test, ras_fake_only_noreturn(fake, RAS_TRIGGER_PANIC));
}

static void hook_hang(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->seen = h->fake->m.watch.cpu;
	h->ret = ras_fake_hang(h->fake, RAS_FAKE_FOREVER_NS);
}

static int nmi_job(struct ras_fake *fake, unsigned int cpu, void *arg)
{
	/* The button: nobody of ours has sent it. */
	xchg(&fake->cpu[0].nmi, 1);
	return 0;
}

/* Nobody watches it: it may want all CPUs.  Past the deadline any NMI is the end. */
static void ras_debugger_deadline(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *h = ras_fake_handler(test, "debugger", 1);
	struct ras_fake_handler *good = ras_fake_add(test, "good", 2);

	h->handler.flags = RAS_HANDLER_INTERACTIVE;
	h->handler.deadline_ms = RAS_FAKE_DEADLINE_MS;
	h->hook = hook_hang;
	KUNIT_ASSERT_EQ(test, ras_add_handler(&fake->m, &h->handler), 0);
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_ASSERT_TRUE(test, ras_fake_until(fake, READ_ONCE(fake->cpu[0].hang_until)));
	/* In time. */
	KUNIT_EXPECT_EQ(test, ras_fake_do(fake, 1, nmi_job, NULL), 0);
	KUNIT_EXPECT_TRUE(test, ras_fake_until(fake, !READ_ONCE(fake->cpu[0].nmi)));
	KUNIT_EXPECT_FALSE(test, READ_ONCE(fake->cpu[0].landed));
	/* Late. */
	atomic64_add(2 * RAS_FAKE_DEADLINE_NS, &fake->clock);
	KUNIT_EXPECT_EQ(test, ras_fake_do(fake, 1, nmi_job, NULL), 0);
	KUNIT_ASSERT_EQ(test, ras_fake_finish(fake, 0), 0);
	KUNIT_EXPECT_EQ(test, (int)h->seen, RAS_NOBODY);
	KUNIT_EXPECT_TRUE(test, h->ret);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_OVERRAN);
	KUNIT_EXPECT_EQ(test, good->ran, 2);
	ras_fake_expect_idle(test, fake);
}

/* An NMI that nobody of ours has sent, on @cpu; true when it was taken. */
static bool press_button(struct ras_fake *fake, unsigned int cpu)
{
	xchg(&fake->cpu[cpu].nmi, 1);
	return ras_fake_until(fake, !READ_ONCE(fake->cpu[cpu].nmi));
}

/* What @cpu does when it has returned from that: it waits on, or takes over. */
static bool goes_on(struct ras_fake *fake, unsigned int cpu)
{
	unsigned int rounds = READ_ONCE(fake->cpu[cpu].rounds);

	return ras_fake_until(fake, READ_ONCE(fake->cpu[cpu].rounds) != rounds ||
				    ras_owner(&fake->m) == (int)cpu);
}

/* A stop that another CPU finishes: wait until it is over. */
static bool nobody_owns(struct ras_fake *fake)
{
	return ras_fake_until(fake, ras_owner(&fake->m) == RAS_NOBODY);
}

/* CPU 0 has finished the stop of CPU 1, which comes back too late. */
static void expect_taken_over(struct kunit *test, struct ras_fake *fake,
			      const struct ras_fake_handler *good)
{
	KUNIT_ASSERT_TRUE(test, nobody_owns(fake));
	KUNIT_EXPECT_EQ(test, fake->m.stop.owner, 0);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_HUNG);
	KUNIT_EXPECT_EQ(test, good->ran, 2);
	ras_fake_wake(fake, 1);
	KUNIT_EXPECT_EQ(test, ras_fake_finish(fake, 1), -ECANCELED);
	ras_fake_expect_idle(test, fake);
}

static struct ras_fake_handler *add_hanging(struct kunit *test)
{
	struct ras_fake_handler *h = ras_fake_handler(test, "debugger", 1);

	h->handler.flags = RAS_HANDLER_INTERACTIVE;
	h->handler.deadline_ms = RAS_FAKE_DEADLINE_MS;
	h->hook = hook_hang;
	KUNIT_ASSERT_EQ(test, ras_add_handler(&h->fake->m, &h->handler), 0);
	return h;
}

/* The button's NMI comes to a CPU that is parked, which passes it on. */
static void ras_debugger_button_elsewhere(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 3);
	struct ras_fake_handler *h = add_hanging(test);
	struct ras_fake_handler *good = ras_fake_add(test, "good", 2);

	ras_fake_start_stop(fake, 1, RAS_TRIGGER_API);
	KUNIT_ASSERT_TRUE(test, ras_fake_until(fake, READ_ONCE(fake->cpu[1].hang_until)));
	/* In time: nobody is disturbed. */
	KUNIT_EXPECT_TRUE(test, press_button(fake, 0));
	KUNIT_EXPECT_EQ(test, fake->nmis, 0UL);
	atomic64_add(2 * RAS_FAKE_DEADLINE_NS, &fake->clock);
	KUNIT_EXPECT_TRUE(test, press_button(fake, 0));
	KUNIT_ASSERT_EQ(test, ras_fake_finish(fake, 1), 0);
	KUNIT_EXPECT_EQ(test, fake->nmis, BIT(1));
	KUNIT_EXPECT_TRUE(test, h->ret);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_OVERRAN);
	KUNIT_EXPECT_EQ(test, fake->m.stop.owner, 1);
	KUNIT_EXPECT_EQ(test, good->ran, 2);
	ras_fake_expect_idle(test, fake);
}

/* The owner does not answer: pressed again, the button has its CPU take over. */
static void ras_debugger_button_takes_over(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 3);
	struct ras_fake_handler *good;

	add_hanging(test);
	good = ras_fake_add(test, "good", 2);
	fake->cpu[1].answer = RAS_FAKE_DEAF;
	ras_fake_start_stop(fake, 1, RAS_TRIGGER_API);
	KUNIT_ASSERT_TRUE(test, ras_fake_until(fake, READ_ONCE(fake->cpu[1].hang_until)));
	atomic64_add(2 * RAS_FAKE_DEADLINE_NS, &fake->clock);
	KUNIT_EXPECT_TRUE(test, press_button(fake, 0));
	/* It has been asked, and has its time to answer. */
	KUNIT_EXPECT_TRUE(test, press_button(fake, 0));
	KUNIT_EXPECT_TRUE(test, goes_on(fake, 0));
	KUNIT_EXPECT_EQ(test, ras_owner(&fake->m), 1);
	atomic64_add(2 * RAS_NMI_TIMEOUT_MS * (u64)NSEC_PER_MSEC, &fake->clock);
	KUNIT_EXPECT_TRUE(test, press_button(fake, 0));
	expect_taken_over(test, fake, good);
}

static void spin_in_call(struct pt_regs *regs, void *arg)
{
	ras_fake_hang(arg, RAS_FAKE_FOREVER_NS);
}

static void hook_hang_with_helpers(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->ret = ras_call_parked(stop, spin_in_call, NULL, h->fake);
	hook_hang(h, stop);
}

/* Likewise if the CPU works for the debugger: it is taken out of that first. */
static void ras_debugger_button_in_call(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *h = add_hanging(test);
	struct ras_fake_handler *good = ras_fake_add(test, "good", 2);

	h->hook = hook_hang_with_helpers;
	fake->cpu[1].answer = RAS_FAKE_DEAF;
	ras_fake_start_stop(fake, 1, RAS_TRIGGER_API);
	KUNIT_ASSERT_TRUE(test, ras_fake_until(fake, READ_ONCE(fake->cpu[1].hang_until)));
	KUNIT_ASSERT_TRUE(test, ras_fake_until(fake, READ_ONCE(fake->cpu[0].hang_until)));
	atomic64_add(2 * RAS_FAKE_DEADLINE_NS, &fake->clock);
	KUNIT_EXPECT_TRUE(test, press_button(fake, 0));
	/* The time to answer counts from when it was asked. */
	KUNIT_EXPECT_TRUE(test, ras_fake_until(fake, READ_ONCE(fake->m.watch.strike)));
	KUNIT_EXPECT_TRUE(test, READ_ONCE(fake->slot[0]->helping));
	atomic64_add(2 * RAS_NMI_TIMEOUT_MS * (u64)NSEC_PER_MSEC, &fake->clock);
	KUNIT_EXPECT_TRUE(test, press_button(fake, 0));
	expect_taken_over(test, fake, good);
}

struct last_param {
	const char *desc;
	enum ras_trigger trigger;
	bool there;
	const char *reason;
	bool skips;
};

static const struct last_param last_params[] = {
	{ "panic",			RAS_TRIGGER_PANIC, true,  NULL,		true },
	{ "a stop to be released",	RAS_TRIGGER_API,   true,  NULL,		true },
	{ "none there",			RAS_TRIGGER_PANIC, false, NULL,		false },
	{ "none there, released",	RAS_TRIGGER_API,   false, NULL,		false },
	{ "not ready",			RAS_TRIGGER_PANIC, true,  "not loaded",	false },
	{ "not ready, released",	RAS_TRIGGER_API,   true,  "not loaded",	false },
};

static void last_desc(const struct last_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(last, last_params, last_desc);

static void ras_debugger_skips_to_last(struct kunit *test)
{
	const struct last_param *p = test->param_value;
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *h = ras_fake_add(test, "debugger", 1);
	struct ras_fake_handler *other = ras_fake_add(test, "other", 2);
	bool crash = p->trigger == RAS_TRIGGER_PANIC || p->skips;
	struct ras_fake_handler *last = NULL;

	if (p->there) {
		last = ras_fake_add_last(test, NULL);
		/* Whatever its triggers. */
		last->handler.entry->triggers = RAS_ON(PANIC);
		last->reason = p->reason;
	}
	h->verdict = RAS_LAST;
	ras_fake_start_stop(fake, 0, p->trigger);
	if (p->skips && p->trigger == RAS_TRIGGER_API) {
		/* There is nothing to go back to: the rest is panic()'s. */
		KUNIT_ASSERT_TRUE(test, ras_fake_halted(fake, 0));
		KUNIT_EXPECT_EQ(test, ras_fake_kernel.went_on, 1);
		KUNIT_EXPECT_TRUE(test, fake->crash);
	} else {
		KUNIT_ASSERT_EQ(test, ras_fake_finish(fake, 0), 0);
		KUNIT_EXPECT_EQ(test, ras_fake_kernel.went_on, 0);
	}
	KUNIT_EXPECT_EQ(test, fake->m.state, crash ? RAS_ENDED : RAS_IDLE);
	KUNIT_EXPECT_EQ(test, fake->m.stop.resumable, !crash);
	KUNIT_EXPECT_EQ(test, other->ran, p->skips ? 0 : 2);
	if (last)
		KUNIT_EXPECT_EQ(test, last->ran > 0, p->skips);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].verdict, RAS_LAST);
	KUNIT_EXPECT_STREQ(test, fake->m.result[0].broken ?: "",
			   p->skips ? "" : "nothing to skip to");
}

static unsigned int tidied;
static bool tidying_fails;
static bool tidying_hangs;
static struct ras_failure tidied_why;

static void tidy(struct ras_handler *handler, const struct ras_stop *stop,
		 const struct ras_failure *why)
{
	struct ras_fake_handler *h = handler->priv;

	tidied++;
	tidied_why = *why;
	if (tidying_fails)
		ras_fake_fault(&h->fake->m, "divide error", 0x4711, NULL);
	if (tidying_hangs)
		ras_fake_wedge(h->fake, RAS_FAKE_DEAF);
}

static struct ras_fake_handler *add_tidy(struct kunit *test, ras_fake_hook hook)
{
	struct ras_fake_handler *h = ras_fake_handler(test, "untidy", 1);

	tidied = 0;
	tidying_fails = false;
	tidying_hangs = false;
	h->handler.abandoned = tidy;
	h->hook = hook;
	KUNIT_ASSERT_EQ(test, ras_add_handler(&h->fake->m, &h->handler), 0);
	return h;
}

static void hook_see_tidied(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->seen = tidied;
}

/* Before the next handler, and only if it was abandoned. */
static void ras_debugger_abandoned(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *h = add_tidy(test, NULL);
	struct ras_fake_handler *next = ras_fake_add_hook(test, "next", 2, hook_see_tidied,
							  0);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, tidied, 0);
	h->hook = ras_fake_hook_fault_no_address;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, next->seen, 1UL);
	KUNIT_EXPECT_EQ(test, tidied, 1);
	/* It does not run any more, and has nothing to put right. */
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, tidied, 1);
	ras_fake_expect_idle(test, fake);
}

/* What puts right may itself go wrong. */
static void ras_debugger_abandoned_twice(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *next;

	add_tidy(test, ras_fake_hook_fault_no_address);
	next = ras_fake_add(test, "next", 2);
	tidying_fails = true;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, tidied, 1);
	KUNIT_EXPECT_EQ(test, next->ran, 2);
	KUNIT_EXPECT_EQ(test, fake->m.failures, 2);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_FAULTED);
	KUNIT_EXPECT_EQ(test, tidied_why.why, RAS_FAULTED);
	ras_fake_expect_idle(test, fake);
}

/* Or hang: another CPU goes on behind the handler, which has failed for its first reason. */
static void ras_debugger_abandoned_and_hangs(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *h, *next;

	h = add_tidy(test, ras_fake_hook_fault_no_address);
	next = ras_fake_add(test, "next", 2);
	tidying_hangs = true;
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_ASSERT_TRUE(test, ras_fake_until(fake, READ_ONCE(fake->cpu[0].hang_until)));
	KUNIT_ASSERT_TRUE(test, nobody_owns(fake));
	ras_fake_unwedge(fake, 0);
	KUNIT_EXPECT_EQ(test, ras_fake_finish(fake, 0), -ECANCELED);
	KUNIT_EXPECT_EQ(test, fake->m.stop.owner, 1);
	KUNIT_EXPECT_EQ(test, tidied, 1);
	KUNIT_EXPECT_EQ(test, next->ran, 2);
	KUNIT_EXPECT_EQ(test, fake->m.failures, 2);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_FAULTED);
	ras_fake_expect_counts(test, h, 1, 1, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&h->handler.entry->busy), 0);
	ras_fake_unwedged(fake, 0);
	ras_fake_expect_idle(test, fake);
}

/* Another CPU has taken over: it does that, too. */
static void ras_debugger_abandoned_by_takeover(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 3);
	struct ras_fake_handler *h = ras_fake_handler(test, "untidy", 1);
	struct ras_fake_handler *next;

	tidied = 0;
	tidying_fails = false;
	tidying_hangs = false;
	h->handler.abandoned = tidy;
	h->handler.deadline_ms = RAS_FAKE_DEADLINE_MS;
	h->hook = hook_hang;
	KUNIT_ASSERT_EQ(test, ras_add_handler(&fake->m, &h->handler), 0);
	next = ras_fake_add_hook(test, "next", 2, hook_see_tidied, 0);
	fake->cpu[0].answer = RAS_FAKE_DEAF;
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_ASSERT_TRUE(test, ras_fake_until(fake, READ_ONCE(next->ran)));
	KUNIT_EXPECT_EQ(test, next->seen, 1UL);
	ras_fake_wake(fake, 0);
	KUNIT_EXPECT_EQ(test, ras_fake_finish(fake, 0), -ECANCELED);
	KUNIT_EXPECT_EQ(test, tidied, 1);
	KUNIT_EXPECT_EQ(test, tidied_why.why, RAS_HUNG);
	KUNIT_EXPECT_EQ(test, tidied_why.from, 0);
}

static void hook_live(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->ret = ras_live_regs(stop) == &h->fake->cpu[0].regs &&
		 stop->regs != &h->fake->cpu[0].regs;
}

/* What the owner goes on with is not the record. */
static void ras_debugger_live_regs(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 1);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_live, 0);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_DEBUG), 0);
	KUNIT_EXPECT_TRUE(test, h->ret);
}

static struct kunit_case ras_debugger_cases[] = {
	KUNIT_CASE_PARAM(ras_debugger_wait, wait_gen_params),
	KUNIT_CASE(ras_debugger_without_line),
	KUNIT_CASE(ras_debugger_deadline),
	KUNIT_CASE(ras_debugger_button_elsewhere),
	KUNIT_CASE(ras_debugger_button_takes_over),
	KUNIT_CASE(ras_debugger_button_in_call),
	KUNIT_CASE_PARAM(ras_debugger_skips_to_last, last_gen_params),
	KUNIT_CASE(ras_debugger_abandoned),
	KUNIT_CASE(ras_debugger_abandoned_twice),
	KUNIT_CASE(ras_debugger_abandoned_and_hangs),
	KUNIT_CASE(ras_debugger_abandoned_by_takeover),
	KUNIT_CASE(ras_debugger_live_regs),
	{}
};

static struct kunit_suite ras_debugger_suite = {
	.name		= "ras_debugger",
	.init		= ras_fake_guard_init,
	.exit		= ras_fake_guard_exit,
	.test_cases	= ras_debugger_cases,
};

kunit_test_suite(ras_debugger_suite);
