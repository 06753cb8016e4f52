// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the RAS stop framework: what a guarded call leaves behind.
 *
 * A handler leaves a lock, the console, a part of its context or panic_cpu changed.  The
 * guard notes what it cannot undo, and restores the rest.
 */
#include <linux/console.h>
#include <linux/context_tracking_state.h>
#include <linux/debug_locks.h>
#include <linux/panic.h>
#include <linux/preempt.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <asm/irq_regs.h>

#include "../../printk/internal.h"
#include "fake_guard.h"

static DEFINE_SPINLOCK(left_lock);

static void hook_leave_lock(struct ras_fake_handler *h, const struct ras_stop *stop)
	__acquires(&left_lock)
{
	spin_lock(&left_lock);
	ras_fake_hook_fault(h, stop);
}

/*
 * The first case of the first suite that abandons handlers: lockdep is off from the
 * first of them on.
 */
static void ras_guard_notes_lock(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);

	if (!IS_ENABLED(CONFIG_LOCKDEP) || !debug_locks)
		kunit_skip(test, "needs lockdep");
	ras_fake_add_hook(test, "bad", 1, hook_leave_lock, 0);
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_STREQ(test, fake->m.result[0].failure.lock, "left_lock");
	KUNIT_EXPECT_EQ(test, debug_locks, 0);
	ras_fake_expect_idle(test, fake);
}

#ifdef CONFIG_PRINTK
/* The counters of printk() on the CPU that a handler runs on, as one number. */
static unsigned long printk_counters(void)
{
	return raw_cpu_read(printk_context) << 16 | raw_cpu_read(printk_count) << 8 |
	       raw_cpu_read(printk_count_nmi);
}

static void hook_fault_in_printk(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->seen = printk_counters();
	this_cpu_inc(printk_context);
	this_cpu_inc(printk_count);
	this_cpu_inc(printk_count_nmi);
	ras_fake_hook_fault(h, stop);
}

static void hook_defer_printk(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->seen = printk_counters();
	this_cpu_inc(printk_context);
}

static void hook_see_printk(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->seen = printk_counters();
}

/* A call that has left printk() in the middle does not silence its CPU. */
static void ras_guard_printk(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 1);
	struct ras_fake_handler *fault, *defer, *see;

	fault = ras_fake_add_hook(test, "fault", 1, hook_fault_in_printk, 0);
	defer = ras_fake_add_hook(test, "defer", 2, hook_defer_printk, 0);
	see = ras_fake_add_hook(test, "see", 3, hook_see_printk, 0);
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_FAULTED);
	KUNIT_EXPECT_EQ(test, defer->seen, fault->seen);
	KUNIT_EXPECT_STREQ(test, fake->m.result[1].broken, "left printk() deferred");
	KUNIT_EXPECT_EQ(test, see->seen, fault->seen);
	KUNIT_EXPECT_NULL(test, (void *)fake->m.result[2].broken);
}
#else
static void ras_guard_printk(struct kunit *test)
{
	kunit_skip(test, "needs PRINTK");
}
#endif

/* Freed by the test: nobody else waits for it. */
static void hook_leave_console(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	console_lock();
	/* Somebody may have been printing when the call began. */
	h->fake->m.console_was_locked = false;
	ras_fake_hook_fault(h, stop);
}

static void ras_guard_notes_console(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "bad", 1,
						       hook_leave_console, 0);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	console_unlock();
	KUNIT_EXPECT_TRUE(test, fake->m.console_left);
	KUNIT_EXPECT_TRUE(test, ras_fake_kernel.console_left);

	/* Not by this one. */
	h->hook = ras_fake_hook_fault;
	KUNIT_ASSERT_EQ(test, ras_fake_enable(h, true), 0);
	fake->m.console_was_locked = true;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.tainted, 2);
	KUNIT_EXPECT_FALSE(test, ras_fake_kernel.console_left);
}

/* A handler that fails in a crash, with the console locked. */
static void ras_guard_frees_console(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 1);

	ras_fake_add_hook(test, "bad", 1, hook_leave_console, 0);
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_PANIC), 0);
	KUNIT_EXPECT_TRUE(test, fake->m.console_left);
	/* Its CPU will not unlock it: the report has, to get out.  Others may print meanwhile. */
	fake->patience = jiffies + 10 * HZ;
	KUNIT_EXPECT_TRUE(test, ras_fake_until(fake, console_trylock()));
	console_unlock();
}

/* The lock that one call has left is not that of the next on the same CPU. */
static void ras_guard_forgets_lock(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 1);
	char *lock = fake->slot[0]->guard[0].failure.lock;

	ras_fake_add_hook(test, "bad", 1, ras_fake_hook_fault, 0);
	strscpy(lock, "left_lock", sizeof(fake->slot[0]->guard[0].failure.lock));
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_FAULTED);
	KUNIT_EXPECT_STREQ(test, fake->m.result[0].failure.lock, "");
}

/* What struct ras_context is to keep. */
struct context {
	bool irqs_off;
	int count;
	int pagefaults;
	int rcu;
	long nmi;
	struct pt_regs *irq_regs;
};

static struct context before, after;

static void see_context(struct context *c)
{
	memset(c, 0, sizeof(*c));
	c->irqs_off = irqs_disabled();
	c->count = preempt_count();
	c->pagefaults = current->pagefault_disabled;
	c->irq_regs = get_irq_regs();
#ifdef CONFIG_PREEMPT_RCU
	c->rcu = current->rcu_read_lock_nesting;
#endif
#ifdef CONFIG_CONTEXT_TRACKING_IDLE
	c->nmi = this_cpu_read(context_tracking.dynticks_nmi_nesting);
#endif
}

static void hook_spoil(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	see_context(&before);
	local_irq_enable();
	__preempt_count_add(1);
	pagefault_disable();
#ifdef CONFIG_PREEMPT_RCU
	current->rcu_read_lock_nesting++;
#endif
}

static void hook_spoil_and_fault(struct ras_fake_handler *h,
				 const struct ras_stop *stop)
{
	hook_spoil(h, stop);
#ifdef CONFIG_CONTEXT_TRACKING_IDLE
	/* As an exception does that is not returned from. */
	this_cpu_add(context_tracking.dynticks_nmi_nesting, 2);
#endif
	/* And an interrupt. */
	set_irq_regs(&h->fake->cpu[0].regs);
	ras_fake_hook_fault(h, stop);
}

static void hook_see_context(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	see_context(&after);
}

static void restores(struct kunit *test, bool abandon)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 1);

	ras_fake_add_hook(test, "bad", 1, abandon ? hook_spoil_and_fault : hook_spoil, 0);
	ras_fake_add_hook(test, "good", 2, hook_see_context, 0);
	KUNIT_ASSERT_EQ(test, ras_fake_stop_irqs_off(fake), 0);
	KUNIT_EXPECT_TRUE(test, after.irqs_off);
	KUNIT_EXPECT_EQ(test, after.count, before.count);
	KUNIT_EXPECT_EQ(test, after.pagefaults, before.pagefaults);
	KUNIT_EXPECT_EQ(test, after.rcu, before.rcu);
	KUNIT_EXPECT_EQ(test, after.nmi, before.nmi);
	KUNIT_EXPECT_PTR_EQ(test, after.irq_regs, before.irq_regs);
	/* Whoever is abandoned has more to answer for. */
	KUNIT_EXPECT_EQ(test, !fake->m.result[0].broken, abandon);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why,
			abandon ? RAS_FAULTED : RAS_FAILED_NOT);
}

static void ras_guard_restores(struct kunit *test)
{
	restores(test, true);
}

static void ras_guard_restores_after_return(struct kunit *test)
{
	restores(test, false);
}

/* Page faults are not to be resolved while a handler runs, only then. */
static void ras_guard_disables_pagefaults(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 1);

	ras_fake_add_hook(test, "h", 1, hook_see_context, 0);
	KUNIT_ASSERT_EQ(test, ras_fake_stop_irqs_off(fake), 0);
	KUNIT_EXPECT_EQ(test, after.pagefaults, 1);
}

/* Who has taken panic_cpu, as CPU numbers relative to the one that runs this. */
struct panic_cpu_param {
	const char *desc;
	bool taken_before;
	int taken_by;
	bool abandoned;
	bool given_back;
};

static const struct panic_cpu_param panic_cpu_params[] = {
	{ "by the handler",		false, 0, true,  true },
	{ "by another CPU",		false, 1, true,  false },
	{ "before it",			true,  0, true,  false },
	{ "and it came back",		false, 0, false, false },
};

static void panic_cpu_desc(const struct panic_cpu_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(panic_cpu, panic_cpu_params, panic_cpu_desc);

static void hook_take_panic_cpu(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	const struct panic_cpu_param *p = (void *)h->seen;
	int cpu = raw_smp_processor_id() + p->taken_by;

	atomic_cmpxchg(&panic_cpu, PANIC_CPU_INVALID, cpu);
	if (p->abandoned)
		ras_fake_hook_fault(h, stop);
}

static void hook_see_panic_cpu(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	/* Not for longer than needed: the machine is alive. */
	h->ret = atomic_xchg(&panic_cpu, PANIC_CPU_INVALID);
}

static void hook_take_panic_cpu_first(struct ras_fake_handler *h,
				      const struct ras_stop *stop)
{
	atomic_set(&panic_cpu, raw_smp_processor_id());
}

/* nmi_panic() takes it before the guard has a say. */
static void ras_guard_panic_cpu(struct kunit *test)
{
	const struct panic_cpu_param *p = test->param_value;
	struct ras_fake *fake = ras_fake_new_guarded(test, 1);
	struct ras_fake_handler *bad = ras_fake_add_hook(test, "bad", 2,
							 hook_take_panic_cpu, 0);
	struct ras_fake_handler *good = ras_fake_add_hook(test, "good", 3,
							  hook_see_panic_cpu, 0);

	bad->seen = (unsigned long)p;
	if (p->taken_before)
		ras_fake_add_hook(test, "before", 1, hook_take_panic_cpu_first, 0);
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	if (p->given_back)
		KUNIT_EXPECT_EQ(test, good->ret, PANIC_CPU_INVALID);
	else
		KUNIT_EXPECT_NE(test, good->ret, PANIC_CPU_INVALID);
	KUNIT_EXPECT_EQ(test, atomic_read(&panic_cpu), PANIC_CPU_INVALID);
}

static struct kunit_case ras_guard_context_cases[] = {
	KUNIT_CASE(ras_guard_notes_lock),
	KUNIT_CASE(ras_guard_printk),
	KUNIT_CASE(ras_guard_notes_console),
	KUNIT_CASE(ras_guard_frees_console),
	KUNIT_CASE(ras_guard_forgets_lock),
	KUNIT_CASE(ras_guard_restores),
	KUNIT_CASE(ras_guard_restores_after_return),
	KUNIT_CASE(ras_guard_disables_pagefaults),
	KUNIT_CASE_PARAM(ras_guard_panic_cpu, panic_cpu_gen_params),
	{}
};

static struct kunit_suite ras_guard_context_suite = {
	.name		= "ras_guard_context",
	.init		= ras_fake_guard_init,
	.exit		= ras_fake_guard_exit,
	.test_cases	= ras_guard_context_cases,
};

kunit_test_suite(ras_guard_context_suite);
