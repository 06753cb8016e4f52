// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the RAS stop framework: leaving this kernel, for good or for a while, and
 * the ELF notes for the next one.
 */
#include <linux/string.h>

#include "fake_guard.h"

/* What was called in place of the next kernel. */
static struct {
	unsigned int	calls;
	unsigned long	retired;
	enum ras_state	state;
	u32		running;
	u64		age_before;
	u64		age_after;
	bool		struck;
	u64		clock_back;
} left;

static struct ras_fake *fake_of(const struct ras_stop *stop)
{
	return container_of(stop, struct ras_fake, m.stop);
}

static void fn_comes_back(void *arg)
{
	struct ras_fake *fake = arg;
	unsigned int cpu;

	left.calls++;
	left.state = fake->m.state;
	left.running |= ras_running(&fake->m);
	for (cpu = 0; cpu < fake->nr; cpu++)
		if (fake->cpu[cpu].retired)
			left.retired |= BIT(cpu);
}

static void hook_leave(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->ret = ras_leave(stop, fn_comes_back, h->fake);
}

static struct ras_fake_handler *add_leaver(struct kunit *test, const char *name, int priority,
					   ras_fake_hook hook)
{
	struct ras_fake_handler *h = ras_fake_handler(test, name, priority);

	h->handler.flags = RAS_HANDLER_NORETURN;
	h->handler.deadline_ms = RAS_FAKE_DEADLINE_MS;
	h->hook = hook;
	KUNIT_ASSERT_EQ(test, ras_add_handler(&h->fake->m, &h->handler), 0);
	return h;
}

static struct ras_fake *new_leave(struct kunit *test, unsigned int cpus)
{
	memset(&left, 0, sizeof(left));
	return ras_fake_new_guarded(test, cpus);
}

/* One that comes back has cost the other CPUs, and the next one leaves without them. */
static void ras_leave_in_turn(struct kunit *test)
{
	struct ras_fake *fake = new_leave(test, 3);
	struct ras_fake_handler *first = add_leaver(test, "first", 1, hook_leave);
	struct ras_fake_handler *second = add_leaver(test, "second", 2, hook_leave);

	if (ras_crash_kernel_loaded())
		kunit_skip(test, "a crash kernel is loaded");
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_PANIC);
	KUNIT_ASSERT_EQ(test, ras_fake_finish(fake, 0), 0);
	KUNIT_EXPECT_EQ(test, first->ran, 1);
	KUNIT_EXPECT_EQ(test, second->ran, 2);
	KUNIT_EXPECT_EQ(test, first->ret, 0);
	KUNIT_EXPECT_EQ(test, second->ret, 0);
	KUNIT_EXPECT_EQ(test, left.calls, 2);
	KUNIT_EXPECT_EQ(test, left.retired, 0x6UL);
	KUNIT_EXPECT_EQ(test, left.state, RAS_HANDED_OVER);
	/* In no call that another CPU could end. */
	KUNIT_EXPECT_EQ(test, left.running, 0);
	KUNIT_EXPECT_EQ(test, fake->m.state, RAS_ENDED);
	KUNIT_EXPECT_EQ(test, fake->cpu[1].retired, 1);
}

/* Abandoned before the point of no return, it costs nobody else anything. */
static void ras_leave_abandoned(struct kunit *test)
{
	struct ras_fake *fake = new_leave(test, 2);
	struct ras_fake_handler *first = add_leaver(test, "first", 1, ras_fake_hook_fault);
	struct ras_fake_handler *second = add_leaver(test, "second", 2, hook_leave);

	if (ras_crash_kernel_loaded())
		kunit_skip(test, "a crash kernel is loaded");
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_PANIC), 0);
	ras_fake_expect_counts(test, first, 1, 1, 0);
	ras_fake_expect_counts(test, second, 1, 0, 0);
	KUNIT_EXPECT_EQ(test, left.calls, 1);
}

/* Be busy until so much time has passed. */
static void take(struct ras_fake *fake, u64 ns)
{
	u64 begin = atomic64_read(&fake->clock);

	while (atomic64_read(&fake->clock) - begin < ns)
		fake->m.arch->relax();
}

static void hook_leave_and_hang(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->ret = ras_leave(stop, fn_comes_back, h->fake);
	take(h->fake, 10 * RAS_FAKE_DEADLINE_NS);
}

/* Behind the point of no return there is no deadline. */
static void ras_leave_has_no_deadline(struct kunit *test)
{
	struct ras_fake *fake = new_leave(test, 2);
	struct ras_fake_handler *h = add_leaver(test, "h", 1, hook_leave_and_hang);

	if (ras_crash_kernel_loaded())
		kunit_skip(test, "a crash kernel is loaded");
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_PANIC), 0);
	ras_fake_expect_counts(test, h, 1, 0, 0);
}

static void ras_leave_refused(struct kunit *test)
{
	struct ras_fake *fake = new_leave(test, 2);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_leave, 0);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, h->ret, -EPERM);
	KUNIT_EXPECT_EQ(test, left.calls, 0);
	ras_fake_expect_idle(test, fake);
}

static void hook_notes(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	unsigned int cpu;

	h->ret = ras_save_notes(stop);
	for (cpu = 0; cpu < h->fake->nr; cpu++) {
		if (h->fake->cpu[cpu].noted)
			h->seen |= BIT(cpu);
		/* A missing CPU has a note without registers. */
		if (h->fake->cpu[cpu].note)
			h->seen |= BIT(cpu + 8);
	}
	h->seen |= (unsigned long)h->fake->crashed << 16;
}

/* One note for each online CPU; and none is left after the release. */
static void ras_leave_notes(struct kunit *test)
{
	struct ras_fake *fake = new_leave(test, 4);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_notes, 0);
	unsigned int cpu;

	fake->cpu[2].answer = RAS_FAKE_DEAF;
	cpumask_clear_cpu(3, &fake->online);
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 1, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, h->ret, 0);
	KUNIT_EXPECT_EQ(test, h->seen, 0x10307UL);
	for (cpu = 0; cpu < fake->nr; cpu++)
		KUNIT_EXPECT_FALSE(test, fake->cpu[cpu].noted);
	KUNIT_EXPECT_EQ(test, fake->crashed, -1);
	KUNIT_EXPECT_EQ(test, fake->forgotten, 1);
	/* Who has written none has none to undo. */
	h->hook = NULL;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 1, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, fake->forgotten, 1);
}

static int fn_jump(void *arg)
{
	struct ras_fake *fake = arg;

	left.calls++;
	left.state = fake->m.state;
	/* The other kernel leaves the clock as it likes. */
	atomic64_set(&fake->clock, left.clock_back);
	return 7;
}

static void hook_jump(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	struct ras_fake *fake = fake_of(stop);

	take(fake, RAS_FAKE_DEADLINE_NS / 2);
	left.age_before = ras_age_ns(stop);
	h->ret = ras_go_away(stop, fn_jump, fake);
	left.age_after = ras_age_ns(stop);
	h->seen = fake->m.state == RAS_STOPPED;
}

struct jump_param {
	const char	*desc;
	unsigned int	cpus;
	enum ras_trigger trigger;
	u64		clock_back;
	int		ret;
};

static const struct jump_param jump_params[] = {
	{ "alone",		1, RAS_TRIGGER_API,	1000, 7 },
	{ "clock ahead",	1, RAS_TRIGGER_API,	1ULL << 40, 7 },
	{ "CPU online",		2, RAS_TRIGGER_API,	1000, -EBUSY },
	{ "crash",		1, RAS_TRIGGER_PANIC,	1000, -EPERM },
};

static void jump_desc(const struct jump_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(jump, jump_params, jump_desc);

/* The machine is another kernel's for a while, and the clock begins anew there. */
static void ras_leave_and_come_back(struct kunit *test)
{
	const struct jump_param *p = test->param_value;
	struct ras_fake *fake = new_leave(test, p->cpus);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_jump,
						       RAS_FAKE_DEADLINE_MS);

	if (ras_crash_kernel_loaded())
		kunit_skip(test, "a crash kernel is loaded");
	left.clock_back = p->clock_back;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, p->trigger), 0);
	KUNIT_EXPECT_EQ(test, h->ret, p->ret);
	KUNIT_EXPECT_EQ(test, left.calls, p->ret == 7);
	if (p->ret == 7)
		KUNIT_EXPECT_EQ(test, left.state, RAS_AWAY);
	KUNIT_EXPECT_EQ(test, left.age_after, left.age_before);
	KUNIT_EXPECT_TRUE(test, h->seen);
	ras_fake_expect_counts(test, h, 1, 0, 0);
}

/* An NMI when the rest of the handler's time has passed. */
static void fn_is_struck(void *arg)
{
	struct ras_fake *fake = arg;

	atomic64_add(RAS_FAKE_DEADLINE_NS / 2 + 1, &fake->clock);
	left.struck = ras_stopped(&fake->m, RAS_HOW_NMI, &ras_fake_here(fake)->regs);
}

static void hook_jump_then_try(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	hook_jump(h, stop);
	atomic64_add(RAS_FAKE_DEADLINE_NS / 2, &h->fake->clock);
	ras_try(stop, fn_is_struck, h->fake, 0, NULL);
}

/* From the return on the deadline of the handler counts, also for what it tries. */
static void ras_leave_then_try(struct kunit *test)
{
	struct ras_fake *fake = new_leave(test, 1);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_jump_then_try,
						       RAS_FAKE_DEADLINE_MS);

	left.clock_back = 1000;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, h->ret, 7);
	KUNIT_EXPECT_TRUE(test, left.struck);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_OVERRAN);
	ras_fake_expect_counts(test, h, 1, 0, 1);
}

static struct kunit_case ras_leave_cases[] = {
	KUNIT_CASE(ras_leave_in_turn),
	KUNIT_CASE(ras_leave_abandoned),
	KUNIT_CASE(ras_leave_has_no_deadline),
	KUNIT_CASE(ras_leave_refused),
	KUNIT_CASE(ras_leave_notes),
	KUNIT_CASE_PARAM(ras_leave_and_come_back, jump_gen_params),
	KUNIT_CASE(ras_leave_then_try),
	{}
};

static struct kunit_suite ras_leave_suite = {
	.name		= "ras_leave",
	.init		= ras_fake_guard_init,
	.exit		= ras_fake_guard_exit,
	.test_cases	= ras_leave_cases,
};

kunit_test_suite(ras_leave_suite);
