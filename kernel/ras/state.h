/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS stop framework: what the core knows.
 *
 * Everything hangs off a struct ras_machine, so that the KUnit suites can drive the same
 * code with an architecture of their own.  Each floor of the core has a header with its
 * functions; Documentation/ras/design.rst shows the floors.
 */
#ifndef _KERNEL_RAS_STATE_H
#define _KERNEL_RAS_STATE_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/ras.h>
#include <linux/ras_arch.h>
#include <linux/rcupdate.h>

/* The owner while there is none. */
#define RAS_NOBODY	(-1)

#define RAS_IPI_GRACE_US	10000
#define RAS_IPI_GRACE_US_MAX	1000000
#define RAS_NMI_TIMEOUT_MS	1000
#define RAS_NMI_TIMEOUT_MS_MAX	60000
#define RAS_DEADLINE_MS_MAX	(24 * 60 * 60 * 1000)
#define RAS_WAIT_S_MAX		(24 * 60 * 60)
/* RAS_WAIT_AUTO for a person who may have pressed the NMI button. */
#define RAS_WAIT_NMI_S		60
/* What a parked CPU may take to notice a command before it is nudged. */
#define RAS_NUDGE_NS		((u64)NSEC_PER_MSEC)

/**
 * enum ras_state - where a stop is
 * @RAS_OFF: the framework has not started; no stop is possible
 * @RAS_IDLE: no stop
 * @RAS_STOPPING: the owner gathers the other CPUs
 * @RAS_STOPPED: all CPUs are parked or named missing; handlers run
 * @RAS_AWAY: the machine belongs to another kernel, which gives it back; every CPU but the
 *	owner is offline
 * @RAS_RELEASING: the owner lets them go
 * @RAS_ENDED: the chain of a crash has ended; the CPUs stay where they are
 * @RAS_HANDED_OVER: the machine belongs to the crash kernel
 *
 * Only the owner changes it, with release semantics; the other CPUs read it
 * with acquire, which makes struct ras_stop visible to them.
 */
enum ras_state {
	RAS_OFF,
	RAS_IDLE,
	RAS_STOPPING,
	RAS_STOPPED,
	RAS_AWAY,
	RAS_RELEASING,
	RAS_ENDED,
	RAS_HANDED_OVER,
};

/**
 * enum ras_command_op - what the owner tells a parked CPU; see RAS_COMMAND()
 * @RAS_STAY: wait on
 * @RAS_WATCH: watch the owner; see ras_watch()
 * @RAS_HELP: call a function for a handler; see ras_help()
 * @RAS_RELEASE: go on where you were interrupted
 * @RAS_RETIRE: switch off what blocks a reset, and halt
 * @RAS_DEADMAN: the same, and reboot if panic() does not; see ras_deadman()
 * @RAS_HANDOVER: write an ELF note, then as @RAS_RETIRE
 */
enum ras_command_op {
	RAS_STAY,
	RAS_WATCH,
	RAS_HELP,
	RAS_RELEASE,
	RAS_RETIRE,
	RAS_DEADMAN,
	RAS_HANDOVER,
};

/*
 * A command carries the sequence of the stop that it belongs to: a CPU that parks now
 * ignores the commands of a former stop, and a CPU that parks too late for its stop
 * finds the command of its release.  @RAS_WATCH and @RAS_HELP also carry a number: that
 * of the guarded call, or of the help.
 */
#define RAS_COMMAND(sequence, op)	((u64)(sequence) << 32 | (op))
#define RAS_COMMAND_NR(sequence, op, nr)				\
	(RAS_COMMAND(sequence, op) | (u64)(nr) << 4)
#define RAS_SEQUENCE_OF(command)	((u32)((command) >> 32))
#define RAS_OP_OF(command)		((u32)(command) & 0xf)
#define RAS_NR_OF(command)		((u32)(command) >> 4)
#define RAS_NR_MAX			GENMASK(27, 0)

/*
 * The owner of the stop, and the guarded call that it is in, are one word: a CPU that
 * takes over ends the call and becomes the owner by one compare-and-exchange.
 */
#define RAS_CLAIM(cpu, call)		((u64)((cpu) + 1) << 32 | (call))
#define RAS_CLAIM_NONE			RAS_CLAIM(RAS_NOBODY, 0)
#define RAS_OWNER_OF(claim)		((int)((u64)(claim) >> 32) - 1)
#define RAS_CALL_OF(claim)		((u32)(claim))

/**
 * struct ras_printk - a CPU's counters in printk()
 * @deferred: its messages reach the consoles later, see printk_deferred_enter()
 * @storing: it is storing a record, and as many more within that
 * @storing_in_nmi: the same in an NMI
 */
struct ras_printk {
	int			deferred;
	u8			storing;
	u8			storing_in_nmi;
};

/* Guarded calls in one another on one CPU: a handler, what it tries, and the same again. */
#define RAS_GUARDS	4

/**
 * struct ras_guard - a guarded call
 * @call: its number, see RAS_CLAIM(); 0 for a helper's
 * @outer: the number of the call that it was made from; 0: none
 * @task: the task that entered it
 * @count: preempt_count() when it was entered
 * @locks: how many locks the task held then
 * @printk: the CPU's counters in printk() then
 * @oopses: oops_in_progress then
 * @inside: this CPU is in what was called: the way out that the architecture has is this
 *	call's.  Read by faults and NMIs on this CPU
 * @helper: the CPU is parked, and calls a function for a handler
 * @ended: by ras_guard_end(), while it was running
 * @closed: it is over, but was not the last one; see ras_guard_close()
 * @begin_ns: when it began, by this CPU's clock
 * @budget_ns: its deadline, from the start or from the last progress; 0: none
 * @deadline_ms: the same as policy has it
 * @watched: another CPU may watch it
 * @failure: why it is being abandoned
 */
struct ras_guard {
	u32			call;
	u32			outer;
	bool			inside;
	bool			helper;
	bool			ended;
	bool			closed;
	bool			watched;
	struct task_struct	*task;
	int			count;
	int			locks;
	int			oopses;
	struct ras_printk	printk;
	u64			begin_ns;
	u64			budget_ns;
	unsigned int		deadline_ms;
	struct ras_failure	failure;
};

/**
 * struct ras_watch - the watch over the guarded call
 * @cpu: the CPU that watches, or %RAS_NOBODY
 * @last: the CPU that has watched last in this stop, or %RAS_NOBODY
 * @budget_ns: the deadline, from the start or from the last progress
 * @deadline_ms: the same as policy has it; 0: none
 * @begin_ns: when that was, by the owner's clock
 * @renewed_ns: the last progress in the handler that is running, by that CPU's clock
 * @progress: how often the deadline was renewed
 * @strike: the call that is to be abandoned
 * @put_off: how often the owner has answered: not now
 * @asked_ns: when a CPU that does not watch has asked the owner, by its own clock
 *
 * Written by the owner, and constant while a call is watched but for @begin_ns,
 * @renewed_ns, @progress and @put_off; @strike and @asked_ns are written by the CPU that asks.
 */
struct ras_watch {
	int			cpu;
	int			last;
	u64			budget_ns;
	unsigned int		deadline_ms;
	u64			begin_ns;
	u64			renewed_ns;
	u32			progress;
	u32			strike;
	u32			put_off;
	u64			asked_ns;
};

/**
 * struct ras_help - the function that parked CPUs call for a handler
 * @active: there is one
 * @nr: its number
 * @work: does a piece of a job, which slot->work commands, not slot->command; else NULL
 * @deadline_ns: how long a piece may take
 * @fn: the function
 * @left: called where it was abandoned, or NULL
 * @arg: the argument of both
 *
 * Written by the owner before the command to help, read by the others after it.
 */
struct ras_help {
	bool			active;
	u32			nr;
	bool			(*work)(void *arg);
	u64			deadline_ns;
	void			(*fn)(struct pt_regs *regs, void *arg);
	void			(*left)(void *arg);
	void			*arg;
};

/**
 * struct ras_slot - one CPU's place in the machine
 * @command: what a parked CPU waits for.  Written by the owner only, on a cache
 *	line of its own so that waiting disturbs nobody
 * @work: the number of the job that this CPU is to help with, or 0.  Written by the owner
 *	only, on the line that the CPU waits on
 * @parked: the sequence of the stop this CPU is parked in, or 0.  Written by
 *	this CPU only; release here pairs with acquire in the owner's polls
 * @parking: this CPU is in ras_park(); tells an NMI that interrupts it
 * @nmi_sent: the owner has sent an NMI that has not arrived yet
 * @lost_pending: the CPU lost the race for a stop; @lost and @lost_message tell
 *	why it wanted one
 * @lost: see @lost_pending
 * @lost_message: see @lost_pending
 * @oops_task: the task whose oops @oops_regs and @oops_message describe
 * @oops_task_start: when it was started; a later task may have its address
 * @oops_regs: registers at that oops, copied
 * @oops_message: its kind
 * @here: registers of a trigger that comes without any; see ras_panic()
 * @awake: this CPU, which is parked, has been told to watch: it waits without depending
 *	on a nudge for the rest of the stop.  Written by this CPU only
 * @panic_message: the panic of this CPU in a stop that is not a crash
 * @take_over: the guarded call that this CPU is to take over from, or 0; set by an NMI
 *	on this CPU
 * @helping: the number of the help that this CPU is in, or 0.  Written by this CPU only
 * @helped: the last one that it has begun
 * @help_left: the stop in which it was taken out of one
 * @help_failure: and why
 * @job: the number of the last job that it has joined.  Written by this CPU only
 * @job_state: what has become of it
 * @piece: counts the pieces of jobs that it has begun
 * @piece_seen: the one that the owner has seen last.  Written by the owner
 * @piece_seen_ns: when that was, by the owner's clock
 * @piece_late: the one that this CPU is to leave.  Written by the owner
 * @job_lost: the job that it could not be got out of.  Written by the owner
 * @guards: how many guarded calls it is in.  Written by this CPU only; read by faults
 *	and NMIs on it, and by the owner
 * @guard: these calls, the outermost first
 * @record: this CPU's record
 */
struct ras_slot {
	u64			command;
	u32			work;

	u32			parked ____cacheline_aligned;
	u32			nmi_sent;
	bool			parking;
	bool			lost_pending;
	enum ras_trigger	lost;
	char			lost_message[RAS_REASON_LEN];
	struct task_struct	*oops_task;
	u64			oops_task_start;
	struct pt_regs		oops_regs;
	char			oops_message[RAS_REASON_LEN];
	struct pt_regs		here;
	char			panic_message[RAS_REASON_LEN];
	bool			awake;
	u32			take_over;
	u32			helping;
	u32			helped;
	u32			help_left;
	struct ras_failure	help_failure;
	u32			job;
	enum ras_helper		job_state;
	u32			piece;
	u32			piece_seen;
	u64			piece_seen_ns;
	u32			piece_late;
	u32			job_lost;
	unsigned int		guards;
	struct ras_guard	guard[RAS_GUARDS];
	struct ras_cpu		record;
} ____cacheline_aligned;

/* A stop that becomes a crash runs a second plan. */
#define RAS_MAX_RESULTS	(2 * RAS_MAX_HANDLERS)

/* What a handler did in a stop; the name is a copy, the handler may go away. */
struct ras_result {
	char			name[RAS_NAME_LEN];
	const char		*skipped;	/* why it did not run, or NULL */
	const char		*broken;	/* a rule it broke, or NULL */
	struct ras_failure	failure;	/* why it was abandoned */
	enum ras_verdict	verdict;
	bool			ran;		/* its run() was called */
	bool			running;
	u64			ns;
};

/**
 * struct ras_entry - the core's side of a registered handler
 * @kobj: its directory in sysfs; its last reference frees the entry
 * @node: in ras_machine.entries
 * @handler: the client's side; NULL once unregistered.  Under ras_machine.lock
 * @name: copy of the name
 * @flags: copy of the flags
 * @enabled: policy; arm() has succeeded.  A stop reads it with READ_ONCE()
 * @leaving: ras_remove_handler() has begun.  Under ras_machine.lock
 * @priority: policy
 * @triggers: policy
 * @deadline_ms: policy
 * @wait_s: policy
 * @failed: it was abandoned, and is not armed before it is enabled again
 * @runs: how often it has run
 * @faults: how often it was abandoned because of what it did
 * @timeouts: how often because its deadline had passed
 * @last_verdict: of the last run
 * @busy: callbacks that are running; also one that another CPU has taken over from
 * @last_failed: the last run was abandoned
 * @last_ns: duration of the last run, in ns
 */
struct ras_entry {
	struct kobject		kobj;
	struct list_head	node;
	struct ras_handler	*handler;
	char			name[RAS_NAME_LEN];
	u32			flags;
	bool			enabled;
	bool			leaving;
	int			priority;
	u32			triggers;
	unsigned int		deadline_ms;
	int			wait_s;

	bool			failed;
	unsigned long		runs;
	unsigned long		faults;
	unsigned long		timeouts;
	enum ras_verdict	last_verdict;
	atomic_t		busy;
	bool			last_failed;
	u64			last_ns;
};

/* The handlers in the order in which they run; replaced as a whole, read without lock. */
struct ras_chain {
	unsigned int		nr;
	struct ras_entry	*entry[RAS_MAX_HANDLERS];
};

/* Policy, all of it written under ras_machine.lock and read with READ_ONCE(). */
struct ras_policy {
	bool			enabled;
	u32			triggers;
	unsigned int		ipi_grace_us;
	unsigned int		nmi_timeout_ms;
};

/* The last stop, for sysfs.  Written by the owner while nobody else runs. */
struct ras_last {
	struct ras_times	times;
	enum ras_trigger	trigger;
	bool			rehearsal;
	int			owner;
	char			message[RAS_MESSAGE_LEN];
	struct cpumask		cpus[RAS_NR_HOWS];
};

/**
 * struct ras_step - what the owner is doing, for the CPU that takes over from it
 * @entry: the handler; NULL for a step of the core, such as printing
 * @result: the handler's result
 * @next: the handler to go on with, as an index into the chain
 * @abandoned: a handler that has yet to put right what it has left
 * @why: why it was abandoned
 * @begin_ns: when the call began, by the owner's clock
 */
struct ras_step {
	struct ras_entry	*entry;
	struct ras_result	*result;
	unsigned int		next;
	struct ras_entry	*abandoned;
	const struct ras_failure *why;
	u64			begin_ns;
};

struct ras_machine;

/**
 * struct ras_kernel_ops - what a stop does to the kernel around it
 * @panic: go through panic() for a crash that this CPU has come to own outside of it.
 *	Does not return
 * @reboot_ms: how long a panic may take from the end of the chain to the reboot, in ms;
 *	0: there is to be none
 * @undefer: called when a stop becomes a crash: let printk() reach the consoles, which
 *	ras_stop_by() and ras_park_here() have put off
 * @printed: a number that changes whenever a console has printed a record
 * @reboot: reboots at once.  Does not return
 * @tainted: called after the release of a stop in which something was abandoned, on the
 *	CPU that was the owner, with interrupts disabled; @console_left: and has left the
 *	console locked
 *
 * A table, because the KUnit suites must neither panic nor reboot the kernel that they
 * run in.
 */
struct ras_kernel_ops {
	void			(*panic)(struct ras_machine *m);
	u64			(*reboot_ms)(void);
	void			(*undefer)(void);
	u64			(*printed)(void);
	void			(*reboot)(void);
	void			(*tainted)(bool console_left);
};

/**
 * struct ras_machine - the state of the framework
 * @arch: how to stop CPUs
 * @kernel: what a stop does to the kernel around it
 * @claim: who owns the stop, and the guarded call that it is in; see RAS_CLAIM().  One
 *	compare-and-exchange decides
 * @state: see enum ras_state
 * @slot: per CPU, indexed by its number
 * @stop: the present stop
 * @live: the context that the owner goes on with after the stop, or NULL
 * @begin_ns: when it began, by the owner's clock
 * @pending: CPUs that the owner is waiting for
 * @gathered: CPUs that are stopped or named missing, the owner among them
 * @owners: CPUs that have been the owner of the present stop
 * @calls: number of the last guarded call
 * @watch: the watch over it
 * @step: where the chain is
 * @help: what the parked CPUs call for a handler
 * @last_only: no handler is to run any more but the one that never returns
 * @reported: the owner has told what it does, see ras_run_chain()
 * @quiet: nothing but a handler that never returns is armed
 * @mute: printing was abandoned: into the log only
 * @failures: how often something was abandoned in the present stop
 * @help_failed: a CPU was taken out of what it did for a handler
 * @oopsed: what was abandoned had faulted or panicked, as in an oops
 * @made_crash: the stop has become a crash because of that, see ras_crash_on_oops()
 * @panicked: the CPU, plus one, that has panicked while another one owned a stop: whichever
 *	is the next to look makes a crash of its stop; see ras_preempt()
 * @in_panic: the owner has made the stop in panic(), and returns to it
 * @only: the one handler to run, see ras_stop_for(); NULL: all of the plan
 * @outcome: where to tell what became of it, or NULL
 * @notes_saved: ELF notes were written, and are to be undone on release
 * @console_was_locked: before the guarded call
 * @console_left: an abandoned call has left the console locked
 * @result: what each handler did in the present stop
 * @nr_results: how many
 * @last: the last stop that ended
 * @policy: what the administrator wants
 * @lock: guards @entries, policy and arming.  Not taken in a stop
 * @entries: registered handlers
 * @chain: the same, in order: one of @chain_space; RCU
 * @chain_space: the chain and the next one, so that unregistering cannot fail
 * @handlers_kobj: directory of the handlers, or NULL without sysfs
 */
struct ras_machine {
	const struct ras_arch_ops *arch;
	const struct ras_kernel_ops *kernel;
	atomic64_t		claim;
	enum ras_state		state;
	struct ras_slot		**slot;

	struct ras_stop		stop;
	struct pt_regs		*live;
	u64			begin_ns;
	struct cpumask		pending;
	struct cpumask		gathered;
	struct cpumask		owners;

	u32			calls;
	struct ras_watch	watch;
	struct ras_step		step;
	struct ras_help		help;
	bool			last_only;
	bool			reported;
	bool			quiet;
	bool			mute;
	unsigned int		failures;
	bool			help_failed;
	bool			oopsed;
	bool			made_crash;
	atomic_t		panicked;
	bool			in_panic;
	struct ras_entry	*only;
	struct ras_outcome	*outcome;
	bool			notes_saved;
	bool			console_was_locked;
	bool			console_left;

	struct ras_result	result[RAS_MAX_RESULTS];
	unsigned int		nr_results;
	struct ras_last		last;

	struct ras_policy	policy;
	struct mutex		lock;	/* outside stops; see above */
	struct list_head	entries;
	struct ras_chain __rcu	*chain;
	struct ras_chain	chain_space[2];
	struct kobject		*handlers_kobj;
};

extern struct ras_machine ras_machine;

#endif /* _KERNEL_RAS_STATE_H */
