// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the RAS stop framework: a stop for one handler, and a panic that preempts a
 * stop.
 */
#include <linux/panic.h>
#include <linux/string.h>

#include "fake_guard.h"

static int tool_arg;

struct only {
	struct ras_fake_handler	*h;
	struct ras_outcome	outcome;
};

static int job_stop_for(struct ras_fake *fake, unsigned int cpu, void *arg)
{
	struct only *only = arg;
	struct ras_request request = {
		.trigger	= RAS_TRIGGER_API,
		.needs_handler	= true,
		.message	= "for one",
		.regs		= &fake->cpu[cpu].regs,
		.only		= only->h->handler.entry,
		.arg		= &tool_arg,
		.outcome	= &only->outcome,
	};

	return ras_machine_stop(&fake->m, &request);
}

static void hook_see_arg(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->seen = stop->arg == &tool_arg;
}

/* One that needs no trigger, between two others. */
static struct ras_fake_handler *add_tool(struct kunit *test, ras_fake_hook hook)
{
	struct ras_fake_handler *h = ras_fake_handler(test, "tool", 2);

	h->handler.flags = RAS_HANDLER_ON_CALL;
	h->handler.triggers = 0;
	h->handler.deadline_ms = RAS_FAKE_DEADLINE_MS;
	h->hook = hook;
	KUNIT_ASSERT_EQ(test, ras_add_handler(&h->fake->m, &h->handler), 0);
	return h;
}

struct only_param {
	const char	*desc;
	ras_fake_hook	hook;
	const char	*reason;
	int		ret;
	enum ras_failing why;
};

static const struct only_param only_params[] = {
	{ "runs",	hook_see_arg,			NULL,	0,	 RAS_FAILED_NOT },
	{ "faults",	ras_fake_hook_fault,		NULL,	0,	 RAS_FAULTED },
	{ "not ready",	hook_see_arg,			"no",	-ENOENT, RAS_FAILED_NOT },
};

static void only_desc(const struct only_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(only, only_params, only_desc);

static void ras_only_one(struct kunit *test)
{
	const struct only_param *p = test->param_value;
	struct ras_fake *fake = ras_fake_new_guarded(test, 3);
	struct ras_fake_handler *before = ras_fake_add(test, "before", 1);
	struct ras_fake_handler *after = ras_fake_add(test, "after", 3);
	struct only only = { .h = add_tool(test, p->hook) };

	only.h->reason = p->reason;
	only.h->verdict = RAS_END;
	KUNIT_EXPECT_EQ(test, ras_fake_do(fake, 0, job_stop_for, &only), p->ret);
	KUNIT_EXPECT_EQ(test, before->ran + after->ran, 0);
	KUNIT_EXPECT_EQ(test, only.outcome.ran, !p->ret);
	KUNIT_EXPECT_EQ(test, only.outcome.why.why, p->why);
	if (!p->ret && !p->why) {
		KUNIT_EXPECT_TRUE(test, only.h->seen);
		KUNIT_EXPECT_EQ(test, only.outcome.verdict, RAS_END);
	}
	ras_fake_expect_idle(test, fake);
	/* In other stops it does not run, whatever its triggers, and there is no argument. */
	only.h->reason = NULL;
	only.h->handler.entry->triggers = RAS_ON_ALL;
	only.h->handler.entry->failed = false;
	only.h->ran = 0;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_PTR_EQ(test, fake->m.stop.arg, NULL);
	KUNIT_EXPECT_EQ(test, before->ran + after->ran, 3);
	KUNIT_EXPECT_EQ(test, only.h->ran, 0);
}

/* The owner hangs in it: the CPU that has taken over tells the outcome. */
static void ras_only_hangs(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct only only = { .h = add_tool(test, ras_fake_hook_wedge) };

	ras_fake_start(fake, 0, job_stop_for, &only);
	KUNIT_ASSERT_TRUE(test, ras_fake_until(fake, READ_ONCE(only.outcome.why.why)));
	KUNIT_ASSERT_TRUE(test, ras_fake_until(fake, ras_owner(&fake->m) == RAS_NOBODY));
	ras_fake_wake(fake, 0);
	KUNIT_EXPECT_EQ(test, ras_fake_finish(fake, 0), -ECANCELED);
	KUNIT_EXPECT_TRUE(test, only.outcome.ran);
	KUNIT_EXPECT_EQ(test, only.outcome.why.why, RAS_HUNG);
	KUNIT_EXPECT_EQ(test, only.outcome.why.from, 0);
	ras_fake_unwedged(fake, 0);
	ras_fake_expect_idle(test, fake);
}

static void hook_takes_its_time(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	atomic64_add(RAS_FAKE_DEADLINE_NS / 2, &h->fake->clock);
}

/* Ready when it is asked before the stop, and not any more when it is asked in it. */
static void asked_twice(struct ras_fake_handler *h)
{
	h->reason = h->seen++ ? "not any more" : NULL;
}

/* A handler that was skipped has taken no time, whatever the one of the last stop has. */
static void ras_only_skipped(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct only only = { .h = add_tool(test, hook_takes_its_time) };

	KUNIT_ASSERT_EQ(test, ras_fake_do(fake, 0, job_stop_for, &only), 0);
	KUNIT_EXPECT_TRUE(test, only.outcome.ran);
	KUNIT_EXPECT_EQ(test, only.outcome.ns, RAS_FAKE_DEADLINE_NS / 2ULL);
	KUNIT_EXPECT_NULL(test, (void *)only.outcome.skipped);
	only.h->asked = asked_twice;
	KUNIT_ASSERT_EQ(test, ras_fake_do(fake, 0, job_stop_for, &only), 0);
	KUNIT_EXPECT_EQ(test, only.h->seen, 2UL);
	KUNIT_EXPECT_FALSE(test, only.outcome.ran);
	KUNIT_EXPECT_EQ(test, only.outcome.ns, 0ULL);
	KUNIT_EXPECT_STREQ(test, only.outcome.skipped ?: "", "not any more");
	ras_fake_expect_idle(test, fake);
}

static int job_panic(struct ras_fake *fake, unsigned int cpu, void *arg)
{
	struct ras_request request = {
		.trigger	= RAS_TRIGGER_PANIC,
		.message	= "panic elsewhere",
		.regs		= &fake->cpu[cpu].regs,
	};

	return ras_machine_stop(&fake->m, &request);
}

/* CPU 1, which is parked, panics in an NMI. */
static void panic_elsewhere(struct ras_fake *fake)
{
	ras_fake_start(fake, 1, job_panic, NULL);
	ras_fake_until(fake, atomic_read(&fake->m.panicked));
}

static void hook_takes_minutes(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	unsigned int i;

	panic_elsewhere(h->fake);
	for (i = 0; i < 100 && !ras_fake_here(h->fake)->landed; i++) {
		h->seen++;
		ras_progress(stop);
	}
}

static void hook_returns_after_panic(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	panic_elsewhere(h->fake);
}

static void fn_takes_minutes(void *arg)
{
	struct ras_fake_handler *h = arg;

	hook_takes_minutes(h, &h->fake->m.stop);
}

static void hook_tries_for_minutes(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->ret = ras_try(stop, fn_takes_minutes, h, 0, NULL);
}

struct preempt_param {
	const char	*desc;
	ras_fake_hook	hook;
	enum ras_failing why;
};

static const struct preempt_param preempt_params[] = {
	{ "at its progress",	hook_takes_minutes,		RAS_PREEMPTED },
	{ "in a try",		hook_tries_for_minutes,		RAS_PREEMPTED },
	{ "when it returns",	hook_returns_after_panic,	RAS_FAILED_NOT },
};

static void preempt_desc(const struct preempt_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(preempt, preempt_params, preempt_desc);

/* The stop becomes the crash, and its plan runs. */
static void ras_only_preempted(struct kunit *test)
{
	const struct preempt_param *p = test->param_value;
	struct ras_fake *fake = ras_fake_new_guarded(test, 3);
	struct ras_fake_handler *slow, *crash;

	if (ras_crash_kernel_loaded())
		kunit_skip(test, "a crash kernel is loaded");
	slow = ras_fake_handler(test, "slow", 1);
	slow->handler.triggers = RAS_ON(API);
	slow->hook = p->hook;
	KUNIT_ASSERT_EQ(test, ras_add_handler(&fake->m, &slow->handler), 0);
	crash = ras_fake_handler(test, "crash", 2);
	crash->handler.triggers = RAS_ON(PANIC);
	KUNIT_ASSERT_EQ(test, ras_add_handler(&fake->m, &crash->handler), 0);

	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_ASSERT_TRUE(test, ras_fake_halted(fake, 0));
	KUNIT_EXPECT_LE(test, slow->seen, 1UL);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, p->why);
	KUNIT_EXPECT_EQ(test, slow->handler.entry->runs, 1UL);
	/* It has done nothing wrong, and could be in the plan of the panic. */
	KUNIT_EXPECT_FALSE(test, slow->handler.entry->failed);
	KUNIT_EXPECT_EQ(test, slow->handler.entry->faults, 0UL);
	KUNIT_EXPECT_EQ(test, crash->handler.entry->runs, 1UL);
	KUNIT_EXPECT_EQ(test, fake->m.stop.trigger, RAS_TRIGGER_PANIC);
	KUNIT_EXPECT_EQ(test, fake->m.stop.trigger_cpu, 1);
	KUNIT_EXPECT_EQ(test, fake->m.stop.owner, 0);
	KUNIT_EXPECT_STREQ(test, fake->m.stop.message, "panic elsewhere");
	KUNIT_EXPECT_TRUE(test, fake->crash);
	/* The owner is in no panic(), so it goes through one. */
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.went_on, 1);
	KUNIT_ASSERT_TRUE(test, ras_fake_halted(fake, 1));
	KUNIT_ASSERT_TRUE(test, ras_fake_halted(fake, 2));
	KUNIT_EXPECT_EQ(test, fake->cpu[1].retired, 1);
}

static void hook_sees_clock(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->seen = atomic64_read(&h->fake->clock);
}

/*
 * A panic that was recorded before the stop had its number, or before its CPU took over and
 * became the owner: the stop is the crash all the same, and nobody waits for the owner to park.
 */
static void panicked_before(struct kunit *test, int cpu)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 3);
	struct ras_fake_handler *crash = ras_fake_handler(test, "crash", 2);
	u64 begin;

	if (ras_crash_kernel_loaded())
		kunit_skip(test, "a crash kernel is loaded");
	ras_fake_add(test, "slow", 1);
	crash->handler.triggers = RAS_ON(PANIC);
	crash->hook = hook_sees_clock;
	KUNIT_ASSERT_EQ(test, ras_add_handler(&fake->m, &crash->handler), 0);
	begin = atomic64_read(&fake->clock);
	strscpy(fake->slot[cpu]->panic_message, "panic before",
		sizeof(fake->slot[cpu]->panic_message));
	atomic_set(&fake->m.panicked, cpu + 1);

	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_ASSERT_TRUE(test, ras_fake_halted(fake, 0));
	KUNIT_EXPECT_EQ(test, crash->handler.entry->runs, 1UL);
	KUNIT_EXPECT_EQ(test, fake->m.stop.trigger, RAS_TRIGGER_PANIC);
	KUNIT_EXPECT_EQ(test, fake->m.stop.trigger_cpu, cpu);
	KUNIT_EXPECT_LT(test, crash->seen - begin, ras_nmi_timeout_ns(&fake->m));
	KUNIT_EXPECT_STREQ(test, fake->m.stop.message, "panic before");
	KUNIT_EXPECT_PTR_EQ(test, fake->m.stop.regs, &fake->slot[cpu]->record.arch.regs);
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.went_on, 1);
}

static void ras_only_panic_before(struct kunit *test)
{
	panicked_before(test, 1);
}

static void ras_only_panic_of_the_owner(struct kunit *test)
{
	panicked_before(test, 0);
}

static struct kunit_case ras_only_cases[] = {
	KUNIT_CASE_PARAM(ras_only_one, only_gen_params),
	KUNIT_CASE(ras_only_hangs),
	KUNIT_CASE(ras_only_skipped),
	KUNIT_CASE_PARAM(ras_only_preempted, preempt_gen_params),
	KUNIT_CASE(ras_only_panic_before),
	KUNIT_CASE(ras_only_panic_of_the_owner),
	{}
};

static struct kunit_suite ras_only_suite = {
	.name		= "ras_only",
	.init		= ras_fake_guard_init,
	.exit		= ras_fake_guard_exit,
	.test_cases	= ras_only_cases,
};

kunit_test_suite(ras_only_suite);
