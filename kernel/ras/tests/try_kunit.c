// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the RAS stop framework: what a handler tries within its own guarded call.
 */
#include <linux/string.h>

#include "fake_guard.h"

/* What the handler tries, and what came of it. */
static struct {
	struct ras_fake		*fake;
	void			(*fn)(void *arg);
	unsigned int		deadline_ms;
	unsigned int		calls;
	int			ret;
	struct ras_failure	why;
	bool			went_on;
	bool			depth_refused;
} try;

static void fn_returns(void *arg)
{
	try.calls++;
}

static void fn_faults(void *arg)
{
	try.calls++;
	ras_fake_fault(&try.fake->m, "divide error", 0x4711, NULL);
}

static void fn_hangs(void *arg)
{
	try.calls++;
	ras_fake_hang(try.fake, RAS_FAKE_FOREVER_NS);
}

static void fn_wedges(void *arg)
{
	try.calls++;
	ras_fake_wedge(try.fake, RAS_FAKE_DEAF);
}

static void fn_progresses(void *arg)
{
	unsigned int i;

	try.calls++;
	for (i = 0; i < 4; i++) {
		ras_fake_hang(try.fake, RAS_FAKE_DEADLINE_MS * NSEC_PER_MSEC / 2);
		ras_progress(&try.fake->m.stop);
	}
}

/* Once more in each other, until the core refuses. */
static void fn_nests(void *arg)
{
	int ret;

	try.calls++;
	ret = ras_machine_try(&try.fake->m, fn_nests, NULL, 0, NULL);
	if (ret == -ENOSPC)
		try.depth_refused = true;
}

static void hook_tries(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	try.ret = ras_try(stop, try.fn, NULL, try.deadline_ms, &try.why);
	/* What has been abandoned as a whole does not go on, but for the fake machine. */
	try.went_on = !ras_fake_here(h->fake)->landed;
}

static void hook_tries_then_hangs(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	hook_tries(h, stop);
	ras_fake_hang(h->fake, RAS_FAKE_FOREVER_NS);
}

static void hook_tries_then_faults(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	hook_tries(h, stop);
	ras_fake_fault(&h->fake->m, "general protection fault", 0x4712, NULL);
}

static struct ras_fake *new_try(struct kunit *test, unsigned int cpus,
				void (*fn)(void *arg), unsigned int deadline_ms)
{
	memset(&try, 0, sizeof(try));
	try.fn = fn;
	try.deadline_ms = deadline_ms;
	try.fake = ras_fake_new_guarded(test, cpus);
	return try.fake;
}

static void expect_tried(struct kunit *test, int ret, enum ras_failing why)
{
	KUNIT_EXPECT_EQ(test, try.calls, 1);
	KUNIT_EXPECT_EQ(test, try.ret, ret);
	KUNIT_EXPECT_EQ(test, try.why.why, why);
	KUNIT_EXPECT_TRUE(test, try.went_on);
}

static void ras_try_returns(struct kunit *test)
{
	struct ras_fake *fake = new_try(test, 2, fn_returns, RAS_FAKE_DEADLINE_MS);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_tries, 0);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	expect_tried(test, 0, RAS_FAILED_NOT);
	ras_fake_expect_counts(test, h, 1, 0, 0);
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.tainted, 0);
	ras_fake_expect_idle(test, fake);
}

/* A fault costs what was tried, and the handler learns of it. */
static void ras_try_faults(struct kunit *test)
{
	struct ras_fake *fake = new_try(test, 2, fn_faults, RAS_FAKE_DEADLINE_MS);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_tries,
						       RAS_FAKE_DEADLINE_MS);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	expect_tried(test, -EFAULT, RAS_FAULTED);
	KUNIT_EXPECT_EQ(test, try.why.ip, 0x4711UL);
	ras_fake_expect_counts(test, h, 1, 0, 0);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_FAILED_NOT);
	/* The kernel is not what it was all the same. */
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.tainted, 1);
	ras_fake_expect_idle(test, fake);
}

/* The handler's own guard is as it was. */
static void ras_try_then_fault(struct kunit *test)
{
	struct ras_fake *fake = new_try(test, 2, fn_faults, RAS_FAKE_DEADLINE_MS);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_tries_then_faults,
						       RAS_FAKE_DEADLINE_MS);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	expect_tried(test, -EFAULT, RAS_FAULTED);
	ras_fake_expect_counts(test, h, 1, 1, 0);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.ip, 0x4712UL);
	ras_fake_expect_idle(test, fake);
}

/* The deadline of what is tried, in a handler that has none. */
static void ras_try_hangs(struct kunit *test)
{
	struct ras_fake *fake = new_try(test, 2, fn_hangs, RAS_FAKE_DEADLINE_MS);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_tries, 0);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	expect_tried(test, -ETIMEDOUT, RAS_OVERRAN);
	KUNIT_EXPECT_EQ(test, try.why.deadline_ms, RAS_FAKE_DEADLINE_MS);
	ras_fake_expect_counts(test, h, 1, 0, 0);
	ras_fake_expect_idle(test, fake);
}

/* The handler is watched again when what it has tried is over. */
static void ras_try_then_hang(struct kunit *test)
{
	struct ras_fake *fake = new_try(test, 2, fn_returns, RAS_FAKE_DEADLINE_MS);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_tries_then_hangs,
						       RAS_FAKE_DEADLINE_MS);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	expect_tried(test, 0, RAS_FAILED_NOT);
	ras_fake_expect_counts(test, h, 1, 0, 1);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_OVERRAN);
	ras_fake_expect_idle(test, fake);
}

/* Half of what it may take. */
static void fn_takes_half(void *arg)
{
	try.calls++;
	ras_fake_hang(try.fake, RAS_FAKE_DEADLINE_NS / 2);
}

/* What the handler does between two tries is not the time of the second one. */
static void hook_works_between_tries(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	ras_try(stop, fn_returns, NULL, RAS_FAKE_DEADLINE_MS, NULL);
	try.calls = 0;
	ras_fake_hang(h->fake, RAS_FAKE_DEADLINE_NS - RAS_FAKE_STEP_NS);
	hook_tries(h, stop);
}

static void ras_try_again(struct kunit *test)
{
	struct ras_fake *fake = new_try(test, 2, fn_takes_half, RAS_FAKE_DEADLINE_MS);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_works_between_tries,
						       100 * RAS_FAKE_DEADLINE_MS);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	expect_tried(test, 0, RAS_FAILED_NOT);
	ras_fake_expect_counts(test, h, 1, 0, 0);
	ras_fake_expect_idle(test, fake);
}

/* The handler's deadline counts on, and is the shorter one: both are abandoned. */
static void ras_try_outlasts_handler(struct kunit *test)
{
	struct ras_fake *fake = new_try(test, 2, fn_hangs, 100 * RAS_FAKE_DEADLINE_MS);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_tries,
						       RAS_FAKE_DEADLINE_MS);
	struct ras_fake_handler *next = ras_fake_add(test, "next", 2);
	u64 begin = atomic64_read(&fake->clock);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, try.calls, 1);
	KUNIT_EXPECT_FALSE(test, try.went_on);
	ras_fake_expect_counts(test, h, 1, 0, 1);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_OVERRAN);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.deadline_ms, RAS_FAKE_DEADLINE_MS);
	KUNIT_EXPECT_LT(test, atomic64_read(&fake->clock) - begin,
			50 * RAS_FAKE_DEADLINE_MS * (u64)NSEC_PER_MSEC);
	KUNIT_EXPECT_EQ(test, next->ran, 2);
	ras_fake_expect_idle(test, fake);
}

/* An NMI right after the beginning. */
static void fn_is_struck(void *arg)
{
	try.calls++;
	atomic64_add(2, &try.fake->clock);
	ras_stopped(&try.fake->m, RAS_HOW_NMI, &ras_fake_here(try.fake)->regs);
}

static void hook_tries_too_late(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	atomic64_add(2 * RAS_FAKE_DEADLINE_NS, &h->fake->clock);
	hook_tries(h, stop);
}

/* The handler is late already: what it tries has no time left, which is not no limit. */
static void ras_try_too_late(struct kunit *test)
{
	struct ras_fake *fake = new_try(test, 1, fn_is_struck, 0);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_tries_too_late,
						       RAS_FAKE_DEADLINE_MS);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, try.calls, 1);
	KUNIT_EXPECT_EQ(test, try.ret, -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, try.why.why, RAS_OVERRAN);
	KUNIT_EXPECT_FALSE(test, try.went_on);
	ras_fake_expect_counts(test, h, 1, 0, 1);
	ras_fake_expect_idle(test, fake);
}

/* Progress renews both deadlines. */
static void ras_try_progress(struct kunit *test)
{
	struct ras_fake *fake = new_try(test, 2, fn_progresses, RAS_FAKE_DEADLINE_MS);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_tries,
						       RAS_FAKE_DEADLINE_MS);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	expect_tried(test, 0, RAS_FAILED_NOT);
	ras_fake_expect_counts(test, h, 1, 0, 0);
	ras_fake_expect_idle(test, fake);
}

/* The owner does not answer: another CPU goes on behind the handler. */
static void ras_try_lost(struct kunit *test)
{
	struct ras_fake *fake = new_try(test, 3, fn_wedges, RAS_FAKE_DEADLINE_MS);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_tries, 0);
	struct ras_fake_handler *next = ras_fake_add_hook(test, "next", 2,
							  ras_fake_hook_wake_owner, 0);

	KUNIT_EXPECT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), -ECANCELED);
	KUNIT_ASSERT_TRUE(test, ras_fake_until(fake, ras_owner(&fake->m) == RAS_NOBODY));
	KUNIT_EXPECT_EQ(test, try.calls, 1);
	KUNIT_EXPECT_FALSE(test, try.went_on);
	KUNIT_EXPECT_EQ(test, next->ret, 0);
	ras_fake_expect_counts(test, h, 1, 0, 1);
	ras_fake_expect_hung(test, fake, 0, 0, 1, RAS_FAKE_DEADLINE_MS);
	ras_fake_unwedged(fake, 0);
	ras_fake_expect_idle(test, fake);
}

static void ras_try_depth(struct kunit *test)
{
	struct ras_fake *fake = new_try(test, 2, fn_nests, RAS_FAKE_DEADLINE_MS);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_tries, 0);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, try.calls, RAS_GUARDS - 1);
	KUNIT_EXPECT_GE(test, try.calls, RAS_TRY_DEPTH);
	KUNIT_EXPECT_TRUE(test, try.depth_refused);
	KUNIT_EXPECT_EQ(test, try.ret, 0);
	ras_fake_expect_counts(test, h, 1, 0, 0);
	ras_fake_expect_idle(test, fake);
}

static void ras_try_outside(struct kunit *test)
{
	struct ras_fake *fake = new_try(test, 1, fn_returns, 0);

	KUNIT_EXPECT_EQ(test, ras_machine_try(&fake->m, fn_returns, NULL, 0, NULL), -EPERM);
	KUNIT_EXPECT_EQ(test, try.calls, 0);
}

static struct kunit_case ras_try_cases[] = {
	KUNIT_CASE(ras_try_returns),
	KUNIT_CASE(ras_try_faults),
	KUNIT_CASE(ras_try_then_fault),
	KUNIT_CASE(ras_try_hangs),
	KUNIT_CASE(ras_try_then_hang),
	KUNIT_CASE(ras_try_again),
	KUNIT_CASE(ras_try_outlasts_handler),
	KUNIT_CASE(ras_try_too_late),
	KUNIT_CASE(ras_try_progress),
	KUNIT_CASE(ras_try_lost),
	KUNIT_CASE(ras_try_depth),
	KUNIT_CASE(ras_try_outside),
	{}
};

static struct kunit_suite ras_try_suite = {
	.name		= "ras_try",
	.init		= ras_fake_guard_init,
	.exit		= ras_fake_guard_exit,
	.test_cases	= ras_try_cases,
};

kunit_test_suite(ras_try_suite);
