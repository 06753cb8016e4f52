/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS stop framework: the interface for its clients.
 *
 * A *stop* is an event: one CPU, the *owner*, has parked every other CPU and
 * runs the registered *handlers* in priority order.  A *client* is the code
 * that registers a handler; this is the only header it needs.  See
 * Documentation/ras/writing-a-client.rst.
 */
#ifndef _LINUX_RAS_H
#define _LINUX_RAS_H

/*
 * The kernel's corrected-error declarations, which had this file's name before
 * the framework was laid over the tree; their includers keep working.
 */
#include <linux/ras_error.h>

#include <linux/bits.h>
#include <linux/cpumask.h>
#include <linux/sched.h>
#include <linux/types.h>

struct kobject;
struct pt_regs;
struct seq_buf;
struct ras_entry;
struct ras_handler;

/* Longest handler name, message and reason, terminating NUL included. */
#define RAS_NAME_LEN	32
#define RAS_MESSAGE_LEN	256
#define RAS_REASON_LEN	96

/* Handlers that may be registered at the same time. */
#define RAS_MAX_HANDLERS	32

/**
 * enum ras_trigger - what caused a stop
 * @RAS_TRIGGER_PANIC: panic(), or an oops that is about to become one; the
 *	only trigger whose stop is never released
 * @RAS_TRIGGER_OOPS: an oops, when it is reported; one that is fatal goes on to
 *	a panic after the release
 * @RAS_TRIGGER_NMI: an NMI that nobody claimed: the button, or a BMC
 * @RAS_TRIGGER_SYSRQ: the sysrq key
 * @RAS_TRIGGER_USER: a write to /sys/kernel/ras/trigger
 * @RAS_TRIGGER_API: ras_stop() called by kernel code
 * @RAS_TRIGGER_DEBUG: ras_stop_at(): a debugger's own event, such as a breakpoint
 * @RAS_TRIGGER_HIBERNATE: a hibernation in the mode "jump", when tasks are frozen, devices
 *	suspended, and the other CPUs offline.  @arg of the stop is a struct ras_away
 * @RAS_NR_TRIGGERS: number of triggers
 */
enum ras_trigger {
	RAS_TRIGGER_PANIC,
	RAS_TRIGGER_OOPS,
	RAS_TRIGGER_NMI,
	RAS_TRIGGER_SYSRQ,
	RAS_TRIGGER_USER,
	RAS_TRIGGER_API,
	RAS_TRIGGER_DEBUG,
	RAS_TRIGGER_HIBERNATE,
	RAS_NR_TRIGGERS
};

#define RAS_ON(trigger)	BIT(RAS_TRIGGER_##trigger)
#define RAS_ON_ALL	(BIT(RAS_NR_TRIGGERS) - 1)

/**
 * enum ras_verdict - what the core does after a handler
 * @RAS_NEXT: run the next handler
 * @RAS_RESUME: run no further handler and release the machine; after a panic,
 *	which cannot be released, the same as @RAS_NEXT
 * @RAS_END: run no further handler; a stop that can be released is released,
 *	a panic goes on to its reboot or blink
 * @RAS_LAST: run no further handler but those that never return, whatever its
 *	triggers; a stop that could be released cannot be any more.  If no such
 *	handler is armed, the same as @RAS_NEXT
 * @RAS_NR_VERDICTS: number of verdicts
 */
enum ras_verdict {
	RAS_NEXT,
	RAS_RESUME,
	RAS_END,
	RAS_LAST,
	RAS_NR_VERDICTS
};

/**
 * enum ras_priority - bands of handler priority; the lower value runs first
 * @RAS_PRIO_LOG: saves the kernel log; short, and worth having if all else fails
 * @RAS_PRIO_DEBUG: interactive debuggers
 * @RAS_PRIO_DUMP: writes memory somewhere and returns
 * @RAS_PRIO_LAST: leaves this kernel for another one
 * @RAS_PRIO_MAX: largest priority that is accepted
 *
 * A client adds 0 to 99 to a band to order itself within it.  Handlers of
 * equal priority run in the order of their names.  A handler with
 * %RAS_HANDLER_NORETURN runs after all others, whatever its priority.
 */
enum ras_priority {
	RAS_PRIO_LOG	= 100,
	RAS_PRIO_DEBUG	= 200,
	RAS_PRIO_DUMP	= 300,
	RAS_PRIO_LAST	= 900,
	RAS_PRIO_MAX	= 999,
};

/**
 * enum ras_how - how a CPU was stopped
 * @RAS_HOW_NONE: it was not
 * @RAS_HOW_OWNER: it owns the stop
 * @RAS_HOW_IPI: by an interrupt, within the grace period
 * @RAS_HOW_NMI: by an NMI
 * @RAS_HOW_SELF: it had a reason of its own to stop, lost, and parked itself
 * @RAS_HOW_MISSING: it did not answer in time; its registers are not valid
 * @RAS_HOW_OFFLINE: it went offline while it was being stopped
 * @RAS_NR_HOWS: number of ways
 */
enum ras_how {
	RAS_HOW_NONE,
	RAS_HOW_OWNER,
	RAS_HOW_IPI,
	RAS_HOW_NMI,
	RAS_HOW_SELF,
	RAS_HOW_MISSING,
	RAS_HOW_OFFLINE,
	RAS_NR_HOWS
};

#ifdef CONFIG_RAS_STOP

#include <asm/ras.h>

/**
 * struct ras_cpu - what is known of one CPU in one stop
 * @sequence: the stop this record belongs to
 * @how: how the CPU was stopped; @arch is valid for owner, ipi, nmi and self
 * @late: it answered after the timeout, and was named missing until then
 * @when_ns: when its registers had been saved, in ns after the stop began
 * @task: the task it was running; follow it with copy_from_kernel_nofault()
 * @pid: that task's pid
 * @preempt_count: its preempt_count(), including the interrupt that stopped it
 * @lost: for %RAS_HOW_SELF, the trigger it came with
 * @lost_message: and that trigger's message
 * @arch: registers, captured once, from the context that was interrupted
 */
struct ras_cpu {
	u32			sequence;
	enum ras_how		how;
	bool			late;
	u64			when_ns;
	struct task_struct	*task;
	pid_t			pid;
	int			preempt_count;
	enum ras_trigger	lost;
	char			lost_message[RAS_REASON_LEN];
	struct ras_arch_regs	arch;
};

/**
 * struct ras_stop - a stop, as its handlers see it
 * @sequence: number of this stop since boot, from 1
 * @trigger: what caused it
 * @rehearsal: no handler runs
 * @resumable: the machine can be released afterwards
 * @owner: the CPU that runs the handlers
 * @trigger_cpu: the CPU that stopped the machine: the owner, until another CPU takes
 *	over because a handler hangs there
 * @message: the reason in words, e.g. the text of a panic
 * @regs: the registers at the trigger, in the record of @trigger_cpu
 * @stop_ns: from the trigger until every CPU was parked or named missing, in ns
 * @arg: the argument of ras_stop_for(); see also %RAS_TRIGGER_HIBERNATE; else NULL
 * @cpus: the CPUs by how they were stopped, indexed by enum ras_how
 *
 * Constant while a handler runs.  Between two handlers a CPU that answers late, or
 * comes online, is added to @cpus, and @owner may change.
 */
struct ras_stop {
	u32			sequence;
	enum ras_trigger	trigger;
	bool			rehearsal;
	bool			resumable;
	int			owner;
	int			trigger_cpu;
	char			message[RAS_MESSAGE_LEN];
	const struct pt_regs	*regs;
	u64			stop_ns;
	void			*arg;
	struct cpumask		cpus[RAS_NR_HOWS];
};

/**
 * struct ras_away - what becomes of a hibernation in the mode "jump"
 * @left: another kernel has had the machine, so devices are resumed as after a restore
 * @status: the errno with which the hibernation ends; %-EIO at first
 */
struct ras_away {
	bool	left;
	int	status;
};

/**
 * enum ras_failing - why a guarded call was abandoned
 * @RAS_FAILED_NOT: it was not
 * @RAS_FAULTED: an exception that has no fix-up
 * @RAS_PANICKED: a panic
 * @RAS_SMASHED: it came back, but had overwritten the top of its stack
 * @RAS_OVERRAN: its deadline passed
 * @RAS_HUNG: likewise, and its CPU did not answer: that one may still be running it
 * @RAS_TOO_DEEP: it was not called: too many guarded calls in one another
 * @RAS_RECALLED: the handler had no more use for the help of this CPU, or did not get it
 *	in time
 * @RAS_PREEMPTED: another CPU panicked, and the stop became that crash
 */
enum ras_failing {
	RAS_FAILED_NOT,
	RAS_FAULTED,
	RAS_PANICKED,
	RAS_SMASHED,
	RAS_OVERRAN,
	RAS_HUNG,
	RAS_TOO_DEEP,
	RAS_RECALLED,
	RAS_PREEMPTED,
};

/**
 * struct ras_failure - what is recorded of an abandoned call
 * @why: see enum ras_failing
 * @fault: for %RAS_FAULTED, the exception in words
 * @ip: where it happened; 0 where that is not known
 * @address: what could not be accessed, if @addressed
 * @addressed: see @address
 * @deadline_ms: the deadline that passed
 * @from: for %RAS_HUNG, the CPU that did not answer
 * @to: and the one that has taken over
 * @message: for %RAS_PANICKED, the text of the panic
 * @lock: the last lock it still held, where lockdep knows; else empty
 */
struct ras_failure {
	enum ras_failing	why;
	const char		*fault;
	unsigned long		ip;
	unsigned long		address;
	bool			addressed;
	unsigned int		deadline_ms;
	int			from;
	int			to;
	char			message[RAS_REASON_LEN];
	char			lock[RAS_NAME_LEN];
};

/**
 * struct ras_outcome - what became of the handler of ras_stop_for()
 * @ran: its run() was called
 * @verdict: what that returned
 * @skipped: why it did not run, in words, or NULL
 * @why: why it was abandoned; @why.why is %RAS_FAILED_NOT if it was not
 * @ns: how long it ran, in ns
 */
struct ras_outcome {
	bool			ran;
	enum ras_verdict	verdict;
	const char		*skipped;
	struct ras_failure	why;
	u64			ns;
};

/* ras_handler.wait_s: a person, if there is one, has all the time; else see there. */
#define RAS_WAIT_AUTO	(-1)
/* What ras_wait_s() may return besides seconds. */
#define RAS_WAIT_FOREVER	INT_MAX

/* Handler flags */

/* Once it is ready, @run does not come back: it leaves this kernel. */
#define RAS_HANDLER_NORETURN	BIT(0)
/*
 * The handler takes over a step of panic(), which leaves that step out once
 * the chain has run, whether the handler was armed (policy decides) or not.
 */
#define RAS_HANDLER_DOES_KMSG	BIT(1)
#define RAS_HANDLER_DOES_KEXEC	BIT(2)
/*
 * The handler waits for a person.  One who is not there must not keep a machine from
 * its dump and reboot: see ras_wait_s().  It may have every parked CPU call something,
 * so none of them watches its deadline; once that has passed, any NMI abandons it.
 */
#define RAS_HANDLER_INTERACTIVE	BIT(3)
/* The handler runs by ras_stop_for() only, and needs no trigger. */
#define RAS_HANDLER_ON_CALL	BIT(4)
/* The handler has parked CPUs work for it by ras_help_start(), which needs stacks. */
#define RAS_HANDLER_HELPED	BIT(5)
/*
 * With RAS_HANDLER_ON_CALL: the administrator may have it run, by writing its name into
 * /sys/kernel/ras/trigger.  It has no argument then.  RAS_NEXT says that it has failed.
 */
#define RAS_HANDLER_BY_NAME	BIT(6)
#define RAS_HANDLER_FLAGS	(RAS_HANDLER_NORETURN | RAS_HANDLER_DOES_KMSG | \
				 RAS_HANDLER_DOES_KEXEC | RAS_HANDLER_INTERACTIVE | \
				 RAS_HANDLER_ON_CALL | RAS_HANDLER_HELPED | \
				 RAS_HANDLER_BY_NAME)

/**
 * struct ras_handler - a tool that does something with a stop
 * @name: unique; letters, digits, '-' and '_'; names its directory in sysfs
 * @priority: a band of enum ras_priority plus 0 to 99; policy may change it
 * @triggers: mask of RAS_ON(...): the stops it runs in; policy may change it
 * @deadline_ms: how long @run may take without ras_progress(), in ms; 0: no limit,
 *	for what waits for a person.  Policy may change it
 * @flags: RAS_HANDLER_*
 * @wait_s: with %RAS_HANDLER_INTERACTIVE: how long it waits for a person after a crash,
 *	in s, or %RAS_WAIT_AUTO; see ras_wait_s().  Policy may change it
 * @disabled: registered, but not enabled before the administrator says so
 * @arm: optional.  Called when the handler is enabled, from process context;
 *	may sleep and allocate, and must allocate all that @run will need.  An
 *	errno refuses: the handler is not enabled, or not registered.
 * @disarm: optional.  Called when it is disabled or unregistered after @arm
 *	succeeded, from process context; may sleep.  No stop is using the handler.
 * @not_ready: optional.  Returns NULL if @run can do its work now, else the
 *	reason in a few words (a string that stays).  Called outside a stop when
 *	the plan is read and in a stop before @run, in any context, NMI
 *	included: no lock, no allocation, and quick.
 * @run: does the work.  Called on the owner with interrupts disabled, possibly
 *	in NMI context, on a private stack of RAS_STACK_SIZE bytes, every CPU of
 *	@stop but the missing ones parked.  No sleeping or blocking lock, no
 *	allocation, every wait bounded; it must leave interrupts and
 *	preempt_count as it found them.  What it prints reaches the consoles
 *	after the release, or at once after a panic.  Returns a verdict.  A
 *	handler that faults, panics, overflows its stack or passes its deadline
 *	is abandoned: it does not come back, what it holds stays held, and it is
 *	not armed before it is enabled again.
 * @abandoned: optional.  Called in the same stop after @run was abandoned, before the
 *	next handler runs, to put right what the others would stumble over; as @run,
 *	perhaps on another CPU.  Its last argument tells why @run was abandoned; after
 *	%RAS_HUNG the CPU @from of that may still be running it.
 * @prepare: optional.  Called by ras_stop_for() before the stop, from process context;
 *	may sleep.  An errno refuses the stop.  Must undo what it has done if it fails.
 *	Also called before a hibernation, with the argument NULL, when nothing is frozen
 *	yet; an errno refuses the hibernation.
 * @complete: optional.  Called by ras_stop_for() after the stop, from process context; may
 *	sleep.  Also called if the stop was refused after @prepare succeeded, or if the
 *	handler was abandoned: @ret is what ras_stop_for() is about to return, and @outcome
 *	tells what became of @run.  After a hibernation, when tasks are thawed, @ret is
 *	what that ends with, and @outcome is NULL.
 * @priv: the client's own
 * @entry: the core's; NULL while not registered
 *
 * The structure belongs to the client and must stay until
 * ras_unregister_handler() has returned.
 */
struct ras_handler {
	const char		*name;
	int			priority;
	u32			triggers;
	unsigned int		deadline_ms;
	u32			flags;
	int			wait_s;
	bool			disabled;

	int			(*arm)(struct ras_handler *handler);
	void			(*disarm)(struct ras_handler *handler);
	const char		*(*not_ready)(struct ras_handler *handler);
	enum ras_verdict	(*run)(struct ras_handler *handler,
				       const struct ras_stop *stop);
	void			(*abandoned)(struct ras_handler *handler,
					     const struct ras_stop *stop,
					     const struct ras_failure *why);
	int			(*prepare)(struct ras_handler *handler, void *arg);
	void			(*complete)(struct ras_handler *handler, void *arg, int ret,
					    const struct ras_outcome *outcome);
	void			*priv;

	struct ras_entry	*entry;
};

/* /sys/kernel/ras, where a client that is built in can have a directory of its own. */
extern struct kobject *ras_kobj;

/**
 * ras_register_handler() - add a handler to the chain
 * @handler: the handler; all fields but @priv and @entry are read
 *
 * The handler is armed before this returns, unless @handler->disabled or policy
 * (sysfs, boot parameters) says otherwise, and may run from then on.
 *
 * Context: Process context; may sleep.
 * Return: 0, or, with a line in the log that says why:
 *	%-EINVAL: no name or not a proper one, no @run, an unknown trigger or
 *	flag, no trigger, or a priority out of range;
 *	%-EEXIST: the name is taken;
 *	%-EBUSY: the machine is stopped;
 *	%-ENOSPC: RAS_MAX_HANDLERS are registered;
 *	%-ENODEV: the framework could not start;
 *	%-ENOMEM: out of memory; or what @arm returned.
 */
int ras_register_handler(struct ras_handler *handler);

/**
 * ras_unregister_handler() - take a handler out of the chain
 * @handler: a handler; nothing happens if it is not registered
 *
 * When it returns, no stop is using the handler and none will: its code and
 * data may go away.  Should a CPU have hung in it, it waits until that one comes
 * back, or for good.
 *
 * Context: Process context; may sleep.
 */
void ras_unregister_handler(struct ras_handler *handler);

/**
 * ras_stop() - stop the machine and run the handlers of the api trigger
 * @message: the reason in words, for the log and the record
 *
 * Every other CPU is parked while the handlers run and has been released when
 * this returns.
 *
 * Context: Any, including NMI.
 * Return: 0 after the machine was stopped and released; %-EPERM if policy has
 *	switched off the framework or the trigger; %-EBUSY if another CPU was
 *	first (this one was parked and is released); %-EDEADLK on the CPU that
 *	already owns a stop; %-ECANCELED if a handler hung and another CPU has
 *	finished the stop; %-ENODEV before the framework has started.
 */
int ras_stop(const char *message);

/**
 * ras_stop_at() - stop the machine for a debugger's own event
 * @message: the event in words
 * @regs: the context that it has interrupted, which a handler may change; see
 *	ras_live_regs()
 *
 * As ras_stop(), with the trigger debug, but only if a handler is armed for that.
 *
 * Context: Any, including NMI; typically an exception.
 * Return: as ras_stop(); %-ENOENT if no handler is armed.
 */
int ras_stop_at(const char *message, struct pt_regs *regs);

/**
 * ras_stop_for() - stop the machine and run one handler
 * @handler: the handler, registered; its triggers do not matter
 * @message: the reason in words
 * @arg: what the handler finds in stop->arg, and its prepare() and complete() get
 * @outcome: what became of it; may be NULL
 *
 * As ras_stop(), with no other handler.  Unregistering @handler waits until this returns.
 *
 * Context: Any, including NMI; process context if @handler has prepare() or complete().
 * Return: 0 after the machine was stopped and released, whatever became of the handler;
 *	%-ENOENT if @handler is not registered or not armed; what prepare() refused with; or
 *	%-EPERM, %-EBUSY, %-EDEADLK and %-ENODEV as ras_stop().
 */
int ras_stop_for(struct ras_handler *handler, const char *message, void *arg,
		 struct ras_outcome *outcome);

/**
 * ras_trigger_enabled() - does policy have a trigger stop the machine?
 * @trigger: the trigger
 *
 * For a client that stands in for something of the kernel's own, which is to do it if
 * the framework does not.
 *
 * Context: Any.
 * Return: true if so.
 */
bool ras_trigger_enabled(enum ras_trigger trigger);

/**
 * ras_cpu_record() - the record of one CPU in the present stop
 * @stop: the stop, as handed to the handler
 * @cpu: number of the CPU
 *
 * Context: Handlers.
 * Return: the record, or NULL if the CPU has none in this stop: it was offline,
 *	or has not parked yet.
 */
const struct ras_cpu *ras_cpu_record(const struct ras_stop *stop, unsigned int cpu);

/**
 * struct ras_times - figures of the last stop that was released
 * @sequence: its number
 * @stop_ns: from the trigger until every CPU was parked or named missing, in ns
 * @held_ns: from there until the release began, in ns
 * @release_ns: from there until every parked CPU had left, in ns
 */
struct ras_times {
	u32	sequence;
	u64	stop_ns;
	u64	held_ns;
	u64	release_ns;
};

/**
 * ras_last_times() - read the figures of the last stop that was released
 * @times: where to
 *
 * Context: Any, outside a stop.
 */
void ras_last_times(struct ras_times *times);

/* What a handler may ask of the core.  Context for all: handlers. */

/**
 * ras_try() - call a function that may fail, from within a handler
 * @stop: the stop
 * @fn: the function; for it holds what holds for a handler's @run
 * @arg: its argument
 * @deadline_ms: how long it may take without ras_progress(), in ms; 0: as long as the
 *	handler
 * @why: why it was abandoned; may be NULL
 *
 * A fault, a panic, a stack overflow or a deadline in @fn costs @fn and not the handler,
 * which goes on and can try something else.  The handler's own deadline counts on: should
 * it pass in @fn, both are abandoned.  @fn runs on a private stack of its own.  What it
 * holds when it is abandoned stays held.
 *
 * Context: Handlers, %RAS_TRY_DEPTH in one another.
 * Return: 0 if @fn came back; %-EFAULT if it faulted or overflowed its stack, %-ECANCELED
 *	if it panicked, %-ETIMEDOUT if its deadline passed; %-ENOSPC, and @fn was not called,
 *	if there are too many in one another; %-EPERM outside a handler, or if
 *	another CPU has taken over from it.
 */
int ras_try(const struct ras_stop *stop, void (*fn)(void *arg), void *arg,
	    unsigned int deadline_ms, struct ras_failure *why);

/* How many ras_try() may be in one another. */
#define RAS_TRY_DEPTH	2

/**
 * ras_progress() - renew the deadline of the handler that is running
 * @stop: the stop
 *
 * For one that takes long: called whenever a part of the work is done, not by the
 * clock, or a hang would look like work.
 *
 * Context: Handlers, any depth of calls.
 */
void ras_progress(const struct ras_stop *stop);

/**
 * ras_live_regs() - the registers with which the owner goes on after the stop
 * @stop: the stop
 *
 * For a debugger, which may change them: to step, or where a person says so.  Their
 * values are those of the record, which stays.
 *
 * Return: the registers; NULL if there are none to go on with: after a crash, or if the
 *	stop was called for like any function, or if another CPU has taken over.
 */
struct pt_regs *ras_live_regs(const struct ras_stop *stop);

/**
 * ras_wait_s() - how long to wait for a person
 * @handler: the handler, %RAS_HANDLER_INTERACTIVE
 * @stop: the stop
 *
 * Policy, handlers/<name>/wait_s.  It counts after a panic, an oops or an NMI that nobody
 * claims, which come when nobody may be there; in other stops, which somebody has asked
 * for, there is no limit.  The default, %RAS_WAIT_AUTO, is a minute after an NMI; after a
 * panic or an oops it is the kernel's own rule for its debugger: not at all if the machine
 * is to reboot by itself (panic=), without limit if it is not.
 *
 * Return: seconds until the handler should let the chain go on, if no key was pressed;
 *	0: at once; %RAS_WAIT_FOREVER.
 */
int ras_wait_s(const struct ras_handler *handler, const struct ras_stop *stop);

/**
 * ras_age_ns() - how long ago a stop began
 * @stop: the stop
 *
 * By a clock that goes on while every CPU has its interrupts off.
 *
 * Return: time in ns.
 */
u64 ras_age_ns(const struct ras_stop *stop);

/**
 * ras_call_parked() - have every parked CPU call a function
 * @stop: the stop
 * @fn: the function; @regs: the context in which the CPU was stopped
 * @left: optional.  Called on a CPU on which @fn was abandoned
 * @arg: the argument of both
 *
 * Does not wait.  CPUs that park later call it, too, as long as
 * ras_call_parked_end() was not called.  The core does that in the end, should the
 * handler be abandoned.  On the stack that the CPU is on, in whatever context it has
 * parked; for each what holds for a handler's @run holds for @fn, and one that faults
 * or panics is abandoned.
 *
 * Return: 0; %-EBUSY if such a call, or a job, is going on already, or if a CPU watches the
 *	handler: it has a deadline and is not %RAS_HANDLER_INTERACTIVE.
 */
int ras_call_parked(const struct ras_stop *stop,
		    void (*fn)(struct pt_regs *regs, void *arg),
		    void (*left)(void *arg), void *arg);

/**
 * ras_call_parked_end() - wait until no parked CPU is in the function any more
 * @stop: the stop
 * @timeout_ms: for how long, in ms
 *
 * No CPU begins it after this was called.  One that does not come back in time is asked
 * to leave by NMI, if it can be.
 *
 * Return: 0; %-ETIMEDOUT if some CPU is still in it, and lost for this stop; %-EBUSY if
 *	another CPU has taken over from the handler.
 */
int ras_call_parked_end(const struct ras_stop *stop, unsigned int timeout_ms);

/**
 * struct ras_job - work for parked CPUs
 * @work: does a piece of the work; true: there is more.  Each call runs in a guard, on a
 *	private stack of RAS_STACK_SIZE bytes; otherwise for it holds what holds for a
 *	handler's @run
 * @arg: its argument
 * @cpus: the CPUs that may help; NULL: all
 * @deadline_ms: how long a piece may take, in ms; not 0
 */
struct ras_job {
	bool			(*work)(void *arg);
	void			*arg;
	const struct cpumask	*cpus;
	unsigned int		deadline_ms;
};

/**
 * enum ras_helper - what a CPU does for the handler
 * @RAS_HELPER_NONE: it was not asked, or has not joined within the deadline of a piece
 * @RAS_HELPER_RUNS: it does a piece of the work, or is about to
 * @RAS_HELPER_DONE: @work has returned false, or the help has ended
 * @RAS_HELPER_ABANDONED: a piece faulted, panicked, or took longer than the deadline, and
 *	the CPU has left it
 * @RAS_HELPER_LOST: a piece takes longer than the deadline, and no NMI reaches the CPU: it
 *	may go on at any time, and what it writes to must not be used for anything else.  Also
 *	if another CPU has taken over from the handler
 */
enum ras_helper {
	RAS_HELPER_NONE,
	RAS_HELPER_RUNS,
	RAS_HELPER_DONE,
	RAS_HELPER_ABANDONED,
	RAS_HELPER_LOST,
};

/**
 * ras_help_start() - have parked CPUs work for the handler
 * @stop: the stop
 * @job: the work; copied
 *
 * Does not wait.  The CPU that watches the handler stays out of it, unless it is the only
 * one that could help: then it does a piece between two looks at the clock.  Helpers have
 * the deadline of @job for each piece; the owner keeps it when it calls ras_help_state() or
 * ras_help_end().
 *
 * Context: Handlers with %RAS_HANDLER_HELPED.
 * Return: how many CPUs were asked, which may be 0; %-EBUSY if there is such help already;
 *	%-EPERM if the handler lacks the flag; %-EINVAL without @work or deadline.
 */
int ras_help_start(const struct ras_stop *stop, const struct ras_job *job);

/**
 * ras_help_state() - what a CPU does for the handler
 * @stop: the stop
 * @cpu: the CPU
 *
 * Also asks a CPU whose piece is late to leave it, and names it lost if it does not within
 * the NMI timeout.
 *
 * Context: The handler that has called ras_help_start().
 * Return: see enum ras_helper.
 */
enum ras_helper ras_help_state(const struct ras_stop *stop, unsigned int cpu);

/**
 * ras_help_end() - have no CPU begin another piece, and wait until none is in one
 * @stop: the stop
 *
 * The core does that in the end, should the handler be abandoned or have forgotten it.
 *
 * Context: The handler that has called ras_help_start().
 * Return: 0; %-ETIMEDOUT if some CPU is lost, see ras_help_state(); %-EBUSY if another CPU
 *	has taken over from the handler.
 */
int ras_help_end(const struct ras_stop *stop);

/* For drivers that a handler calls, which have no stop in hand. */

/**
 * ras_owns_stop() - does the calling CPU own a stop whose CPUs are parked?
 *
 * A driver that may sleep, or take a lock, outside a stop asks this to find out that it
 * must not.
 *
 * Context: Any.
 * Return: true if so.
 */
bool ras_owns_stop(void);

/**
 * ras_clock_ns() - the clock by which stops are bounded
 *
 * It goes on while every CPU has its interrupts off.  Compare values of one CPU only.
 *
 * Context: Any, once the framework has started.
 * Return: time in ns, from no particular moment.
 */
u64 ras_clock_ns(void);

/**
 * ras_relax() - one step of a loop that waits
 *
 * Context: Any, once the framework has started.
 */
void ras_relax(void);

/**
 * ras_poll() - wait for a condition, bounded by the clock
 * @condition: evaluated again and again; at least once after the time is up
 * @timeout_ns: how long, in ns
 *
 * Context: As ras_relax().
 * Return: true if the condition has come true.
 */
#define ras_poll(condition, timeout_ns)					\
({									\
	u64 __timeout = (timeout_ns), __start = ras_clock_ns();		\
	bool __late, __met;						\
									\
	for (;;) {							\
		__late = ras_clock_ns() - __start > __timeout;		\
		__met = (condition);					\
		if (__met || __late)					\
			break;						\
		ras_relax();						\
	}								\
	__met;								\
})

/**
 * ras_copy() - copy kernel memory that a crash may have broken
 * @dst: where to; memory of the caller's own
 * @src: a kernel address, of which nothing need be true
 * @size: how much, in bytes
 *
 * Neither a page that is not there nor, where the machine can recover from it (x86 with
 * ERMS), a page that is poisoned does any harm.
 *
 * Context: Any.
 * Return: 0; %-EFAULT if not all of it can be read.  What is in @dst is then undefined.
 */
int ras_copy(void *dst, const void *src, size_t size);

/**
 * ras_copy_page() - copy a page frame by the direct map
 * @dst: where to; PAGE_SIZE bytes
 * @pfn: the page frame
 *
 * Context: Any.
 * Return: 0; %-EFAULT if it is no memory, is not in the direct map, or cannot be read.
 */
int ras_copy_page(void *dst, unsigned long pfn);

/**
 * ras_describe() - put the stop and its handlers into words
 * @stop: the stop
 * @s: where to
 *
 * For a debugger's own command.  The lines are those of the report.
 */
void ras_describe(const struct ras_stop *stop, struct seq_buf *s);

/**
 * ras_save_kmsg() - run the kernel's own kmsg dumpers (pstore and the like)
 * @stop: the stop, whose trigger decides the dumpers' reason
 */
void ras_save_kmsg(const struct ras_stop *stop);

/**
 * ras_crash_kernel_loaded() - is there a crash kernel to hand over to?
 *
 * Context: Any.
 * Return: true if there is.
 */
bool ras_crash_kernel_loaded(void);

/**
 * ras_leave() - leave this kernel
 * @stop: the stop, which must not be resumable
 * @fn: leaves; called on the owner when every other CPU has written its ELF note, has
 *	switched off what would disturb the next kernel, and halts
 * @arg: its argument
 *
 * Ends the deadline of the handler: from here on no other CPU takes over, and the others
 * cannot be had back.  If @fn returns, the handler should return %RAS_NEXT:
 * the next handler that leaves this kernel is tried.
 *
 * Context: Handlers with %RAS_HANDLER_NORETURN.
 * Return: 0 if @fn was called and has returned; %-EPERM in a stop that can be released;
 *	%-EBUSY if another CPU has taken over.
 */
int ras_leave(const struct ras_stop *stop, void (*fn)(void *arg), void *arg);

/**
 * ras_enter_crash_kernel() - start the crash kernel, by ras_leave()
 * @stop: the stop, which must not be resumable
 *
 * Returns if there is no crash kernel, or a system call was just replacing it; then nothing
 * was done.
 */
void ras_enter_crash_kernel(const struct ras_stop *stop);

/**
 * ras_save_notes() - write the ELF notes of all CPUs, as for a crash kernel
 * @stop: the stop
 *
 * For a dump of this kernel's own memory: crash(8) and others find each CPU's registers in
 * crash_notes, and the CPU that has crashed in crashing_cpu.  Each online CPU gets a whole
 * note; that of a missing CPU has the pid of its task and registers of zero, because
 * readers assign notes to CPUs by their order.  Undone when the stop is released.
 *
 * Context: Handlers.
 * Return: 0; %-EBUSY if another CPU has taken over.
 */
int ras_save_notes(const struct ras_stop *stop);

/**
 * ras_go_away() - leave this machine to another kernel, and come back
 * @stop: the stop, resumable, with every other CPU offline
 * @fn: returns when this kernel has the machine again; saves all of this CPU before that, and
 *	restores it, as machine_kexec() does for a kernel that comes back
 * @arg: its argument
 *
 * For a kexec jump.  While @fn is away there is no deadline, and the stop is in the state
 * AWAY.  The clock of stops may have begun anew: it goes on as if no time had passed.
 *
 * Context: Handlers.
 * Return: what @fn has returned; %-EPERM in a stop that cannot be released; %-EBUSY if
 *	another CPU is online, or has taken over.
 */
int ras_go_away(const struct ras_stop *stop, int (*fn)(void *arg), void *arg);

/* Hooks in the kernel; nobody else calls these. */

/* What ras_panic() says has been done, so that panic() does not repeat it. */
#define RAS_DID_STOP	BIT(0)
#define RAS_DID_KMSG	BIT(1)
#define RAS_DID_KEXEC	BIT(2)

unsigned int ras_panic(const char *message);
__printf(1, 0) void ras_panic_in_handler(const char *fmt, va_list args);
__printf(1, 0) bool ras_panic_lost(const char *fmt, va_list args);
void ras_crash_kexec(struct pt_regs *regs);
void ras_nmi_poll(struct pt_regs *regs);
int ras_hibernate_prepare(void);
int ras_hibernate(void);
int ras_hibernate_complete(int ret);

#else /* !CONFIG_RAS_STOP */

#define RAS_DID_STOP	0
#define RAS_DID_KMSG	0
#define RAS_DID_KEXEC	0

static inline unsigned int ras_panic(const char *message) { return 0; }
static inline __printf(1, 0) void ras_panic_in_handler(const char *fmt, va_list args)
{
}

static inline __printf(1, 0) bool ras_panic_lost(const char *fmt, va_list args)
{
	return false;
}

static inline void ras_crash_kexec(struct pt_regs *regs) { }
static inline void ras_nmi_poll(struct pt_regs *regs) { }
static inline int ras_hibernate_prepare(void) { return -EOPNOTSUPP; }
static inline int ras_hibernate(void) { return -EOPNOTSUPP; }
static inline int ras_hibernate_complete(int ret) { return ret; }

#endif /* CONFIG_RAS_STOP */

#ifdef CONFIG_RAS_KGDB
bool ras_kgdb_exception(int vector, int signo, int code, struct pt_regs *regs,
			int *ret);
int ras_kgdb_cpus(void);
bool ras_kgdb_may_join(int cpu);
bool ras_kgdb_panic(void);
#else
static inline bool ras_kgdb_exception(int vector, int signo, int code,
				      struct pt_regs *regs, int *ret)
{
	return false;
}

static inline int ras_kgdb_cpus(void) { return 0; }
static inline bool ras_kgdb_may_join(int cpu) { return true; }
static inline bool ras_kgdb_panic(void) { return false; }
#endif
#endif /* _LINUX_RAS_H */
