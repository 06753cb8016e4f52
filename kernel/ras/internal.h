/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS stop framework: what the files of the core share.
 *
 * Everything hangs off a struct ras_machine, so that the KUnit suites can drive
 * the same code with an architecture of their own making.
 */
#ifndef _KERNEL_RAS_INTERNAL_H
#define _KERNEL_RAS_INTERNAL_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/ras.h>
#include <linux/ras_arch.h>
#include <linux/rcupdate.h>
#include <linux/seq_buf.h>

/* ras_machine.owner while there is none. */
#define RAS_NOBODY	(-1)

#define RAS_IPI_GRACE_US	10000
#define RAS_IPI_GRACE_US_MAX	1000000
#define RAS_NMI_TIMEOUT_MS	1000
#define RAS_NMI_TIMEOUT_MS_MAX	60000
#define RAS_DEADLINE_MS_MAX	(24 * 60 * 60 * 1000)
#define RAS_WAIT_S_MAX		(24 * 60 * 60)
/* RAS_WAIT_AUTO for a person who may have pressed the NMI button. */
#define RAS_WAIT_NMI_S		60
/* What a parked CPU may take to notice an order before it is nudged. */
#define RAS_NUDGE_NS		((u64)NSEC_PER_MSEC)
/* For what the core itself has guarded: printing, and asking a handler. */
#define RAS_CORE_DEADLINE_MS	10000

/**
 * enum ras_state - where a stop is
 * @RAS_OFF: the framework has not started; no stop is possible
 * @RAS_IDLE: no stop
 * @RAS_STOPPING: the owner gathers the other CPUs
 * @RAS_STOPPED: all CPUs are parked or named missing; handlers run
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
	RAS_RELEASING,
	RAS_ENDED,
	RAS_HANDED_OVER,
};

/**
 * enum ras_order_op - what the owner tells a parked CPU; see RAS_ORDER()
 * @RAS_ORDER_STAY: wait on
 * @RAS_ORDER_WATCH: watch the owner; see ras_watch()
 * @RAS_ORDER_CALL: call a function for a handler; see ras_obey_call()
 * @RAS_ORDER_RELEASE: go on where you were interrupted
 * @RAS_ORDER_RETIRE: switch off what blocks a reset, and halt
 * @RAS_ORDER_DEADMAN: the same, and see to the reboot; see ras_deadman()
 * @RAS_ORDER_HANDOVER: the same for a crash kernel, with an ELF note before it
 */
enum ras_order_op {
	RAS_ORDER_STAY,
	RAS_ORDER_WATCH,
	RAS_ORDER_CALL,
	RAS_ORDER_RELEASE,
	RAS_ORDER_RETIRE,
	RAS_ORDER_DEADMAN,
	RAS_ORDER_HANDOVER,
};

/*
 * An order carries the sequence of the stop it belongs to, so that the orders
 * of a former stop mean nothing to a CPU that parks now, and a CPU that parks
 * too late for its stop finds its order already there.
 */
#define RAS_ORDER(sequence, op)		((u64)(sequence) << 32 | (op))
#define RAS_ORDER_SEQUENCE(order)	((u32)((order) >> 32))
#define RAS_ORDER_OP(order)		((u32)(order) & 0xf)

/* The orders to watch and to call also carry the number of the call. */
#define RAS_ORDER_TO_WATCH(sequence, call)				\
	(RAS_ORDER(sequence, RAS_ORDER_WATCH) | (u64)(call) << 4)
#define RAS_ORDER_CALL(order)		((u32)(order) >> 4)
#define RAS_CALL_MAX			GENMASK(27, 0)

/* How a guarded call ends. */
enum ras_outcome {
	RAS_CALL_DONE,		/* it came back */
	RAS_CALL_ABANDONED,	/* this CPU left it; struct ras_failure tells why */
	RAS_CALL_LOST,		/* another CPU has taken over meanwhile */
};

/* Why a guarded call was abandoned. */
enum ras_failing {
	RAS_FAILED_NOT,
	RAS_FAULTED,		/* an exception that has no fix-up */
	RAS_PANICKED,
	RAS_SMASHED,		/* it came back, but the stack below it is not its own */
	RAS_OVERRAN,		/* its deadline passed */
	RAS_HUNG,		/* likewise, and the owner did not answer */
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

/**
 * struct ras_guard - the guarded call that a CPU is in
 * @active: there is one.  Read by faults and NMIs on this CPU only
 * @call: its number, see ras_machine.running
 * @task: the task that entered it
 * @count: preempt_count() when it was entered
 * @locks: how many locks the task held then
 * @printk: the CPU's counters in printk() then
 * @parked: the CPU is parked, and calls a function for a handler
 * @ended: by ras_guard_end(), while it was running
 * @failure: why it is being abandoned
 */
struct ras_guard {
	bool			active;
	bool			parked;
	bool			ended;
	u32			call;
	struct task_struct	*task;
	int			count;
	int			locks;
	struct ras_printk	printk;
	struct ras_failure	failure;
};

/**
 * struct ras_watch - the watch over the guarded call
 * @cpu: the CPU that watches, or %RAS_NOBODY
 * @budget_ns: the deadline, from the start or from the last progress
 * @deadline_ms: the same as policy has it; 0: none
 * @begin_ns: when that was, by the owner's clock
 * @progress: how often the deadline was renewed
 * @strike: the call that is to be abandoned
 * @put_off: how often the owner has answered: not now
 * @asked_ns: when a CPU that does not watch has asked the owner, by its own clock
 *
 * Written by the owner, and constant while a call is watched but for @begin_ns,
 * @progress and @put_off; @strike and @asked_ns are written by the CPU that asks.
 */
struct ras_watch {
	int			cpu;
	u64			budget_ns;
	unsigned int		deadline_ms;
	u64			begin_ns;
	u32			progress;
	u32			strike;
	u32			put_off;
	u64			asked_ns;
};

/**
 * struct ras_parked_call - the function that parked CPUs call
 * @active: there is one
 * @nr: its number
 * @fn: the function
 * @left: called where it was abandoned, or NULL
 * @arg: the argument of both
 *
 * Written by the owner before the order to call, read by the others after it.
 */
struct ras_parked_call {
	bool			active;
	u32			nr;
	void			(*fn)(struct pt_regs *regs, void *arg);
	void			(*left)(void *arg);
	void			*arg;
};

/**
 * struct ras_slot - one CPU's place in the machine
 * @order: what a parked CPU waits for.  Written by the owner only, on a cache
 *	line of its own so that waiting disturbs nobody
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
 * @take_over: the guarded call that this CPU is to take over from, or 0; set by an NMI
 *	on this CPU
 * @calling: the number of the parked call that this CPU is in, or 0.  Written by
 *	this CPU only
 * @called: the last one that it has begun
 * @call_left: the stop in which it was taken out of one
 * @guard: the guarded call that it is in
 * @record: this CPU's record
 */
struct ras_slot {
	u64			order;

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
	bool			awake;
	u32			take_over;
	u32			calling;
	u32			called;
	u32			call_left;
	struct ras_guard	guard;
	struct ras_cpu		record;
} ____cacheline_aligned;

/* What a handler did in a stop; the name is a copy, the handler may go away. */
struct ras_result {
	char			name[RAS_NAME_LEN];
	const char		*skipped;	/* why it did not run, or NULL */
	const char		*broken;	/* a rule it broke, or NULL */
	struct ras_failure	failure;	/* why it was abandoned */
	enum ras_verdict	verdict;
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

/* The handlers in the order they run; replaced as a whole, read without lock. */
struct ras_order {
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
 * @next: the handler to go on with, as an index into the order
 * @abandoned: a handler that has yet to put right what it has left
 * @begin_ns: when the call began, by the owner's clock
 */
struct ras_step {
	struct ras_entry	*entry;
	struct ras_result	*result;
	unsigned int		next;
	struct ras_entry	*abandoned;
	u64			begin_ns;
};

/**
 * struct ras_machine - the state of the framework
 * @arch: how to stop CPUs
 * @owner: the CPU that owns the stop, or RAS_NOBODY.  One compare-and-exchange
 *	decides
 * @state: see enum ras_state
 * @slot: per CPU, indexed by its number
 * @stop: the present stop
 * @live: the context that the owner goes on with after the stop, or NULL
 * @begin_ns: when it began, by the owner's clock
 * @pending: CPUs that the owner is waiting for
 * @owners: CPUs that have been the owner of the present stop
 * @running: number of the guarded call that is running, or 0.  Whoever sets it
 *	to 0 by compare-and-exchange ends the call: the owner, or the CPU that
 *	takes over from it
 * @calls: number of the last guarded call
 * @watch: the watch over it
 * @step: where the chain is
 * @parked_call: what the parked CPUs call for a handler
 * @last_only: no handler is to run any more but the one that never returns
 * @reported: the owner has told what it does, see ras_run_chain()
 * @quiet: nothing but a handler that never returns is armed
 * @mute: printing was abandoned: into the log only
 * @failures: how often something was abandoned in the present stop
 * @oopsed: what was abandoned had faulted or panicked, as in an oops
 * @made_crash: the stop has become a crash because of that, see ras_crash_on_oops()
 * @console_was_locked: before the guarded call
 * @console_left: an abandoned call has left the console locked
 * @result: what each handler did in the present stop
 * @nr_results: how many
 * @last: the last stop that ended
 * @policy: what the administrator wants
 * @lock: peace time: guards @entries, policy and arming
 * @entries: registered handlers
 * @order: the same, in order: one of @order_space; RCU
 * @order_space: the order and the next one, so that unregistering cannot fail
 * @handlers_kobj: directory of the handlers, or NULL without sysfs
 * @go_on: what follows the chain of a crash on a CPU that is not in panic(): one that
 *	has taken over from it, or whose stop a handler has made a crash of.  Does not
 *	return.  May be NULL
 * @reboot_ms: tells how long a panic may take from the end of the chain to the
 *	reboot, in ms; 0: there is to be none.  May be NULL
 * @printed: a number that changes whenever a console has printed a record.  May be
 *	NULL
 * @reboot: reboots at once.  Does not return
 * @own_up: called after the release of a stop in which something was abandoned,
 *	on the CPU that was the owner, interrupts disabled.  May be NULL
 */
struct ras_machine {
	const struct ras_arch_ops *arch;
	atomic_t		owner;
	enum ras_state		state;
	struct ras_slot		**slot;

	struct ras_stop		stop;
	struct pt_regs		*live;
	u64			begin_ns;
	struct cpumask		pending;
	struct cpumask		owners;

	atomic_t		running;
	u32			calls;
	struct ras_watch	watch;
	struct ras_step		step;
	struct ras_parked_call	parked_call;
	bool			last_only;
	bool			reported;
	bool			quiet;
	bool			mute;
	unsigned int		failures;
	bool			oopsed;
	bool			made_crash;
	bool			console_was_locked;
	bool			console_left;

	struct ras_result	result[RAS_MAX_HANDLERS];
	unsigned int		nr_results;
	struct ras_last		last;

	struct ras_policy	policy;
	struct mutex		lock;	/* peace time; see above */
	struct list_head	entries;
	struct ras_order __rcu	*order;
	struct ras_order	order_space[2];
	struct kobject		*handlers_kobj;
	void			(*go_on)(struct ras_machine *m);
	u64			(*reboot_ms)(void);
	u64			(*printed)(void);
	void			(*reboot)(void);
	void			(*own_up)(bool console_left);
};

/**
 * struct ras_request - what a trigger asks for
 * @trigger: which one
 * @rehearsal: no handler is to run
 * @needs_handler: the stop is of no use if no handler is armed for it
 * @message: the reason in words
 * @regs: the interrupted context
 * @live: the same, if the trigger goes on with it
 */
struct ras_request {
	enum ras_trigger	trigger;
	bool			rehearsal;
	bool			needs_handler;
	const char		*message;
	const struct pt_regs	*regs;
	struct pt_regs		*live;
};

extern struct ras_machine ras_machine;

/* stop.c */
void ras_machine_init(struct ras_machine *m, const struct ras_arch_ops *arch,
		      struct ras_slot **slot);
int ras_machine_stop(struct ras_machine *m, const struct ras_request *request);
bool ras_finish(struct ras_machine *m);
int ras_machine_handover(struct ras_machine *m);
void ras_add_newcomers(struct ras_machine *m);
bool ras_has_parked(const struct ras_machine *m, unsigned int cpu);
bool ras_owned_here(struct ras_machine *m);
void ras_summon(struct ras_machine *m, unsigned int cpu);
void ras_nudge(struct ras_machine *m, unsigned int cpu);

/* park.c */
bool ras_takes_nmi(const struct ras_slot *slot);
bool ras_park(struct ras_machine *m, enum ras_how how, const struct pt_regs *regs);
void ras_park_for_good(struct ras_machine *m);
bool ras_machine_stopped(struct ras_machine *m, enum ras_how how,
			 struct pt_regs *regs);
void ras_note_lost(struct ras_machine *m, enum ras_trigger trigger,
		   const char *message);
void ras_unpark(struct ras_slot *slot);
void ras_obey_in_nmi(struct ras_machine *m, struct ras_slot *slot);

/* chain.c */
bool ras_entry_runs_on(const struct ras_entry *entry, enum ras_trigger trigger);
const char *ras_entry_skipped(struct ras_machine *m, struct ras_entry *entry,
			      enum ras_trigger trigger);
int ras_entry_wait_s(const struct ras_machine *m, const struct ras_entry *entry,
		     enum ras_trigger trigger);
bool ras_any_ready(struct ras_machine *m, enum ras_trigger trigger);
bool ras_only_noreturn(struct ras_machine *m, enum ras_trigger trigger);
bool ras_is_next(const struct ras_machine *m, const struct ras_entry *entry);
bool ras_run_chain(struct ras_machine *m);
bool ras_crash_on_oops(struct ras_machine *m);
bool ras_say(struct ras_machine *m, void (*say)(struct ras_machine *m),
	     struct ras_result *unfinished);
void ras_step_lost(struct ras_machine *m, int from, int to);

/* guard.c */
extern atomic_t ras_guards;
enum ras_outcome ras_guard_call(struct ras_machine *m, void (*fn)(void *arg),
				void *arg, unsigned int deadline_ms,
				struct ras_failure *failure, const char **broken);
bool ras_guard_end(struct ras_machine *m);
bool ras_acts_as_owner(struct ras_machine *m);
bool ras_guard_parked(struct ras_machine *m, void (*fn)(void *arg), void *arg);
bool ras_guard_fault(struct ras_machine *m, struct pt_regs *regs, const char *fault,
		     const unsigned long *address, bool as_nmi);
__printf(2, 0) void ras_guard_panic(struct ras_machine *m, const char *fmt,
				    va_list args);
bool ras_guard_strike(struct ras_machine *m, struct pt_regs *regs);
void ras_guard_lost(struct ras_machine *m, struct pt_regs *regs);
void ras_note_locks(const struct ras_guard *guard, struct ras_failure *failure);
void ras_note_console(struct ras_machine *m);

/* watch.c */
void ras_watch_set(struct ras_machine *m, unsigned int deadline_ms);
void ras_watch_begin(struct ras_machine *m, u32 call);
void ras_watch_end(struct ras_machine *m);
void ras_watch_renew(struct ras_machine *m);
bool ras_watch_overdue(struct ras_machine *m, u32 call);
void ras_watch(struct ras_machine *m, struct ras_slot *slot, u64 order,
	       const struct pt_regs *frame);
bool ras_watch_look(struct ras_machine *m, struct ras_slot *slot);
void ras_take_over_if_due(struct ras_machine *m, struct ras_slot *slot,
			  const struct pt_regs *frame);
int ras_watch_reboot(struct ras_machine *m);
void ras_deadman(struct ras_machine *m);

/* parked_call.c */
bool ras_obey_call(struct ras_machine *m, struct ras_slot *slot, u64 order,
		   const struct pt_regs *regs);
bool ras_is_in_parked_call(const struct ras_machine *m);
bool ras_call_is_over(const struct ras_machine *m, const struct ras_slot *slot);
int ras_machine_call_parked(struct ras_machine *m,
			    void (*fn)(struct pt_regs *regs, void *arg),
			    void (*left)(void *arg), void *arg);
int ras_machine_call_parked_end(struct ras_machine *m, unsigned int timeout_ms);

/* registry.c */
int ras_await_idle(const struct ras_machine *m);
int ras_add_handler(struct ras_machine *m, struct ras_handler *handler);
void ras_remove_handler(struct ras_machine *m, struct ras_handler *handler);
int ras_entry_enable(struct ras_machine *m, struct ras_entry *entry, bool enable);
void ras_reorder(struct ras_machine *m);
u32 ras_provided(struct ras_machine *m);

/* policy.c */
int ras_parse_bool(const char *text, bool *value);
int ras_parse_uint(const char *text, unsigned int min, unsigned int max,
		   unsigned int *value);
int ras_parse_triggers(const char *text, u32 *mask);
int ras_set(struct ras_machine *m, const char *name, const char *text);
int ras_set_trigger(struct ras_machine *m, enum ras_trigger trigger, const char *text);
int ras_set_entry(struct ras_machine *m, struct ras_entry *entry,
		  const char *name, const char *text);
void ras_boot_policy(struct ras_machine *m, struct ras_entry *entry, bool *enable);

/* report.c */
extern const char * const ras_trigger_names[RAS_NR_TRIGGERS];
extern const char * const ras_verdict_names[RAS_NR_VERDICTS];
extern const char * const ras_how_names[RAS_NR_HOWS];
void ras_format_triggers(struct seq_buf *s, u32 mask);
void ras_format_stop(struct seq_buf *s, const struct ras_machine *m);
void ras_format_results(struct seq_buf *s, const struct ras_machine *m);
void ras_format_chain(struct seq_buf *s, struct ras_machine *m);
void ras_format_plan(struct seq_buf *s, struct ras_machine *m,
		     enum ras_trigger trigger);
void ras_format_plans(struct seq_buf *s, struct ras_machine *m);
void ras_report_stopped(struct ras_machine *m);
void ras_report_handlers(struct ras_machine *m);
void ras_report_forget(struct ras_machine *m);
bool ras_report_prepare(const struct ras_machine *m);
void ras_report_prepared(void);

/* trigger.c */
int ras_user_stop(bool rehearsal);

/* services.c */
const struct ras_cpu *ras_machine_record(const struct ras_machine *m,
					 unsigned int cpu);

/* sysfs.c */
extern struct kobj_type ras_entry_ktype;

#endif /* _KERNEL_RAS_INTERNAL_H */
