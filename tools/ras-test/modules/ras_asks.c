// SPDX-License-Identifier: GPL-2.0
/*
 * Test client: handlers that ask the core for what a dump or a jump needs.
 *
 * Written into /sys/module/ras_asks/parameters/do:
 *
 *	try		a handler tries what faults, panics, overflows and hangs, then returns
 *	one		ras_stop_for() with prepare() and complete(); then refused by prepare()
 *	abandoned	the same, and the handler faults
 *	help		parked CPUs work for a handler, and one goes wrong in each way
 *	lost		in a crash, a helper hangs that no NMI reaches
 *	notes		in a crash, the ELF notes are written before the crash kernel's
 *	leave		in a crash, a handler that leaves comes back; the crash kernel is next
 *	preempt		a handler takes minutes; meanwhile the CPU of the parameter stray,
 *			which is in an NMI, panics
 *	stray		only that: the CPU is in an NMI for three seconds, and panics
 *	poison		a handler copies memory until the lab reports a machine check there
 *	broken		in a crash, a handler has a machine check that nothing mends
 *
 * QEMU has no memory that is poisoned, but it reports a machine check when it is told to.
 */
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nmi.h>
#include <linux/panic.h>
#include <linux/ras.h>
#include <linux/sizes.h>
#include <linux/smp.h>
#include <linux/string.h>

#include <asm/apic.h>
#include <asm/io.h>
#include <asm/nmi.h>

static int stray = 1;
module_param(stray, int, 0644);
MODULE_PARM_DESC(stray, "the CPU that is in an NMI, and panics there");

static noinline void asks_fault(void *arg)
{
	WRITE_ONCE(*(int *)8UL, 1);
}

static noinline void asks_panic(void *arg)
{
	panic("ras_asks: panic");
}

static noinline void asks_overflow(void *arg)
{
	char frame[512];

	WRITE_ONCE(frame[0], 1);
	asks_overflow(frame);
	WRITE_ONCE(frame[1], 1);
}

static noinline void asks_hang(void *arg)
{
	for (;;)
		cpu_relax();
}

static noinline void asks_nothing(void *arg) { }

static noinline void asks_try_again(void *arg)
{
	struct ras_failure why = { };
	int ret = ras_try(arg, asks_fault, NULL, 100, &why);

	pr_info("ras_asks: fault within: %d, %pS\n", ret, (void *)why.ip);
}

static enum ras_verdict asks_try_run(struct ras_handler *handler,
				     const struct ras_stop *stop)
{
	static const struct {
		const char	*name;
		void		(*fn)(void *arg);
	} tries[] = {
		{ "nothing", asks_nothing }, { "fault", asks_fault }, { "panic", asks_panic },
		{ "overflow", asks_overflow }, { "hang", asks_hang }, { "nested", asks_try_again },
	};
	struct ras_failure why;
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		memset(&why, 0, sizeof(why));
		ret = ras_try(stop, tries[i].fn, (void *)stop, 200, &why);
		pr_info("ras_asks: %s: %d, why %d\n", tries[i].name, ret, why.why);
	}
	return RAS_NEXT;
}

static struct ras_handler asks_try = {
	.name		= "asks_try",
	.priority	= RAS_PRIO_DUMP,
	.flags		= RAS_HANDLER_ON_CALL,
	.deadline_ms	= 5000,
	.run		= asks_try_run,
};

static int asks_prepared, asks_refuse;

static int asks_prepare(struct ras_handler *handler, void *arg)
{
	msleep(20);
	asks_prepared++;
	return asks_refuse;
}

static void asks_complete(struct ras_handler *handler, void *arg, int ret,
			  const struct ras_outcome *outcome)
{
	msleep(20);
	pr_info("ras_asks: complete: %d, ran %d, verdict %d, why %d\n", ret, outcome->ran,
		outcome->verdict, outcome->why.why);
}

static enum ras_verdict asks_one_run(struct ras_handler *handler,
				     const struct ras_stop *stop)
{
	pr_info("ras_asks: runs alone, argument %d\n", *(int *)stop->arg);
	if (*(int *)stop->arg < 0)
		asks_fault(NULL);
	return RAS_END;
}

static struct ras_handler asks_one = {
	.name		= "asks_one",
	.priority	= RAS_PRIO_DUMP,
	.flags		= RAS_HANDLER_ON_CALL,
	.deadline_ms	= 1000,
	.run		= asks_one_run,
	.prepare	= asks_prepare,
	.complete	= asks_complete,
};

static int asks_for_one(int arg)
{
	struct ras_outcome outcome;
	int ret = ras_stop_for(&asks_one, "ras_asks", &arg, &outcome);

	pr_info("ras_asks: stop for one: %d, ran %d, why %d\n", ret, outcome.ran,
		outcome.why.why);
	return 0;
}

static int bad = -1;
module_param(bad, int, 0644);
MODULE_PARM_DESC(bad, "the helper that goes wrong; -1: the first that gets so far");

static atomic_t asks_pieces[NR_CPUS];
static void (*asks_wrong)(void *arg);
static int asks_bad;

static bool asks_work(void *arg)
{
	int cpu = raw_smp_processor_id();

	/* The first CPU that gets so far goes wrong in its second piece. */
	if (atomic_inc_return(&asks_pieces[cpu]) == 2 && asks_wrong &&
	    (bad < 0 || bad == cpu) && cmpxchg(&asks_bad, -1, cpu) == -1)
		asks_wrong(NULL);
	mdelay(1);
	return atomic_read(&asks_pieces[cpu]) < 10;
}

static const char * const asks_states[] = { "none", "runs", "done", "abandoned", "lost" };

static void asks_job(const struct ras_stop *stop, const char *name, void (*wrong)(void *arg))
{
	static const struct ras_job job = { .work = asks_work, .deadline_ms = 100 };
	unsigned int cpu, runs;
	int ret;

	memset(asks_pieces, 0, sizeof(asks_pieces));
	asks_wrong = wrong;
	asks_bad = -1;
	ret = ras_help_start(stop, &job);
	pr_info("ras_asks: %s: %d helpers\n", name, ret);
	do {
		runs = 0;
		for_each_online_cpu(cpu)
			runs += ras_help_state(stop, cpu) == RAS_HELPER_RUNS;
		ras_progress(stop);
		ras_relax();
	} while (runs);
	ret = ras_help_end(stop);
	for_each_online_cpu(cpu)
		pr_info("ras_asks: %s: CPU %u %s, %d pieces\n", name, cpu,
			asks_states[ras_help_state(stop, cpu)],
			atomic_read(&asks_pieces[cpu]));
	pr_info("ras_asks: %s: end %d\n", name, ret);
}

static enum ras_verdict asks_help_run(struct ras_handler *handler,
				      const struct ras_stop *stop)
{
	asks_job(stop, "work", NULL);
	asks_job(stop, "fault", asks_fault);
	asks_job(stop, "overflow", asks_overflow);
	asks_job(stop, "hang", asks_hang);
	asks_job(stop, "again", NULL);
	return RAS_NEXT;
}

static struct ras_handler asks_help = {
	.name		= "asks_help",
	.priority	= RAS_PRIO_DUMP,
	.flags		= RAS_HANDLER_ON_CALL | RAS_HANDLER_HELPED,
	.deadline_ms	= 2000,
	.run		= asks_help_run,
};

static enum ras_verdict asks_lost_run(struct ras_handler *handler,
				      const struct ras_stop *stop)
{
	asks_job(stop, "hang", asks_hang);
	return RAS_NEXT;
}

static struct ras_handler asks_lost = {
	.name		= "asks_lost",
	.priority	= RAS_PRIO_DUMP,
	.triggers	= RAS_ON(PANIC),
	.flags		= RAS_HANDLER_HELPED,
	.deadline_ms	= 2000,
	.run		= asks_lost_run,
};

static enum ras_verdict asks_notes_run(struct ras_handler *handler,
				       const struct ras_stop *stop)
{
	pr_info("ras_asks: notes: %d\n", ras_save_notes(stop));
	return RAS_NEXT;
}

static struct ras_handler asks_notes = {
	.name		= "asks_notes",
	.priority	= RAS_PRIO_DUMP,
	.triggers	= RAS_ON(PANIC),
	.deadline_ms	= 1000,
	.run		= asks_notes_run,
};

static void asks_come_back(void *arg)
{
	pr_info("ras_asks: left, and came back\n");
}

static enum ras_verdict asks_leave_run(struct ras_handler *handler,
				       const struct ras_stop *stop)
{
	pr_info("ras_asks: leave: %d\n", ras_leave(stop, asks_come_back, NULL));
	return RAS_NEXT;
}

static struct ras_handler asks_leave = {
	.name		= "asks_leave",
	.priority	= RAS_PRIO_LAST - 1,
	.triggers	= RAS_ON(PANIC),
	.flags		= RAS_HANDLER_NORETURN,
	.deadline_ms	= 1000,
	.run		= asks_leave_run,
};

static enum ras_verdict asks_minutes_run(struct ras_handler *handler,
					 const struct ras_stop *stop)
{
	u64 begin = ras_clock_ns();

	while (ras_clock_ns() - begin < 120ULL * NSEC_PER_SEC) {
		ras_progress(stop);
		ras_relax();
	}
	return RAS_NEXT;
}

static struct ras_handler asks_minutes = {
	.name		= "asks_minutes",
	.priority	= RAS_PRIO_DUMP,
	.flags		= RAS_HANDLER_ON_CALL,
	.deadline_ms	= 1000,
	.run		= asks_minutes_run,
};

static bool asks_stray_waits;

/* An NMI handler in which a CPU stays until the stop is there, and then panics. */
static int asks_nmi(unsigned int type, struct pt_regs *regs)
{
	if (raw_smp_processor_id() != stray || !xchg(&asks_stray_waits, false))
		return NMI_DONE;
	ras_poll(false, 3ULL * NSEC_PER_SEC);
	panic("ras_asks: panic of a CPU that has strayed");
}

static void asks_send_astray(void)
{
	asks_stray_waits = true;
	/* Pairs with the xchg() in the NMI. */
	smp_mb();
	apic->send_IPI(stray, NMI_VECTOR);
	ras_poll(!READ_ONCE(asks_stray_waits), NSEC_PER_SEC);
}

static int asks_to_be_preempted(void)
{
	asks_send_astray();
	pr_info("ras_asks: stop for minutes: %d\n",
		ras_stop_for(&asks_minutes, "minutes", NULL, NULL));
	return 0;
}

/* The UART of the console, a 16550: its data register, and its line status register. */
#define ASKS_UART	0x3f8
#define ASKS_UART_LSR	(ASKS_UART + 5)
#define ASKS_UART_EMPTY	0x20

/* What is said while the machine is stopped reaches the lab only past printk(). */
static void asks_tell(const char *text)
{
	for (; *text; text++) {
		ras_poll(inb(ASKS_UART_LSR) & ASKS_UART_EMPTY, NSEC_PER_SEC);
		outb(*text, ASKS_UART);
	}
}

static void asks_want_machine_check(const void *where)
{
	char text[80];

	snprintf(text, sizeof(text), " RT: want machine check on CPU %d at 0x%llx\r\n",
		 raw_smp_processor_id(), (u64)virt_to_phys(where));
	asks_tell(text);
}

/* So much that the CPU is hardly ever anywhere but in the instruction that copies. */
#define ASKS_POISON_SIZE	SZ_256K

static u8 asks_copied[ASKS_POISON_SIZE];

static enum ras_verdict asks_poison_run(struct ras_handler *handler,
					const struct ras_stop *stop)
{
	void *from = stop->arg;
	u64 begin = ras_clock_ns();
	int ret;

	asks_want_machine_check(from);
	do {
		ras_progress(stop);
		ret = ras_copy(asks_copied, from, ASKS_POISON_SIZE);
	} while (!ret && ras_clock_ns() - begin < 60ULL * NSEC_PER_SEC);
	pr_info("ras_asks: poison: %d, then %d\n", ret,
		ras_copy(asks_copied, from, ASKS_POISON_SIZE));
	return RAS_NEXT;
}

static struct ras_handler asks_poison = {
	.name		= "asks_poison",
	.priority	= RAS_PRIO_DUMP,
	.flags		= RAS_HANDLER_ON_CALL,
	.deadline_ms	= 1000,
	.run		= asks_poison_run,
};

static int asks_for_poison(void)
{
	unsigned int order = get_order(ASKS_POISON_SIZE);
	struct page *pages = alloc_pages(GFP_KERNEL, order);
	int ret;

	if (!pages)
		return -ENOMEM;
	ret = ras_stop_for(&asks_poison, "ras_asks", page_address(pages), NULL);
	__free_pages(pages, order);
	return ret;
}

static enum ras_verdict asks_broken_run(struct ras_handler *handler,
					const struct ras_stop *stop)
{
	asks_want_machine_check(page_address(ZERO_PAGE(0)));
	ras_poll(false, 60ULL * NSEC_PER_SEC);
	pr_info("ras_asks: there was no machine check\n");
	return RAS_NEXT;
}

static struct ras_handler asks_broken = {
	.name		= "asks_broken",
	.priority	= RAS_PRIO_DUMP,
	.triggers	= RAS_ON(PANIC),
	.deadline_ms	= 90000,
	.run		= asks_broken_run,
};

static struct ras_handler *const asks_handlers[] = {
	&asks_try, &asks_one, &asks_help, &asks_minutes, &asks_poison,
};

static int asks_do(const char *text, const struct kernel_param *param)
{
	int ret;

	if (sysfs_streq(text, "try"))
		return ras_stop_for(&asks_try, "ras_asks", NULL, NULL);
	if (sysfs_streq(text, "help"))
		return ras_stop_for(&asks_help, "ras_asks", NULL, NULL);
	if (sysfs_streq(text, "notes"))
		return ras_register_handler(&asks_notes);
	if (sysfs_streq(text, "lost"))
		return ras_register_handler(&asks_lost);
	if (sysfs_streq(text, "leave"))
		return ras_register_handler(&asks_leave);
	if (sysfs_streq(text, "poison"))
		return asks_for_poison();
	if (sysfs_streq(text, "broken"))
		return ras_register_handler(&asks_broken);
	if (sysfs_streq(text, "preempt"))
		return asks_to_be_preempted();
	if (sysfs_streq(text, "stray")) {
		asks_send_astray();
		return 0;
	}
	if (sysfs_streq(text, "abandoned"))
		return asks_for_one(-1);
	if (!sysfs_streq(text, "one"))
		return -EINVAL;
	ret = asks_for_one(42);
	asks_refuse = -EAGAIN;
	asks_for_one(43);
	asks_refuse = 0;
	pr_info("ras_asks: prepared %d times\n", asks_prepared);
	return ret;
}

static const struct kernel_param_ops asks_ops = { .set = asks_do };
module_param_cb(do, &asks_ops, NULL, 0200);
MODULE_PARM_DESC(do, "what is to be asked for; see the source");

static void asks_unregister(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(asks_handlers); i++)
		ras_unregister_handler(asks_handlers[i]);
	ras_unregister_handler(&asks_lost);
	ras_unregister_handler(&asks_notes);
	ras_unregister_handler(&asks_leave);
	ras_unregister_handler(&asks_broken);
}

static int __init asks_init(void)
{
	unsigned int i;
	int ret = register_nmi_handler(NMI_LOCAL, asks_nmi, 0, "ras_asks");

	for (i = 0; !ret && i < ARRAY_SIZE(asks_handlers); i++) {
		ret = ras_register_handler(asks_handlers[i]);
		if (ret) {
			asks_unregister();
			unregister_nmi_handler(NMI_LOCAL, "ras_asks");
		}
	}
	return ret;
}
module_init(asks_init);

static void __exit asks_exit(void)
{
	asks_unregister();
	unregister_nmi_handler(NMI_LOCAL, "ras_asks");
}
module_exit(asks_exit);

MODULE_DESCRIPTION("RAS test client: asks the core for what dumps and jumps need");
MODULE_LICENSE("GPL");
