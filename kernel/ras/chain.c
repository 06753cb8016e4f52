// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: the chain of handlers of one stop.
 */
#include <linux/kernel.h>
#include <linux/panic.h>
#include <linux/string.h>

#include "chain.h"
#include "deadline.h"
#include "gather.h"
#include "guard.h"
#include "helper.h"
#include "job.h"
#include "machine.h"
#include "plan.h"
#include "report.h"

/* One handler's callbacks, for the guard. */
struct ras_callback {
	struct ras_handler		*handler;
	const struct ras_stop		*stop;
	const struct ras_failure	*why;
	const char			*not_ready;
	unsigned int			verdict;
};

static void ras_call_not_ready(void *arg)
{
	struct ras_callback *cb = arg;

	cb->not_ready = cb->handler->not_ready(cb->handler);
}

static void ras_call_run(void *arg)
{
	struct ras_callback *cb = arg;

	cb->verdict = cb->handler->run(cb->handler, cb->stop);
}

static void ras_call_abandoned(void *arg)
{
	struct ras_callback *cb = arg;

	cb->handler->abandoned(cb->handler, cb->stop, cb->why);
}

/* Say in every place that is looked at that @entry was abandoned. */
static void ras_fail(struct ras_entry *entry, struct ras_result *result, u64 ns)
{
	/* One that was preempted has done nothing wrong, and may be in the plan of the panic. */
	if (result->failure.why != RAS_PREEMPTED) {
		WRITE_ONCE(entry->failed, true);
		if (result->failure.why == RAS_OVERRAN || result->failure.why == RAS_HUNG)
			entry->timeouts++;
		else
			entry->faults++;
	}
	entry->last_failed = true;
	entry->last_ns = ns;
	result->running = false;
	result->ns = ns;
}

/* Guarded call of a callback of @entry, whose code must not go away meanwhile. */
static enum ras_call_end ras_call_busy(struct ras_machine *m, struct ras_entry *entry,
				       struct ras_call *call)
{
	enum ras_call_end outcome;

	atomic_inc(&entry->busy);
	outcome = ras_call(m, call);
	/* Also when it was lost: pairs with the acquire in ras_entry_busy(). */
	atomic_dec_return_release(&entry->busy);
	return outcome;
}

/* The same, and what becomes of it is recorded in @result. */
static enum ras_call_end ras_call_entry(struct ras_machine *m, struct ras_entry *entry,
					struct ras_call *call, struct ras_result *result)
{
	enum ras_call_end outcome = ras_call_busy(m, entry, call);

	if (outcome == RAS_CALL_LOST)
		return outcome;
	if (call->broken)
		result->broken = call->broken;
	if (outcome == RAS_CALL_ABANDONED) {
		result->failure = *call->failure;
		ras_fail(entry, result, ras_since_ns(m, m->step.begin_ns));
	}
	return outcome;
}

/*
 * Does @entry say that it can run?  @ready tells, and counts only if the call has come
 * back.  A call that is lost says so: this CPU is not the owner any more.
 */
static enum ras_call_end ras_ask_ready(struct ras_machine *m, struct ras_entry *entry,
				       unsigned int deadline_ms, bool *ready)
{
	struct ras_callback cb = { .handler = entry->handler };
	struct ras_call call = {
		.fn		= ras_call_not_ready,
		.arg		= &cb,
		.deadline_ms	= deadline_ms,
	};
	enum ras_call_end outcome;

	*ready = !cb.handler->not_ready;
	if (*ready)
		return RAS_CALL_DONE;
	outcome = ras_call_busy(m, entry, &call);
	*ready = outcome == RAS_CALL_DONE && !cb.not_ready;
	return outcome;
}

/* The same where nobody watches: used to predict the plan; the stop asks again. */
static bool ras_is_ready(struct ras_machine *m, struct ras_entry *entry)
{
	bool ready;

	ras_ask_ready(m, entry, 0, &ready);
	return ready;
}

/**
 * ras_any_ready() - is any handler armed for a trigger?
 * @m: the machine
 * @trigger: the trigger
 * @only: the one that is to run, whatever its triggers; NULL: all of the plan
 *
 * Context: Owner, before the stop begins.
 * Return: true if so.
 */
bool ras_any_ready(struct ras_machine *m, enum ras_trigger trigger,
		   const struct ras_entry *only)
{
	const struct ras_chain *chain = ras_chain_now(m);
	unsigned int i;

	for (i = 0; chain && i < chain->nr; i++) {
		struct ras_entry *entry = chain->entry[i];

		if ((only ? entry == only : ras_entry_runs_on(entry, trigger)) &&
		    !ras_entry_off(m, entry, trigger) && ras_is_ready(m, entry))
			return true;
	}
	return false;
}

/**
 * ras_only_noreturn() - does a trigger run nothing but what leaves this kernel?
 * @m: the machine
 * @trigger: the trigger
 *
 * Other handlers that are enabled count whether they are ready or not: nobody could
 * watch while they are asked, before the other CPUs are stopped.  A debugger that has no
 * line to a person does not count: nobody would watch that one later, either.
 *
 * Context: Owner, before the other CPUs are stopped.
 * Return: true if so.
 */
bool ras_only_noreturn(struct ras_machine *m, enum ras_trigger trigger)
{
	const struct ras_chain *chain = ras_chain_now(m);
	bool leaves = false;
	unsigned int i;

	for (i = 0; chain && i < chain->nr; i++) {
		struct ras_entry *entry = chain->entry[i];

		if (!ras_entry_runs_on(entry, trigger) || ras_entry_off(m, entry, trigger))
			continue;
		if (entry->flags & RAS_HANDLER_INTERACTIVE && !ras_is_ready(m, entry))
			continue;
		if (!(entry->flags & RAS_HANDLER_NORETURN))
			return false;
		leaves = leaves || ras_is_ready(m, entry);
	}
	return leaves;
}

static struct ras_result *ras_new_result(struct ras_machine *m,
					 const struct ras_entry *entry)
{
	struct ras_result *result = &m->result[m->nr_results];

	BUILD_BUG_ON(ARRAY_SIZE(m->result) < 2 * ARRAY_SIZE(m->chain_space[0].entry));
	/* The rest of the failure says nothing unless there is one. */
	result->failure.why = RAS_FAILED_NOT;
	memcpy(result->name, entry->name, sizeof(result->name));
	result->skipped = NULL;
	result->broken = NULL;
	result->verdict = RAS_NEXT;
	result->ran = false;
	result->running = false;
	result->ns = 0;
	m->nr_results++;
	return result;
}

/* A part of the report, for the guard. */
struct ras_printing {
	struct ras_machine	*m;
	void			(*report)(struct ras_machine *m);
};

static void ras_call_printing(void *arg)
{
	struct ras_printing *printing = arg;

	printing->report(printing->m);
}

/**
 * ras_call_report() - print a part of the report
 * @m: the machine
 * @report: prints it
 * @unfinished: the result of the handler that is to run next, or NULL
 *
 * A console may hang or fault like anything else.  What is left of the report then goes
 * into the log only.
 *
 * Context: Owner, machine stopped.
 * Return: false if another CPU has taken over.
 */
bool ras_call_report(struct ras_machine *m, void (*report)(struct ras_machine *m),
		     struct ras_result *unfinished)
{
	struct ras_printing printing = { .m = m, .report = report };
	struct ras_call call = {
		.fn		= ras_call_printing,
		.arg		= &printing,
		.deadline_ms	= RAS_CORE_DEADLINE_MS,
	};
	enum ras_call_end outcome;

	m->step.entry = NULL;
	m->step.result = unfinished;
	outcome = ras_call(m, &call);
	if (outcome == RAS_CALL_ABANDONED)
		ras_report_forget(m);
	return outcome != RAS_CALL_LOST;
}

/**
 * ras_step_lost() - record that the present step has hung the owner
 * @m: the machine
 * @from: the CPU that was the owner
 * @to: the CPU that has taken over
 *
 * Context: The new owner.
 */
void ras_step_lost(struct ras_machine *m, int from, int to)
{
	const struct ras_guard *guard = ras_guard_top(m->slot[from]);
	struct ras_result *result = m->step.result;
	struct ras_failure *failure;

	m->failures++;
	ras_note_console(m);
	if (!m->step.entry) {
		ras_report_forget(m);
		/* Its handler is begun anew, with a result of its own. */
		if (result)
			m->nr_results--;
		return;
	}
	failure = &result->failure;
	if (result->running) {
		m->step.abandoned = m->step.entry;
		m->step.why = failure;
	}
	failure->why = RAS_HUNG;
	failure->ip = 0;
	failure->deadline_ms = m->watch.deadline_ms;
	failure->from = from;
	failure->to = to;
	if (guard)
		ras_note_locks(guard, failure);
	ras_fail(m->step.entry, result, ras_since_ns(m, m->step.begin_ns));
}

/* Ask @entry whether it can run; result->skipped tells. */
static enum ras_call_end ras_ask_entry(struct ras_machine *m, struct ras_entry *entry,
				       struct ras_result *result)
{
	struct ras_callback cb = { .handler = entry->handler };
	struct ras_call call = {
		.fn		= ras_call_not_ready,
		.arg		= &cb,
		.deadline_ms	= RAS_CORE_DEADLINE_MS,
	};
	enum ras_call_end outcome;

	result->skipped = ras_entry_off(m, entry, m->stop.trigger);
	if (result->skipped || !entry->handler->not_ready)
		return RAS_CALL_DONE;
	outcome = ras_call_entry(m, entry, &call, result);
	if (outcome == RAS_CALL_DONE)
		result->skipped = cb.not_ready;
	return outcome;
}

/* Run @entry, which is armed; result->verdict tells. */
static enum ras_call_end ras_run_entry(struct ras_machine *m, struct ras_entry *entry,
				       struct ras_result *result)
{
	struct ras_callback cb = {
		.handler = entry->handler,
		.stop	 = &m->stop,
	};
	struct ras_call call = {
		.fn		= ras_call_run,
		.arg		= &cb,
		.deadline_ms	= READ_ONCE(entry->deadline_ms),
		/* A debugger wants every CPU for itself. */
		.unwatched	= entry->flags & RAS_HANDLER_INTERACTIVE,
	};
	enum ras_call_end outcome;

	entry->runs++;
	result->ran = true;
	result->running = true;
	outcome = ras_call_entry(m, entry, &call, result);
	if (outcome == RAS_CALL_ABANDONED) {
		m->step.abandoned = entry;
		m->step.why = &result->failure;
	}
	if (outcome != RAS_CALL_DONE)
		return outcome;

	result->running = false;
	result->ns = ras_since_ns(m, m->step.begin_ns);
	if (cb.verdict >= RAS_NR_VERDICTS) {
		result->broken = "returned no verdict";
		cb.verdict = RAS_NEXT;
	}
	result->verdict = cb.verdict;
	entry->last_verdict = cb.verdict;
	entry->last_failed = false;
	entry->last_ns = result->ns;
	return outcome;
}

/* Tell a handler that it was abandoned.  False if another CPU has taken over. */
static bool ras_tell_abandoned(struct ras_machine *m, struct ras_entry *entry)
{
	struct ras_callback cb = {
		.handler = entry->handler,
		.stop	 = &m->stop,
		.why	 = m->step.why,
	};
	struct ras_call call = {
		.fn		= ras_call_abandoned,
		.arg		= &cb,
		.deadline_ms	= RAS_CORE_DEADLINE_MS,
	};

	m->step.abandoned = NULL;
	if (!entry->handler->abandoned)
		return true;
	m->step.entry = NULL;
	m->step.result = NULL;
	return ras_call_busy(m, entry, &call) != RAS_CALL_LOST;
}

/*
 * Put right what a handler has left before anything else runs: the handler does, if it was
 * abandoned and can, and the core does.  False if another CPU has taken over.
 */
static bool ras_tidy_up(struct ras_machine *m)
{
	if (m->step.abandoned && !ras_tell_abandoned(m, m->step.abandoned))
		return false;
	if (!m->help.active)
		return true;
	ras_machine_call_parked_end(m, READ_ONCE(m->policy.nmi_timeout_ms));
	ras_machine_help_end(m);
	return true;
}

/* The stop will not be released, and runs nothing more but what leaves this kernel. */
static void ras_become_crash(struct ras_machine *m)
{
	m->last_only = true;
	if (m->stop.resumable) {
		m->stop.resumable = false;
		m->arch->begin(true);
		m->kernel->undefer();
	}
}

/*
 * A handler wants those that never return to run, and nothing else: is there one?  From
 * here on the stop is a crash.  False if another CPU has taken over.
 */
static bool ras_skip_to_last(struct ras_machine *m, struct ras_result *result)
{
	const struct ras_chain *chain = ras_chain_now(m);
	bool ready = false;
	unsigned int i;

	m->step.entry = NULL;
	m->step.result = NULL;
	for (i = 0; i < chain->nr && !ready; i++) {
		struct ras_entry *entry = chain->entry[i];

		if (entry->flags & RAS_HANDLER_NORETURN &&
		    !ras_entry_off(m, entry, m->stop.trigger) &&
		    ras_ask_ready(m, entry, RAS_CORE_DEADLINE_MS, &ready) == RAS_CALL_LOST)
			return false;
	}
	if (!ready) {
		result->broken = "nothing to skip to";
		return true;
	}
	ras_become_crash(m);
	return true;
}

/* One handler of the chain.  False if another CPU has taken over. */
static bool ras_chain_step(struct ras_machine *m, struct ras_entry *entry,
			   enum ras_verdict *verdict)
{
	struct ras_result *result = ras_new_result(m, entry);
	enum ras_call_end outcome;

	/* A CPU that takes over goes on behind this one. */
	m->step.entry = entry;
	m->step.result = result;
	m->step.next++;

	outcome = ras_ask_entry(m, entry, result);
	if (outcome != RAS_CALL_DONE || result->skipped)
		return outcome != RAS_CALL_LOST;

	ras_add_newcomers(m);
	if (entry->flags & RAS_HANDLER_NORETURN) {
		/* Should printing hang, the CPU that takes over begins this one anew. */
		result->running = true;
		m->step.next--;
		if (!ras_call_report(m, ras_report_handlers, result))
			return false;
		m->step.next++;
		m->step.entry = entry;
	}
	outcome = ras_run_entry(m, entry, result);
	*verdict = result->verdict;
	if (outcome == RAS_CALL_LOST || !ras_tidy_up(m))
		return false;
	return *verdict != RAS_LAST || ras_skip_to_last(m, result);
}

/**
 * ras_run_chain() - run the handlers of the present stop in order
 * @m: the machine
 *
 * Goes on where the owner was, on a CPU that has taken over.
 *
 * Context: Owner, machine stopped.
 * Return: false if another CPU has taken over meanwhile.
 */
bool ras_run_chain(struct ras_machine *m)
{
	const struct ras_chain *chain = ras_chain_now(m);

	/* Of the handler that was lost, on a CPU that has taken over. */
	if (!ras_tidy_up(m))
		return false;
	/* First, so that the handlers that save the log save this, too. */
	if (!m->quiet && !m->reported && !ras_report_routine(m)) {
		m->reported = true;
		if (!ras_call_report(m, ras_report_stopped, NULL))
			return false;
	}

	while (chain && m->step.next < chain->nr && !ras_preempted(m)) {
		struct ras_entry *entry = chain->entry[m->step.next];
		enum ras_verdict verdict = RAS_NEXT;

		if (!ras_is_next(m, entry)) {
			m->step.next++;
			continue;
		}
		if (!ras_chain_step(m, entry, &verdict))
			return false;
		if (verdict == RAS_END ||
		    (verdict == RAS_RESUME && m->stop.resumable))
			m->step.next = chain->nr;
	}
	return true;
}

/* Is @cpu parked, and its record written? */
static bool ras_is_parked(struct ras_machine *m, unsigned int cpu)
{
	return ras_has_parked(m, cpu);
}

/**
 * ras_crash_on_panic() - another CPU has panicked: make the stop that crash
 * @m: the machine
 *
 * Context: Owner, after the chain of a stop that could be released.
 * Return: true if the stop has become a crash: ras_run_chain() runs the plan of a panic.
 */
bool ras_crash_on_panic(struct ras_machine *m)
{
	struct ras_stop *stop = &m->stop;
	int cpu;

	if (!ras_preempted(m))
		return false;
	/* Pairs with the barrier in ras_preempt(): its message. */
	cpu = atomic_read_acquire(&m->panicked) - 1;
	ras_become_crash(m);
	m->last_only = false;
	m->only = NULL;
	stop->rehearsal = false;
	stop->trigger = RAS_TRIGGER_PANIC;
	stop->trigger_cpu = cpu;
	/*
	 * It is about to park: ras_lose() does, right after ras_preempt().  Or it is this CPU,
	 * which has parked, watched and taken over.
	 */
	cpumask_clear(&m->pending);
	if (cpu != stop->owner)
		cpumask_set_cpu(cpu, &m->pending);
	if (ras_await(m, ras_nmi_timeout_ns(m), RAS_NO_NUDGE, ras_is_parked))
		stop->regs = &m->slot[cpu]->record.arch.regs;
	/* The owner prints and goes through panic() from now on; see ras_become_owner(). */
	atomic_cmpxchg(&panic_cpu, cpu, stop->owner);
	strscpy(stop->message, m->slot[cpu]->panic_message, sizeof(stop->message));
	m->step.next = 0;
	m->reported = false;
	return true;
}

/**
 * ras_tell_outcome() - tell the caller of ras_stop_for() what became of its handler
 * @m: the machine
 *
 * Context: Owner, before the release.
 */
void ras_tell_outcome(struct ras_machine *m)
{
	const struct ras_result *result = &m->result[0];
	struct ras_outcome *outcome = m->outcome;

	if (!m->nr_results)
		return;
	outcome->skipped = result->skipped;
	outcome->ran = result->ran;
	outcome->verdict = result->verdict;
	outcome->why = result->failure;
	outcome->ns = result->ns;
}

/**
 * ras_crash_on_oops() - honour panic_on_oops after the chain
 * @m: the machine
 *
 * An administrator who sets panic_on_oops trusts no kernel in which something has faulted,
 * and a handler that faults is a part of the kernel.
 *
 * Context: Owner, after the chain of a stop that could be released.
 * Return: true if the stop has become a crash: ras_run_chain() runs the handlers that leave
 *	this kernel, if there are any.
 */
bool ras_crash_on_oops(struct ras_machine *m)
{
	if (!READ_ONCE(m->oopsed) || !READ_ONCE(panic_on_oops))
		return false;
	m->made_crash = true;
	m->step.next = 0;
	ras_become_crash(m);
	return true;
}
