// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: the machine of a test.
 *
 * Kthreads play its CPUs: they take interrupts and do the jobs of the test.  Its handlers
 * note how they are called, and the test expects of them and of the CPUs what it wants.
 */
#include <linux/kthread.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "fake_arch.h"

/* Do what the test wants of @cpu, if it wants anything. */
void ras_fake_run_job(struct ras_fake *fake, struct ras_fake_cpu *cpu)
{
	/* Pairs with the release in ras_fake_start(). */
	ras_fake_job job = smp_load_acquire(&cpu->job);

	if (!job)
		return;
	WRITE_ONCE(cpu->job, NULL);
	cpu->result = job(fake, cpu - fake->cpu, cpu->arg);
	complete(&cpu->done);
}

/* The CPU's interrupt controller. */
static void ras_fake_serve(struct ras_fake *fake, struct ras_fake_cpu *cpu)
{
	enum ras_how how = ras_fake_takes(cpu);

	if (how == RAS_HOW_NONE)
		return;
	WRITE_ONCE(cpu->serving, true);
	switch (how) {
	case RAS_HOW_IPI:
		xchg(&cpu->ipi, 0);
		ras_stopped(&fake->m, RAS_HOW_IPI, &cpu->regs);
		break;
	case RAS_HOW_NMI:
		xchg(&cpu->nmi, 0);
		ras_stopped(&fake->m, RAS_HOW_NMI, &cpu->regs);
		break;
	default:
		cpumask_clear_cpu(cpu - fake->cpu, &fake->online);
		xchg(&cpu->ipi, 0);
		xchg(&cpu->nmi, 0);
		break;
	}
	/* Pairs with the smp_rmb() in ras_fake_coming(). */
	smp_store_release(&cpu->serving, false);
}

static int ras_fake_thread(void *arg)
{
	struct ras_fake_cpu *cpu = arg;
	struct ras_fake *fake = ras_fake_now;

	while (!kthread_should_stop()) {
		ras_fake_serve(fake, cpu);
		ras_fake_run_job(fake, cpu);
		/* A handler that hung in the job has left it set. */
		WRITE_ONCE(cpu->serving, false);
		usleep_range(20, 50);
	}
	return 0;
}

/**
 * ras_fake_start() - have a fake CPU do something
 * @fake: the machine
 * @cpu: the CPU, which must be idle, or parked
 * @job: what
 * @arg: its argument
 */
void ras_fake_start(struct ras_fake *fake, unsigned int cpu, ras_fake_job job,
		    void *arg)
{
	reinit_completion(&fake->cpu[cpu].done);
	fake->cpu[cpu].arg = arg;
	/* Publishes @arg; pairs with the acquire in ras_fake_run_job(). */
	smp_store_release(&fake->cpu[cpu].job, job);
}

/**
 * ras_fake_finish() - wait until a fake CPU has done it
 * @fake: the machine
 * @cpu: the CPU
 *
 * Return: what the job returned; %-ETIMEDOUT if it never does.
 */
int ras_fake_finish(struct ras_fake *fake, unsigned int cpu)
{
	/* Longer than @fake->patience, which ends the waits of the core. */
	if (wait_for_completion_interruptible_timeout(&fake->cpu[cpu].done,
						      180 * HZ) <= 0)
		return -ETIMEDOUT;
	return fake->cpu[cpu].result;
}

/**
 * ras_fake_do() - have a fake CPU do something and wait for it
 * @fake: the machine
 * @cpu: the CPU, which must be idle
 * @job: what
 * @arg: its argument
 *
 * Return: as ras_fake_finish().
 */
int ras_fake_do(struct ras_fake *fake, unsigned int cpu, ras_fake_job job, void *arg)
{
	ras_fake_start(fake, cpu, job, arg);
	return ras_fake_finish(fake, cpu);
}

static int ras_fake_stop_job(struct ras_fake *fake, unsigned int cpu, void *arg)
{
	struct ras_request request = {
		.trigger	= *(enum ras_trigger *)arg,
		.message	= "test",
		.regs		= &fake->cpu[cpu].regs,
		.live		= &fake->cpu[cpu].regs,
	};

	return ras_machine_stop(&fake->m, &request);
}

/**
 * ras_fake_stop() - have a fake CPU stop the machine
 * @fake: the machine
 * @cpu: the CPU, which must be idle
 * @trigger: by which trigger
 *
 * Return: what ras_machine_stop() returned; %-ETIMEDOUT if it never does.
 */
int ras_fake_stop(struct ras_fake *fake, unsigned int cpu, enum ras_trigger trigger)
{
	return ras_fake_do(fake, cpu, ras_fake_stop_job, &trigger);
}

/**
 * ras_fake_start_stop() - the same without waiting for it
 * @fake: the machine
 * @cpu: the CPU, which must be idle
 * @trigger: by which trigger
 *
 * ras_fake_finish() returns what ras_machine_stop() returned.
 */
void ras_fake_start_stop(struct ras_fake *fake, unsigned int cpu,
			 enum ras_trigger trigger)
{
	fake->cpu[cpu].trigger = trigger;
	ras_fake_start(fake, cpu, ras_fake_stop_job, &fake->cpu[cpu].trigger);
}

static int ras_fake_irqs_off_job(struct ras_fake *fake, unsigned int cpu, void *arg)
{
	struct ras_request request = {
		.trigger	= RAS_TRIGGER_API,
		.message	= "interrupts off",
		.regs		= &fake->cpu[cpu].regs,
	};
	int ret, off;

	local_irq_disable();
	ret = ras_machine_stop(&fake->m, &request);
	off = irqs_disabled();
	local_irq_enable();
	return ret ?: off ? 0 : -EINVAL;
}

/**
 * ras_fake_stop_irqs_off() - have the only fake CPU stop with interrupts disabled
 * @fake: a machine of one CPU: with others the core waits, which sleeps on these CPUs
 *
 * Return: what ras_machine_stop() returned; %-EINVAL if interrupts are enabled then.
 */
int ras_fake_stop_irqs_off(struct ras_fake *fake)
{
	return ras_fake_do(fake, 0, ras_fake_irqs_off_job, NULL);
}

/* The fake CPU that this runs on. */
struct ras_fake_cpu *ras_fake_here(struct ras_fake *fake)
{
	return ras_fake_this();
}

/**
 * ras_fake_hang() - what a handler calls to hang
 * @fake: the machine
 * @ns: for how long, by the fake clock
 *
 * NMIs are taken as the CPU's answer says.  A deaf CPU takes none, and hangs until
 * ras_fake_wake(); so does a late one, which takes its NMI then.  The end of the test
 * ends it, too.
 *
 * Return: true if the handler has been abandoned; it is to return at once.
 */
bool ras_fake_hang(struct ras_fake *fake, u64 ns)
{
	struct ras_fake_cpu *cpu = ras_fake_this();
	u64 now = atomic64_read(&fake->clock);
	bool enough;

	WRITE_ONCE(cpu->hang_until, ns < U64_MAX - now ? now + ns : U64_MAX);
	/* It is set in a CPU that has taken over from within its interrupt. */
	WRITE_ONCE(cpu->serving, false);
	do {
		/* Before the NMI, which a late CPU takes only when it is woken. */
		enough = ras_fake_hung_enough(fake, cpu) || kthread_should_stop();
		if (ras_fake_takes(cpu) == RAS_HOW_NMI) {
			WRITE_ONCE(cpu->serving, true);
			xchg(&cpu->nmi, 0);
			ras_stopped(&fake->m, RAS_HOW_NMI, &cpu->regs);
			WRITE_ONCE(cpu->serving, false);
		}
		usleep_range(20, 50);
	} while (!enough);
	/* About to park, if another CPU has taken over. */
	WRITE_ONCE(cpu->serving, true);
	/* Pairs with the smp_rmb() in ras_fake_coming(). */
	smp_store_release(&cpu->hang_until, 0);
	return cpu->landed;
}

/* Let a late CPU answer. */
void ras_fake_wake(struct ras_fake *fake, unsigned int cpu)
{
	WRITE_ONCE(fake->cpu[cpu].awake, true);
}

/* Is @cpu parked in the present stop? */
bool ras_fake_parked(struct ras_fake *fake, unsigned int cpu)
{
	/* Pairs with the release in ras_park(). */
	return smp_load_acquire(&fake->slot[cpu]->parked) == fake->m.stop.sequence;
}

/* Has @cpu ended, or does it within the time that a test has? */
bool ras_fake_halted(struct ras_fake *fake, unsigned int cpu)
{
	/* Pairs with the release in ras_fake_halt(). */
	return ras_fake_until(fake, smp_load_acquire(&fake->cpu[cpu].halted));
}

static int ras_fake_handler_arm(struct ras_handler *handler)
{
	struct ras_fake_handler *h = handler->priv;

	h->arms++;
	return h->arm_error;
}

static void ras_fake_handler_disarm(struct ras_handler *handler)
{
	struct ras_fake_handler *h = handler->priv;

	h->disarms++;
}

static const char *ras_fake_handler_not_ready(struct ras_handler *handler)
{
	struct ras_fake_handler *h = handler->priv;

	if (h->asked)
		h->asked(h);
	return h->reason;
}

static enum ras_verdict ras_fake_handler_run(struct ras_handler *handler,
					     const struct ras_stop *stop)
{
	struct ras_fake_handler *h = handler->priv;

	/* Skipped handlers have a result as well: the order is what counts. */
	h->ran = h->fake->m.nr_results;
	if (h->hook)
		h->hook(h, stop);
	return h->verdict;
}

/**
 * ras_fake_handler() - make a handler that runs for every trigger
 * @test: the test, which has a machine
 * @name: its name
 * @priority: its priority
 *
 * Return: the handler, not registered.
 */
struct ras_fake_handler *ras_fake_handler(struct kunit *test, const char *name,
					  int priority)
{
	struct ras_fake_handler *h = kunit_kzalloc(test, sizeof(*h), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, h);
	h->fake = test->priv;
	h->handler.name = name;
	h->handler.priority = priority;
	h->handler.triggers = RAS_ON_ALL;
	h->handler.arm = ras_fake_handler_arm;
	h->handler.disarm = ras_fake_handler_disarm;
	h->handler.not_ready = ras_fake_handler_not_ready;
	h->handler.run = ras_fake_handler_run;
	h->handler.priv = h;
	return h;
}

/**
 * ras_fake_add() - register such a handler
 * @test: the test, which has a machine
 * @name: its name
 * @priority: its priority
 *
 * Return: the handler.
 */
struct ras_fake_handler *ras_fake_add(struct kunit *test, const char *name,
				      int priority)
{
	struct ras_fake_handler *h = ras_fake_handler(test, name, priority);

	KUNIT_ASSERT_EQ(test, ras_add_handler(&h->fake->m, &h->handler), 0);
	return h;
}

/* As the administrator does it. */
int ras_fake_enable(struct ras_fake_handler *h, bool on)
{
	struct ras_machine *m = &h->fake->m;
	int ret;

	mutex_lock(&m->lock);
	ret = ras_entry_enable(m, h->handler.entry, on);
	mutex_unlock(&m->lock);
	return ret;
}

/* This thread is not bound to a CPU, as those of the fake CPUs are. */
bool ras_fake_only_noreturn(struct ras_fake *fake, enum ras_trigger trigger)
{
	bool only;

	migrate_disable();
	/* As the owner, which this thread is for a moment. */
	atomic64_set(&fake->m.claim, RAS_CLAIM(fake->m.arch->this_cpu(), 0));
	only = ras_only_noreturn(&fake->m, trigger);
	atomic64_set(&fake->m.claim, RAS_CLAIM_NONE);
	migrate_enable();
	return only;
}

/* After a release nothing may be left of the stop. */
void ras_fake_expect_idle(struct kunit *test, struct ras_fake *fake)
{
	unsigned int cpu;

	KUNIT_EXPECT_EQ(test, fake->m.state, RAS_IDLE);
	KUNIT_EXPECT_EQ(test, ras_owner(&fake->m), RAS_NOBODY);
	KUNIT_EXPECT_EQ(test, ras_running(&fake->m), 0);
	for (cpu = 0; cpu < fake->nr; cpu++) {
		KUNIT_EXPECT_EQ(test, READ_ONCE(fake->slot[cpu]->parked), 0);
		KUNIT_EXPECT_FALSE(test, READ_ONCE(fake->slot[cpu]->parking));
		KUNIT_EXPECT_FALSE(test, READ_ONCE(fake->slot[cpu]->guards));
	}
}

/* The record of a CPU that was stopped holds what was captured there. */
void ras_fake_expect_record(struct kunit *test, struct ras_fake *fake,
			    unsigned int cpu, enum ras_how how)
{
	const struct ras_cpu *record = &fake->slot[cpu]->record;

	KUNIT_EXPECT_EQ(test, record->sequence, fake->m.stop.sequence);
	KUNIT_EXPECT_EQ(test, record->how, how);
	KUNIT_EXPECT_PTR_EQ(test, record->task, fake->cpu[cpu].task);
	KUNIT_EXPECT_EQ(test, record->pid, fake->cpu[cpu].task->pid);
	KUNIT_EXPECT_EQ(test, instruction_pointer((struct pt_regs *)&record->arch.regs),
			0x1000UL + cpu);
}

static void ras_fake_new_cpu(struct kunit *test, struct ras_fake *fake,
			     unsigned int nr, bool thread)
{
	struct ras_fake_cpu *cpu = &fake->cpu[nr];
	struct task_struct *task;

	fake->slot[nr] = kunit_kzalloc(test, sizeof(*fake->slot[nr]), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fake->slot[nr]);
	cpumask_set_cpu(nr, &fake->present);
	cpumask_set_cpu(nr, &fake->online);
	init_completion(&cpu->done);
	instruction_pointer_set(&cpu->regs, 0x1000 + nr);
	if (!thread)
		return;

	task = kthread_create(ras_fake_thread, cpu, "ras_fake/%u", nr);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	/* The core expects not to migrate; it has per-CPU data to touch. */
	kthread_bind(task, cpumask_nth(nr % num_online_cpus(), cpu_online_mask));
	/* It may exit by itself, see ras_fake_bow_out(). */
	get_task_struct(task);
	cpu->task = task;
}

/**
 * ras_fake_new() - make the machine of a test
 * @test: the test; skipped if masks of this kernel cannot hold @nr CPUs
 * @nr: number of CPUs, all of them present and online
 * @threads: they are to run
 *
 * The machine is idle, with generous timeouts: what is to answer, answers.
 *
 * Return: the machine.
 */
struct ras_fake *ras_fake_new(struct kunit *test, unsigned int nr, bool threads)
{
	struct ras_fake *fake;
	unsigned int cpu;

	/* Loops over a cpumask end at nr_cpu_ids. */
	if (nr > nr_cpu_ids)
		kunit_skip(test, "needs %u possible CPUs (possible_cpus=%u)", nr, nr);

	fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fake);
	fake->nr = nr;
	fake->patience = jiffies + 120 * HZ;
	mutex_init(&fake->m.lock);
	INIT_LIST_HEAD(&fake->m.entries);
	/* Not at zero, where a time that was not taken would look right. */
	atomic64_set(&fake->clock, NSEC_PER_SEC);
	ras_machine_init(&fake->m, &ras_fake_arch, &ras_fake_kernel_ops, fake->slot);
	ras_fake_now = fake;
	test->priv = fake;

	for (cpu = 0; cpu < nr; cpu++)
		ras_fake_new_cpu(test, fake, cpu, threads);
	for (cpu = 0; cpu < nr && threads; cpu++)
		wake_up_process(fake->cpu[cpu].task);
	return fake;
}

/* Common init callback of the suites; the test makes its machine itself. */
int ras_fake_init(struct kunit *test)
{
	test->priv = NULL;
	return 0;
}

/* Common exit callback of the suites: also after a failed assertion. */
void ras_fake_exit(struct kunit *test)
{
	struct ras_fake *fake = test->priv;
	struct ras_entry *entry, *next;
	unsigned int cpu;

	if (!fake)
		return;
	/* The test would have passed, but waited for minutes for something that never came. */
	KUNIT_EXPECT_TRUE_MSG(test, time_before(jiffies, fake->patience),
			      "a wait was ended by the patience of the fake");
	for (cpu = 0; cpu < fake->nr; cpu++) {
		if (!fake->cpu[cpu].task)
			continue;
		kthread_stop(fake->cpu[cpu].task);
		put_task_struct(fake->cpu[cpu].task);
		/* It has ended within a guarded call. */
		if (fake->slot[cpu]->guards)
			atomic_dec(&ras_guards);
	}
	list_for_each_entry_safe(entry, next, &fake->m.entries, node) {
		/* The CPU that has ended in it does not come back any more. */
		atomic_set(&entry->busy, 0);
		ras_remove_handler(&fake->m, entry->handler);
	}
	ras_fake_now = NULL;
}
