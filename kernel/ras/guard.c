// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: the guard, which calls on this CPU what may fail.
 *
 * A guarded call comes back, or this CPU abandons it: because of a fault, a panic, or
 * because an NMI takes it out.  Guarded calls nest: a handler may try something, and a
 * CPU that is still inside a handler which it has lost may run others.  An exception
 * always ends the innermost one.
 *
 * Abandoning is a jump to where the call would have returned.  Nothing on the way is
 * undone but what struct ras_context lists; Documentation/ras/design.rst says what may
 * stay behind.
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
#include "guard.h"
#include "machine.h"

/*
 * Guarded calls that are going on, on all CPUs.  The one thing that a fault looks
 * at outside a stop.
 */
atomic_t ras_guards = ATOMIC_INIT(0);

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

/* The innermost guarded call of a CPU, or NULL. */
struct ras_guard *ras_guard_top(struct ras_slot *slot)
{
	unsigned int guards = READ_ONCE(slot->guards);

	return guards ? &slot->guard[guards - 1] : NULL;
}

/*
 * The innermost guarded call that this CPU can be taken out of, or NULL: not one that has
 * not begun yet, or has come back, while the way out is that of the call around it.
 */
static struct ras_guard *ras_guard_inside(struct ras_slot *slot)
{
	unsigned int guards = READ_ONCE(slot->guards);

	while (guards && !READ_ONCE(slot->guard[guards - 1].inside))
		guards--;
	return guards ? &slot->guard[guards - 1] : NULL;
}

NOKPROBE_SYMBOL(ras_guard_inside);

/**
 * ras_guard_land() - have an exception or NMI return to where a guarded call does
 * @m: the machine
 * @guard: the call, as ras_guard_below() has it
 * @regs: the context of the exception
 * @why: why the call is abandoned
 *
 * Context: Exception or NMI.
 * Return: false if the call is on its way out already.
 */
bool ras_guard_land(struct ras_machine *m, struct ras_guard *guard, struct pt_regs *regs,
		    enum ras_failing why)
{
	unsigned long ip;

	if (!m->arch->land(regs, &ip))
		return false;
	WRITE_ONCE(guard->inside, false);
	guard->failure.why = why;
	guard->failure.ip = ip;
	return true;
}

NOKPROBE_SYMBOL(ras_guard_land);

/**
 * ras_guard_abandon() - leave the innermost guarded call
 * @m: the machine
 * @guard: the call
 * @why: why
 *
 * Context: Within the call.  Returns only if it is on its way out already.
 */
void ras_guard_abandon(struct ras_machine *m, struct ras_guard *guard,
		       enum ras_failing why)
{
	guard->failure.why = why;
	guard->failure.ip = 0;
	guard->failure.deadline_ms = guard->deadline_ms;
	WRITE_ONCE(guard->inside, false);
	barrier();
	m->arch->abandon();
	/* The call has come back already, and is not to blame. */
	WRITE_ONCE(guard->inside, true);
	guard->failure.why = RAS_FAILED_NOT;
}

/* Forget the innermost calls that were closed out of their turn. */
static void ras_guard_drop_closed(struct ras_slot *slot)
{
	while (slot->guards && READ_ONCE(slot->guard[slot->guards - 1].closed))
		WRITE_ONCE(slot->guards, slot->guards - 1);
}

/**
 * ras_guard_open() - begin a guarded call
 * @slot: this CPU's
 * @ctx: where the context of this CPU is saved
 *
 * The caller fills in what it needs of the guard; a fault may use it at once.
 *
 * Context: Owner, or a parked CPU.
 * Return: the guard; NULL if %RAS_GUARDS are open.
 */
struct ras_guard *ras_guard_open(struct ras_slot *slot, struct ras_context *ctx)
{
	struct ras_guard *guard;

	ras_guard_drop_closed(slot);
	if (slot->guards == RAS_GUARDS)
		return NULL;
	ras_save_context(ctx);
	guard = &slot->guard[slot->guards];
	guard->call = 0;
	guard->outer = 0;
	guard->inside = false;
	guard->helper = false;
	guard->ended = false;
	guard->closed = false;
	guard->task = current;
	guard->count = ctx->count;
	guard->locks = ras_locks_of(current);
	guard->printk = ctx->printk;
	guard->oopses = READ_ONCE(oops_in_progress);
	guard->budget_ns = 0;
	/* What tells whether there is anything else in it. */
	guard->failure.why = RAS_FAILED_NOT;
	guard->failure.ip = 0;
	guard->failure.lock[0] = '\0';
	atomic_inc(&ras_guards);
	/* Against a fault or NMI on this CPU; the compiler must not move it up. */
	barrier();
	WRITE_ONCE(slot->guards, slot->guards + 1);
	return guard;
}

/* What runs within a guard. */
struct ras_guarded {
	struct ras_guard	*guard;
	void			(*fn)(void *arg);
	void			*arg;
};

static void ras_guarded(void *arg)
{
	struct ras_guarded *guarded = arg;

	/* Read by an NMI on this CPU, which must not move them either. */
	WRITE_ONCE(guarded->guard->inside, true);
	barrier();
	guarded->fn(guarded->arg);
	barrier();
	WRITE_ONCE(guarded->guard->inside, false);
}

/**
 * ras_guard_run() - call a function within an open guard
 * @guard: the guard
 * @call: ras_arch_ops.call or call_here
 * @fn: the function
 * @arg: its argument
 * @ctx: the context of this CPU before the call
 * @broken: a rule that it broke and that did no harm, or NULL
 *
 * Page faults are not resolved while it runs: what is not there has no fix-up.
 *
 * Context: as ras_guard_open().
 * Return: true if the function came back.
 */
bool ras_guard_run(struct ras_guard *guard, bool (*call)(void (*fn)(void *arg), void *arg),
		   void (*fn)(void *arg), void *arg, const struct ras_context *ctx,
		   const char **broken)
{
	struct ras_guarded guarded = { .guard = guard, .fn = fn, .arg = arg };
	bool came_back;

	pagefault_disable();
	came_back = call(ras_guarded, &guarded);
	*broken = ras_restore_context(ctx);
	return came_back;
}

/**
 * ras_guard_close() - end a guarded call
 * @m: the machine
 * @slot: the slot of the CPU that has opened it
 * @guard: the guard
 *
 * A call that its CPU has lost may have slept, and its task may be on another CPU by now.
 * Then this guard is only marked, and the next ras_guard_open() on its CPU removes it.
 *
 * Context: as ras_guard_open().
 */
void ras_guard_close(struct ras_machine *m, struct ras_slot *slot,
		     struct ras_guard *guard)
{
	struct ras_guard *top;

	if (slot != ras_this_slot(m)) {
		WRITE_ONCE(guard->closed, true);
		atomic_dec(&ras_guards);
		return;
	}
	/* Those above it were left with this one, before they could be closed. */
	do {
		top = &slot->guard[slot->guards - 1];
		WRITE_ONCE(slot->guards, slot->guards - 1);
		/* Against a fault on this CPU: it looks at the guards while any are counted. */
		barrier();
		if (!READ_ONCE(top->closed))
			atomic_dec(&ras_guards);
	} while (top != guard);
}

/**
 * ras_guard_failed() - find out whether a guarded call was abandoned
 * @m: the machine
 * @guard: the guard, closed
 * @ctx: the context of this CPU before the call
 * @came_back: what ras_guard_run() has returned
 *
 * If it was abandoned, puts right what only such a call can leave behind.
 *
 * Context: as ras_guard_open().
 * Return: true if it was; guard->failure tells why.
 */
bool ras_guard_failed(struct ras_machine *m, struct ras_guard *guard,
		      const struct ras_context *ctx, bool came_back)
{
	struct ras_failure *failure = &guard->failure;

	if (came_back && !failure->why)
		return false;
	if (!failure->why)
		failure->why = RAS_SMASHED;
	ras_note_locks(guard, failure);
	ras_restore_abandoned(ctx);
	/* Read by the owner in ras_crash_on_oops(). */
	if (ras_is_oops(failure))
		WRITE_ONCE(m->oopsed, true);
	return true;
}

/**
 * ras_guard_parked() - call on a parked CPU what a handler wants from it
 * @m: the machine
 * @slot: this CPU's
 * @call: ras_arch_ops.call_here or call_helper
 * @fn: the function
 * @arg: its argument
 *
 * Context: Parked CPU.
 * Return: false if the function was abandoned; slot->help_failure tells why.
 */
bool ras_guard_parked(struct ras_machine *m, struct ras_slot *slot,
		      bool (*call)(void (*fn)(void *arg), void *arg),
		      void (*fn)(void *arg), void *arg)
{
	struct ras_context ctx;
	/* There is room: a CPU that is in a guarded call is not asked for help. */
	struct ras_guard *guard = ras_guard_open(slot, &ctx);
	const char *broken;
	bool came_back;

	guard->helper = true;
	came_back = ras_guard_run(guard, call, fn, arg, &ctx, &broken);
	ras_guard_close(m, slot, guard);
	if (!ras_guard_failed(m, guard, &ctx, came_back))
		return true;
	slot->help_failure = guard->failure;
	/* Read by the owner in ras_finish(). */
	WRITE_ONCE(m->help_failed, true);
	return false;
}

/*
 * The guarded call that this CPU is in, if that is what it is doing: not another
 * task, because the call slept; and not an NMI on top of it, which must be returned
 * from, or no NMI would come any more.
 */
static struct ras_guard *ras_guard_here(struct ras_machine *m, int count)
{
	struct ras_guard *guard;

	/* Pairs with the release in ras_machine_init(). */
	if (smp_load_acquire(&m->state) == RAS_OFF)
		return NULL;
	guard = ras_guard_inside(ras_this_slot(m));
	if (!guard || guard->task != current || (count ^ guard->count) & NMI_MASK)
		return NULL;
	return guard;
}

NOKPROBE_SYMBOL(ras_guard_here);

/* The same for what has entered as an NMI does: as it was before. */
struct ras_guard *ras_guard_below(struct ras_machine *m)
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

	/* Not if it has come back, or is on its way out, already. */
	if (!guard || !ras_guard_land(m, guard, regs, RAS_FAULTED))
		return false;
	failure = &guard->failure;
	failure->fault = fault;
	failure->addressed = address;
	failure->address = address ? *address : 0;
	return true;
}

NOKPROBE_SYMBOL(ras_guard_fault);

/*
 * mce_panic() raises oops_in_progress before it panics.  If that stayed, the consoles would
 * take no locks any more.  It is one word for the whole machine: only this CPU's share of it
 * is taken back, and only here, where it is known.
 */
static void ras_guard_leave_machine_check(const struct ras_guard *guard)
{
	int oopses = READ_ONCE(oops_in_progress);

	if (oopses > guard->oopses)
		WRITE_ONCE(oops_in_progress, oopses - 1);
}

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
	bool machine_check = m->arch->in_machine_check();
	/* A machine check enters as an NMI does, and may be left. */
	int count = preempt_count() - (machine_check ? NMI_OFFSET : 0);
	struct ras_guard *guard = ras_guard_here(m, count);
	struct ras_failure *failure;

	/* On its way out already: this is a panic like any other. */
	if (!guard || guard->failure.why)
		return;
	failure = &guard->failure;
	vsnprintf(failure->message, sizeof(failure->message), fmt, args);
	strim(failure->message);
	if (machine_check)
		ras_guard_leave_machine_check(guard);
	ras_guard_abandon(m, guard, RAS_PANICKED);
}

/*
 * Is printk() putting a record into the log?  If the call were left there, the record
 * would never be finished, and nobody could read what comes after it.
 */
bool ras_guard_in_printk(const struct ras_guard *guard)
{
	struct ras_printk now = ras_printk_now();

	return now.storing > guard->printk.storing ||
	       now.storing_in_nmi > guard->printk.storing_in_nmi;
}
