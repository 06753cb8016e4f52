// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the kernel's own debuggers, kdb and kgdb, on the framework's stop.
 *
 * The owner enters debug_core as its master, the parked CPUs as its slaves, by the way
 * that arch/x86/platform/uv/uv_nmi.c has opened for CPUs which are already stopped.
 * Each of the two debuggers is a handler; they share one line, and which of them is
 * armed is what debug_core calls dbg_kdb_mode.
 *
 * debug_core's own events, breakpoints above all, come here as well and become stops
 * of the trigger debug: see ras_kgdb_exception().
 */
#define pr_fmt(fmt) "ras: kgdb: " fmt

#include <linux/console.h>
#include <linux/delay.h>
#include <linux/init.h>
#include <linux/kdb.h>
#include <linux/kdebug.h>
#include <linux/kernel.h>
#include <linux/kgdb.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/smp.h>
#include <linux/trace.h>

#include "../../../kernel/debug/debug_core.h"
#include "kgdb.h"

/* No exception: neither a breakpoint nor, for kdb, a step. */
#define RAS_KGDB_NO_VECTOR	(-1)
/*
 * Without a sign of life on the line.  Every look for a key is one; what takes long in
 * kdb, such as bta, writes to the line all the time.
 */
#define RAS_KGDB_DEADLINE_MS	60000
/* In a hibernation the line is suspended. */
#define RAS_KGDB_TRIGGERS	(RAS_ON_ALL & ~RAS_ON(HIBERNATE))
/* What a step of another CPU may take, before this CPU's breakpoint has its turn. */
#define RAS_KGDB_STEP_MS	100
/* Stops of other CPUs that an exception waits for, before it is given up. */
#define RAS_KGDB_TRIES		100

/* What an NMI that nobody claims is to kdb; gdb is not told. */
#ifdef CONFIG_KGDB_KDB
#define RAS_KGDB_CODE_NMI	KDB_REASON_SYSTEM_NMI
#else
#define RAS_KGDB_CODE_NMI	0
#endif

/**
 * struct ras_kgdb_event - an exception that debug_core was called with
 * @vector: the exception
 * @code: DIE_*
 * @ret: what kgdb_handle_exception() is to return
 * @entered: the debugger was entered for it
 * @handled: and has left again by itself
 */
struct ras_kgdb_event {
	int	vector;
	int	code;
	int	ret;
	bool	entered;
	bool	handled;
};

static DEFINE_PER_CPU(struct ras_kgdb_event *, ras_kgdb_event);

struct ras_kgdb_session ras_kgdb_session;

/* Which of the two policy has enabled. */
static bool ras_kdb_enabled, ras_kgdb_enabled;

/* This CPU is on its way into debug_core as a slave, or there. */
DEFINE_PER_CPU(bool, ras_kgdb_joining);

/* On every parked CPU. */
static void ras_kgdb_join(struct pt_regs *regs, void *arg)
{
	struct ras_kgdb_session *session = arg;
	int ready;

	/* Bounded by the owner; set by debug_core once it may be entered. */
	while (!(ready = atomic_read(&session->ready)))
		cpu_relax();
	if (ready <= 0)
		return;
	/* As in ras_kgdb_enter(). */
	lockdep_off();
	this_cpu_write(ras_kgdb_joining, true);
	kgdb_nmicallback(raw_smp_processor_id(), regs);
	this_cpu_write(ras_kgdb_joining, false);
	lockdep_on();
}

/* How debug_core is to call what has happened. */
static void ras_kgdb_reason(const struct ras_stop *stop, int *vector, int *code)
{
	const struct ras_kgdb_event *event = __this_cpu_read(ras_kgdb_event);

	*vector = RAS_KGDB_NO_VECTOR;
	*code = 0;
	switch (stop->trigger) {
	case RAS_TRIGGER_DEBUG:
		if (event) {
			*vector = event->vector;
			*code = event->code;
		}
		break;
	case RAS_TRIGGER_NMI:
		*code = RAS_KGDB_CODE_NMI;
		break;
	default:
		/* kdb takes this for an oops, and says kdb_diemsg. */
		break;
	}
}

static int ras_kgdb_count(const struct ras_stop *stop)
{
	return 1 + cpumask_weight(&stop->cpus[RAS_HOW_IPI]) +
	       cpumask_weight(&stop->cpus[RAS_HOW_NMI]) +
	       cpumask_weight(&stop->cpus[RAS_HOW_SELF]);
}

static void ras_kgdb_enter(const struct ras_stop *stop, struct pt_regs *regs)
{
	struct ras_kgdb_session *session = &ras_kgdb_session;
	/* kdb asks twice before it goes on after an oops, which is its default. */
	bool asked = stop->trigger == RAS_TRIGGER_SYSRQ ||
		     stop->trigger == RAS_TRIGGER_USER || stop->trigger == RAS_TRIGGER_API;
	int vector, code;

	ras_kgdb_reason(stop, &vector, &code);
	if (asked)
		atomic_inc(&kgdb_setting_breakpoint);
	/*
	 * debug_core takes its locks in whatever context this is, NMI or not, which nobody
	 * but CPUs of the same stop can want.  Nor is lockdep of use after an abandoned
	 * call, which switches it off.
	 */
	lockdep_off();
	if (IS_ENABLED(CONFIG_SMP)) {
		ras_call_parked(stop, ras_kgdb_join, ras_kgdb_left, session);
		kgdb_nmicallin(raw_smp_processor_id(), vector, regs, code, &session->ready);
	} else {
		kgdb_handle_exception(vector, SIGTRAP, code, regs);
	}
	lockdep_on();
	if (asked)
		atomic_dec(&kgdb_setting_breakpoint);
	/* A CPU that parks from here on has nothing to join. */
	atomic_set(&session->ready, -1);
	ras_call_parked_end(stop, RAS_KGDB_LEAVE_MS);
}

static void ras_kgdb_open(const struct ras_stop *stop, int wait_s)
{
	struct ras_kgdb_session *session = &ras_kgdb_session;

	atomic_set(&session->ready, 0);
	session->cpus = ras_kgdb_count(stop);
	session->verdict = RAS_RESUME;
	session->nobody = false;
	session->tracing = tracing_is_on();
	session->loglevel = console_loglevel;
	session->lock_warnings = atomic_read(&ignore_console_lock_warning);
	session->setting_breakpoint = atomic_read(&kgdb_setting_breakpoint);
	/* Last: read by the commands, and by debug_core through ras_kgdb_cpus(). */
	WRITE_ONCE(session->stop, stop);
	ras_kgdb_take_line(stop, wait_s);
}

static void ras_kgdb_close(void)
{
	ras_kgdb_give_line();
	WRITE_ONCE(ras_kgdb_session.stop, NULL);
}

static enum ras_verdict ras_kgdb_run(struct ras_handler *handler,
				     const struct ras_stop *stop, bool kdb)
{
	const struct ras_cpu *record = ras_cpu_record(stop, stop->owner);
	struct ras_kgdb_event *event = __this_cpu_read(ras_kgdb_event);
	struct pt_regs *live = ras_live_regs(stop);
	struct pt_regs *regs = live ?: (struct pt_regs *)&record->arch.regs;
	int cpu = raw_smp_processor_id();
	static u32 last_sequence;

	/* The person has changed to the other debugger, and is done with this stop. */
	if (last_sequence == stop->sequence)
		return RAS_NEXT;
	last_sequence = stop->sequence;
	if (stop->trigger == RAS_TRIGGER_DEBUG && event)
		event->entered = true;
	dbg_kdb_mode = kdb;
	ras_kgdb_open(stop, ras_wait_s(handler, stop));
	if (kdb && stop->trigger != RAS_TRIGGER_DEBUG)
		ras_kgdb_say_stop(stop);
	ras_kgdb_enter(stop, regs);
	/* Nothing that could be stepped. */
	if (!live && atomic_read(&kgdb_cpu_doing_single_step) == cpu)
		atomic_set(&kgdb_cpu_doing_single_step, -1);
	if (stop->trigger == RAS_TRIGGER_DEBUG && event) {
		event->ret = kgdb_info[cpu].ret_state;
		event->handled = true;
	}
	if (ras_kgdb_session.nobody && dbg_kdb_mode)
		kdb_printf("Nobody there: going on.\n");
	ras_kgdb_close();
	return ras_kgdb_session.verdict;
}

static enum ras_verdict ras_kdb_run(struct ras_handler *handler,
				    const struct ras_stop *stop)
{
	return ras_kgdb_run(handler, stop, true);
}

static enum ras_verdict ras_gdb_run(struct ras_handler *handler,
				    const struct ras_stop *stop)
{
	return ras_kgdb_run(handler, stop, false);
}

static void ras_kgdb_abandoned(struct ras_handler *handler, const struct ras_stop *stop,
			       const struct ras_failure *why)
{
	ras_kgdb_rescue(stop);
	ras_kgdb_close();
}

static const char *ras_kgdb_no_line(void)
{
	if (!READ_ONCE(dbg_io_ops))
		return "no line to it, see kgdboc=";
	/* Entered without the framework, and a person is in it. */
	if (atomic_read(&kgdb_active) != -1)
		return "debug_core is busy";
	return NULL;
}

static const char *ras_kdb_not_ready(struct ras_handler *handler)
{
	if (READ_ONCE(ras_kgdb_enabled) && !dbg_kdb_mode)
		return "kgdb has the line";
	return ras_kgdb_no_line();
}

static const char *ras_gdb_not_ready(struct ras_handler *handler)
{
	if (READ_ONCE(ras_kdb_enabled) && dbg_kdb_mode)
		return "kdb has the line";
	return ras_kgdb_no_line();
}

static int ras_kgdb_arm(struct ras_handler *handler)
{
	WRITE_ONCE(*(bool *)handler->priv, true);
	return 0;
}

static void ras_kgdb_disarm(struct ras_handler *handler)
{
	WRITE_ONCE(*(bool *)handler->priv, false);
}

static struct ras_handler ras_kdb_handler = {
	.name		= "kdb",
	.priority	= RAS_PRIO_DEBUG,
	.triggers	= RAS_KGDB_TRIGGERS,
	.flags		= RAS_HANDLER_INTERACTIVE,
	.wait_s		= RAS_WAIT_AUTO,
	.deadline_ms	= RAS_KGDB_DEADLINE_MS,
	.arm		= ras_kgdb_arm,
	.disarm		= ras_kgdb_disarm,
	.priv		= &ras_kdb_enabled,
	.not_ready	= ras_kdb_not_ready,
	.run		= ras_kdb_run,
	.abandoned	= ras_kgdb_abandoned,
};

static struct ras_handler ras_gdb_handler = {
	.name		= "kgdb",
	.priority	= RAS_PRIO_DEBUG + 1,
	.triggers	= RAS_KGDB_TRIGGERS,
	.flags		= RAS_HANDLER_INTERACTIVE,
	.wait_s		= RAS_WAIT_AUTO,
	.deadline_ms	= RAS_KGDB_DEADLINE_MS,
	.arm		= ras_kgdb_arm,
	.disarm		= ras_kgdb_disarm,
	.priv		= &ras_kgdb_enabled,
	.not_ready	= ras_gdb_not_ready,
	.run		= ras_gdb_run,
	.abandoned	= ras_kgdb_abandoned,
};

/**
 * ras_kgdb_cpus() - the hook where debug_core counts the CPUs to wait for
 *
 * It would wait for all that are online, and say "Timed out" of those that are missing.
 *
 * Return: their number; 0 if debug_core has to find them itself.
 */
int ras_kgdb_cpus(void)
{
	return READ_ONCE(ras_kgdb_session.stop) ? ras_kgdb_session.cpus : 0;
}

/**
 * ras_kgdb_may_join() - the hook in kgdb_nmicallback()
 * @cpu: the calling CPU
 *
 * debug_core takes an NMI that comes while it is active for its own roundup.  It may be
 * the framework's, which wakes a parked CPU, or takes it out of the debugger.
 *
 * Context: NMI; or a parked CPU.
 * Return: true if the CPU is to join.
 */
bool ras_kgdb_may_join(int cpu)
{
	return !READ_ONCE(ras_kgdb_session.stop) || per_cpu(ras_kgdb_joining, cpu);
}

/**
 * ras_kgdb_panic() - the hook in panic()
 *
 * Return: true if the framework sees to the debugger, or to there being none.
 */
bool ras_kgdb_panic(void)
{
	return ras_kdb_handler.entry && ras_trigger_enabled(RAS_TRIGGER_PANIC);
}

/* Let a CPU that is stepping have its turn first; it is about to stop this one. */
static void ras_kgdb_await_step(void)
{
	int stepping, ms;

	for (ms = 0; ms < RAS_KGDB_STEP_MS; ms++) {
		stepping = atomic_read(&kgdb_cpu_doing_single_step);
		if (stepping == -1 || stepping == raw_smp_processor_id())
			return;
		mdelay(1);
	}
}

/*
 * Have the exception stop the machine.  Another CPU may be first, again and again: it may
 * be at the same breakpoint, and step over it, so each try waits for a step.
 */
static int ras_kgdb_stop(struct ras_kgdb_event *event, struct pt_regs *regs)
{
	int err, tries = 0;

	do {
		ras_kgdb_await_step();
		__this_cpu_write(ras_kgdb_event, event);
		err = ras_stop_at("debugger", regs);
		__this_cpu_write(ras_kgdb_event, NULL);
	} while (err == -EBUSY && ++tries < RAS_KGDB_TRIES);
	return err;
}

/**
 * ras_kgdb_exception() - the hook in kgdb_handle_exception()
 * @vector: the exception
 * @signo: how gdb calls it
 * @code: DIE_*
 * @regs: its context
 * @ret: what kgdb_handle_exception() is to return
 *
 * Makes it a stop, in which debug_core is entered from ras_kgdb_enter() again.
 *
 * Context: Exception, interrupts disabled.
 * Return: false if debug_core is to go on by itself: before the framework has started,
 *	if policy has neither kdb nor kgdb run, or within a stop.
 */
bool ras_kgdb_exception(int vector, int signo, int code, struct pt_regs *regs, int *ret)
{
	struct ras_kgdb_event event = { .vector = vector, .code = code };
	unsigned long pc = kgdb_arch_pc(vector, regs);
	bool planted = kgdb_has_hit_break(pc);
	int err;

	/* Of the debugger itself, of which it knows how to get out. */
	if (kgdb_info[raw_smp_processor_id()].enter_kgdb ||
	    __this_cpu_read(ras_kgdb_event) || READ_ONCE(ras_kgdb_session.stop))
		return false;
	if (ras_kdb_not_ready(&ras_kdb_handler) && ras_gdb_not_ready(&ras_gdb_handler))
		return false;
	/*
	 * A user's breakpoint, which the kernel has hit when it read or wrote for him.  If
	 * he has hit it himself before, it comes here, and anybody could stop the machine.
	 */
	if (code == DIE_DEBUG && !dbg_is_early &&
	    atomic_read(&kgdb_cpu_doing_single_step) == -1 && !ras_is_kernels_debug(regs)) {
		*ret = 1;
		return true;
	}
	/* An oops has a trigger of its own. */
	if (signo != SIGTRAP) {
		*ret = 1;
		return ras_trigger_enabled(RAS_TRIGGER_OOPS);
	}
	err = ras_kgdb_stop(&event, regs);
	/*
	 * Others were first each time.  Back to the breakpoint: if it is still there this
	 * CPU hits it again, and if it is not there is nothing to report.  It was out of the
	 * text while another CPU was in the debugger.
	 */
	if (err == -EBUSY &&
	    (planted || kgdb_has_hit_break(pc) || kgdb_isremovedbreak(pc))) {
		instruction_pointer_set(regs, pc);
		*ret = 0;
		return true;
	}
	/*
	 * In another handler, which has a deadline: to be told that the exception is not
	 * ours abandons it.  Or in an NMI on a CPU that is parked, which can neither wait
	 * for its turn nor be debugged.
	 */
	if (err == -EDEADLK || err == -EBUSY) {
		*ret = 1;
		return true;
	}
	/*
	 * The debugger was abandoned.  To enter it once more would be without a guard.  Its
	 * breakpoints are not in the text any more, see ras_kgdb_rescue(): go on with the
	 * instruction that was under this one.
	 */
	if (event.entered && !event.handled) {
		if (planted)
			instruction_pointer_set(regs, pc);
		*ret = 0;
		return true;
	}
	*ret = event.ret;
	return event.handled;
}

static int __init ras_kgdb_init(void)
{
	int ret = ras_register_handler(&ras_kdb_handler);

	if (!ret)
		ret = ras_register_handler(&ras_gdb_handler);
	return ret ?: ras_kgdb_add_commands();
}

/* Before drivers, which may bring kgdboc= or kgdbts= to life. */
fs_initcall(ras_kgdb_init);
