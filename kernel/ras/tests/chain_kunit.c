// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the RAS stop framework: the chain, and how a crash ends.
 */
#include <linux/preempt.h>
#include <linux/string.h>

#include "fake_arch.h"

/* A crash kernel is all there is to run, but only if it is ready. */
static void ras_chain_grace_of_a_panic(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 2, true);
	struct ras_fake_handler *last = ras_fake_handler(test, "last", RAS_PRIO_LAST);
	struct ras_fake_handler *log = ras_fake_add(test, "log", RAS_PRIO_LOG);

	last->handler.flags = RAS_HANDLER_NORETURN;
	KUNIT_ASSERT_EQ(test, ras_add_handler(&fake->m, &last->handler), 0);
	KUNIT_EXPECT_FALSE(test, ras_fake_only_noreturn(fake, RAS_TRIGGER_PANIC));
	/* Whether another one is ready is asked when there is who can watch. */
	log->reason = "no target";
	KUNIT_EXPECT_FALSE(test, ras_fake_only_noreturn(fake, RAS_TRIGGER_PANIC));
	log->handler.entry->failed = true;
	KUNIT_EXPECT_TRUE(test, ras_fake_only_noreturn(fake, RAS_TRIGGER_PANIC));
	last->reason = "not loaded";
	KUNIT_EXPECT_FALSE(test, ras_fake_only_noreturn(fake, RAS_TRIGGER_PANIC));
	last->reason = NULL;
	last->handler.entry->triggers = RAS_ON(API);
	KUNIT_EXPECT_FALSE(test, ras_fake_only_noreturn(fake, RAS_TRIGGER_PANIC));

	/* Any other trigger leaves the machine alive: locks must be left. */
	KUNIT_EXPECT_TRUE(test, ras_fake_only_noreturn(fake, RAS_TRIGGER_API));
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_IPI, 0x2);
}

struct verdict_param {
	const char *desc;
	enum ras_trigger trigger;
	enum ras_verdict verdict;
	bool goes_on;
	const char *broken;
};

static const struct verdict_param verdict_params[] = {
	{ "next",		RAS_TRIGGER_API,   RAS_NEXT,   true },
	{ "resume",		RAS_TRIGGER_API,   RAS_RESUME, false },
	{ "end",		RAS_TRIGGER_API,   RAS_END,    false },
	{ "next in a panic",	RAS_TRIGGER_PANIC, RAS_NEXT,   true },
	{ "resume in a panic",	RAS_TRIGGER_PANIC, RAS_RESUME, true },
	{ "end in a panic",	RAS_TRIGGER_PANIC, RAS_END,    false },
	{ "out of range",	RAS_TRIGGER_API,   RAS_NR_VERDICTS, true,
	  "returned no verdict" },
	{ "negative",		RAS_TRIGGER_API,   (enum ras_verdict)-1, true,
	  "returned no verdict" },
};

static void verdict_desc(const struct verdict_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(verdict, verdict_params, verdict_desc);

static void ras_chain_verdict(struct kunit *test)
{
	const struct verdict_param *p = test->param_value;
	struct ras_fake *fake = ras_fake_new(test, 2, true);
	struct ras_fake_handler *first = ras_fake_add(test, "first", 1);
	struct ras_fake_handler *second = ras_fake_add(test, "second", 2);
	enum ras_verdict recorded = p->broken ? RAS_NEXT : p->verdict;

	first->verdict = p->verdict;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, p->trigger), 0);
	KUNIT_EXPECT_EQ(test, first->ran, 1);
	KUNIT_EXPECT_EQ(test, second->ran, p->goes_on ? 2 : 0);
	KUNIT_EXPECT_EQ(test, fake->m.nr_results, p->goes_on ? 2 : 1);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].verdict, recorded);
	KUNIT_EXPECT_EQ(test, first->handler.entry->last_verdict, recorded);
	KUNIT_EXPECT_EQ(test, first->handler.entry->runs, 1UL);
	KUNIT_EXPECT_FALSE(test, fake->m.result[0].running);
	KUNIT_EXPECT_EQ(test, !fake->m.result[0].broken, !p->broken);
	if (p->broken && fake->m.result[0].broken)
		KUNIT_EXPECT_STREQ(test, fake->m.result[0].broken, p->broken);
	KUNIT_EXPECT_EQ(test, fake->m.state,
			p->trigger == RAS_TRIGGER_PANIC ? RAS_ENDED : RAS_IDLE);
}

/* Only handlers that are armed and want the trigger run; the others say why. */
static void ras_chain_skips(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 1, true);
	struct ras_fake_handler *off = ras_fake_handler(test, "off", 1);
	struct ras_fake_handler *unready = ras_fake_add(test, "unready", 2);
	struct ras_fake_handler *other = ras_fake_handler(test, "other", 3);
	struct ras_fake_handler *last = ras_fake_add(test, "last", 4);

	off->handler.disabled = true;
	other->handler.triggers = RAS_ON_ALL & ~RAS_ON(API);
	KUNIT_ASSERT_EQ(test, ras_add_handler(&fake->m, &off->handler), 0);
	KUNIT_ASSERT_EQ(test, ras_add_handler(&fake->m, &other->handler), 0);
	unready->reason = "no disk";
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, off->ran + unready->ran + other->ran, 0);
	KUNIT_EXPECT_NE(test, last->ran, 0);
	KUNIT_ASSERT_EQ(test, fake->m.nr_results, 3);
	KUNIT_EXPECT_STREQ(test, fake->m.result[0].name, "off");
	KUNIT_EXPECT_STREQ(test, fake->m.result[0].skipped, "disabled");
	KUNIT_EXPECT_STREQ(test, fake->m.result[1].name, "unready");
	KUNIT_EXPECT_STREQ(test, fake->m.result[1].skipped, "no disk");
	KUNIT_EXPECT_STREQ(test, fake->m.result[2].name, "last");
	KUNIT_EXPECT_NULL(test, (void *)fake->m.result[2].skipped);
}

/* Not preempt_disable(), which is nothing without CONFIG_PREEMPT_COUNT. */
static void hook_leak_preempt_count(struct ras_fake_handler *h,
				    const struct ras_stop *stop)
{
	h->seen = preempt_count();
	__preempt_count_add(1);
}

static void hook_see_preempt_count(struct ras_fake_handler *h,
				   const struct ras_stop *stop)
{
	h->seen = preempt_count();
}

static void hook_enable_irqs(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	local_irq_enable();
}

static void hook_see_irqs(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->seen = irqs_disabled();
}

static void ras_chain_repairs_preempt_count(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 2, true);
	struct ras_fake_handler *bad = ras_fake_add(test, "bad", 1);
	struct ras_fake_handler *good = ras_fake_add(test, "good", 2);

	bad->hook = hook_leak_preempt_count;
	good->hook = hook_see_preempt_count;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, good->seen, bad->seen);
	KUNIT_ASSERT_NOT_NULL(test, (void *)fake->m.result[0].broken);
	KUNIT_EXPECT_STREQ(test, fake->m.result[0].broken, "left preempt_count changed");
	KUNIT_EXPECT_NULL(test, (void *)fake->m.result[1].broken);
}

static void ras_chain_repairs_interrupts(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 1, true);
	struct ras_fake_handler *bad = ras_fake_add(test, "bad", 1);
	struct ras_fake_handler *good = ras_fake_add(test, "good", 2);

	bad->hook = hook_enable_irqs;
	good->hook = hook_see_irqs;
	KUNIT_ASSERT_EQ(test, ras_fake_stop_irqs_off(fake), 0);
	KUNIT_EXPECT_TRUE(test, good->seen);
	KUNIT_ASSERT_NOT_NULL(test, (void *)fake->m.result[0].broken);
	KUNIT_EXPECT_STREQ(test, fake->m.result[0].broken, "left interrupts enabled");
	KUNIT_EXPECT_NULL(test, (void *)fake->m.result[1].broken);
}

/* Without a crash kernel nobody will ask the parked CPUs for anything more. */
static void ras_chain_panic_retires(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 3, true);
	struct ras_fake_handler *h = ras_fake_add(test, "h", 1);
	unsigned int cpu;

	if (ras_crash_kernel_loaded())
		kunit_skip(test, "a crash kernel is loaded");
	fake->cpu[2].answer = RAS_FAKE_NMI;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_PANIC), 0);
	KUNIT_EXPECT_EQ(test, h->ran, 1);
	KUNIT_EXPECT_EQ(test, fake->m.state, RAS_ENDED);
	KUNIT_EXPECT_EQ(test, ras_owner(&fake->m), 0);
	KUNIT_EXPECT_FALSE(test, fake->m.stop.resumable);
	KUNIT_EXPECT_TRUE(test, fake->crash);
	KUNIT_EXPECT_EQ(test, fake->m.last.times.sequence, 1);
	for (cpu = 1; cpu < 3; cpu++) {
		KUNIT_ASSERT_TRUE(test, ras_fake_halted(fake, cpu));
		KUNIT_EXPECT_EQ(test, fake->cpu[cpu].retired, 1);
		KUNIT_EXPECT_NULL(test, (void *)fake->cpu[cpu].note);
		KUNIT_EXPECT_FALSE(test, ras_fake_parked(fake, cpu));
	}
	/* Only an interrupt has left a frame that is to be kept. */
	KUNIT_EXPECT_PTR_EQ(test, fake->cpu[1].frame,
			    (const struct pt_regs *)&fake->cpu[1].regs);
	KUNIT_EXPECT_NULL(test, (void *)fake->cpu[2].frame);
	KUNIT_EXPECT_EQ(test, fake->cpu[0].retired, 0);

	/* The panic has been: neither its owner nor anybody else stops again. */
	KUNIT_EXPECT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_PANIC), -EDEADLK);
	KUNIT_EXPECT_EQ(test, fake->m.stop.sequence, 1);
}

/* A CPU that comes when the panic has ended finds its command there. */
static void ras_chain_panic_latecomer(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 2, true);

	if (ras_crash_kernel_loaded())
		kunit_skip(test, "a crash kernel is loaded");
	fake->cpu[1].answer = RAS_FAKE_LATE;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_PANIC), 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_MISSING, 0x2);
	ras_fake_wake(fake, 1);
	KUNIT_EXPECT_TRUE(test, ras_fake_halted(fake, 1));
	KUNIT_EXPECT_EQ(test, fake->cpu[1].retired, 1);
	KUNIT_EXPECT_NULL(test, (void *)fake->cpu[1].note);
}

static int job_handover(struct ras_fake *fake, unsigned int cpu, void *arg)
{
	return ras_machine_handover(&fake->m);
}

static void hook_handover(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->ret = ras_machine_handover(&h->fake->m);
	/* Everybody must be out of the way when it returns. */
	h->seen = ras_fake_parked(h->fake, 1) || ras_fake_parked(h->fake, 2);
}

/* As ras_enter_crash_kernel() does, which would not come back. */
static void ras_chain_handover(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 4, true);
	struct ras_fake_handler *h = ras_fake_handler(test, "h", RAS_PRIO_LAST);
	unsigned int cpu;

	h->handler.flags = RAS_HANDLER_NORETURN;
	h->hook = hook_handover;
	KUNIT_ASSERT_EQ(test, ras_add_handler(&fake->m, &h->handler), 0);
	fake->cpu[3].answer = RAS_FAKE_DEAF;
	KUNIT_EXPECT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_PANIC), 0);
	/* The CPU that has crashed. */
	KUNIT_EXPECT_EQ(test, h->ret, 0);
	KUNIT_EXPECT_FALSE(test, h->seen);
	/* It has come back, and the last report goes to the consoles. */
	KUNIT_EXPECT_FALSE(test, fake->m.quiet);
	/* With nothing else armed there is no grace period. */
	KUNIT_EXPECT_EQ(test, fake->ipis, 0UL);
	for (cpu = 1; cpu < 3; cpu++) {
		KUNIT_ASSERT_TRUE(test, ras_fake_halted(fake, cpu));
		KUNIT_EXPECT_EQ(test, fake->cpu[cpu].retired, 1);
		KUNIT_EXPECT_PTR_EQ(test, fake->cpu[cpu].note,
				    (const struct ras_cpu *)&fake->slot[cpu]->record);
		ras_fake_expect_record(test, fake, cpu, RAS_HOW_NMI);
	}
	KUNIT_EXPECT_EQ(test, fake->cpu[0].retired, 0);
	KUNIT_EXPECT_EQ(test, fake->cpu[3].retired, 0);
}

/* panic() hands over after the chain as well; every wait has an end. */
static void ras_chain_handover_after_end(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 2, true);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_PANIC), 0);
	KUNIT_ASSERT_EQ(test, fake->m.state, RAS_ENDED);
	KUNIT_EXPECT_EQ(test, ras_fake_do(fake, 0, job_handover, NULL), 0);
	KUNIT_EXPECT_EQ(test, fake->m.state, RAS_HANDED_OVER);
}

static void hook_foreign_handover(struct ras_fake_handler *h,
				  const struct ras_stop *stop)
{
	h->ret = ras_fake_do(h->fake, 1, job_handover, NULL);
	h->seen = h->fake->m.state == RAS_STOPPED;
}

/* Only who owns the stop has CPUs to give away. */
static void ras_chain_handover_refused(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 2, true);
	struct ras_fake_handler *h = ras_fake_add(test, "h", 1);

	KUNIT_EXPECT_EQ(test, ras_fake_do(fake, 0, job_handover, NULL), -ENOENT);
	/* A missing CPU goes on running, and may try. */
	fake->cpu[1].answer = RAS_FAKE_DEAF;
	h->hook = hook_foreign_handover;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, h->ret, -ENOENT);
	KUNIT_EXPECT_TRUE(test, h->seen);
	KUNIT_EXPECT_EQ(test, fake->cpu[0].retired + fake->cpu[1].retired, 0);
	ras_fake_expect_idle(test, fake);
}

static struct kunit_case ras_chain_cases[] = {
	KUNIT_CASE(ras_chain_panic_retires),
	KUNIT_CASE(ras_chain_panic_latecomer),
	KUNIT_CASE(ras_chain_handover),
	KUNIT_CASE(ras_chain_handover_after_end),
	KUNIT_CASE(ras_chain_handover_refused),
	KUNIT_CASE(ras_chain_grace_of_a_panic),
	KUNIT_CASE_PARAM(ras_chain_verdict, verdict_gen_params),
	KUNIT_CASE(ras_chain_skips),
	KUNIT_CASE(ras_chain_repairs_preempt_count),
	KUNIT_CASE(ras_chain_repairs_interrupts),
	{}
};

static struct kunit_suite ras_chain_suite = {
	.name		= "ras_chain",
	.init		= ras_fake_init,
	.exit		= ras_fake_exit,
	.test_cases	= ras_chain_cases,
};

kunit_test_suite(ras_chain_suite);
