// SPDX-License-Identifier: GPL-2.0
/*
 * Benchmark of the RAS stop framework against the floor and against what else
 * stops CPUs.  Loading it runs @rounds rounds of each and prints a line a round,
 * "ras_bench: <measure> <ns> ..."; what disturbs the machine disturbs all of the
 * measures.  Where a time stamp is an instruction, as in Bochs, its frequency, which
 * is printed first, makes instructions of the nanoseconds.
 *
 *	nmi	every other CPU is in an NMI handler that sets a flag
 *	stop	ras_stop(): every other CPU is parked, its registers saved
 *	release	ras_stop(): every other CPU has left
 *	machine	stop_machine(): the function runs
 *	ipi	every other CPU is in a function called by smp_call_function()
 *	guard	from the end of one handler to the beginning of the next, neither
 *		with a deadline: leaving a guarded call, the chain, entering another
 *	watched	the same with deadlines: a CPU is told to watch, and not to
 */
#define pr_fmt(fmt) "ras_bench: " fmt

#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/ras.h>
#include <linux/smp.h>
#include <linux/stop_machine.h>
#include <linux/vmalloc.h>

#include <asm/apic.h>
#include <asm/nmi.h>
#include <asm/tsc.h>

#define BENCH_TIMEOUT_NS	(10ULL * NSEC_PER_SEC)

static unsigned int rounds = 200;
module_param(rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "rounds of each measure (default 200)");

static struct cpumask arrived;
static struct cpumask nmi_wanted;
static bool let_go;
static struct task_struct *busy[NR_CPUS];

/* The clock of the framework, so that both are measured alike. */
static u64 bench_now(void)
{
	return mul_u64_u64_div_u64(rdtsc(), USEC_PER_SEC, tsc_khz);
}

static int bench_nmi_handler(unsigned int type, struct pt_regs *regs)
{
	int cpu = raw_smp_processor_id();

	if (!cpumask_test_and_clear_cpu(cpu, &nmi_wanted))
		return NMI_DONE;
	cpumask_set_cpu(cpu, &arrived);
	while (!READ_ONCE(let_go))
		cpu_relax();
	cpumask_clear_cpu(cpu, &arrived);
	return NMI_HANDLED;
}

static void bench_ipi_handler(void *unused)
{
	int cpu = raw_smp_processor_id();

	cpumask_set_cpu(cpu, &arrived);
	while (!READ_ONCE(let_go))
		cpu_relax();
	cpumask_clear_cpu(cpu, &arrived);
}

/* Wait for @wanted CPUs; 0 if they did not come. */
static u64 bench_await(u64 start, unsigned int wanted)
{
	u64 now = bench_now();

	while (cpumask_weight(&arrived) != wanted && now - start < BENCH_TIMEOUT_NS) {
		cpu_relax();
		now = bench_now();
	}
	return cpumask_weight(&arrived) == wanted ? now - start : 0;
}

static u64 bench_nmi(void)
{
	unsigned int others = num_online_cpus() - 1;
	unsigned long flags;
	unsigned int cpu;
	u64 start, ns;

	/*
	 * For this measure only, so that it is first in its own NMIs and not there in those
	 * of the others.
	 */
	if (register_nmi_handler(NMI_LOCAL, bench_nmi_handler, NMI_FLAG_FIRST, "ras_bench"))
		return 0;
	let_go = false;
	cpumask_copy(&nmi_wanted, cpu_online_mask);
	local_irq_save(flags);
	cpumask_clear_cpu(smp_processor_id(), &nmi_wanted);
	start = bench_now();
	for_each_online_cpu(cpu)
		if (cpu != smp_processor_id())
			apic->send_IPI(cpu, NMI_VECTOR);
	ns = bench_await(start, others);
	WRITE_ONCE(let_go, true);
	bench_await(bench_now(), 0);
	local_irq_restore(flags);
	unregister_nmi_handler(NMI_LOCAL, "ras_bench");
	return ns;
}

static u64 bench_ipi(void)
{
	unsigned int others;
	u64 start, ns;

	preempt_disable();
	others = num_online_cpus() - 1;
	let_go = false;
	start = bench_now();
	smp_call_function(bench_ipi_handler, NULL, 0);
	ns = bench_await(start, others);
	WRITE_ONCE(let_go, true);
	bench_await(bench_now(), 0);
	preempt_enable();
	return ns;
}

static int bench_machine_fn(void *end)
{
	*(u64 *)end = bench_now();
	return 0;
}

static u64 bench_machine(void)
{
	u64 start = bench_now();
	u64 end = start;

	stop_machine(bench_machine_fn, &end, NULL);
	return end - start;
}

/* Handlers that do nothing but look at the clock: two without and two with deadline. */
#define BENCH_HANDLERS	4

static u64 bench_ran[BENCH_HANDLERS][2];

static enum ras_verdict bench_run(struct ras_handler *handler,
				  const struct ras_stop *stop)
{
	u64 *ran = bench_ran[(long)handler->priv];

	ran[0] = bench_now();
	ran[1] = bench_now();
	return RAS_NEXT;
}

static struct ras_handler bench_handlers[BENCH_HANDLERS] = {
	{ .name = "bench_0" },
	{ .name = "bench_1" },
	{ .name = "bench_2", .deadline_ms = 60000 },
	{ .name = "bench_3", .deadline_ms = 60000 },
};

static void bench_remove_handlers(void)
{
	unsigned int i;

	for (i = 0; i < BENCH_HANDLERS; i++)
		ras_unregister_handler(&bench_handlers[i]);
}

static int bench_add_handlers(void)
{
	int ret = 0;
	long i;

	for (i = 0; i < BENCH_HANDLERS && !ret; i++) {
		struct ras_handler *handler = &bench_handlers[i];

		/* Where no other handler comes in between. */
		handler->priority = RAS_PRIO_DUMP + i;
		handler->triggers = RAS_ON(API);
		handler->run = bench_run;
		handler->priv = (void *)i;
		ret = ras_register_handler(handler);
	}
	return ret;
}

enum { BENCH_NMI, BENCH_STOP, BENCH_MACHINE, BENCH_IPI, NR_BENCHES };

/*
 * Keeps a CPU from idling: waking a virtual CPU takes the host a hundred times as
 * long as what is measured, and would be added to one measure or the other.
 */
static int bench_busy(void *unused)
{
	while (!kthread_should_stop()) {
		cpu_relax();
		cond_resched();
	}
	return 0;
}

static void bench_idle_again(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		if (busy[cpu])
			kthread_stop(busy[cpu]);
}

static int bench_make_busy(void)
{
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		struct task_struct *task;

		if (cpu == smp_processor_id())
			continue;
		task = kthread_create_on_cpu(bench_busy, NULL, cpu, "ras_busy/%u");
		if (IS_ERR(task))
			return PTR_ERR(task);
		busy[cpu] = task;
		wake_up_process(task);
	}
	return 0;
}

/* The measures take turns in being the first of a round. */
static int bench_round(unsigned int round)
{
	u64 ns[NR_BENCHES] = { };
	struct ras_times times;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < NR_BENCHES; i++) {
		unsigned int which = (round + i) % NR_BENCHES;

		switch (which) {
		case BENCH_NMI:
			ns[which] = bench_nmi();
			break;
		case BENCH_STOP:
			ret = ras_stop("ras_bench");
			if (ret) {
				pr_err("ras_stop() failed with %d\n", ret);
				return ret;
			}
			ras_last_times(&times);
			ns[which] = times.stop_ns;
			break;
		case BENCH_MACHINE:
			ns[which] = bench_machine();
			break;
		case BENCH_IPI:
			ns[which] = bench_ipi();
			break;
		}
		if (!ns[which]) {
			pr_err("a CPU did not come\n");
			return -ETIMEDOUT;
		}
	}
	pr_info("nmi %llu stop %llu release %llu machine %llu ipi %llu guard %llu watched %llu\n",
		ns[BENCH_NMI], ns[BENCH_STOP], times.release_ns,
		ns[BENCH_MACHINE], ns[BENCH_IPI],
		bench_ran[1][0] - bench_ran[0][1], bench_ran[3][0] - bench_ran[2][1]);
	return 0;
}

static int __init bench_init(void)
{
	unsigned int i;
	int ret;

	if (!rounds || !tsc_khz)
		return -EINVAL;
	ret = bench_add_handlers() ?: bench_make_busy();
	/* The first rounds pay for cold code. */
	for (i = 0; i < rounds + 5 && !ret; i++) {
		if (i == 5)
			pr_info("begin, time stamps of %u kHz\n", tsc_khz);
		ret = bench_round(i);
		msleep(20);
	}
	bench_idle_again();
	bench_remove_handlers();
	pr_info("end\n");
	return ret;
}

static void __exit bench_exit(void)
{
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_DESCRIPTION("RAS stop framework: benchmark");
MODULE_LICENSE("GPL");
