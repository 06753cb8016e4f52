// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: the guard, which calls what a stop does not trust.
 *
 * A guarded call runs on a private stack.  It ends in one of three ways: it comes
 * back; or this CPU abandons it, because of a fault, a panic, or its deadline; or
 * another CPU takes over.  The caller sees an enum ras_outcome and nothing else.
 *
 * Abandoning is a jump to where the call would have returned.  Nothing on the way
 * is undone but what struct ras_context lists; Documentation/ras/design.rst says
 * what may stay behind.
 */
#include <linux/console.h>
#include <linux/context_tracking_state.h>
#include <linux/debug_locks.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/panic.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <asm/irq_regs.h>

#include "../printk/internal.h"
#include "internal.h"

/* How often printk() may have a call put off: it needs microseconds. */
#define RAS_PUT_OFF_MAX	100

/*
 * Guarded calls that are going on, on all CPUs.  The one thing that a fault looks
 * at in peace time.
 */
atomic_t ras_guards = ATOMIC_INIT(0);

/* What a call may leave changed; saved before it and restored after it. */
struct ras_context {
	int		count;
	bool		irqs_were_off;
	int		pagefaults;
#ifdef CONFIG_PREEMPT_RCU
	int		rcu_nesting;
#endif
#ifdef CONFIG_CONTEXT_TRACKING_IDLE
	long		nmi_nesting;
#endif
	int		panic_cpu;
	struct pt_regs	*irq_regs;
	struct ras_printk printk;
};

/* This CPU's counters in printk(). */
static struct ras_printk ras_printk_now(void)
{
	struct ras_printk now = { };

#ifdef CONFIG_PRINTK
	now.deferred = __this_cpu_read(printk_context);
	now.storing = __this_cpu_read(printk_count);
	now.storing_in_nmi = __this_cpu_read(printk_count_nmi);
#endif
	return now;
}

/*
 * After a call that was abandoned within printk(): with its counters raised, messages of
 * this CPU would be deferred for ever, and from the fifth on be dropped.
 */
static const char *ras_restore_printk(const struct ras_printk *printk)
{
	const char *broken = NULL;

#ifdef CONFIG_PRINTK
	if (__this_cpu_read(printk_context) != printk->deferred) {
		__this_cpu_write(printk_context, printk->deferred);
		broken = "left printk() deferred";
	}
	__this_cpu_write(printk_count, printk->storing);
	__this_cpu_write(printk_count_nmi, printk->storing_in_nmi);
#endif
	return broken;
}

static void ras_save_context(struct ras_context *ctx)
{
	ctx->count = preempt_count();
	ctx->irqs_were_off = irqs_disabled();
	ctx->pagefaults = current->pagefault_disabled;
#ifdef CONFIG_PREEMPT_RCU
	ctx->rcu_nesting = current->rcu_read_lock_nesting;
#endif
#ifdef CONFIG_CONTEXT_TRACKING_IDLE
	ctx->nmi_nesting = this_cpu_ptr(&context_tracking)->dynticks_nmi_nesting;
#endif
	ctx->panic_cpu = atomic_read(&panic_cpu);
	ctx->irq_regs = get_irq_regs();
	ctx->printk = ras_printk_now();
}

/* Undo what a call must not leave behind; returns what it was. */
static const char *ras_restore_context(const struct ras_context *ctx)
{
	const char *broken = ras_restore_printk(&ctx->printk);

	if (ctx->irqs_were_off && !irqs_disabled()) {
		local_irq_disable();
		broken = "left interrupts enabled";
	}
	if (preempt_count() != ctx->count) {
		preempt_count_set(ctx->count);
		broken = "left preempt_count changed";
	}
	current->pagefault_disabled = ctx->pagefaults;
#ifdef CONFIG_PREEMPT_RCU
	current->rcu_read_lock_nesting = ctx->rcu_nesting;
#endif
	return broken;
}

/* And what only a call that was abandoned can leave. */
static void ras_restore_abandoned(const struct ras_context *ctx)
{
#ifdef CONFIG_CONTEXT_TRACKING_IDLE
	/* An exception that was not returned from, on a CPU that was idle. */
	this_cpu_ptr(&context_tracking)->dynticks_nmi_nesting = ctx->nmi_nesting;
#endif
	/* Those of an interrupt that was not returned from. */
	set_irq_regs(ctx->irq_regs);
	/* nmi_panic() has taken it before panic() was refused. */
	if (ctx->panic_cpu == PANIC_CPU_INVALID)
		atomic_cmpxchg(&panic_cpu, raw_smp_processor_id(), PANIC_CPU_INVALID);
	/* As after an oops: what lockdep believes is not to be relied on. */
	__debug_locks_off();
}

static int ras_locks_of(const struct task_struct *task)
{
#ifdef CONFIG_LOCKDEP
	return READ_ONCE(task->lockdep_depth);
#else
	return 0;
#endif
}

/**
 * ras_note_locks() - name the last lock that an abandoned call still holds
 * @guard: the guarded call
 * @failure: where to
 *
 * Context: Owner, or the CPU that takes over.
 */
void ras_note_locks(const struct ras_guard *guard, struct ras_failure *failure)
{
#ifdef CONFIG_LOCKDEP
	int depth = min_t(int, ras_locks_of(guard->task), MAX_LOCK_DEPTH);
	const char *name;

	if (!debug_locks || depth <= guard->locks)
		return;
	/* The lock may be in memory that the call has broken. */
	if (copy_from_kernel_nofault(&name, &guard->task->held_locks[depth - 1].instance->name,
				     sizeof(name)) ||
	    strncpy_from_kernel_nofault(failure->lock, name, sizeof(failure->lock)) < 0)
		strscpy(failure->lock, "?", sizeof(failure->lock));
#endif
}

/**
 * ras_note_console() - see whether an abandoned call has left the console locked
 * @m: the machine
 *
 * Context: Owner, or the CPU that takes over.
 */
void ras_note_console(struct ras_machine *m)
{
	if (!m->console_was_locked && is_console_locked())
		m->console_left = true;
}

/* Would the kernel have called this an oops, had it not happened in a guarded call? */
static bool ras_is_oops(const struct ras_failure *failure)
{
	return failure->why == RAS_FAULTED || failure->why == RAS_PANICKED ||
	       failure->why == RAS_SMASHED;
}

static void ras_guard_open(struct ras_guard *guard, u32 call)
{
	guard->call = call;
	guard->ended = false;
	guard->task = current;
	guard->count = preempt_count();
	guard->locks = ras_locks_of(current);
	guard->printk = ras_printk_now();
	/* What tells whether there is anything else in it. */
	guard->failure.why = RAS_FAILED_NOT;
	guard->failure.ip = 0;
	guard->failure.lock[0] = '\0';
	atomic_inc(&ras_guards);
	/* Against a fault or NMI on this CPU; the compiler must not move it up. */
	barrier();
	WRITE_ONCE(guard->active, true);
}

static u32 ras_guard_enter(struct ras_machine *m, struct ras_guard *guard,
			   unsigned int deadline_ms)
{
	/* 0 means that no call is running. */
	u32 call = m->calls < RAS_CALL_MAX ? m->calls + 1 : 1;

	m->calls = call;
	m->console_was_locked = is_console_locked();
	m->step.begin_ns = m->arch->now_ns();
	ras_watch_set(m, deadline_ms);
	ras_guard_open(guard, call);
	/* Read by who watches, after ras_watch_begin(). */
	atomic_set(&m->running, call);
	return call;
}

/* False if another CPU has ended the call. */
static bool ras_guard_leave(struct ras_machine *m, struct ras_guard *guard, u32 call)
{
	/* Another, if this one was lost, slept, and the next stop is on this CPU. */
	bool ended = guard->call == call && guard->ended;

	if (guard->call == call)
		WRITE_ONCE(guard->active, false);
	barrier();
	atomic_dec(&ras_guards);
	return ended || atomic_cmpxchg(&m->running, call, 0) == (int)call;
}

/**
 * ras_guard_end() - end the guarded call of this CPU while it is in it
 * @m: the machine
 *
 * From here on its deadline does not count, and nobody takes over.
 *
 * Context: Owner.
 * Return: false if another CPU has taken over already.
 */
bool ras_guard_end(struct ras_machine *m)
{
	struct ras_guard *guard = &m->slot[m->arch->this_cpu()]->guard;

	if (!READ_ONCE(guard->active) || guard->ended)
		return true;
	/* First: an NMI that comes in between must not leave what has ended. */
	WRITE_ONCE(guard->ended, true);
	barrier();
	if (atomic_cmpxchg(&m->running, guard->call, 0) == (int)guard->call)
		return true;
	WRITE_ONCE(guard->ended, false);
	return false;
}

/**
 * ras_acts_as_owner() - is this CPU the owner, and nobody about to take over?
 * @m: the machine
 *
 * Whoever takes over ends the guarded call first, and becomes the owner after that.
 *
 * Context: A guarded call, or the core.
 * Return: true if so.
 */
bool ras_acts_as_owner(struct ras_machine *m)
{
	const struct ras_guard *guard = &m->slot[m->arch->this_cpu()]->guard;

	return ras_owned_here(m) && (!READ_ONCE(guard->active) || guard->ended ||
				     atomic_read(&m->running) == (int)guard->call);
}

/**
 * ras_guard_call() - call something that may fail in any way
 * @m: the machine
 * @fn: the function
 * @arg: its argument
 * @deadline_ms: how long it may take, in ms; 0: no limit
 * @failure: why it was abandoned
 * @broken: a rule that it broke and that did no harm, or NULL
 *
 * Page faults are not resolved while it runs: what is not there has no fix-up.
 *
 * Context: Owner.
 * Return: see enum ras_outcome.  After %RAS_CALL_LOST this CPU is not the owner any
 *	more, and touches nothing but its own slot.
 */
enum ras_outcome ras_guard_call(struct ras_machine *m, void (*fn)(void *arg),
				void *arg, unsigned int deadline_ms,
				struct ras_failure *failure, const char **broken)
{
	struct ras_guard *guard = &m->slot[m->arch->this_cpu()]->guard;
	struct ras_context ctx;
	const char *rule;
	bool came_back;
	u32 call;

	ras_save_context(&ctx);
	call = ras_guard_enter(m, guard, deadline_ms);
	pagefault_disable();
	ras_watch_begin(m, call);
	came_back = m->arch->call(fn, arg);
	/* While it is watched: an interrupt that is let in may not come back. */
	rule = ras_restore_context(&ctx);
	if (!ras_guard_leave(m, guard, call))
		return RAS_CALL_LOST;
	ras_watch_end(m);
	*broken = rule;
	if (came_back && !guard->failure.why)
		return RAS_CALL_DONE;

	*broken = NULL;
	if (!guard->failure.why)
		guard->failure.why = RAS_SMASHED;
	ras_note_locks(guard, &guard->failure);
	ras_note_console(m);
	ras_restore_abandoned(&ctx);
	*failure = guard->failure;
	m->failures++;
	if (ras_is_oops(failure))
		WRITE_ONCE(m->oopsed, true);
	return RAS_CALL_ABANDONED;
}

/**
 * ras_guard_parked() - guarded call on a parked CPU
 * @m: the machine
 * @fn: the function
 * @arg: its argument
 *
 * Has no deadline: the owner waits for it, or has this CPU leave it by NMI.
 *
 * Context: Parked CPU.
 * Return: true if it came back; false if it was abandoned.
 */
bool ras_guard_parked(struct ras_machine *m, void (*fn)(void *arg), void *arg)
{
	struct ras_guard *guard = &m->slot[m->arch->this_cpu()]->guard;
	struct ras_context ctx;
	bool came_back;

	ras_save_context(&ctx);
	guard->parked = true;
	ras_guard_open(guard, 0);
	pagefault_disable();
	came_back = m->arch->call_here(fn, arg);
	ras_restore_context(&ctx);
	WRITE_ONCE(guard->active, false);
	barrier();
	atomic_dec(&ras_guards);
	guard->parked = false;
	if (!came_back) {
		ras_restore_abandoned(&ctx);
		/* Read by the owner in ras_crash_on_oops(). */
		if (ras_is_oops(&guard->failure))
			WRITE_ONCE(m->oopsed, true);
	}
	return came_back;
}

/*
 * The guarded call that this CPU is in, if that is what it is doing: not another
 * task, because the call slept; and not an NMI or machine check on top of it, which
 * must be returned from, or no NMI would come any more.
 */
static struct ras_guard *ras_guard_here(struct ras_machine *m, int count)
{
	struct ras_guard *guard;

	/* Pairs with the release in ras_machine_init(). */
	if (smp_load_acquire(&m->state) == RAS_OFF)
		return NULL;
	guard = &m->slot[m->arch->this_cpu()]->guard;
	if (!READ_ONCE(guard->active) || guard->task != current ||
	    (count ^ guard->count) & NMI_MASK)
		return NULL;
	return guard;
}

NOKPROBE_SYMBOL(ras_guard_here);

/* The same for what has entered as an NMI does: as it was before. */
static struct ras_guard *ras_guard_below(struct ras_machine *m)
{
	return ras_guard_here(m, preempt_count() - (in_nmi() ? NMI_OFFSET : 0));
}

NOKPROBE_SYMBOL(ras_guard_below);

/**
 * ras_guard_fault() - abandon the guarded call that has faulted
 * @m: the machine
 * @regs: the context of the exception
 * @fault: the exception in words
 * @address: what could not be accessed, or NULL
 * @as_nmi: the exception has entered as an NMI does
 *
 * Context: Exception.
 * Return: false if no guarded call on this CPU has caused it.
 */
bool ras_guard_fault(struct ras_machine *m, struct pt_regs *regs, const char *fault,
		     const unsigned long *address, bool as_nmi)
{
	struct ras_guard *guard = as_nmi ? ras_guard_below(m) :
					   ras_guard_here(m, preempt_count());
	struct ras_failure *failure;
	unsigned long ip;

	if (!guard)
		return false;
	/* Not if it has come back, or is on its way out, already. */
	if (!m->arch->land(regs, &ip))
		return false;
	failure = &guard->failure;
	failure->why = RAS_FAULTED;
	failure->fault = fault;
	failure->ip = ip;
	failure->addressed = address;
	failure->address = address ? *address : 0;
	return true;
}

NOKPROBE_SYMBOL(ras_guard_fault);

/**
 * ras_guard_panic() - abandon the guarded call that panics
 * @m: the machine
 * @fmt: format of the panic's text
 * @args: arguments of @fmt
 *
 * Returns if no guarded call on this CPU has caused it.
 *
 * Context: panic(), before it has done anything.
 */
void ras_guard_panic(struct ras_machine *m, const char *fmt, va_list args)
{
	struct ras_guard *guard = ras_guard_here(m, preempt_count());
	struct ras_failure *failure;

	/* On its way out already: this is a panic like any other. */
	if (!guard || guard->failure.why)
		return;
	failure = &guard->failure;
	vsnprintf(failure->message, sizeof(failure->message), fmt, args);
	strim(failure->message);
	failure->why = RAS_PANICKED;
	failure->ip = 0;
	m->arch->abandon();
	/* It has come back already, and is not to blame. */
	failure->why = RAS_FAILED_NOT;
}

/*
 * Is printk() putting a record into the log?  Left there, the record would never be
 * finished, and nobody could read what comes after it.
 */
static bool ras_in_printk(const struct ras_guard *guard)
{
	struct ras_printk now = ras_printk_now();

	return now.storing > guard->printk.storing ||
	       now.storing_in_nmi > guard->printk.storing_in_nmi;
}

/**
 * ras_guard_strike() - an NMI on the owner: is it to abandon what it is doing?
 * @m: the machine
 * @regs: the interrupted context
 *
 * A watching CPU has asked for it.  Where none can watch, any NMI does it, such as
 * the button's, once the deadline has passed.
 *
 * Context: NMI on the owner.
 * Return: true if @regs now lead out of the guarded call.
 */
bool ras_guard_strike(struct ras_machine *m, struct pt_regs *regs)
{
	struct ras_guard *guard = ras_guard_below(m);
	unsigned long ip;

	if (!guard || READ_ONCE(guard->ended) || !ras_watch_overdue(m, guard->call))
		return false;
	if (m->watch.put_off < RAS_PUT_OFF_MAX && ras_in_printk(guard)) {
		/* Read by ras_ask_owner(), which asks again. */
		WRITE_ONCE(m->watch.put_off, m->watch.put_off + 1);
		return false;
	}
	if (!m->arch->land(regs, &ip))
		return false;
	guard->failure.why = RAS_OVERRAN;
	guard->failure.ip = ip;
	guard->failure.deadline_ms = m->watch.deadline_ms;
	return true;
}

NOKPROBE_SYMBOL(ras_guard_strike);

/**
 * ras_guard_lost() - leave a guarded call that this CPU is in for nothing
 * @m: the machine
 * @regs: the interrupted context
 *
 * Another CPU has taken over from it, and it was reached too late, and parked in the
 * middle of the call: released there, it would go on with what hangs.  Or it is parked,
 * and what it calls for a handler is over.
 *
 * Context: NMI, after this CPU was parked.
 */
void ras_guard_lost(struct ras_machine *m, struct pt_regs *regs)
{
	const struct ras_slot *slot = m->slot[m->arch->this_cpu()];
	struct ras_guard *guard = ras_guard_below(m);
	unsigned long ip;

	if (!guard)
		return;
	if (guard->parked ? ras_call_is_over(m, slot) || READ_ONCE(slot->take_over) :
			    atomic_read(&m->running) != (int)guard->call)
		m->arch->land(regs, &ip);
}

NOKPROBE_SYMBOL(ras_guard_lost);
