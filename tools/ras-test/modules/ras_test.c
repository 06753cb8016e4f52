// SPDX-License-Identifier: GPL-2.0
/*
 * Test module of the RAS stop framework: puts CPUs into known places and pulls
 * the trigger, so that a dump can be checked against what was arranged.
 *
 * Lines written to /proc/ras_test:
 *
 *	mark <cpu>=<place> ...	plan to keep each CPU in a place until the machine
 *				dies: spin, irqsoff, nmi
 *	mark all=<place>	likewise all CPUs but the writer's
 *	go			have all of them in their places
 *	fire <how>		go, and die on the writer's CPU:
 *				panic, hardirq, softirq, nmi, oops
 *	fire both		panic here and on the CPU marked last, at once
 *	stop [<context>]	ras_stop(), and log what it returned; here, or in
 *				hardirq, softirq, nmi
 *	notifier		register a panic notifier that never returns
 *	tasklet			have a tasklet run that does nothing
 *	handlers		register test_a (next) and test_b (resume), trigger user
 *	refuse			try the registrations that must be refused
 *
 * A place is a function of this file; "the CPU is in that function" is what the
 * dump has to show.
 *
 * "stop", "handlers" and "refuse" need the framework; without it the module
 * builds and does the rest, for the kernel that this one is compared with.
 */
#define pr_fmt(fmt) "ras_test: " fmt

#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>
#include <linux/proc_fs.h>
#ifdef CONFIG_RAS_STOP
#include <linux/ras.h>
#endif
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include <asm/apic.h>
#include <asm/nmi.h>

/* How long "go" waits for the CPUs to assemble, and then to take their places. */
#define TEST_READY_MS	10000

enum test_place { PLACE_SPIN, PLACE_IRQSOFF, PLACE_NMI, NR_PLACES };

static const char * const place_names[NR_PLACES] = { "spin", "irqsoff", "nmi" };

static struct cpumask want_nmi;		/* CPUs to hold in the NMI handler */
static bool act_by_nmi;			/* the writer's next NMI is to panic, or stop */
static bool stop_only;			/* not to panic, but to ras_stop() */
static atomic_t assembled;
static bool all_assembled;
static atomic_t places_taken;
static unsigned int places_wanted;
static unsigned int last_marked;
static bool both_go;
static bool second_goes;

/*
 * The places.  Each spins in its own code: no call, so that the instruction
 * pointer is in the function whenever the CPU is interrupted.
 */
static noinline void ras_test_place_spin(void)
{
	atomic_inc(&places_taken);
	for (;;) {
		if (READ_ONCE(both_go) && raw_smp_processor_id() == last_marked)
			break;
		cpu_relax();
	}
	/* As on the first: no interrupt of the other's stop keeps it from panic(). */
	local_irq_disable();
	WRITE_ONCE(second_goes, true);
	panic("ras_test: panic on the second CPU");
}

static noinline void ras_test_place_irqsoff(void)
{
	local_irq_disable();
	atomic_inc(&places_taken);
	for (;;)
		cpu_relax();
}

static noinline void ras_test_place_nmi(void)
{
	atomic_inc(&places_taken);
	for (;;)
		cpu_relax();
}

static noinline void ras_test_die(const char *where)
{
	panic("ras_test: panic in %s", where);
}

static void test_act(const char *where)
{
#ifdef CONFIG_RAS_STOP
	if (READ_ONCE(stop_only)) {
		pr_info("ras_stop in %s: %d\n", where, ras_stop("ras_test asked"));
		return;
	}
#endif
	ras_test_die(where);
	/* No tail call, so that the caller is in the backtrace. */
	barrier();
}

static int test_nmi(unsigned int type, struct pt_regs *regs)
{
	int cpu = raw_smp_processor_id();

	if (cpumask_test_and_clear_cpu(cpu, &want_nmi))
		ras_test_place_nmi();
	if (xchg(&act_by_nmi, false)) {
		test_act("nmi");
		return NMI_HANDLED;
	}
	return NMI_DONE;
}

static int test_marker(void *place)
{
	/*
	 * No softirq from here on: it would be what an IPI interrupts.  And all
	 * assemble before the first switches its interrupts off, since some
	 * worker on its way to a CPU that does not answer keeps that marker out.
	 */
	local_bh_disable();
	atomic_inc(&assembled);
	while (!READ_ONCE(all_assembled))
		cpu_relax();

	switch ((long)place) {
	case PLACE_SPIN:
		ras_test_place_spin();
		break;
	case PLACE_IRQSOFF:
		ras_test_place_irqsoff();
		break;
	case PLACE_NMI:
		cpumask_set_cpu(raw_smp_processor_id(), &want_nmi);
		apic->send_IPI(raw_smp_processor_id(), NMI_VECTOR);
		break;
	}
	local_bh_enable();
	return 0;
}

static int test_mark_cpu(unsigned int cpu, enum test_place place)
{
	struct task_struct *task;

	task = kthread_create_on_cpu(test_marker, (void *)(long)place, cpu,
				     "ras_marker/%u");
	if (IS_ERR(task))
		return PTR_ERR(task);
	places_wanted++;
	last_marked = cpu;
	wake_up_process(task);
	return 0;
}

static int test_find_place(const char *name)
{
	return match_string(place_names, NR_PLACES, name);
}

static int test_mark(char *args)
{
	unsigned int self = raw_smp_processor_id();
	char *word, *name;
	unsigned int cpu;
	int place, ret;

	/*
	 * The kernel frees the init sections of a new module in a worker, and waits there until
	 * all CPUs have flushed their TLBs: for good, if one has its interrupts off by then.
	 * (Not flush_workqueue(), which warns of the queue that everybody uses.)
	 */
	__flush_workqueue(system_wq);

	while ((word = strsep(&args, " "))) {
		name = strchr(word, '=');
		if (!name)
			return -EINVAL;
		*name++ = '\0';
		place = test_find_place(name);
		if (place < 0)
			return place;
		if (!strcmp(word, "all")) {
			for_each_online_cpu(cpu) {
				ret = cpu == self ? 0 : test_mark_cpu(cpu, place);
				if (ret)
					return ret;
			}
			continue;
		}
		ret = kstrtouint(word, 10, &cpu);
		if (ret || cpu >= nr_cpu_ids || !cpu_online(cpu))
			return -EINVAL;
		ret = test_mark_cpu(cpu, place);
		if (ret)
			return ret;
	}
	return 0;
}

static int test_go(void)
{
	unsigned int ms;

	for (ms = 0; atomic_read(&assembled) < places_wanted; ms += 20) {
		if (ms > TEST_READY_MS)
			goto late;
		msleep(20);
	}
	WRITE_ONCE(all_assembled, true);
	/* No sleep: with interrupts off elsewhere, who knows what waits. */
	for (ms = 0; atomic_read(&places_taken) < places_wanted; ms++) {
		if (ms > TEST_READY_MS)
			goto late;
		mdelay(1);
	}
	return 0;

late:
	pr_err("%d of %u CPUs assembled, %d in their places\n",
	       atomic_read(&assembled), places_wanted, atomic_read(&places_taken));
	return -ETIMEDOUT;
}

/* Contexts to panic in */

static void test_in_hardirq(struct irq_work *work)
{
	test_act("hardirq");
}

static DEFINE_IRQ_WORK(test_irq_work, test_in_hardirq);

static void test_in_softirq(struct tasklet_struct *tasklet)
{
	test_act("softirq");
}

static DECLARE_TASKLET(test_tasklet, test_in_softirq);

static void test_nothing(struct tasklet_struct *tasklet) { }

static DECLARE_TASKLET(test_idle_tasklet, test_nothing);

static noinline void ras_test_oops(void)
{
	WRITE_ONCE(*(int *)8, 0);
}

/* Panic or stop in a context of this CPU; false if there is none of that name. */
static bool test_act_in(const char *context)
{
	if (!strcmp(context, "hardirq")) {
		irq_work_queue(&test_irq_work);
	} else if (!strcmp(context, "softirq")) {
		tasklet_schedule(&test_tasklet);
	} else if (!strcmp(context, "nmi")) {
		act_by_nmi = true;
		apic->send_IPI(raw_smp_processor_id(), NMI_VECTOR);
	} else {
		return false;
	}
	/* Interrupts, NMIs and softirqs get a moment to arrive. */
	mdelay(100);
	return true;
}

static int test_fire(const char *how)
{
	int ret = test_go();
	unsigned int ms;

	if (ret)
		return ret;
	preempt_disable();
	if (!strcmp(how, "panic")) {
		ras_test_die("task");
	} else if (!strcmp(how, "both")) {
		local_irq_disable();
		WRITE_ONCE(both_go, true);
		for (ms = 0; ms < TEST_READY_MS && !READ_ONCE(second_goes); ms++)
			mdelay(1);
		panic("ras_test: panic on the first CPU");
	} else if (!strcmp(how, "oops")) {
		ras_test_oops();
	} else if (!test_act_in(how)) {
		ret = -EINVAL;
	}
	preempt_enable();
	return ret;
}

#ifdef CONFIG_RAS_STOP

static int test_stop(const char *context)
{
	bool known = true;

	if (!context) {
		pr_info("ras_stop: %d\n", ras_stop("ras_test asked"));
		return 0;
	}
	preempt_disable();
	WRITE_ONCE(stop_only, true);
	if (!strcmp(context, "task"))
		test_act(context);
	else
		known = test_act_in(context);
	WRITE_ONCE(stop_only, false);
	preempt_enable();
	return known ? 0 : -EINVAL;
}

/* Registrations that must be refused */

static enum ras_verdict test_run(struct ras_handler *handler,
				 const struct ras_stop *stop)
{
	return RAS_NEXT;
}

static void test_refuse(void)
{
	struct ras_handler handler = {
		.name	  = "kdump",
		.triggers = RAS_ON(USER),
		.run	  = test_run,
	};

	pr_info("duplicate name: %d\n", ras_register_handler(&handler));
	handler.name = "second";
	handler.flags = RAS_HANDLER_NORETURN;
	pr_info("second noreturn: %d\n", ras_register_handler(&handler));
	ras_unregister_handler(&handler);
	handler.flags = 0;
	handler.run = NULL;
	pr_info("no run: %d\n", ras_register_handler(&handler));
}

/* Two handlers, for the order and for unloading while in use */

static int test_arm(struct ras_handler *handler)
{
	handler->priv = kzalloc(PAGE_SIZE, GFP_KERNEL);
	return handler->priv ? 0 : -ENOMEM;
}

static void test_disarm(struct ras_handler *handler)
{
	kfree(handler->priv);
	handler->priv = NULL;
	pr_info("disarmed %s\n", handler->name);
}

/* Uses what arm() has allocated, which must not be gone. */
static enum ras_verdict test_use(struct ras_handler *handler,
				 const struct ras_stop *stop)
{
	u64 word;

	snprintf(handler->priv, PAGE_SIZE, "%s: %s", handler->name, stop->message);
	pr_info("%s: owns the stop: %d, polls: %d, copies: %d and %d\n", handler->name,
		ras_owns_stop(), ras_poll(true, 0), ras_copy(&word, stop, sizeof(word)),
		ras_copy(&word, (void *)PAGE_SIZE, sizeof(word)));
	return !strcmp(handler->name, "test_b") ? RAS_RESUME : RAS_NEXT;
}

static struct ras_handler test_a = {
	.name	  = "test_a",
	.priority = RAS_PRIO_DEBUG + 10,
	.triggers = RAS_ON(USER),
	.arm	  = test_arm,
	.disarm	  = test_disarm,
	.run	  = test_use,
};

static struct ras_handler test_b = {
	.name	  = "test_b",
	.priority = RAS_PRIO_DEBUG + 20,
	.triggers = RAS_ON(USER),
	.arm	  = test_arm,
	.disarm	  = test_disarm,
	.run	  = test_use,
};

static int test_handlers(void)
{
	int ret = ras_register_handler(&test_a);

	if (!ret)
		ret = ras_register_handler(&test_b);
	return ret;
}

static void test_handlers_gone(void)
{
	ras_unregister_handler(&test_a);
	ras_unregister_handler(&test_b);
}

/* The commands that need the framework */
static int test_command_ras(const char *verb, const char *args)
{
	if (!strcmp(verb, "stop"))
		return test_stop(args);
	if (!strcmp(verb, "handlers"))
		return test_handlers();
	if (!strcmp(verb, "refuse")) {
		test_refuse();
		return 0;
	}
	return -EINVAL;
}

#else /* !CONFIG_RAS_STOP */

static void test_handlers_gone(void) { }

static int test_command_ras(const char *verb, const char *args)
{
	return -EINVAL;
}

#endif /* CONFIG_RAS_STOP */

/* What panic() calls after the handlers of a stop, and nobody guards. */
static int test_never_returns(struct notifier_block *nb, unsigned long event,
			      void *message)
{
	for (;;)
		cpu_relax();
	return NOTIFY_DONE;
}

static struct notifier_block test_notifier = {
	.notifier_call	= test_never_returns,
};

static int test_command(char *line)
{
	char *args = line;
	char *verb = strsep(&args, " ");

	if (!strcmp(verb, "mark") && args)
		return test_mark(args);
	if (!strcmp(verb, "fire") && args)
		return test_fire(args);
	if (!strcmp(verb, "go"))
		return test_go();
	if (!strcmp(verb, "notifier"))
		return atomic_notifier_chain_register(&panic_notifier_list,
						      &test_notifier);
	if (!strcmp(verb, "tasklet")) {
		tasklet_schedule(&test_idle_tasklet);
		return 0;
	}
	return test_command_ras(verb, args);
}

static ssize_t test_write(struct file *file, const char __user *buf,
			  size_t count, loff_t *pos)
{
	char *line;
	int ret;

	if (count > PAGE_SIZE)
		return -EINVAL;
	line = memdup_user_nul(buf, count);
	if (IS_ERR(line))
		return PTR_ERR(line);
	ret = test_command(strim(line));
	kfree(line);
	return ret ?: count;
}

static const struct proc_ops test_proc_ops = {
	.proc_write = test_write,
};

static int __init test_init(void)
{
	int ret;

	ret = register_nmi_handler(NMI_LOCAL, test_nmi, 0, "ras_test");
	if (ret)
		return ret;
	if (!proc_create("ras_test", 0200, NULL, &test_proc_ops)) {
		unregister_nmi_handler(NMI_LOCAL, "ras_test");
		return -ENOMEM;
	}
	return 0;
}

static void __exit test_exit(void)
{
	atomic_notifier_chain_unregister(&panic_notifier_list, &test_notifier);
	remove_proc_entry("ras_test", NULL);
	test_handlers_gone();
	tasklet_kill(&test_idle_tasklet);
	unregister_nmi_handler(NMI_LOCAL, "ras_test");
}

module_init(test_init);
module_exit(test_exit);

MODULE_DESCRIPTION("RAS stop framework: test places and triggers");
MODULE_LICENSE("GPL");
