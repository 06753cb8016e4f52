// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: handlers that go wrong, on fake CPUs.
 */
#include <linux/ptrace.h>
#include <linux/string.h>

#include "fake_guard.h"

struct ras_fake_kernel ras_fake_kernel;

static void tainted(bool console_left)
{
	ras_fake_kernel.tainted++;
	ras_fake_kernel.console_left = console_left;
}

static void go_on_panic(struct ras_machine *m)
{
	ras_fake_kernel.went_on++;
	m->arch->halt();
}

static u64 reboot_ms(void)
{
	u64 ms = ras_fake_kernel.reboot_in_ms;

	if (ras_fake_kernel.reboot_once)
		ras_fake_kernel.reboot_in_ms = 0;
	return ms;
}

/* Nothing was put off. */
static void undefer(void) { }

static u64 printed(void)
{
	return READ_ONCE(ras_fake_kernel.printed);
}

/* Returns, and the CPU halts. */
static void reboot(void)
{
	ras_fake_kernel.rebooted++;
}

const struct ras_kernel_ops ras_fake_kernel_ops = {
	.panic		= go_on_panic,
	.reboot_ms	= reboot_ms,
	.undefer	= undefer,
	.printed	= printed,
	.reboot		= reboot,
	.tainted	= tainted,
};

/**
 * ras_fake_new_guarded() - make a machine whose handlers may go wrong
 * @test: the test; skipped as by ras_fake_new()
 * @cpus: number of CPUs
 *
 * Its CPUs run.  What it asks of the kernel around it is noted in ras_fake_kernel.
 *
 * Return: the machine.
 */
struct ras_fake *ras_fake_new_guarded(struct kunit *test, unsigned int cpus)
{
	return ras_fake_new(test, cpus, true);
}

/**
 * ras_fake_add_hook() - register a handler that does something
 * @test: the test, which has a machine
 * @name: its name
 * @priority: its priority
 * @hook: what it does, may be NULL
 * @deadline_ms: its deadline; 0: none
 *
 * Return: the handler.
 */
struct ras_fake_handler *ras_fake_add_hook(struct kunit *test, const char *name,
					   int priority, ras_fake_hook hook,
					   unsigned int deadline_ms)
{
	struct ras_fake_handler *h = ras_fake_handler(test, name, priority);

	h->handler.deadline_ms = deadline_ms;
	h->hook = hook;
	KUNIT_ASSERT_EQ(test, ras_add_handler(&h->fake->m, &h->handler), 0);
	return h;
}

/* One that leaves this kernel. */
struct ras_fake_handler *ras_fake_add_last(struct kunit *test, ras_fake_hook hook)
{
	struct ras_fake_handler *h = ras_fake_handler(test, "last", RAS_PRIO_LAST);

	h->handler.flags = RAS_HANDLER_NORETURN;
	h->hook = hook;
	KUNIT_ASSERT_EQ(test, ras_add_handler(&h->fake->m, &h->handler), 0);
	return h;
}

/* Only what belongs to the reason: the rest may be of an earlier failure. */
void ras_fake_expect_failure(struct kunit *test, const struct ras_failure *failure,
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
	case RAS_TOO_DEEP:
	case RAS_PREEMPTED:
	case RAS_RECALLED:
	case RAS_FAILED_NOT:
		break;
	}
}

/* Handler @i hung on CPU @from, and CPU @to took over. */
void ras_fake_expect_hung(struct kunit *test, struct ras_fake *fake, unsigned int i,
			  int from, int to, unsigned int deadline_ms)
{
	const struct ras_failure expected = {
		.why		= RAS_HUNG,
		.deadline_ms	= deadline_ms,
		.from		= from,
		.to		= to,
	};

	ras_fake_expect_failure(test, &fake->m.result[i].failure, &expected);
	KUNIT_EXPECT_FALSE(test, fake->m.result[i].running);
}

/* The record of a former owner: what was captured at the trigger. */
void ras_fake_expect_trigger(struct kunit *test, struct ras_fake *fake,
			     enum ras_how how)
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

void ras_fake_expect_counts(struct kunit *test, struct ras_fake_handler *h,
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

/**
 * ras_fake_fault() - what a handler calls to fault
 * @m: the machine
 * @fault: which fault
 * @ip: where
 * @address: what was accessed, or NULL
 *
 * Return: true if the handler has been abandoned; it is to return at once.
 */
bool ras_fake_fault(struct ras_machine *m, const char *fault, unsigned long ip,
		    const unsigned long *address)
{
	struct pt_regs regs = { };

	instruction_pointer_set(&regs, ip);
	return ras_guard_fault(m, &regs, fault, address, false);
}

void ras_fake_hook_fault_no_address(struct ras_fake_handler *h,
				    const struct ras_stop *stop)
{
	h->ret = ras_fake_fault(&h->fake->m, "divide error", 0x4711, NULL);
}

/* A fault, with an address. */
void ras_fake_hook_fault(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	unsigned long address = 0xdead;

	h->ret = ras_fake_fault(&h->fake->m, "page fault", 0x4711, &address);
}

/* Hang, and take a request to stop as @answer says, until ras_fake_unwedge(). */
void ras_fake_wedge(struct ras_fake *fake, enum ras_fake_answer answer)
{
	WRITE_ONCE(ras_fake_here(fake)->awake, false);
	WRITE_ONCE(ras_fake_here(fake)->answer, answer);
	ras_fake_hang(fake, RAS_FAKE_FOREVER_NS);
}

/* No NMI gets through: another CPU has to take over. */
void ras_fake_hook_wedge(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	ras_fake_wedge(h->fake, RAS_FAKE_DEAF);
}

/* Let a CPU that hangs come back. */
void ras_fake_unwedge(struct ras_fake *fake, unsigned int cpu)
{
	ras_fake_wake(fake, cpu);
	ras_fake_until(fake, !READ_ONCE(fake->cpu[cpu].hang_until));
}

/* From now on it is a CPU like any other. */
void ras_fake_unwedged(struct ras_fake *fake, unsigned int nr)
{
	struct ras_fake_cpu *cpu = &fake->cpu[nr];

	WRITE_ONCE(cpu->answer, RAS_FAKE_ANY);
	WRITE_ONCE(cpu->awake, false);
	/* NMIs that nobody waits for any more. */
	ras_fake_until(fake, !READ_ONCE(cpu->nmi) && !READ_ONCE(cpu->serving));
}

/* Let the former owner come back, which was CPU 0, and wait until it has parked. */
void ras_fake_hook_wake_owner(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->seen = ras_fake_bits(&stop->cpus[RAS_HOW_OWNER]);
	ras_fake_wake(h->fake, 0);
	h->ret = ras_fake_until(h->fake, ras_fake_parked(h->fake, 0)) ? 0 : -ETIMEDOUT;
}

/* Common init callback of the suites that use this. */
int ras_fake_guard_init(struct kunit *test)
{
	memset(&ras_fake_kernel, 0, sizeof(ras_fake_kernel));
	return ras_fake_init(test);
}

/* Whatever a test has left hanging has left its guarded call by the end. */
void ras_fake_guard_exit(struct kunit *test)
{
	ras_fake_exit(test);
	KUNIT_EXPECT_EQ(test, atomic_read(&ras_guards), 0);
}
