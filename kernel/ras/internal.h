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

/* What the owner tells a parked CPU; see RAS_ORDER(). */
enum ras_order_op {
	RAS_ORDER_RELEASE,
	RAS_ORDER_RETIRE,
	RAS_ORDER_HANDOVER,
};

/*
 * An order carries the sequence of the stop it belongs to, so that the orders
 * of a former stop mean nothing to a CPU that parks now, and a CPU that parks
 * too late for its stop finds its order already there.
 */
#define RAS_ORDER(sequence, op)		((u64)(sequence) << 32 | (op))
#define RAS_ORDER_SEQUENCE(order)	((u32)((order) >> 32))
#define RAS_ORDER_OP(order)		((u32)(order))

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
	struct ras_cpu		record;
} ____cacheline_aligned;

/* What a handler did in a stop; the name is a copy, the handler may go away. */
struct ras_result {
	char			name[RAS_NAME_LEN];
	const char		*skipped;	/* why it did not run, or NULL */
	const char		*broken;	/* a rule it broke, or NULL */
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
 * @priority: policy
 * @triggers: policy
 * @deadline_ms: policy
 * @runs: how often it has run
 * @last_verdict: of the last run
 * @last_ns: duration of the last run, in ns
 */
struct ras_entry {
	struct kobject		kobj;
	struct list_head	node;
	struct ras_handler	*handler;
	char			name[RAS_NAME_LEN];
	u32			flags;
	bool			enabled;
	int			priority;
	u32			triggers;
	unsigned int		deadline_ms;

	unsigned long		runs;
	enum ras_verdict	last_verdict;
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
 * struct ras_machine - the state of the framework
 * @arch: how to stop CPUs
 * @owner: the CPU that owns the stop, or RAS_NOBODY.  One compare-and-exchange
 *	decides
 * @state: see enum ras_state
 * @slot: per CPU, indexed by its number
 * @stop: the present stop
 * @begin_ns: when it began, by the owner's clock
 * @pending: CPUs that the owner is waiting for
 * @result: what each handler did in the present stop
 * @nr_results: how many
 * @last: the last stop that ended
 * @policy: what the administrator wants
 * @lock: peace time: guards @entries, policy and arming
 * @entries: registered handlers
 * @order: the same, in order: one of @order_space; RCU
 * @order_space: the order and the next one, so that unregistering cannot fail
 * @handlers_kobj: directory of the handlers, or NULL without sysfs
 */
struct ras_machine {
	const struct ras_arch_ops *arch;
	atomic_t		owner;
	enum ras_state		state;
	struct ras_slot		**slot;

	struct ras_stop		stop;
	u64			begin_ns;
	struct cpumask		pending;
	struct ras_result	result[RAS_MAX_HANDLERS];
	unsigned int		nr_results;
	struct ras_last		last;

	struct ras_policy	policy;
	struct mutex		lock;	/* peace time; see above */
	struct list_head	entries;
	struct ras_order __rcu	*order;
	struct ras_order	order_space[2];
	struct kobject		*handlers_kobj;
};

/* What a trigger asks for. */
struct ras_request {
	enum ras_trigger	trigger;
	bool			rehearsal;
	const char		*message;
	const struct pt_regs	*regs;
};

extern struct ras_machine ras_machine;

/* stop.c */
void ras_machine_init(struct ras_machine *m, const struct ras_arch_ops *arch,
		      struct ras_slot **slot);
int ras_machine_stop(struct ras_machine *m, const struct ras_request *request);
bool ras_machine_handover(struct ras_machine *m);
void ras_add_newcomers(struct ras_machine *m);
bool ras_owned_here(struct ras_machine *m);

/* park.c */
bool ras_park(struct ras_machine *m, enum ras_how how, const struct pt_regs *regs);
bool ras_machine_stopped(struct ras_machine *m, enum ras_how how,
			 const struct pt_regs *regs);
void ras_note_lost(struct ras_machine *m, enum ras_trigger trigger,
		   const char *message);
void ras_end_if_ordered(struct ras_machine *m, struct ras_slot *slot);

/* chain.c */
bool ras_entry_runs_on(const struct ras_entry *entry, enum ras_trigger trigger);
const char *ras_entry_skipped(struct ras_entry *entry);
bool ras_only_noreturn(struct ras_machine *m, enum ras_trigger trigger);
void ras_run_chain(struct ras_machine *m);

/* guard.c */
enum ras_verdict ras_guard_run(struct ras_machine *m, struct ras_entry *entry,
			       struct ras_result *result);

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
void ras_format_plan(struct seq_buf *s, struct ras_machine *m,
		     enum ras_trigger trigger);
void ras_report_stopped(const struct ras_machine *m);
void ras_report_leaving(const struct ras_machine *m, bool quiet);
bool ras_report_prepare(const struct ras_machine *m);
void ras_report_prepared(const struct ras_machine *m);

/* trigger.c */
int ras_user_stop(bool rehearsal);

/* services.c */
const struct ras_cpu *ras_machine_record(const struct ras_machine *m,
					 unsigned int cpu);

/* sysfs.c */
extern struct kobj_type ras_entry_ktype;

#endif /* _KERNEL_RAS_INTERNAL_H */
