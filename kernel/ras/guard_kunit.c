// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the RAS stop framework: the guard, deadlines, takeover.
 *
 * The fake architecture cannot jump out of a handler: here a handler that is
 * abandoned returns, and what it returns must not count.
 */
#include <linux/console.h>
#include <linux/context_tracking_state.h>
#include <linux/debug_locks.h>
#include <linux/panic.h>
#include <linux/preempt.h>
#include <linux/prandom.h>
#include <linux/ptrace.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "../printk/internal.h"
#include "fake_arch.h"

#define DEADLINE_MS	100
#define DEADLINE_NS	(DEADLINE_MS * NSEC_PER_MSEC)
/* Ends by itself, before the deadline. */
#define ALMOST_NS	(DEADLINE_NS - RAS_FAKE_STEP_NS)
#define FOREVER_NS	U64_MAX
/* What it may take from the deadline to where the call is left. */
#define SLACK_NS	(4 * RAS_FAKE_STEP_NS)

#define EXPECT_CPUS(test, fake, how, bits)				\
	KUNIT_EXPECT_EQ(test, ras_fake_bits(&(fake)->m.stop.cpus[how]),	\
			(unsigned long)(bits))

/* The callbacks of ras_machine have no way to the test but these. */
static unsigned int owned_up;
static bool owned_up_console;
static unsigned int went_on;
static unsigned int rebooted;
static u64 reboot_in_ms;

static void own_up(bool console_left)
{
	owned_up++;
	owned_up_console = console_left;
}

static void go_on(struct ras_machine *m)
{
	went_on++;
	m->arch->halt();
}

static u64 reboot_ms(void)
{
	return reboot_in_ms;
}

/* Returns, and the CPU halts. */
static void reboot(void)
{
	rebooted++;
}

static struct ras_fake *new_machine(struct kunit *test, unsigned int cpus)
{
	struct ras_fake *fake = ras_fake_new(test, cpus, true);

	fake->m.own_up = own_up;
	fake->m.go_on = go_on;
	fake->m.reboot_ms = reboot_ms;
	fake->m.reboot = reboot;
	return fake;
}

static struct ras_fake_handler *add(struct kunit *test, const char *name,
				    int priority,
				    void (*hook)(struct ras_fake_handler *h,
						 const struct ras_stop *stop),
				    unsigned int deadline_ms)
{
	struct ras_fake_handler *h = ras_fake_handler(test, name, priority);

	h->handler.deadline_ms = deadline_ms;
	h->hook = hook;
	KUNIT_ASSERT_EQ(test, ras_add_handler(&h->fake->m, &h->handler), 0);
	return h;
}

/* One that leaves this kernel. */
static struct ras_fake_handler *add_last(struct kunit *test,
					 void (*hook)(struct ras_fake_handler *h,
						      const struct ras_stop *stop))
{
	struct ras_fake_handler *h = ras_fake_handler(test, "last", RAS_PRIO_LAST);

	h->handler.flags = RAS_HANDLER_NORETURN;
	h->hook = hook;
	KUNIT_ASSERT_EQ(test, ras_add_handler(&h->fake->m, &h->handler), 0);
	return h;
}

static int enable(struct ras_fake_handler *h, bool on)
{
	struct ras_machine *m = &h->fake->m;
	int ret;

	mutex_lock(&m->lock);
	ret = ras_entry_enable(m, h->handler.entry, on);
	mutex_unlock(&m->lock);
	return ret;
}

/* After a release nothing may be left of the stop. */
static void expect_idle(struct kunit *test, struct ras_fake *fake)
{
	unsigned int cpu;

	KUNIT_EXPECT_EQ(test, fake->m.state, RAS_IDLE);
	KUNIT_EXPECT_EQ(test, atomic_read(&fake->m.owner), RAS_NOBODY);
	KUNIT_EXPECT_EQ(test, atomic_read(&fake->m.running), 0);
	for (cpu = 0; cpu < fake->nr; cpu++) {
		KUNIT_EXPECT_EQ(test, READ_ONCE(fake->slot[cpu]->parked), 0);
		KUNIT_EXPECT_FALSE(test, READ_ONCE(fake->slot[cpu]->parking));
		KUNIT_EXPECT_FALSE(test, READ_ONCE(fake->slot[cpu]->guard.active));
	}
}

/* Only what belongs to the reason: the rest may be of an earlier failure. */
static void expect_failure(struct kunit *test, const struct ras_failure *failure,
			   const struct ras_failure *expected)
{
	KUNIT_ASSERT_EQ(test, failure->why, expected->why);
	KUNIT_EXPECT_EQ(test, failure->ip, expected->ip);
	KUNIT_EXPECT_STREQ(test, failure->lock, expected->lock);
	switch (expected->why) {
	case RAS_FAULTED:
		KUNIT_EXPECT_STREQ(test, failure->fault, expected->fault);
		KUNIT_EXPECT_EQ(test, failure->addressed, expected->addressed);
		if (expected->addressed)
			KUNIT_EXPECT_EQ(test, failure->address, expected->address);
		break;
	case RAS_PANICKED:
		KUNIT_EXPECT_STREQ(test, failure->message, expected->message);
		break;
	case RAS_HUNG:
		KUNIT_EXPECT_EQ(test, failure->from, expected->from);
		KUNIT_EXPECT_EQ(test, failure->to, expected->to);
		fallthrough;
	case RAS_OVERRAN:
		KUNIT_EXPECT_EQ(test, failure->deadline_ms, expected->deadline_ms);
		break;
	case RAS_SMASHED:
	case RAS_FAILED_NOT:
		break;
	}
}

static void expect_counts(struct kunit *test, struct ras_fake_handler *h,
			  unsigned long runs, unsigned long faults,
			  unsigned long timeouts)
{
	const struct ras_entry *entry = h->handler.entry;

	KUNIT_EXPECT_EQ(test, entry->runs, runs);
	KUNIT_EXPECT_EQ(test, entry->faults, faults);
	KUNIT_EXPECT_EQ(test, entry->timeouts, timeouts);
	KUNIT_EXPECT_EQ(test, entry->failed, faults + timeouts > 0);
	KUNIT_EXPECT_EQ(test, entry->last_failed, faults + timeouts > 0);
}

static bool fault_at(struct ras_machine *m, const char *fault, unsigned long ip,
		     const unsigned long *address)
{
	struct pt_regs regs = { };

	instruction_pointer_set(&regs, ip);
	return ras_guard_fault(m, &regs, fault, address);
}

static __printf(2, 3) void panic_in(struct ras_machine *m, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	ras_guard_panic(m, fmt, args);
	va_end(args);
}

/* How a handler fails. */

static void hook_fault(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	unsigned long address = 0xdead;

	h->ret = fault_at(&h->fake->m, "page fault", 0x4711, &address);
}

static void hook_fault_no_address(struct ras_fake_handler *h,
				  const struct ras_stop *stop)
{
	h->ret = fault_at(&h->fake->m, "divide error", 0x4711, NULL);
}

static void hook_fault_twice(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	unsigned long address = 0xbeef;

	hook_fault_no_address(h, stop);
	/* Nowhere to go from there. */
	h->ret &= !fault_at(&h->fake->m, "page fault", 0x4712, &address);
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

/* Until it is told to stop, or forever. */
static void hook_hang(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->ret = ras_fake_hang(h->fake, FOREVER_NS);
}

static void wedge(struct ras_fake *fake, enum ras_fake_answer answer)
{
	WRITE_ONCE(ras_fake_here(fake)->awake, false);
	WRITE_ONCE(ras_fake_here(fake)->answer, answer);
	ras_fake_hang(fake, FOREVER_NS);
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

static void asked_fault(struct ras_fake_handler *h)
{
	hook_fault(h, NULL);
}

static void asked_hang(struct ras_fake_handler *h)
{
	hook_hang(h, NULL);
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

/* A handler that does nothing wrong is not in the way of the guard. */
static void ras_guard_comes_back(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 2);
	struct ras_fake_handler *h = add(test, "h", 1, NULL, DEADLINE_MS);

	h->verdict = RAS_RESUME;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, h->ran, 1);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_FAILED_NOT);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].verdict, RAS_RESUME);
	KUNIT_EXPECT_NULL(test, (void *)fake->m.result[0].broken);
	KUNIT_EXPECT_EQ(test, fake->m.failures, 0);
	KUNIT_EXPECT_EQ(test, fake->nmis, 0UL);
	KUNIT_EXPECT_EQ(test, owned_up, 0);
	expect_counts(test, h, 1, 0, 0);
	expect_idle(test, fake);
}

struct abandon_param {
	const char *desc;
	void (*hook)(struct ras_fake_handler *h, const struct ras_stop *stop);
	struct ras_failure failure;
};

static const struct abandon_param abandon_params[] = {
	{ "fault",			hook_fault,
	  { .why = RAS_FAULTED, .fault = "page fault", .ip = 0x4711,
	    .addressed = true, .address = 0xdead } },
	{ "stack smashed",		hook_smash,
	  { .why = RAS_SMASHED } },
	{ "fault without address",	hook_fault_no_address,
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
	struct ras_fake *fake = new_machine(test, 2);
	struct ras_fake_handler *bad = add(test, "bad", 1, p->hook, 0);
	struct ras_fake_handler *good = ras_fake_add(test, "good", 2);

	/* It has returned none. */
	bad->verdict = RAS_END;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_TRUE(test, bad->ret);
	KUNIT_EXPECT_EQ(test, good->ran, 2);
	KUNIT_EXPECT_EQ(test, fake->m.nr_results, 2);
	expect_failure(test, &fake->m.result[0].failure, &p->failure);
	KUNIT_EXPECT_FALSE(test, fake->m.result[0].running);
	KUNIT_EXPECT_NULL(test, (void *)fake->m.result[0].broken);
	KUNIT_EXPECT_EQ(test, fake->m.result[1].failure.why, RAS_FAILED_NOT);
	KUNIT_EXPECT_EQ(test, fake->m.failures, 1);
	KUNIT_EXPECT_EQ(test, owned_up, 1);
	expect_counts(test, bad, 1, 1, 0);
	expect_counts(test, good, 1, 0, 0);
	expect_idle(test, fake);
}

/* Many in a row, each for a reason of its own, and the last one still runs. */
static void ras_guard_abandons_many(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 2);
	static const char * const names[] = { "a", "b", "c", "d", "e", "f", "g" };
	struct ras_fake_handler *good;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		add(test, names[i], i, abandon_params[i].hook, 0);
	good = ras_fake_add(test, "good", i);
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_PANIC), 0);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		expect_failure(test, &fake->m.result[i].failure,
			       &abandon_params[i].failure);
	KUNIT_EXPECT_EQ(test, good->ran, i + 1);
	KUNIT_EXPECT_EQ(test, fake->m.failures, i);
	KUNIT_EXPECT_EQ(test, fake->m.state, RAS_ENDED);
	/* Neither is for the owner of a crash. */
	KUNIT_EXPECT_EQ(test, owned_up, 0);
	KUNIT_EXPECT_EQ(test, went_on, 0);
}

static DEFINE_SPINLOCK(left_lock);

static void hook_leave_lock(struct ras_fake_handler *h, const struct ras_stop *stop)
	__acquires(&left_lock)
{
	spin_lock(&left_lock);
	hook_fault(h, stop);
}

/* The first case: lockdep is off from the first abandoned handler on. */
static void ras_guard_notes_lock(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 2);

	if (!IS_ENABLED(CONFIG_LOCKDEP) || !debug_locks)
		kunit_skip(test, "needs lockdep");
	add(test, "bad", 1, hook_leave_lock, 0);
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_STREQ(test, fake->m.result[0].failure.lock, "left_lock");
	KUNIT_EXPECT_EQ(test, debug_locks, 0);
	expect_idle(test, fake);
}

/* Freed by the test: nobody else waits for it. */
static void hook_leave_console(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	console_lock();
	/* Somebody may have been printing when the call began. */
	h->fake->m.console_was_locked = false;
	hook_fault(h, stop);
}

static void ras_guard_notes_console(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 2);
	struct ras_fake_handler *h = add(test, "bad", 1, hook_leave_console, 0);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	console_unlock();
	KUNIT_EXPECT_TRUE(test, fake->m.console_left);
	KUNIT_EXPECT_TRUE(test, owned_up_console);

	/* Not by this one. */
	h->hook = hook_fault;
	KUNIT_ASSERT_EQ(test, enable(h, true), 0);
	fake->m.console_was_locked = true;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, owned_up, 2);
	KUNIT_EXPECT_FALSE(test, owned_up_console);
}

/* What struct ras_context is to keep. */
struct context {
	bool irqs_off;
	int count;
	int pagefaults;
	int rcu;
	long nmi;
};

static struct context before, after;

static void see_context(struct context *c)
{
	memset(c, 0, sizeof(*c));
	c->irqs_off = irqs_disabled();
	c->count = preempt_count();
	c->pagefaults = current->pagefault_disabled;
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
	hook_fault(h, stop);
}

static void hook_see_context(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	see_context(&after);
}

/* Alone, so that the core never waits, which sleeps on these CPUs. */
static int job_stop_irqs_off(struct ras_fake *fake, unsigned int cpu, void *arg)
{
	struct ras_request request = {
		.trigger	= RAS_TRIGGER_API,
		.message	= "interrupts off",
		.regs		= &fake->cpu[cpu].regs,
	};
	int ret;

	local_irq_disable();
	ret = ras_machine_stop(&fake->m, &request);
	local_irq_enable();
	return ret;
}

static void restores(struct kunit *test, bool abandon)
{
	struct ras_fake *fake = new_machine(test, 1);

	add(test, "bad", 1, abandon ? hook_spoil_and_fault : hook_spoil, 0);
	add(test, "good", 2, hook_see_context, 0);
	KUNIT_ASSERT_EQ(test, ras_fake_do(fake, 0, job_stop_irqs_off, NULL), 0);
	KUNIT_EXPECT_TRUE(test, after.irqs_off);
	KUNIT_EXPECT_EQ(test, after.count, before.count);
	KUNIT_EXPECT_EQ(test, after.pagefaults, before.pagefaults);
	KUNIT_EXPECT_EQ(test, after.rcu, before.rcu);
	KUNIT_EXPECT_EQ(test, after.nmi, before.nmi);
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
	struct ras_fake *fake = new_machine(test, 1);

	add(test, "h", 1, hook_see_context, 0);
	KUNIT_ASSERT_EQ(test, ras_fake_do(fake, 0, job_stop_irqs_off, NULL), 0);
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
		hook_fault(h, stop);
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
	struct ras_fake *fake = new_machine(test, 1);
	struct ras_fake_handler *bad = add(test, "bad", 2, hook_take_panic_cpu, 0);
	struct ras_fake_handler *good = add(test, "good", 3, hook_see_panic_cpu, 0);

	bad->seen = (unsigned long)p;
	if (p->taken_before)
		add(test, "before", 1, hook_take_panic_cpu_first, 0);
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	if (p->given_back)
		KUNIT_EXPECT_EQ(test, good->ret, PANIC_CPU_INVALID);
	else
		KUNIT_EXPECT_NE(test, good->ret, PANIC_CPU_INVALID);
	KUNIT_EXPECT_EQ(test, atomic_read(&panic_cpu), PANIC_CPU_INVALID);
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
	refused = !cpu->landed && !fault_at(&fake->m, "page fault", 0x4711, NULL) &&
		  !ras_guard_strike(&fake->m, &regs);
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
	atomic64_add(10 * DEADLINE_NS, &h->fake->clock);
	h->ret = ras_fake_do(h->fake, 1, job_refuses, NULL);
	h->seen = 1;
	ras_fake_until(h->fake, !READ_ONCE(h->seen));
}

/* Only a guarded call on this CPU, and of this task, can be left. */
static void ras_guard_refuses(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 2);
	struct ras_fake_handler *h = add(test, "h", 1, hook_others, DEADLINE_MS);

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
	expect_counts(test, h, 1, 0, 0);
}

static void hook_nmi(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	struct ras_fake_cpu *cpu = ras_fake_here(h->fake);
	unsigned long flags;

	local_irq_save(flags);
	__preempt_count_add(NMI_OFFSET + HARDIRQ_OFFSET);
	h->ret = fault_at(&h->fake->m, "page fault", 0x4711, NULL);
	panic_in(&h->fake->m, "boom");
	h->ret |= cpu->landed;
	/* Which is what an NMI is for. */
	h->fake->m.watch.strike = h->fake->m.calls;
	h->seen = ras_guard_strike(&h->fake->m, &cpu->regs);
	__preempt_count_sub(NMI_OFFSET + HARDIRQ_OFFSET);
	local_irq_restore(flags);
}

/* An NMI on top of a handler must be returned from, whatever happens in it. */
static void ras_guard_refuses_in_nmi(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 1);
	struct ras_fake_handler *h = add(test, "h", 1, hook_nmi, DEADLINE_MS);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_FALSE(test, h->ret);
	KUNIT_EXPECT_TRUE(test, h->seen);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_OVERRAN);
}

/* A handler that cannot even be asked is one that has failed. */
static void ras_guard_not_ready_faults(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 2);
	struct ras_fake_handler *bad = ras_fake_add(test, "bad", 1);
	struct ras_fake_handler *good = ras_fake_add(test, "good", 2);

	bad->asked = asked_fault;
	bad->reason = "does not count";
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, bad->ran, 0);
	KUNIT_EXPECT_EQ(test, good->ran, 2);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_FAULTED);
	KUNIT_EXPECT_NULL(test, (void *)fake->m.result[0].skipped);
	expect_counts(test, bad, 0, 1, 0);
	expect_idle(test, fake);
}

/* Asked before the CPUs are stopped, the crash kernel's handler fails harmlessly. */
static void ras_guard_noreturn_not_ready_faults(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 2);
	struct ras_fake_handler *last = add_last(test, NULL);

	last->asked = asked_fault;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_PANIC), 0);
	KUNIT_EXPECT_FALSE(test, fake->m.quiet);
	/* It is not known to be the only one, and locks are to be left. */
	EXPECT_CPUS(test, fake, RAS_HOW_IPI, 0x2);
	KUNIT_EXPECT_EQ(test, last->ran, 0);
	KUNIT_ASSERT_EQ(test, fake->m.nr_results, 1);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_FAULTED);
	expect_counts(test, last, 0, 1, 0);
	KUNIT_EXPECT_EQ(test, fake->m.state, RAS_ENDED);
}

/* What has failed does not run again before somebody has looked at it. */
static void ras_guard_failed_handler(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 2);
	struct ras_fake_handler *bad = add(test, "bad", 1, hook_fault, 0);
	struct ras_fake_handler *good = ras_fake_add(test, "good", 2);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	bad->hook = NULL;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_STREQ(test, fake->m.result[0].skipped ?: "",
			   "failed, to be enabled again");
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_FAILED_NOT);
	KUNIT_EXPECT_STREQ(test, ras_entry_skipped(bad->handler.entry) ?: "",
			   "failed, to be enabled again");
	KUNIT_EXPECT_EQ(test, good->ran, 2);
	/* This stop went without a failure. */
	KUNIT_EXPECT_EQ(test, owned_up, 1);
	expect_counts(test, bad, 1, 1, 0);
	/* Not from within the stop. */
	KUNIT_EXPECT_EQ(test, bad->disarms, 0);

	/* Whatever it has left behind is put in order first. */
	KUNIT_EXPECT_EQ(test, enable(bad, true), 0);
	KUNIT_EXPECT_EQ(test, bad->disarms, 1);
	KUNIT_EXPECT_EQ(test, bad->arms, 2);
	KUNIT_EXPECT_FALSE(test, bad->handler.entry->failed);
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, bad->ran, 1);
	KUNIT_EXPECT_EQ(test, bad->handler.entry->runs, 2UL);
	KUNIT_EXPECT_EQ(test, bad->handler.entry->faults, 1UL);
	KUNIT_EXPECT_FALSE(test, bad->handler.entry->last_failed);

	/* Once is enough. */
	KUNIT_EXPECT_EQ(test, enable(bad, true), 0);
	KUNIT_EXPECT_EQ(test, bad->arms, 2);
}

static void ras_guard_failed_and_disabled(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 2);
	struct ras_fake_handler *bad = add(test, "bad", 1, hook_fault, 0);
	const struct ras_entry *entry = bad->handler.entry;

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, enable(bad, false), 0);
	KUNIT_EXPECT_EQ(test, bad->disarms, 1);
	KUNIT_EXPECT_TRUE(test, entry->failed);
	KUNIT_EXPECT_STREQ(test, ras_entry_skipped(bad->handler.entry) ?: "", "disabled");

	/* A refusal leaves it as it is. */
	bad->arm_error = -EIO;
	KUNIT_EXPECT_EQ(test, enable(bad, true), -EIO);
	KUNIT_EXPECT_TRUE(test, entry->failed);
	KUNIT_EXPECT_FALSE(test, entry->enabled);
	bad->arm_error = 0;
	KUNIT_EXPECT_EQ(test, enable(bad, true), 0);
	KUNIT_EXPECT_EQ(test, bad->disarms, 1);
	KUNIT_EXPECT_FALSE(test, entry->failed);
	KUNIT_EXPECT_TRUE(test, entry->enabled);
}

/* Deadlines. */

static void expect_overran(struct kunit *test, struct ras_fake *fake, unsigned int i,
			   unsigned int deadline_ms, u64 at_ns)
{
	const struct ras_failure expected = {
		.why		= RAS_OVERRAN,
		.ip		= 0x1000,
		.deadline_ms	= deadline_ms,
	};

	expect_failure(test, &fake->m.result[i].failure, &expected);
	KUNIT_EXPECT_GT(test, fake->m.result[i].ns, at_ns);
	KUNIT_EXPECT_LE(test, fake->m.result[i].ns, at_ns + SLACK_NS);
}

static void ras_guard_deadline(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 2);
	struct ras_fake_handler *bad = add(test, "bad", 1, hook_hang, DEADLINE_MS);
	struct ras_fake_handler *good = ras_fake_add(test, "good", 2);

	bad->verdict = RAS_END;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_TRUE(test, bad->ret);
	KUNIT_EXPECT_EQ(test, good->ran, 2);
	expect_overran(test, fake, 0, DEADLINE_MS, DEADLINE_NS);
	/* The owner was asked, and nobody else. */
	KUNIT_EXPECT_EQ(test, fake->nmis, 0x1UL);
	KUNIT_EXPECT_EQ(test, fake->m.stop.owner, 0);
	KUNIT_EXPECT_EQ(test, fake->slot[0]->nmi_sent, 0);
	KUNIT_EXPECT_EQ(test, owned_up, 1);
	expect_counts(test, bad, 1, 0, 1);
	expect_idle(test, fake);
}

static void hook_hang_almost(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->ret = ras_fake_hang(h->fake, ALMOST_NS);
}

/* A deadline is each handler's own: neither what it took, nor that it had one. */
static void ras_guard_deadline_each(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 2);
	struct ras_fake_handler *slow[3];

	slow[0] = add(test, "slow0", 1, hook_hang_almost, DEADLINE_MS);
	slow[1] = add(test, "slow1", 2, hook_hang_almost, DEADLINE_MS);
	add(test, "bad", 3, hook_hang, 2 * DEADLINE_MS);
	slow[2] = add(test, "slow2", 4, hook_hang_almost, DEADLINE_MS);
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	expect_counts(test, slow[0], 1, 0, 0);
	expect_counts(test, slow[1], 1, 0, 0);
	expect_overran(test, fake, 2, 2 * DEADLINE_MS, 2 * DEADLINE_NS);
	expect_counts(test, slow[2], 1, 0, 0);
	KUNIT_EXPECT_GE(test, fake->m.result[0].ns, ALMOST_NS);
	expect_idle(test, fake);
}

#define RENEWALS	5

static void hook_renew(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	unsigned int i;

	for (i = 0; i < RENEWALS && !h->ret; i++) {
		h->ret = ras_fake_hang(h->fake, ALMOST_NS);
		ras_progress(stop);
	}
}

static void ras_guard_deadline_renewed(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 2);
	struct ras_fake_handler *h = add(test, "h", 1, hook_renew, DEADLINE_MS);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_FALSE(test, h->ret);
	KUNIT_EXPECT_GE(test, fake->m.result[0].ns, RENEWALS * ALMOST_NS);
	expect_counts(test, h, 1, 0, 0);
}

static void hook_renew_then_hang(struct ras_fake_handler *h,
				 const struct ras_stop *stop)
{
	hook_renew(h, stop);
	hook_hang(h, stop);
}

/* Renewed is not lifted. */
static void ras_guard_deadline_after_renewal(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 2);

	add(test, "h", 1, hook_renew_then_hang, DEADLINE_MS);
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_OVERRAN);
	KUNIT_EXPECT_GT(test, fake->m.result[0].ns, RENEWALS * ALMOST_NS + DEADLINE_NS);
	/* A step for each renewal that the clock went on before it was seen. */
	KUNIT_EXPECT_LE(test, fake->m.result[0].ns,
			RENEWALS * DEADLINE_NS + DEADLINE_NS + SLACK_NS);
}

/* Is anybody on watch? */
static void hook_see_watch(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	u64 watch = RAS_ORDER_TO_WATCH(stop->sequence, h->fake->m.calls);
	unsigned int cpu;

	h->ret = h->fake->m.watch.cpu;
	h->seen = 0;
	for (cpu = 0; cpu < h->fake->nr; cpu++)
		if (READ_ONCE(h->fake->slot[cpu]->order) == watch)
			h->seen |= BIT(cpu);
}

/* What waits for a person has no deadline, also behind one that has. */
static void ras_guard_deadline_none(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 3);
	struct ras_fake_handler *first = add(test, "first", 1, hook_see_watch, DEADLINE_MS);
	struct ras_fake_handler *second = add(test, "second", 2, hook_see_watch, 0);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, first->ret, 1);
	KUNIT_EXPECT_EQ(test, first->seen, 0x2UL);
	KUNIT_EXPECT_EQ(test, second->ret, RAS_NOBODY);
	KUNIT_EXPECT_EQ(test, second->seen, 0UL);
}

/* Asking a handler has a deadline that is nobody's to choose. */
static void ras_guard_deadline_of_not_ready(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 2);
	struct ras_fake_handler *bad = ras_fake_add(test, "bad", 1);
	struct ras_fake_handler *good = ras_fake_add(test, "good", 2);

	bad->asked = asked_hang;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	expect_overran(test, fake, 0, RAS_CORE_DEADLINE_MS,
		       RAS_CORE_DEADLINE_MS * (u64)NSEC_PER_MSEC);
	expect_counts(test, bad, 0, 0, 1);
	KUNIT_EXPECT_EQ(test, good->ran, 2);
	expect_idle(test, fake);
}

/* An NMI on the owner, @after_ns after its call began. */
struct strike_param {
	const char *desc;
	unsigned int deadline_ms;
	u64 after_ns;
	bool renewed;
	bool watched;
	bool struck;
	int strike;
	bool leaves;
};

static const struct strike_param strike_params[] = {
	{ "alone, not late",	DEADLINE_MS, DEADLINE_NS },
	{ "alone, late",	DEADLINE_MS, DEADLINE_NS + 1, .leaves = true },
	{ "alone, renewed",	DEADLINE_MS, DEADLINE_NS + 1, .renewed = true },
	{ "alone, no deadline",	0,	     100 * DEADLINE_NS },
	{ "watched, late",	DEADLINE_MS, 100 * DEADLINE_NS, .watched = true },
	{ "watched, struck",	DEADLINE_MS, 0, .watched = true, .struck = true,
	  .leaves = true },
	{ "watched, stale",	DEADLINE_MS, 100 * DEADLINE_NS, .watched = true,
	  .struck = true, .strike = -1 },
};

static void strike_desc(const struct strike_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(strike, strike_params, strike_desc);

static void hook_strike(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	const struct strike_param *p = (void *)h->seen;
	struct ras_watch *watch = &h->fake->m.watch;

	if (p->watched)
		watch->cpu = 0;
	if (p->struck)
		watch->strike = h->fake->m.calls + p->strike;
	atomic64_add(p->after_ns, &h->fake->clock);
	if (p->renewed)
		ras_progress(stop);
	/* As an NMI of whatever origin comes, the button's for one. */
	h->ret = ras_machine_stopped(&h->fake->m, RAS_HOW_NMI,
				     &ras_fake_here(h->fake)->regs);
	watch->cpu = RAS_NOBODY;
}

static void ras_guard_strikes(struct kunit *test)
{
	const struct strike_param *p = test->param_value;
	struct ras_fake *fake = new_machine(test, 1);
	struct ras_fake_handler *h = add(test, "h", 1, hook_strike, p->deadline_ms);
	enum ras_failing why = p->leaves ? RAS_OVERRAN : RAS_FAILED_NOT;

	h->seen = (unsigned long)p;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	/* Taken for the core's only if it was. */
	KUNIT_EXPECT_EQ(test, h->ret, p->leaves);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, why);
	expect_counts(test, h, 1, 0, p->leaves);
}

#define CAN_SEE_PRINTK	(IS_ENABLED(CONFIG_PRINTK) &&			\
			 IS_ENABLED(CONFIG_STACKTRACE) &&		\
			 IS_ENABLED(CONFIG_KALLSYMS))

/* Hang where the log must not be left. */
static void hook_hang_in_printk(struct ras_fake_handler *h, const struct ras_stop *stop)
{
#ifdef CONFIG_PRINTK
	struct pt_regs *regs = &ras_fake_here(h->fake)->regs;
	unsigned long ip = instruction_pointer(regs);

	instruction_pointer_set(regs, (unsigned long)vprintk_store + 1);
	h->ret = ras_fake_hang(h->fake, FOREVER_NS);
	h->seen = READ_ONCE(h->fake->m.watch.put_off);
	instruction_pointer_set(regs, ip);
#endif
}

/* A record that is being written is finished, unless that never happens. */
static void ras_guard_strike_put_off(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 2);
	struct ras_fake_handler *h = add(test, "h", 1, hook_hang_in_printk, DEADLINE_MS);

	if (!CAN_SEE_PRINTK)
		kunit_skip(test, "needs PRINTK, STACKTRACE and KALLSYMS");
	/* Shorter than all that the owner answers: it does answer. */
	fake->m.policy.nmi_timeout_ms = 100;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_TRUE(test, h->ret);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_OVERRAN);
	KUNIT_EXPECT_GE(test, h->seen, 10UL);
	KUNIT_EXPECT_LE(test, h->seen, 1000UL);
	expect_idle(test, fake);
}

/* Who watches: the CPUs by how they were stopped, and who has left since. */
struct watcher_param {
	const char *desc;
	unsigned long ipi, self, nmi, missing, offline;
	unsigned long unparked;
	enum ras_state state;
	bool no_deadline;
	int watcher;
};

static const struct watcher_param watcher_params[] = {
	{ "ipi",		.ipi = 0xe, .watcher = 1 },
	{ "ipi before nmi",	.nmi = 0x6, .ipi = 0x8, .watcher = 3 },
	{ "ipi before self",	.self = 0x6, .ipi = 0x8, .watcher = 3 },
	{ "self before nmi",	.nmi = 0x6, .self = 0x8, .watcher = 3 },
	{ "nmi",		.nmi = 0xc, .missing = 0x2, .watcher = 2 },
	{ "self",		.self = 0x8, .missing = 0x6, .watcher = 3 },
	{ "missing",		.missing = 0xe, .watcher = RAS_NOBODY },
	{ "offline",		.offline = 0xe, .watcher = RAS_NOBODY },
	{ "alone",		.watcher = RAS_NOBODY },
	{ "not parked",		.ipi = 0x6, .nmi = 0x8, .unparked = 0x2, .watcher = 2 },
	{ "no ipi parked",	.ipi = 0x6, .nmi = 0x8, .unparked = 0x6, .watcher = 3 },
	{ "none parked",	.ipi = 0xe, .unparked = 0xe, .watcher = RAS_NOBODY },
	{ "no deadline",	.ipi = 0xe, .no_deadline = true, .watcher = RAS_NOBODY },
	{ "stopping",		.ipi = 0xe, .state = RAS_STOPPING,
	  .watcher = RAS_NOBODY },
	{ "handed over",	.ipi = 0xe, .state = RAS_HANDED_OVER,
	  .watcher = RAS_NOBODY },
};

static void watcher_desc(const struct watcher_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(watcher, watcher_params, watcher_desc);

static void set_cpus(struct ras_fake *fake, enum ras_how how, unsigned long bits,
		     bool parked)
{
	unsigned int cpu;

	for_each_set_bit(cpu, &bits, fake->nr) {
		cpumask_set_cpu(cpu, &fake->m.stop.cpus[how]);
		if (parked)
			fake->slot[cpu]->parked = fake->m.stop.sequence;
	}
}

/* The number of the watched call. */
#define CALL		5
#define WATCH_ORDER	RAS_ORDER_TO_WATCH(7, CALL)

static void expect_orders(struct kunit *test, struct ras_fake *fake, int watcher,
			  u64 order)
{
	int cpu;

	for (cpu = 0; cpu < fake->nr; cpu++)
		KUNIT_EXPECT_EQ_MSG(test, fake->slot[cpu]->order,
				    cpu == watcher ? order : 0ULL, "CPU %d", cpu);
}

static void ras_guard_who_watches(struct kunit *test)
{
	const struct watcher_param *p = test->param_value;
	struct ras_fake *fake = ras_fake_new(test, 4, false);
	unsigned int deadline_ms = p->no_deadline ? 0 : DEADLINE_MS;
	unsigned long cpu;

	fake->m.stop.sequence = 7;
	fake->m.state = p->state ?: RAS_STOPPED;
	set_cpus(fake, RAS_HOW_OWNER, 0x1, false);
	set_cpus(fake, RAS_HOW_IPI, p->ipi, true);
	set_cpus(fake, RAS_HOW_SELF, p->self, true);
	set_cpus(fake, RAS_HOW_NMI, p->nmi, true);
	set_cpus(fake, RAS_HOW_MISSING, p->missing, false);
	set_cpus(fake, RAS_HOW_OFFLINE, p->offline, false);
	for_each_set_bit(cpu, &p->unparked, fake->nr)
		fake->slot[cpu]->parked = 6;
	ras_watch_set(&fake->m, deadline_ms);
	ras_watch_begin(&fake->m, CALL);
	KUNIT_EXPECT_EQ(test, fake->m.watch.cpu, p->watcher);
	KUNIT_EXPECT_EQ(test, fake->m.watch.budget_ns, deadline_ms * (u64)NSEC_PER_MSEC);
	expect_orders(test, fake, p->watcher, WATCH_ORDER);
	ras_watch_end(&fake->m);
	KUNIT_EXPECT_EQ(test, fake->m.watch.cpu, RAS_NOBODY);
	expect_orders(test, fake, p->watcher, RAS_ORDER(7, RAS_ORDER_STAY));
}

/* A call that has handed the machine over has given other orders. */
static void ras_guard_watch_end_handed_over(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 2, false);

	fake->m.stop.sequence = 7;
	fake->m.state = RAS_STOPPED;
	set_cpus(fake, RAS_HOW_IPI, 0x2, true);
	ras_watch_set(&fake->m, DEADLINE_MS);
	ras_watch_begin(&fake->m, CALL);
	/* As ras_machine_handover() does. */
	fake->m.state = RAS_HANDED_OVER;
	fake->slot[1]->order = RAS_ORDER(7, RAS_ORDER_HANDOVER);
	ras_watch_end(&fake->m);
	expect_orders(test, fake, 1, RAS_ORDER(7, RAS_ORDER_HANDOVER));
}

static int job_watch(struct ras_fake *fake, unsigned int cpu, void *arg)
{
	ras_watch(&fake->m, fake->slot[cpu], WATCH_ORDER, NULL);
	return 0;
}

/* A machine in which CPU 1 is to watch CPU 0. */
static struct ras_fake *new_watch(struct kunit *test, unsigned int deadline_ms)
{
	struct ras_fake *fake = new_machine(test, 2);
	struct ras_machine *m = &fake->m;

	m->stop.sequence = 7;
	atomic_set(&m->owner, 0);
	atomic_set(&m->running, CALL);
	m->watch.cpu = 1;
	m->watch.deadline_ms = deadline_ms;
	m->watch.budget_ns = deadline_ms * (u64)NSEC_PER_MSEC;
	fake->slot[1]->order = WATCH_ORDER;
	return fake;
}

static void ras_guard_watch_leaves(struct kunit *test)
{
	struct ras_fake *fake = new_watch(test, DEADLINE_MS);

	ras_fake_start(fake, 1, job_watch, NULL);
	/* With a call running and without one. */
	usleep_range(1000, 2000);
	atomic_set(&fake->m.running, 0);
	usleep_range(1000, 2000);
	KUNIT_EXPECT_FALSE(test, try_wait_for_completion(&fake->cpu[1].done));
	WRITE_ONCE(fake->slot[1]->order, RAS_ORDER(7, RAS_ORDER_RELEASE));
	KUNIT_EXPECT_EQ(test, ras_fake_finish(fake, 1), 0);
	KUNIT_EXPECT_EQ(test, fake->nmis, 0UL);
	KUNIT_EXPECT_EQ(test, fake->m.watch.strike, 0);
}

/* The owner is at the next call already, which has no deadline. */
static void begin_next_call(struct ras_fake *fake)
{
	ras_watch_set(&fake->m, 0);
	atomic_set(&fake->m.running, CALL + 1);
	WRITE_ONCE(fake->slot[1]->order, RAS_ORDER(7, RAS_ORDER_STAY));
	/* A clock does not stand still between two looks at it. */
	atomic64_add(1, &fake->clock);
}

/* The first look is for when the call began. */
static void begin_next_call_next(struct ras_fake *fake)
{
	fake->at_watch = begin_next_call;
}

/* The CPU on watch is slow, and strikes none but the call that it has watched. */
static void ras_guard_watch_late(struct kunit *test)
{
	struct ras_fake *fake = new_watch(test, DEADLINE_MS);

	fake->at_watch = begin_next_call_next;
	KUNIT_ASSERT_EQ(test, ras_fake_do(fake, 1, job_watch, NULL), 0);
	KUNIT_EXPECT_NULL(test, (void *)fake->at_watch);
	KUNIT_EXPECT_FALSE(test, ras_watch_overdue(&fake->m, CALL + 1));
	KUNIT_EXPECT_EQ(test, atomic_read(&fake->m.running), CALL + 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&fake->m.owner), 0);
}

/* Or it gets to its order when that call is over. */
static void ras_guard_watch_too_late(struct kunit *test)
{
	struct ras_fake *fake = new_watch(test, 0);

	atomic_set(&fake->m.running, CALL + 1);
	ras_fake_start(fake, 1, job_watch, NULL);
	usleep_range(1000, 2000);
	atomic64_add(NSEC_PER_SEC, &fake->clock);
	usleep_range(1000, 2000);
	WRITE_ONCE(fake->slot[1]->order, RAS_ORDER(7, RAS_ORDER_STAY));
	KUNIT_EXPECT_EQ(test, ras_fake_finish(fake, 1), 0);
	KUNIT_EXPECT_EQ(test, fake->nmis, 0UL);
	KUNIT_EXPECT_EQ(test, fake->m.watch.strike, 0);
}

/* Takeover. */

static void expect_hung(struct kunit *test, struct ras_fake *fake, unsigned int i,
			int from, int to, unsigned int deadline_ms)
{
	const struct ras_failure expected = {
		.why		= RAS_HUNG,
		.deadline_ms	= deadline_ms,
		.from		= from,
		.to		= to,
	};

	expect_failure(test, &fake->m.result[i].failure, &expected);
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

static void ras_guard_takeover(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 3);
	struct ras_fake_handler *bad = add(test, "bad", 1, hook_wedge_elsewhere,
					   DEADLINE_MS);
	struct ras_fake_handler *good = add(test, "good", 2, hook_see_old_owner,
					    DEADLINE_MS);

	bad->verdict = RAS_END;
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_ASSERT_TRUE(test, released(fake, 1));
	KUNIT_EXPECT_EQ(test, good->ran, 2);
	KUNIT_EXPECT_EQ(test, good->seen, 0x1UL);
	KUNIT_EXPECT_TRUE(test, good->ret);
	KUNIT_EXPECT_EQ(test, fake->m.nr_results, 2);
	expect_hung(test, fake, 0, 0, 1, DEADLINE_MS);
	/* The deadline, and the time that the owner had to answer. */
	KUNIT_EXPECT_GT(test, fake->m.result[0].ns,
			DEADLINE_NS + RAS_NMI_TIMEOUT_MS * (u64)NSEC_PER_MSEC);
	KUNIT_EXPECT_LE(test, fake->m.result[0].ns,
			DEADLINE_NS + RAS_NMI_TIMEOUT_MS * (u64)NSEC_PER_MSEC + SLACK_NS);
	KUNIT_EXPECT_EQ(test, fake->m.result[1].failure.why, RAS_FAILED_NOT);
	expect_counts(test, bad, 1, 0, 1);
	expect_counts(test, good, 1, 0, 0);
	KUNIT_EXPECT_EQ(test, fake->m.stop.owner, 1);
	KUNIT_EXPECT_EQ(test, fake->m.last.owner, 1);
	EXPECT_CPUS(test, fake, RAS_HOW_OWNER, 0x2);
	EXPECT_CPUS(test, fake, RAS_HOW_IPI, 0x4);
	EXPECT_CPUS(test, fake, RAS_HOW_MISSING, 0x1);
	KUNIT_EXPECT_EQ(test, ras_fake_bits(&fake->m.owners), 0x3UL);
	KUNIT_EXPECT_EQ(test, owned_up, 1);
	KUNIT_EXPECT_EQ(test, went_on, 0);
	expect_trigger(test, fake, RAS_HOW_OWNER);
	/* There is nothing left to park for. */
	expect_canceled(test, fake, 0);
	expect_trigger(test, fake, RAS_HOW_OWNER);
	expect_idle(test, fake);

	/* All are CPUs like any others in the next stop. */
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	EXPECT_CPUS(test, fake, RAS_HOW_OWNER, 0x1);
	EXPECT_CPUS(test, fake, RAS_HOW_IPI, 0x6);
	KUNIT_EXPECT_EQ(test, good->ran, 2);
	KUNIT_EXPECT_EQ(test, owned_up, 1);
	expect_idle(test, fake);
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
	void (*hook)(struct ras_fake_handler *h, const struct ras_stop *stop);
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

static void ras_guard_old_owner_parks(struct kunit *test)
{
	const struct comeback_param *p = test->param_value;
	struct ras_fake *fake = new_machine(test, 3);
	struct ras_fake_handler *good, *next;

	add(test, "bad", 1, p->hook, DEADLINE_MS);
	good = add(test, "good", 2, hook_wake_old_owner, 0);
	next = add(test, "next", 3, hook_see_old_owner, 0);
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_EXPECT_EQ(test, ras_fake_finish(fake, 0), -ECANCELED);
	KUNIT_ASSERT_TRUE(test, released(fake, 1));
	KUNIT_EXPECT_EQ(test, good->seen, 0x2UL);
	KUNIT_EXPECT_EQ(test, good->ret, 0);
	/* Added between the handlers, and its record is there in each. */
	KUNIT_EXPECT_EQ(test, next->ran, 3);
	KUNIT_EXPECT_EQ(test, next->seen, 0UL);
	KUNIT_EXPECT_TRUE(test, next->ret);
	EXPECT_CPUS(test, fake, RAS_HOW_OWNER, 0x2);
	EXPECT_CPUS(test, fake, RAS_HOW_IPI, 0x4);
	EXPECT_CPUS(test, fake, p->how, 0x1);
	EXPECT_CPUS(test, fake, RAS_HOW_MISSING, 0);
	expect_trigger(test, fake, p->how);
	expect_idle(test, fake);
}

/* It has wanted no stop of its own, but this one. */
static void ras_guard_old_owner_was_first(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 2);
	char text[512] = "";
	struct seq_buf s;

	add(test, "bad", 1, hook_wedge, DEADLINE_MS);
	add(test, "good", 2, hook_wake_old_owner, 0);
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_EXPECT_EQ(test, ras_fake_finish(fake, 0), -ECANCELED);
	KUNIT_ASSERT_TRUE(test, released(fake, 1));
	seq_buf_init(&s, text, sizeof(text) - 1);
	ras_format_stop(&s, &fake->m);
	KUNIT_EXPECT_NULL_MSG(test, strstr(text, "came second"), "%s", text);
}

/* The new owner hangs as well, and the one after it goes on. */
static void ras_guard_takeover_twice(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 4);
	struct ras_fake_handler *good;

	add(test, "bad", 1, hook_wedge, DEADLINE_MS);
	add(test, "worse", 2, hook_wedge, 2 * DEADLINE_MS);
	good = ras_fake_add(test, "good", 3);
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_ASSERT_TRUE(test, released(fake, 1));
	KUNIT_EXPECT_EQ(test, good->ran, 3);
	KUNIT_EXPECT_EQ(test, fake->m.nr_results, 3);
	expect_hung(test, fake, 0, 0, 1, DEADLINE_MS);
	expect_hung(test, fake, 1, 1, 2, 2 * DEADLINE_MS);
	KUNIT_EXPECT_EQ(test, fake->m.failures, 2);
	KUNIT_EXPECT_EQ(test, fake->m.stop.owner, 2);
	KUNIT_EXPECT_EQ(test, fake->m.stop.trigger_cpu, 0);
	EXPECT_CPUS(test, fake, RAS_HOW_OWNER, 0x4);
	EXPECT_CPUS(test, fake, RAS_HOW_IPI, 0x8);
	EXPECT_CPUS(test, fake, RAS_HOW_MISSING, 0x3);
	KUNIT_EXPECT_EQ(test, ras_fake_bits(&fake->m.owners), 0x7UL);
	KUNIT_EXPECT_EQ(test, owned_up, 1);

	expect_canceled(test, fake, 0);
	unwedge(fake, 1);
	unwedged(fake, 1);
	expect_idle(test, fake);
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
static void ras_guard_second_owner_stays(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 4);
	struct ras_fake_handler *good;

	add(test, "bad", 1, hook_wedge, DEADLINE_MS);
	add(test, "worse", 2, hook_wedge, DEADLINE_MS);
	good = add(test, "good", 3, hook_wake_second_owner, 0);
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_ASSERT_TRUE(test, released(fake, 1));
	KUNIT_EXPECT_EQ(test, good->ret, 0);
	KUNIT_EXPECT_FALSE(test, good->seen);
	EXPECT_CPUS(test, fake, RAS_HOW_OWNER, 0x4);
	EXPECT_CPUS(test, fake, RAS_HOW_IPI, 0xa);
	EXPECT_CPUS(test, fake, RAS_HOW_MISSING, 0x1);
	expect_counts(test, good, 1, 0, 0);
	expect_canceled(test, fake, 0);
	unwedged(fake, 1);
	expect_idle(test, fake);
}

/* Where no NMI can be sent there is nothing to wait for but the timeout. */
static void ras_guard_takeover_without_nmi(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 2);
	struct ras_fake_handler *good;

	fake->no_nmi = true;
	add(test, "bad", 1, hook_wedge, DEADLINE_MS);
	good = ras_fake_add(test, "good", 2);
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_ASSERT_TRUE(test, released(fake, 1));
	KUNIT_EXPECT_EQ(test, good->ran, 2);
	expect_hung(test, fake, 0, 0, 1, DEADLINE_MS);
	KUNIT_EXPECT_EQ(test, fake->slot[0]->nmi_sent, 0);
	expect_canceled(test, fake, 0);
	expect_idle(test, fake);
}

/* A handler that cannot be asked costs itself only, also if nobody answers. */
static void ras_guard_takeover_in_not_ready(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 2);
	struct ras_fake_handler *first = ras_fake_add(test, "first", 1);
	struct ras_fake_handler *bad = ras_fake_add(test, "bad", 2);
	struct ras_fake_handler *good = ras_fake_add(test, "good", 3);

	bad->asked = asked_wedge;
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_ASSERT_TRUE(test, released(fake, 1));
	KUNIT_EXPECT_EQ(test, fake->m.nr_results, 3);
	expect_hung(test, fake, 1, 0, 1, RAS_CORE_DEADLINE_MS);
	expect_counts(test, first, 1, 0, 0);
	expect_counts(test, bad, 0, 0, 1);
	expect_counts(test, good, 1, 0, 0);
	KUNIT_EXPECT_EQ(test, good->ran, 3);
	expect_canceled(test, fake, 0);
	expect_idle(test, fake);
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
	hook_fault_no_address(h, stop);
}

static void ras_guard_old_owner_does_no_harm(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 2);
	struct ras_fake_handler *bad = add(test, "bad", 1, hook_wedge_then_harm, DEADLINE_MS);

	add(test, "good", 2, hook_wake_old_owner, 0);
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_EXPECT_EQ(test, ras_fake_finish(fake, 0), -ECANCELED);
	KUNIT_ASSERT_TRUE(test, released(fake, 1));
	KUNIT_EXPECT_TRUE(test, bad->seen);
	/* Its fault was one in a guarded call, but that has been lost. */
	KUNIT_EXPECT_TRUE(test, bad->ret);
	expect_hung(test, fake, 0, 0, 1, DEADLINE_MS);
	KUNIT_EXPECT_EQ(test, fake->m.failures, 1);
	expect_counts(test, bad, 1, 0, 1);
	expect_idle(test, fake);
}

/* After the chain of a crash the new owner does what panic() would have done. */
static void ras_guard_takeover_in_crash(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 3);
	struct ras_fake_handler *good;

	if (ras_crash_kernel_loaded())
		kunit_skip(test, "a crash kernel is loaded");
	add(test, "bad", 1, hook_wedge, DEADLINE_MS);
	good = ras_fake_add(test, "good", 2);
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_PANIC);
	KUNIT_ASSERT_TRUE(test, ras_fake_halted(fake, 1));
	KUNIT_EXPECT_EQ(test, went_on, 1);
	KUNIT_EXPECT_EQ(test, fake->cpu[1].retired, 0);
	KUNIT_EXPECT_EQ(test, good->ran, 2);
	expect_hung(test, fake, 0, 0, 1, DEADLINE_MS);
	KUNIT_EXPECT_EQ(test, fake->m.state, RAS_ENDED);
	KUNIT_EXPECT_EQ(test, atomic_read(&fake->m.owner), 1);
	KUNIT_EXPECT_EQ(test, fake->m.last.owner, 1);
	KUNIT_EXPECT_EQ(test, owned_up, 0);
	KUNIT_ASSERT_TRUE(test, ras_fake_halted(fake, 2));
	KUNIT_EXPECT_EQ(test, fake->cpu[2].retired, 1);

	/* The former owner finds its order there. */
	ras_fake_wake(fake, 0);
	KUNIT_ASSERT_TRUE(test, ras_fake_halted(fake, 0));
	KUNIT_EXPECT_EQ(test, fake->cpu[0].retired, 1);
	expect_trigger(test, fake, RAS_HOW_SELF);
}

/* One of the parked CPUs stays awake, in case panic() does not get to its reboot. */
static void ras_guard_deadman(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 4);

	if (ras_crash_kernel_loaded())
		kunit_skip(test, "a crash kernel is loaded");
	reboot_in_ms = DEADLINE_MS;
	/* The one that has come by interrupt. */
	fake->cpu[1].answer = RAS_FAKE_NMI;
	fake->cpu[3].answer = RAS_FAKE_NMI;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_PANIC), 0);
	KUNIT_EXPECT_TRUE(test, ras_fake_halted(fake, 1));
	KUNIT_EXPECT_TRUE(test, ras_fake_halted(fake, 3));
	KUNIT_EXPECT_EQ(test, fake->cpu[2].retired, 1);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(fake->cpu[2].halted));
	atomic64_add(DEADLINE_NS - 1, &fake->clock);
	usleep_range(2000, 3000);
	KUNIT_EXPECT_EQ(test, rebooted, 0);
	/* It may have looked at the clock for the first time but now. */
	atomic64_add(DEADLINE_NS, &fake->clock);
	KUNIT_EXPECT_TRUE(test, ras_fake_halted(fake, 2));
	KUNIT_EXPECT_EQ(test, rebooted, 1);
}

/* Without a reboot there is nothing to stay awake for. */
static void ras_guard_no_deadman(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 2);

	if (ras_crash_kernel_loaded())
		kunit_skip(test, "a crash kernel is loaded");
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_PANIC), 0);
	KUNIT_EXPECT_TRUE(test, ras_fake_halted(fake, 1));
	KUNIT_EXPECT_EQ(test, rebooted, 0);
}

static void report_wedge(struct ras_fake *fake)
{
	wedge(fake, RAS_FAKE_DEAF);
}

static void report_fault(struct ras_fake *fake)
{
	fault_at(&fake->m, "page fault", 0x4711, NULL);
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
static void ras_guard_report_fails(struct kunit *test)
{
	const struct report_param *p = test->param_value;
	struct ras_fake *fake = new_machine(test, 3);
	struct ras_fake_handler *h[3];
	unsigned int i;

	h[0] = ras_fake_add(test, "first", 1);
	h[1] = ras_fake_add(test, "second", 2);
	h[2] = add_last(test, NULL);
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
	KUNIT_EXPECT_EQ(test, went_on, p->owner != 0);
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
		expect_counts(test, h[i], 1, 0, 0);
	}
}

static void hook_handover(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->ret = ras_machine_handover(&h->fake->m);
	h->seen = ras_fake_parked(h->fake, 2);
}

static void hook_wedge_then_handover(struct ras_fake_handler *h,
				     const struct ras_stop *stop)
{
	hook_wedge(h, stop);
	h->ret = ras_machine_handover(&h->fake->m);
}

/* The crash kernel gets a note of the CPU that has crashed, though that hangs. */
static void ras_guard_handover_after_takeover(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 3);
	struct ras_fake_handler *bad = add(test, "bad", 1, hook_wedge_then_handover,
					   DEADLINE_MS);
	struct ras_fake_handler *last = add_last(test, hook_handover);

	/* A watched call: the watcher has another order when it is over. */
	last->handler.entry->deadline_ms = DEADLINE_MS;
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
	/* It has nothing to hand over. */
	KUNIT_EXPECT_EQ(test, bad->ret, -ENOENT);
}

/* A former owner that has parked writes its note itself. */
static void ras_guard_handover_after_comeback(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 3);
	struct ras_fake_handler *last;

	add(test, "bad", 1, hook_wedge, DEADLINE_MS);
	add(test, "good", 2, hook_wake_old_owner, 0);
	last = add_last(test, hook_handover);
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
static void ras_guard_takeover_too_late(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 2);
	struct ras_fake_handler *h = add(test, "h", 1, hook_wedge, DEADLINE_MS);
	struct ras_fake_handler *good = ras_fake_add(test, "good", 2);

	fake->at_watch = come_back_too_late;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_NULL(test, (void *)fake->at_watch);
	KUNIT_EXPECT_EQ(test, fake->m.stop.owner, 0);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_FAILED_NOT);
	expect_counts(test, h, 1, 0, 0);
	expect_counts(test, good, 1, 0, 0);
	expect_idle(test, fake);
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

static void ras_guard_takeover_race(struct kunit *test)
{
	struct ras_fake *fake = new_machine(test, 3);
	struct ras_fake_handler *race = add(test, "race", 1, hook_race, 10);
	struct ras_fake_handler *good = add(test, "good", 2, count_run, 10);
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
		expect_idle(test, fake);
	}
	kunit_info(test, "%u of %u were taken over\n", taken, RACES);
}

/* The words, one line for each kind of failure. */
struct words_param {
	const char *desc;
	struct ras_failure failure;
	const char *text;
};

static const struct words_param words_params[] = {
	{ "fault",
	  { .why = RAS_FAULTED, .fault = "page fault", .ip = 0x4711,
	    .addressed = true, .address = 0xdead },
	  "page fault at 000000000000dead in 0x4711" },
	{ "fault at zero",
	  { .why = RAS_FAULTED, .fault = "page fault", .ip = 0x4711,
	    .addressed = true },
	  "page fault at 0000000000000000 in 0x4711" },
	{ "fault without address",
	  { .why = RAS_FAULTED, .fault = "divide error", .ip = 0x4711 },
	  "divide error in 0x4711" },
	{ "fault in no code",
	  { .why = RAS_FAULTED, .fault = "page fault", .addressed = true },
	  "page fault at 0000000000000000 in 0x0" },
	{ "fault with a lock",
	  { .why = RAS_FAULTED, .fault = "divide error", .ip = 0x4711,
	    .lock = "port_lock" },
	  "divide error in 0x4711, holding port_lock" },
	{ "panic",
	  { .why = RAS_PANICKED, .message = "100%s %n" },
	  "panic: 100%s %n" },
	{ "smashed",
	  { .why = RAS_SMASHED },
	  "stack corrupted" },
	{ "overran",
	  { .why = RAS_OVERRAN, .deadline_ms = 30000, .ip = 0x4711 },
	  "deadline of 30000 ms passed in 0x4711" },
	{ "hung",
	  { .why = RAS_HUNG, .deadline_ms = 5000, .from = 3, .to = 1 },
	  "deadline of 5000 ms passed, CPU 3 does not answer, CPU 1 took over" },
	{ "overran with a lock",
	  { .why = RAS_OVERRAN, .deadline_ms = 5000, .ip = 0x4711,
	    .lock = "port_lock" },
	  "deadline of 5000 ms passed in 0x4711, holding port_lock" },
};

static void words_desc(const struct words_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(words, words_params, words_desc);

static void ras_guard_words(struct kunit *test)
{
	const struct words_param *p = test->param_value;
	struct ras_fake *fake = ras_fake_new(test, 1, false);
	struct ras_result *result = &fake->m.result[0];
	char text[256] = "", expected[256];
	struct seq_buf s;

	fake->m.stop.sequence = 7;
	fake->m.begin_ns = atomic64_read(&fake->clock);
	fake->m.nr_results = 1;
	strscpy(result->name, "h", sizeof(result->name));
	result->ns = 1500000;
	result->failure = p->failure;
	/* Which do not count. */
	result->verdict = RAS_RESUME;
	result->broken = "left interrupts enabled";
	snprintf(expected, sizeof(expected),
		 "  handler h            abandoned after 1.500 ms: %s\n"
		 "  stop 7 took 0.000 ms\n", p->text);
	seq_buf_init(&s, text, sizeof(text) - 1);
	ras_format_results(&s, &fake->m);
	KUNIT_EXPECT_STREQ(test, text, expected);
}

static struct kunit_case ras_guard_cases[] = {
	KUNIT_CASE(ras_guard_notes_lock),
	KUNIT_CASE(ras_guard_comes_back),
	KUNIT_CASE_PARAM(ras_guard_abandons, abandon_gen_params),
	KUNIT_CASE(ras_guard_abandons_many),
	KUNIT_CASE(ras_guard_notes_console),
	KUNIT_CASE(ras_guard_restores),
	KUNIT_CASE(ras_guard_restores_after_return),
	KUNIT_CASE(ras_guard_disables_pagefaults),
	KUNIT_CASE_PARAM(ras_guard_panic_cpu, panic_cpu_gen_params),
	KUNIT_CASE(ras_guard_refuses),
	KUNIT_CASE(ras_guard_refuses_in_nmi),
	KUNIT_CASE(ras_guard_not_ready_faults),
	KUNIT_CASE(ras_guard_noreturn_not_ready_faults),
	KUNIT_CASE(ras_guard_failed_handler),
	KUNIT_CASE(ras_guard_failed_and_disabled),
	KUNIT_CASE(ras_guard_deadline),
	KUNIT_CASE(ras_guard_deadline_each),
	KUNIT_CASE(ras_guard_deadline_renewed),
	KUNIT_CASE(ras_guard_deadline_after_renewal),
	KUNIT_CASE(ras_guard_deadline_none),
	KUNIT_CASE(ras_guard_deadline_of_not_ready),
	KUNIT_CASE_PARAM(ras_guard_strikes, strike_gen_params),
	KUNIT_CASE(ras_guard_strike_put_off),
	KUNIT_CASE_PARAM(ras_guard_who_watches, watcher_gen_params),
	KUNIT_CASE(ras_guard_watch_end_handed_over),
	KUNIT_CASE(ras_guard_watch_leaves),
	KUNIT_CASE(ras_guard_watch_late),
	KUNIT_CASE(ras_guard_watch_too_late),
	KUNIT_CASE(ras_guard_takeover),
	KUNIT_CASE_PARAM(ras_guard_old_owner_parks, comeback_gen_params),
	KUNIT_CASE(ras_guard_old_owner_was_first),
	KUNIT_CASE(ras_guard_takeover_twice),
	KUNIT_CASE(ras_guard_second_owner_stays),
	KUNIT_CASE(ras_guard_takeover_without_nmi),
	KUNIT_CASE(ras_guard_takeover_in_not_ready),
	KUNIT_CASE(ras_guard_old_owner_does_no_harm),
	KUNIT_CASE(ras_guard_takeover_in_crash),
	KUNIT_CASE(ras_guard_deadman),
	KUNIT_CASE(ras_guard_no_deadman),
	KUNIT_CASE_PARAM(ras_guard_report_fails, report_gen_params),
	KUNIT_CASE(ras_guard_handover_after_takeover),
	KUNIT_CASE(ras_guard_handover_after_comeback),
	KUNIT_CASE(ras_guard_takeover_too_late),
	KUNIT_CASE(ras_guard_takeover_race),
	KUNIT_CASE_PARAM(ras_guard_words, words_gen_params),
	{}
};

static int ras_guard_init(struct kunit *test)
{
	owned_up = 0;
	owned_up_console = false;
	went_on = 0;
	rebooted = 0;
	reboot_in_ms = 0;
	return ras_fake_init(test);
}

/* Whatever a test has left hanging has left its guarded call by the end. */
static void ras_guard_exit(struct kunit *test)
{
	ras_fake_exit(test);
	KUNIT_EXPECT_EQ(test, atomic_read(&ras_guards), 0);
}

static struct kunit_suite ras_guard_suite = {
	.name		= "ras_guard",
	.init		= ras_guard_init,
	.exit		= ras_guard_exit,
	.test_cases	= ras_guard_cases,
};

kunit_test_suite(ras_guard_suite);
