// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the RAS stop framework: what parked CPUs call for a handler.
 */
#include <linux/atomic.h>
#include <linux/ptrace.h>
#include <linux/string.h>

#include "fake_guard.h"

#define CALL_MS	100

/**
 * struct call - a call and what came of it
 * @fake: the machine
 * @may_return: the parked CPUs may come back
 * @ran: how often each CPU was in the function
 * @left: how often each CPU was taken out of it
 * @regs: the context that each CPU was given
 * @wrong: the CPU that faults, or -1
 * @text: the report
 */
struct call {
	struct ras_fake	*fake;
	bool		may_return;
	atomic_t	ran[RAS_FAKE_CPUS];
	atomic_t	left[RAS_FAKE_CPUS];
	struct pt_regs	*regs[RAS_FAKE_CPUS];
	int		wrong;
	char		text[512];
};

/* The hooks of handlers have no other way to it. */
static struct call call;

static struct ras_fake *new_call(struct kunit *test, unsigned int cpus)
{
	memset(&call, 0, sizeof(call));
	call.wrong = -1;
	call.fake = ras_fake_new_guarded(test, cpus);
	return call.fake;
}

static void fn(struct pt_regs *regs, void *arg)
{
	unsigned int cpu = ras_fake_here(call.fake) - call.fake->cpu;

	call.regs[cpu] = regs;
	atomic_inc(&call.ran[cpu]);
	if (call.wrong == (int)cpu)
		ras_fake_fault(&call.fake->m, "divide error", 0x4711, NULL);
}

static void fn_waits(struct pt_regs *regs, void *arg)
{
	fn(regs, arg);
	ras_fake_until(call.fake, READ_ONCE(call.may_return));
}

static void fn_hangs(struct pt_regs *regs, void *arg)
{
	fn(regs, arg);
	ras_fake_hang(call.fake, RAS_FAKE_FOREVER_NS);
}

static void left(void *arg)
{
	atomic_inc(&call.left[ras_fake_here(call.fake) - call.fake->cpu]);
}

static bool have_run(unsigned long mask)
{
	unsigned int cpu;

	for (cpu = 0; cpu < RAS_FAKE_CPUS; cpu++)
		if (!!atomic_read(&call.ran[cpu]) != !!(mask & BIT(cpu)))
			return false;
	return true;
}

static void hook_call(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->ret = ras_call_parked(stop, fn, left, &call);
	h->seen = ras_fake_until(h->fake, have_run(0xe));
	h->ret |= ras_call_parked_end(stop, CALL_MS);
}

/* Stop the machine: what @h waits for comes, and its calls return @ret. */
static void stop_and_call(struct kunit *test, struct ras_fake *fake,
			  struct ras_fake_handler *h, int ret)
{
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, h->ret, ret);
	KUNIT_EXPECT_TRUE(test, h->seen);
	ras_fake_expect_idle(test, fake);
}

static void ras_parked_call_all(struct kunit *test)
{
	struct ras_fake *fake = new_call(test, 4);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_call, 0);
	unsigned int cpu;

	fake->cpu[2].answer = RAS_FAKE_NMI;
	stop_and_call(test, fake, h, 0);
	for (cpu = 1; cpu < 4; cpu++) {
		KUNIT_EXPECT_EQ(test, atomic_read(&call.ran[cpu]), 1);
		/* Itself, and not the record's. */
		KUNIT_EXPECT_PTR_EQ(test, call.regs[cpu], &fake->cpu[cpu].regs);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&call.ran[0]), 0);
}

/* One that does not notice the command is nudged. */
static void ras_parked_call_nudge(struct kunit *test)
{
	struct ras_fake *fake = new_call(test, 4);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_call, 0);

	fake->cpu[2].asleep = true;
	stop_and_call(test, fake, h, 0);
	KUNIT_EXPECT_EQ(test, fake->nmis, BIT(2));
}

static void hook_call_twice(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	hook_call(h, stop);
	h->seen &= !ras_call_parked(stop, fn, left, &call);
	h->seen &= ras_fake_until(h->fake, atomic_read(&call.ran[1]) == 2 &&
					   atomic_read(&call.ran[3]) == 2);
	h->ret |= ras_call_parked_end(stop, CALL_MS);
}

/* Each call is a call of its own, and nobody repeats one. */
static void ras_parked_call_again(struct kunit *test)
{
	struct ras_fake *fake = new_call(test, 4);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_call_twice, 0);

	stop_and_call(test, fake, h, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&call.ran[1]), 2);
}

static void hook_call_late(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->ret = ras_call_parked(stop, fn, left, &call);
	h->seen = ras_fake_until(h->fake, have_run(0x2));
	ras_fake_wake(h->fake, 2);
	h->seen &= ras_fake_until(h->fake, have_run(0x6));
	h->ret |= ras_call_parked_end(stop, CALL_MS);
}

static void ras_parked_call_late_cpu(struct kunit *test)
{
	struct ras_fake *fake = new_call(test, 3);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_call_late, 0);

	fake->cpu[2].answer = RAS_FAKE_LATE;
	stop_and_call(test, fake, h, 0);
}

static void hook_call_then_end(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	struct ras_fake_cpu *cpu = &h->fake->cpu[1];
	unsigned int rounds;

	WRITE_ONCE(cpu->stuck, true);
	/* It may be on its way to have a look: in the second round it is not. */
	rounds = READ_ONCE(cpu->rounds);
	h->seen = ras_fake_until(h->fake, READ_ONCE(cpu->rounds) - rounds >= 2);
	ras_call_parked(stop, fn, left, &call);
	h->ret = ras_call_parked_end(stop, CALL_MS);
	WRITE_ONCE(cpu->stuck, false);
}

/* One that has not begun when the call ends does not. */
static void ras_parked_call_ended_before(struct kunit *test)
{
	struct ras_fake *fake = new_call(test, 2);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_call_then_end,
						       0);

	stop_and_call(test, fake, h, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&call.ran[1]), 0);
}

static void hook_call_busy(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	ras_call_parked(stop, fn_waits, left, &call);
	h->seen = ras_fake_until(h->fake, have_run(0x2));
	h->ret = ras_call_parked(stop, fn, left, &call);
	WRITE_ONCE(call.may_return, true);
}

/* A second call has to wait for the first; the core ends what a handler has not. */
static void ras_parked_call_busy(struct kunit *test)
{
	struct ras_fake *fake = new_call(test, 2);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_call_busy, 0);

	stop_and_call(test, fake, h, -EBUSY);
	KUNIT_EXPECT_EQ(test, atomic_read(&call.ran[1]), 1);
	KUNIT_EXPECT_FALSE(test, fake->m.help.active);
}

static void hook_call_watched(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->ret = ras_call_parked(stop, fn, left, &call);
}

/* Who watches has a command already. */
static void ras_parked_call_watched(struct kunit *test)
{
	struct ras_fake *fake = new_call(test, 2);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_call_watched,
						       RAS_FAKE_DEADLINE_MS);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, h->ret, -EBUSY);
	KUNIT_EXPECT_EQ(test, atomic_read(&call.ran[1]), 0);
	ras_fake_expect_idle(test, fake);
}

static void hook_call_hang(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	ras_call_parked(stop, fn_hangs, left, &call);
	h->seen = ras_fake_until(h->fake, have_run(0x6));
	h->ret = ras_call_parked_end(stop, CALL_MS);
}

/* One that came by interrupt is taken out by NMI; one that came by NMI cannot be. */
static void ras_parked_call_hang(struct kunit *test)
{
	struct ras_fake *fake = new_call(test, 3);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_call_hang, 0);

	stop_and_call(test, fake, h, 0);
	KUNIT_EXPECT_EQ(test, fake->nmis, 0x6UL);
	KUNIT_EXPECT_EQ(test, atomic_read(&call.left[1]), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&call.left[2]), 1);
}

static void hook_call_hang_nmi(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->fake->nmis = 0;
	hook_call_hang(h, stop);
	/* What it waits for comes after all, or the stop would not end. */
	ras_fake_wake(h->fake, 2);
}

static void ras_parked_call_hang_in_nmi(struct kunit *test)
{
	struct ras_fake *fake = new_call(test, 3);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_call_hang_nmi,
						       0);
	struct ras_fake_handler *next = ras_fake_add_hook(test, "next", 2, NULL,
							  RAS_FAKE_DEADLINE_MS);

	fake->cpu[2].answer = RAS_FAKE_NMI;
	stop_and_call(test, fake, h, -ETIMEDOUT);
	/* The other one only. */
	KUNIT_EXPECT_EQ(test, fake->nmis, 0x2UL);
	KUNIT_EXPECT_EQ(test, next->ran, 2);
}

static void hook_call_fault(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	struct seq_buf s;

	call.wrong = 1;
	ras_call_parked(stop, fn, left, &call);
	h->seen = ras_fake_until(h->fake, have_run(0x6) && atomic_read(&call.left[1]));
	h->ret = ras_call_parked_end(stop, CALL_MS);
	seq_buf_init(&s, call.text, sizeof(call.text) - 1);
	ras_format_results(&s, &h->fake->m);
}

/* A fault there costs that CPU its call, and taints the kernel; the report says so. */
static void ras_parked_call_fault(struct kunit *test)
{
	struct ras_fake *fake = new_call(test, 3);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_call_fault, 0);

	stop_and_call(test, fake, h, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&call.left[2]), 0);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_FAILED_NOT);
	KUNIT_EXPECT_NOT_NULL(test, strstr(call.text, "  CPU 1 was taken out of a call: divide"));
	KUNIT_EXPECT_NULL(test, strstr(call.text, "CPU 2"));
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.tainted, 1);

	/* The next stop goes without a failure. */
	h->hook = NULL;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.tainted, 1);
}

static void hook_call_then_fault(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	ras_call_parked(stop, fn_hangs, left, &call);
	h->seen = ras_fake_until(h->fake, have_run(0x2));
	ras_fake_hook_fault_no_address(h, stop);
}

/* The handler is abandoned while the others are in its function: the core ends that. */
static void ras_parked_call_abandoned(struct kunit *test)
{
	struct ras_fake *fake = new_call(test, 2);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_call_then_fault,
						       0);
	struct ras_fake_handler *good = ras_fake_add_hook(test, "good", 2, NULL,
							  RAS_FAKE_DEADLINE_MS);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_TRUE(test, h->seen);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_FAULTED);
	KUNIT_EXPECT_EQ(test, atomic_read(&call.left[1]), 1);
	KUNIT_EXPECT_EQ(test, good->ran, 2);
	ras_fake_expect_idle(test, fake);
}

static void fn_progresses(struct pt_regs *regs, void *arg)
{
	ras_progress(&call.fake->m.stop);
	fn(regs, arg);
}

static void hook_progress(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	u32 before = READ_ONCE(h->fake->m.watch.progress);

	h->ret = ras_call_parked(stop, fn_progresses, left, &call);
	h->seen = ras_fake_until(h->fake, have_run(0x2));
	h->seen &= READ_ONCE(h->fake->m.watch.progress) == before + 1;
	h->ret |= ras_call_parked_end(stop, CALL_MS);
}

/* A person who works on another CPU is no debugger that hangs. */
static void ras_parked_call_renews(struct kunit *test)
{
	struct ras_fake *fake = new_call(test, 2);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_progress, 0);

	stop_and_call(test, fake, h, 0);
}

static void fn_progresses_late(struct pt_regs *regs, void *arg)
{
	fn_hangs(regs, arg);
	ras_progress(&call.fake->m.stop);
}

static void hook_progress_late(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	struct ras_machine *m = &h->fake->m;
	u32 before;

	ras_call_parked(stop, fn_progresses_late, left, &call);
	h->seen = ras_fake_until(h->fake, have_run(0x2));
	h->ret = ras_call_parked_end(stop, CALL_MS);
	before = READ_ONCE(m->watch.progress);
	ras_fake_wake(h->fake, 1);
	h->seen &= ras_fake_until(h->fake, !READ_ONCE(m->slot[1]->helping));
	h->seen &= READ_ONCE(m->watch.progress) == before;
}

/* Nor does one that is still there keep other handlers from their deadlines. */
static void ras_parked_call_renews_no_more(struct kunit *test)
{
	struct ras_fake *fake = new_call(test, 2);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_progress_late,
						       0);

	/* In an NMI, where no other one reaches it. */
	fake->cpu[1].answer = RAS_FAKE_NMI;
	stop_and_call(test, fake, h, -ETIMEDOUT);
}

static struct kunit_case ras_parked_call_cases[] = {
	KUNIT_CASE(ras_parked_call_all),
	KUNIT_CASE(ras_parked_call_nudge),
	KUNIT_CASE(ras_parked_call_again),
	KUNIT_CASE(ras_parked_call_late_cpu),
	KUNIT_CASE(ras_parked_call_ended_before),
	KUNIT_CASE(ras_parked_call_busy),
	KUNIT_CASE(ras_parked_call_watched),
	KUNIT_CASE(ras_parked_call_hang),
	KUNIT_CASE(ras_parked_call_hang_in_nmi),
	KUNIT_CASE(ras_parked_call_fault),
	KUNIT_CASE(ras_parked_call_abandoned),
	KUNIT_CASE(ras_parked_call_renews),
	KUNIT_CASE(ras_parked_call_renews_no_more),
	{}
};

static struct kunit_suite ras_parked_call_suite = {
	.name		= "ras_parked_call",
	.init		= ras_fake_guard_init,
	.exit		= ras_fake_guard_exit,
	.test_cases	= ras_parked_call_cases,
};

kunit_test_suite(ras_parked_call_suite);
