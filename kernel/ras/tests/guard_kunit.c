// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the RAS stop framework: the guarded call.
 *
 * A handler faults, panics or smashes its stack: the guard abandons it, says why, and the
 * next handler runs.  The guard refuses whatever is not of a handler.
 */
#include <linux/panic.h>
#include <linux/preempt.h>
#include <linux/string.h>

#include "fake_guard.h"

static __printf(2, 3) void panic_in(struct ras_machine *m, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	ras_guard_panic(m, fmt, args);
	va_end(args);
}

/* How a handler fails. */

static void hook_fault_twice(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	unsigned long address = 0xbeef;

	ras_fake_hook_fault_no_address(h, stop);
	/* Nowhere to go from there. */
	h->ret &= !ras_fake_fault(&h->fake->m, "page fault", 0x4712, &address);
}

static void hook_panic(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	panic_in(&h->fake->m, "boom %d%%", 42);
	h->ret = ras_fake_here(h->fake)->landed;
}

static void hook_panic_newline(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	panic_in(&h->fake->m, "boom\t\n\n");
	h->ret = ras_fake_here(h->fake)->landed;
}

#define TEN	"0123456789"

static void hook_panic_long(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	panic_in(&h->fake->m, "%s", TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN);
	h->ret = ras_fake_here(h->fake)->landed;
}

/* What the architecture says of a call that came back on a broken stack. */
static void hook_smash(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	ras_fake_here(h->fake)->landed = true;
	h->ret = true;
}

static void asked_fault(struct ras_fake_handler *h)
{
	ras_fake_hook_fault(h, NULL);
}

/* A handler that does nothing wrong is not in the way of the guard. */
static void ras_guard_comes_back(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, NULL,
						       RAS_FAKE_DEADLINE_MS);

	h->verdict = RAS_RESUME;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, h->ran, 1);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_FAILED_NOT);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].verdict, RAS_RESUME);
	KUNIT_EXPECT_NULL(test, (void *)fake->m.result[0].broken);
	KUNIT_EXPECT_EQ(test, fake->m.failures, 0);
	/* No report has failed, either: the next one is printed, too. */
	KUNIT_EXPECT_FALSE(test, fake->m.mute);
	KUNIT_EXPECT_EQ(test, fake->nmis, 0UL);
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.tainted, 0);
	ras_fake_expect_counts(test, h, 1, 0, 0);
	ras_fake_expect_idle(test, fake);
}

struct abandon_param {
	const char *desc;
	ras_fake_hook hook;
	struct ras_failure failure;
};

static const struct abandon_param abandon_params[] = {
	{ "fault",			ras_fake_hook_fault,
	  { .why = RAS_FAULTED, .fault = "page fault", .ip = 0x4711,
	    .addressed = true, .address = 0xdead } },
	{ "stack smashed",		hook_smash,
	  { .why = RAS_SMASHED } },
	{ "fault without address",	ras_fake_hook_fault_no_address,
	  { .why = RAS_FAULTED, .fault = "divide error", .ip = 0x4711 } },
	{ "fault on the way out",	hook_fault_twice,
	  { .why = RAS_FAULTED, .fault = "divide error", .ip = 0x4711 } },
	{ "panic",			hook_panic,
	  { .why = RAS_PANICKED, .message = "boom 42%" } },
	{ "panic with a newline",	hook_panic_newline,
	  { .why = RAS_PANICKED, .message = "boom" } },
	{ "panic with a long text",	hook_panic_long,
	  { .why = RAS_PANICKED,
	    .message = TEN TEN TEN TEN TEN TEN TEN TEN TEN "01234" } },
};

static void abandon_desc(const struct abandon_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(abandon, abandon_params, abandon_desc);

/* Whatever a handler does, it is told why it was left, and the next one runs. */
static void ras_guard_abandons(struct kunit *test)
{
	const struct abandon_param *p = test->param_value;
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *bad = ras_fake_add_hook(test, "bad", 1, p->hook, 0);
	struct ras_fake_handler *good = ras_fake_add(test, "good", 2);

	/* It has returned none. */
	bad->verdict = RAS_END;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_TRUE(test, bad->ret);
	KUNIT_EXPECT_EQ(test, good->ran, 2);
	KUNIT_EXPECT_EQ(test, fake->m.nr_results, 2);
	ras_fake_expect_failure(test, &fake->m.result[0].failure, &p->failure);
	KUNIT_EXPECT_FALSE(test, fake->m.result[0].running);
	KUNIT_EXPECT_NULL(test, (void *)fake->m.result[0].broken);
	KUNIT_EXPECT_EQ(test, fake->m.result[1].failure.why, RAS_FAILED_NOT);
	KUNIT_EXPECT_EQ(test, fake->m.failures, 1);
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.tainted, 1);
	ras_fake_expect_counts(test, bad, 1, 1, 0);
	ras_fake_expect_counts(test, good, 1, 0, 0);
	ras_fake_expect_idle(test, fake);
}

/* Many in a row, each for a reason of its own, and the last one still runs. */
static void ras_guard_abandons_many(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	static const char * const names[] = { "a", "b", "c", "d", "e", "f", "g" };
	struct ras_fake_handler *good;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		ras_fake_add_hook(test, names[i], i, abandon_params[i].hook, 0);
	good = ras_fake_add(test, "good", i);
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_PANIC), 0);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		ras_fake_expect_failure(test, &fake->m.result[i].failure,
					&abandon_params[i].failure);
	KUNIT_EXPECT_EQ(test, good->ran, i + 1);
	KUNIT_EXPECT_EQ(test, fake->m.failures, i);
	KUNIT_EXPECT_EQ(test, fake->m.state, RAS_ENDED);
	/* Neither is for the owner of a crash. */
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.tainted, 0);
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.went_on, 0);
}

/*
 * Neither a fault nor a panic of whoever runs this is one of a handler; the core knows,
 * whatever the architecture would do.
 */
static bool refuses(struct ras_fake *fake)
{
	struct ras_fake_cpu *cpu = ras_fake_here(fake);
	bool inside = cpu->inside, refused;
	struct pt_regs regs = { };

	cpu->inside = true;
	panic_in(&fake->m, "boom");
	refused = !cpu->landed &&
		  !ras_fake_fault(&fake->m, "page fault", 0x4711, NULL) &&
		  !ras_strike(&fake->m, &regs);
	cpu->inside = inside;
	return refused;
}

static int job_refuses(struct ras_fake *fake, unsigned int cpu, void *arg)
{
	return refuses(fake);
}

static void end_refuses(struct ras_fake *fake)
{
	fake->cpu[0].arg = (void *)(unsigned long)refuses(fake);
}

/* Long after its deadline, so that everything else speaks for a strike. */
static void hook_others(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	atomic64_add(10 * RAS_FAKE_DEADLINE_NS, &h->fake->clock);
	h->ret = ras_fake_do(h->fake, 1, job_refuses, NULL);
	h->seen = 1;
	ras_fake_until(h->fake, !READ_ONCE(h->seen));
}

/* Only a guarded call on this CPU, and of this task, can be left. */
static void ras_guard_refuses(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_others,
						       RAS_FAKE_DEADLINE_MS);

	KUNIT_EXPECT_TRUE(test, ras_fake_do(fake, 0, job_refuses, NULL));
	/* Before the start there are no slots, either. */
	fake->m.state = RAS_OFF;
	fake->m.slot = NULL;
	KUNIT_EXPECT_TRUE(test, ras_fake_do(fake, 0, job_refuses, NULL));
	fake->m.slot = fake->slot;
	fake->m.state = RAS_IDLE;

	/* A missing CPU goes on running. */
	fake->cpu[1].answer = RAS_FAKE_DEAF;
	fake->at_end = end_refuses;
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_EXPECT_TRUE(test, ras_fake_until(fake, READ_ONCE(h->seen)));
	/* This thread counts as CPU 0, but it is not what has been called there. */
	KUNIT_EXPECT_TRUE(test, refuses(fake));
	WRITE_ONCE(h->seen, 0);
	KUNIT_ASSERT_EQ(test, ras_fake_finish(fake, 0), 0);
	KUNIT_EXPECT_TRUE(test, h->ret);
	KUNIT_EXPECT_NULL(test, (void *)fake->at_end);
	/* The owner, but in no handler. */
	KUNIT_EXPECT_PTR_EQ(test, fake->cpu[0].arg, (void *)1UL);
	KUNIT_EXPECT_TRUE(test, ras_fake_do(fake, 0, job_refuses, NULL));
	ras_fake_expect_counts(test, h, 1, 0, 0);
}

static void hook_nmi(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	struct ras_fake_cpu *cpu = ras_fake_here(h->fake);
	unsigned long flags;

	local_irq_save(flags);
	__preempt_count_add(NMI_OFFSET + HARDIRQ_OFFSET);
	h->ret = ras_fake_fault(&h->fake->m, "page fault", 0x4711, NULL);
	panic_in(&h->fake->m, "boom");
	h->ret |= cpu->landed;
	/* Which is what an NMI is for. */
	h->fake->m.watch.strike = h->fake->m.calls;
	h->seen = ras_strike(&h->fake->m, &cpu->regs);
	__preempt_count_sub(NMI_OFFSET + HARDIRQ_OFFSET);
	local_irq_restore(flags);
}

/* Each enters as an NMI does.  The one on top is an NMI, unless @nmis is 0. */
static void panic_in_machine_check(struct ras_fake_handler *h, unsigned int nmis)
{
	struct ras_fake_cpu *cpu = ras_fake_here(h->fake);
	unsigned int count = (1 + nmis) * NMI_OFFSET + HARDIRQ_OFFSET;
	unsigned long flags;

	local_irq_save(flags);
	__preempt_count_add(count);
	cpu->machine_check = !nmis;
	/* As mce_panic() does. */
	h->seen = oops_in_progress++;
	panic_in(&h->fake->m, "Fatal machine check");
	h->seen = oops_in_progress - h->seen;
	oops_in_progress -= h->seen;
	cpu->machine_check = false;
	__preempt_count_sub(count);
	local_irq_restore(flags);
	h->ret = cpu->landed;
}

static void hook_machine_check(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	panic_in_machine_check(h, 0);
}

static void hook_nmi_in_machine_check(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	panic_in_machine_check(h, 1);
}

/* A machine check keeps no NMI away: it costs the handler in which it comes. */
static void ras_guard_machine_check(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 1);
	struct ras_fake_handler *bad = ras_fake_add_hook(test, "bad", 1, hook_machine_check, 0);
	struct ras_fake_handler *nmi = ras_fake_add_hook(test, "nmi", 2,
							 hook_nmi_in_machine_check, 0);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_TRUE(test, bad->ret);
	KUNIT_EXPECT_EQ(test, bad->seen, 0UL);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_PANICKED);
	KUNIT_EXPECT_STREQ(test, fake->m.result[0].failure.message, "Fatal machine check");
	KUNIT_EXPECT_FALSE(test, nmi->ret);
	KUNIT_EXPECT_EQ(test, nmi->seen, 1UL);
	KUNIT_EXPECT_EQ(test, fake->m.result[1].failure.why, RAS_FAILED_NOT);
}

/* A breakpoint's exception counts as one, and is returned from like any other. */
static void hook_breakpoint(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	struct ras_fake_cpu *cpu = ras_fake_here(h->fake);
	unsigned long flags;

	local_irq_save(flags);
	__preempt_count_add(NMI_OFFSET + HARDIRQ_OFFSET);
	h->ret = ras_guard_fault(&h->fake->m, &cpu->regs, "breakpoint", NULL, true);
	__preempt_count_sub(NMI_OFFSET + HARDIRQ_OFFSET);
	local_irq_restore(flags);
}

static void ras_guard_breakpoint(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 1);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_breakpoint, 0);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_TRUE(test, h->ret);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_FAULTED);
}

/* An NMI on top of a handler must be returned from, whatever happens in it. */
static void ras_guard_refuses_in_nmi(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 1);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_nmi,
						       RAS_FAKE_DEADLINE_MS);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_FALSE(test, h->ret);
	KUNIT_EXPECT_TRUE(test, h->seen);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_OVERRAN);
}

/* A handler that cannot even be asked is one that has failed. */
static void ras_guard_not_ready_faults(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *bad = ras_fake_add(test, "bad", 1);
	struct ras_fake_handler *good = ras_fake_add(test, "good", 2);

	bad->asked = asked_fault;
	bad->reason = "does not count";
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, bad->ran, 0);
	KUNIT_EXPECT_EQ(test, good->ran, 2);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_FAULTED);
	KUNIT_EXPECT_NULL(test, (void *)fake->m.result[0].skipped);
	ras_fake_expect_counts(test, bad, 0, 1, 0);
	ras_fake_expect_idle(test, fake);
}

/* Asked before the CPUs are stopped, the crash kernel's handler fails harmlessly. */
static void ras_guard_noreturn_not_ready_faults(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *last = ras_fake_add_last(test, NULL);

	last->asked = asked_fault;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_PANIC), 0);
	KUNIT_EXPECT_FALSE(test, fake->m.quiet);
	/* It is not known to be the only one, and locks are to be left. */
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_IPI, 0x2);
	KUNIT_EXPECT_EQ(test, last->ran, 0);
	KUNIT_ASSERT_EQ(test, fake->m.nr_results, 1);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_FAULTED);
	ras_fake_expect_counts(test, last, 0, 1, 0);
	KUNIT_EXPECT_EQ(test, fake->m.state, RAS_ENDED);
}

/* What has failed does not run again before somebody has looked at it. */
static void ras_guard_failed_handler(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *bad = ras_fake_add_hook(test, "bad", 1,
							 ras_fake_hook_fault, 0);
	struct ras_fake_handler *good = ras_fake_add(test, "good", 2);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	bad->hook = NULL;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_STREQ(test, fake->m.result[0].skipped ?: "",
			   "failed, to be enabled again");
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_FAILED_NOT);
	KUNIT_EXPECT_STREQ(test, ras_fake_skipped(bad), "failed, to be enabled again");
	KUNIT_EXPECT_EQ(test, good->ran, 2);
	/* This stop went without a failure. */
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.tainted, 1);
	ras_fake_expect_counts(test, bad, 1, 1, 0);
	/* Not from within the stop. */
	KUNIT_EXPECT_EQ(test, bad->disarms, 0);

	/* Whatever it has left behind is put in order first. */
	KUNIT_EXPECT_EQ(test, ras_fake_enable(bad, true), 0);
	KUNIT_EXPECT_EQ(test, bad->disarms, 1);
	KUNIT_EXPECT_EQ(test, bad->arms, 2);
	KUNIT_EXPECT_FALSE(test, bad->handler.entry->failed);
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, bad->ran, 1);
	KUNIT_EXPECT_EQ(test, bad->handler.entry->runs, 2UL);
	KUNIT_EXPECT_EQ(test, bad->handler.entry->faults, 1UL);
	KUNIT_EXPECT_FALSE(test, bad->handler.entry->last_failed);

	/* Once is enough. */
	KUNIT_EXPECT_EQ(test, ras_fake_enable(bad, true), 0);
	KUNIT_EXPECT_EQ(test, bad->arms, 2);
}

static void ras_guard_failed_and_disabled(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *bad = ras_fake_add_hook(test, "bad", 1,
							 ras_fake_hook_fault, 0);
	const struct ras_entry *entry = bad->handler.entry;

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, ras_fake_enable(bad, false), 0);
	KUNIT_EXPECT_EQ(test, bad->disarms, 1);
	KUNIT_EXPECT_TRUE(test, entry->failed);
	KUNIT_EXPECT_STREQ(test, ras_fake_skipped(bad), "disabled");

	/* A refusal leaves it as it is. */
	bad->arm_error = -EIO;
	KUNIT_EXPECT_EQ(test, ras_fake_enable(bad, true), -EIO);
	KUNIT_EXPECT_TRUE(test, entry->failed);
	KUNIT_EXPECT_FALSE(test, entry->enabled);
	bad->arm_error = 0;
	KUNIT_EXPECT_EQ(test, ras_fake_enable(bad, true), 0);
	KUNIT_EXPECT_EQ(test, bad->disarms, 1);
	KUNIT_EXPECT_FALSE(test, entry->failed);
	KUNIT_EXPECT_TRUE(test, entry->enabled);
}

struct oops_param {
	const char *desc;
	ras_fake_hook hook;
	int panic_on_oops;
	bool crash;
};

static const struct oops_param oops_params[] = {
	{ "fault",			ras_fake_hook_fault,	1, true },
	{ "panic",			hook_panic,	1, true },
	{ "stack smashed",		hook_smash,	1, true },
	{ "nothing",			NULL,		1, false },
	{ "fault, not wanted",		ras_fake_hook_fault,	0, false },
};

static void oops_desc(const struct oops_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(oops, oops_params, oops_desc);

/* A fault in a handler is an oops to whoever has the kernel panic on one. */
static void ras_guard_panic_on_oops(struct kunit *test)
{
	const struct oops_param *p = test->param_value;
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *good, *last;
	int was = panic_on_oops;

	if (ras_crash_kernel_loaded())
		kunit_skip(test, "a crash kernel is loaded");
	ras_fake_add_hook(test, "bad", 1, p->hook, 0);
	good = ras_fake_add(test, "good", 2);
	last = ras_fake_add_last(test, NULL);
	last->handler.entry->triggers = RAS_ON(PANIC);
	panic_on_oops = p->panic_on_oops;
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	if (p->crash)
		KUNIT_EXPECT_TRUE(test, ras_fake_halted(fake, 0));
	else
		KUNIT_EXPECT_EQ(test, ras_fake_finish(fake, 0), 0);
	panic_on_oops = was;
	/* The chain runs to its end first. */
	KUNIT_EXPECT_EQ(test, good->ran, 2);
	KUNIT_EXPECT_EQ(test, last->ran, p->crash ? 3 : 0);
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.went_on, p->crash);
	KUNIT_EXPECT_EQ(test, fake->m.state, p->crash ? RAS_ENDED : RAS_IDLE);
	KUNIT_EXPECT_EQ(test, fake->crash, p->crash);
}

static struct kunit_case ras_guard_cases[] = {
	KUNIT_CASE(ras_guard_comes_back),
	KUNIT_CASE_PARAM(ras_guard_panic_on_oops, oops_gen_params),
	KUNIT_CASE_PARAM(ras_guard_abandons, abandon_gen_params),
	KUNIT_CASE(ras_guard_abandons_many),
	KUNIT_CASE(ras_guard_refuses),
	KUNIT_CASE(ras_guard_refuses_in_nmi),
	KUNIT_CASE(ras_guard_machine_check),
	KUNIT_CASE(ras_guard_breakpoint),
	KUNIT_CASE(ras_guard_not_ready_faults),
	KUNIT_CASE(ras_guard_noreturn_not_ready_faults),
	KUNIT_CASE(ras_guard_failed_handler),
	KUNIT_CASE(ras_guard_failed_and_disabled),
	{}
};

static struct kunit_suite ras_guard_suite = {
	.name		= "ras_guard",
	.init		= ras_fake_guard_init,
	.exit		= ras_fake_guard_exit,
	.test_cases	= ras_guard_cases,
};

kunit_test_suite(ras_guard_suite);
