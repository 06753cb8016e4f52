// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: the chain of handlers of one stop.
 */
#include <linux/kernel.h>
#include <linux/panic.h>
#include <linux/string.h>

#include "internal.h"

/*
 * The order as it is now.  No rcu_read_lock(): a stop runs with interrupts
 * disabled, and until it is over no grace period ends, so ras_remove_handler()
 * and ras_reorder() wait for it.  Peace-time callers hold ras_machine.lock.
 */
static const struct ras_order *ras_order_now(const struct ras_machine *m)
{
	return rcu_dereference_raw(m->order);
}

bool ras_entry_runs_on(const struct ras_entry *entry, enum ras_trigger trigger)
{
	return READ_ONCE(entry->triggers) & BIT(trigger);
}

/**
 * ras_entry_wait_s() - how long a handler waits for a person
 * @m: the machine
 * @entry: the handler
 * @trigger: the trigger
 *
 * Context: Any.
 * Return: as ras_wait_s().
 */
int ras_entry_wait_s(const struct ras_machine *m, const struct ras_entry *entry,
		     enum ras_trigger trigger)
{
	int wait_s = READ_ONCE(entry->wait_s);

	if (trigger != RAS_TRIGGER_PANIC && trigger != RAS_TRIGGER_OOPS &&
	    trigger != RAS_TRIGGER_NMI)
		return RAS_WAIT_FOREVER;
	if (wait_s != RAS_WAIT_AUTO)
		return wait_s;
	/* Somebody has pressed a button; or a device has failed, and nobody is there. */
	if (trigger == RAS_TRIGGER_NMI)
		return RAS_WAIT_NMI_S;
	/* As kgdb_panic() and kgdb_handle_exception() decide. */
	return m->reboot_ms && m->reboot_ms() ? 0 : RAS_WAIT_FOREVER;
}

/* Why policy, or what happened before, keeps a handler from running. */
static const char *ras_entry_off(const struct ras_machine *m,
				 const struct ras_entry *entry, enum ras_trigger trigger)
{
	/* Pairs with the release in ras_entry_enable(). */
	if (!smp_load_acquire(&entry->enabled))
		return "disabled";
	if (READ_ONCE(entry->failed))
		return "failed, to be enabled again";
	if (entry->flags & RAS_HANDLER_INTERACTIVE && !ras_entry_wait_s(m, entry, trigger))
		return READ_ONCE(entry->wait_s) ? "panic= is set: waits for nobody" :
						  "waits for nobody";
	return NULL;
}

/**
 * ras_entry_skipped() - why a handler would not run
 * @m: the machine
 * @entry: the handler, registered
 * @trigger: the trigger; %RAS_NR_TRIGGERS: none in particular
 *
 * Context: Peace time, under ras_machine.lock; or a handler.
 * Return: NULL if it is armed, else the reason in words.
 */
const char *ras_entry_skipped(struct ras_machine *m, struct ras_entry *entry,
			      enum ras_trigger trigger)
{
	struct ras_handler *handler = entry->handler;
	const char *off = ras_entry_off(m, entry, trigger);

	return off || !handler->not_ready ? off : handler->not_ready(handler);
}

/* One handler's callbacks, for the guard. */
struct ras_call {
	struct ras_handler	*handler;
	const struct ras_stop	*stop;
	const char		*not_ready;
	unsigned int		verdict;
};

static void ras_call_not_ready(void *arg)
{
	struct ras_call *call = arg;

	call->not_ready = call->handler->not_ready(call->handler);
}

static void ras_call_run(void *arg)
{
	struct ras_call *call = arg;

	call->verdict = call->handler->run(call->handler, call->stop);
}

static void ras_call_abandoned(void *arg)
{
	struct ras_call *call = arg;

	call->handler->abandoned(call->handler, call->stop);
}

/* Say in every place that is looked at that @entry was abandoned. */
static void ras_fail(struct ras_entry *entry, struct ras_result *result, u64 ns)
{
	WRITE_ONCE(entry->failed, true);
	if (result->failure.why == RAS_OVERRAN || result->failure.why == RAS_HUNG)
		entry->timeouts++;
	else
		entry->faults++;
	entry->last_failed = true;
	entry->last_ns = ns;
	result->running = false;
	result->ns = ns;
}

/* Time since the step began; on another CPU, whose clock may be behind. */
static u64 ras_step_ns(const struct ras_machine *m)
{
	u64 now = m->arch->now_ns();

	return now > m->step.begin_ns ? now - m->step.begin_ns : 0;
}

/* Guarded call of a callback of @entry, whose code must not go away meanwhile. */
static enum ras_outcome ras_call_busy(struct ras_machine *m, struct ras_entry *entry,
				      void (*fn)(void *arg), struct ras_call *call,
				      unsigned int deadline_ms,
				      struct ras_failure *failure, const char **broken)
{
	enum ras_outcome outcome;

	atomic_inc(&entry->busy);
	outcome = ras_guard_call(m, fn, call, deadline_ms, failure, broken);
	/* Also when it was lost: pairs with the acquire in ras_entry_busy(). */
	atomic_dec_return_release(&entry->busy);
	return outcome;
}

/* The same, and what becomes of it is recorded in @result. */
static enum ras_outcome ras_call_entry(struct ras_machine *m, struct ras_entry *entry,
				       void (*fn)(void *arg), struct ras_call *call,
				       unsigned int deadline_ms,
				       struct ras_result *result)
{
	enum ras_outcome outcome;

	outcome = ras_call_busy(m, entry, fn, call, deadline_ms, &result->failure,
				&result->broken);
	if (outcome == RAS_CALL_ABANDONED)
		ras_fail(entry, result, ras_step_ns(m));
	return outcome;
}

/*
 * Does @entry say that it can run?  @ready tells, and counts only if the call has come
 * back.  A call that is lost says so: the CPU that takes over may not be the owner yet.
 */
static enum ras_outcome ras_ask_ready(struct ras_machine *m, struct ras_entry *entry,
				      unsigned int deadline_ms, bool *ready)
{
	struct ras_call call = { .handler = entry->handler };
	enum ras_outcome outcome;
	struct ras_failure failure;
	const char *broken;

	*ready = !call.handler->not_ready;
	if (*ready)
		return RAS_CALL_DONE;
	outcome = ras_call_busy(m, entry, ras_call_not_ready, &call, deadline_ms,
				&failure, &broken);
	*ready = outcome == RAS_CALL_DONE && !call.not_ready;
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
 *
 * Context: Owner, before the stop begins.
 * Return: true if so.
 */
bool ras_any_ready(struct ras_machine *m, enum ras_trigger trigger)
{
	const struct ras_order *order = ras_order_now(m);
	unsigned int i;

	for (i = 0; order && i < order->nr; i++) {
		struct ras_entry *entry = order->entry[i];

		if (ras_entry_runs_on(entry, trigger) &&
		    !ras_entry_off(m, entry, trigger) && ras_is_ready(m, entry))
			return true;
	}
	return false;
}

/**
 * ras_only_noreturn() - is the crash kernel all that a trigger would run?
 * @m: the machine
 * @trigger: the trigger
 *
 * Other handlers that are enabled count whether they are ready or not: nobody could
 * watch over asking them before the other CPUs are stopped.  But a debugger that has no
 * line to a person does not: nobody would watch that one later, either.
 *
 * Context: Owner, before the other CPUs are stopped.
 * Return: true if so.
 */
bool ras_only_noreturn(struct ras_machine *m, enum ras_trigger trigger)
{
	const struct ras_order *order = ras_order_now(m);
	struct ras_entry *last = NULL;
	unsigned int i;

	for (i = 0; order && i < order->nr; i++) {
		struct ras_entry *entry = order->entry[i];

		if (!ras_entry_runs_on(entry, trigger) || ras_entry_off(m, entry, trigger))
			continue;
		if (entry->flags & RAS_HANDLER_INTERACTIVE && !ras_is_ready(m, entry))
			continue;
		if (!(entry->flags & RAS_HANDLER_NORETURN))
			return false;
		last = entry;
	}
	return last && ras_is_ready(m, last);
}

static struct ras_result *ras_new_result(struct ras_machine *m,
					 const struct ras_entry *entry)
{
	struct ras_result *result = &m->result[m->nr_results];

	memset(result, 0, sizeof(*result));
	strscpy(result->name, entry->name, sizeof(result->name));
	m->nr_results++;
	return result;
}

struct ras_saying {
	struct ras_machine	*m;
	void			(*say)(struct ras_machine *m);
};

static void ras_call_say(void *arg)
{
	struct ras_saying *saying = arg;

	saying->say(saying->m);
}

/**
 * ras_say() - print a part of the report
 * @m: the machine
 * @say: prints it
 * @unfinished: the result of the handler that is to run next, or NULL
 *
 * A console may hang or fault like anything else.  What is left of the report then
 * goes into the log only.
 *
 * Context: Owner, machine stopped.
 * Return: false if another CPU has taken over.
 */
bool ras_say(struct ras_machine *m, void (*say)(struct ras_machine *m),
	     struct ras_result *unfinished)
{
	struct ras_saying saying = { .m = m, .say = say };
	struct ras_failure failure;
	enum ras_outcome outcome;
	const char *broken;

	m->step.entry = NULL;
	m->step.result = unfinished;
	outcome = ras_guard_call(m, ras_call_say, &saying, RAS_CORE_DEADLINE_MS,
				 &failure, &broken);
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
	if (result->running)
		m->step.abandoned = m->step.entry;
	failure = &result->failure;
	failure->why = RAS_HUNG;
	failure->deadline_ms = m->watch.deadline_ms;
	failure->from = from;
	failure->to = to;
	ras_note_locks(&m->slot[from]->guard, failure);
	ras_fail(m->step.entry, result, ras_step_ns(m));
}

/* Ask @entry whether it can run; result->skipped tells. */
static enum ras_outcome ras_ask_entry(struct ras_machine *m, struct ras_entry *entry,
				      struct ras_result *result)
{
	struct ras_call call = { .handler = entry->handler };
	enum ras_outcome outcome;

	result->skipped = ras_entry_off(m, entry, m->stop.trigger);
	if (result->skipped || !entry->handler->not_ready)
		return RAS_CALL_DONE;
	outcome = ras_call_entry(m, entry, ras_call_not_ready, &call,
				 RAS_CORE_DEADLINE_MS, result);
	if (outcome == RAS_CALL_DONE)
		result->skipped = call.not_ready;
	return outcome;
}

/* Run @entry, which is armed; result->verdict tells. */
static enum ras_outcome ras_run_entry(struct ras_machine *m, struct ras_entry *entry,
				      struct ras_result *result)
{
	struct ras_call call = {
		.handler = entry->handler,
		.stop	 = &m->stop,
	};
	enum ras_outcome outcome;

	entry->runs++;
	result->running = true;
	outcome = ras_call_entry(m, entry, ras_call_run, &call,
				 READ_ONCE(entry->deadline_ms), result);
	if (outcome == RAS_CALL_ABANDONED)
		m->step.abandoned = entry;
	if (outcome != RAS_CALL_DONE)
		return outcome;

	result->running = false;
	result->ns = ras_step_ns(m);
	if (call.verdict >= RAS_NR_VERDICTS) {
		result->broken = "returned no verdict";
		call.verdict = RAS_NEXT;
	}
	result->verdict = call.verdict;
	entry->last_verdict = call.verdict;
	entry->last_failed = false;
	entry->last_ns = result->ns;
	return outcome;
}

/*
 * What a handler has left is put right before anything else runs: by the handler, if it
 * was abandoned and can, and by the core.  False if another CPU has taken over.
 */
static bool ras_tidy_up(struct ras_machine *m)
{
	struct ras_entry *entry = m->step.abandoned;
	struct ras_call call = { .stop = &m->stop };
	struct ras_failure failure;
	const char *broken;

	m->step.abandoned = NULL;
	if (entry && entry->handler->abandoned) {
		call.handler = entry->handler;
		m->step.entry = NULL;
		m->step.result = NULL;
		if (ras_call_busy(m, entry, ras_call_abandoned, &call,
				  RAS_CORE_DEADLINE_MS, &failure,
				  &broken) == RAS_CALL_LOST)
			return false;
	}
	ras_machine_call_parked_end(m, READ_ONCE(m->policy.nmi_timeout_ms));
	return true;
}

/* The stop will not be released, and runs nothing more but the handler that leaves. */
static void ras_become_crash(struct ras_machine *m)
{
	m->last_only = true;
	if (m->stop.resumable) {
		m->stop.resumable = false;
		m->arch->begin(true);
	}
}

/*
 * A handler wants the one that never returns to run, and nothing else: is there one?
 * From here on the stop is a crash.  False if another CPU has taken over.
 */
static bool ras_skip_to_last(struct ras_machine *m, const struct ras_order *order,
			     struct ras_result *result)
{
	struct ras_entry *last = order->nr ? order->entry[order->nr - 1] : NULL;
	bool ready = false;

	m->step.entry = NULL;
	m->step.result = NULL;
	if (last && last->flags & RAS_HANDLER_NORETURN &&
	    !ras_entry_off(m, last, m->stop.trigger) &&
	    ras_ask_ready(m, last, RAS_CORE_DEADLINE_MS, &ready) == RAS_CALL_LOST)
		return false;
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
	enum ras_outcome outcome;

	/* Who takes over goes on behind this one. */
	m->step.entry = entry;
	m->step.result = result;
	m->step.next++;

	outcome = ras_ask_entry(m, entry, result);
	if (outcome != RAS_CALL_DONE || result->skipped)
		return outcome != RAS_CALL_LOST;

	ras_add_newcomers(m);
	if (entry->flags & RAS_HANDLER_NORETURN) {
		/* Should printing hang, who takes over begins this one anew. */
		result->running = true;
		m->step.next--;
		if (!ras_say(m, ras_report_handlers, result))
			return false;
		m->step.next++;
		m->step.entry = entry;
		m->step.result = result;
	}
	outcome = ras_run_entry(m, entry, result);
	*verdict = result->verdict;
	if (outcome == RAS_CALL_LOST || !ras_tidy_up(m))
		return false;
	return *verdict != RAS_LAST || ras_skip_to_last(m, ras_order_now(m), result);
}

/**
 * ras_is_next() - is a handler one of those that the present stop runs?
 * @m: the machine
 * @entry: the handler
 *
 * Context: Owner.
 * Return: true if so, unless it turns out not to be armed.
 */
bool ras_is_next(const struct ras_machine *m, const struct ras_entry *entry)
{
	if (m->last_only)
		return entry->flags & RAS_HANDLER_NORETURN;
	return ras_entry_runs_on(entry, m->stop.trigger);
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
	const struct ras_order *order = ras_order_now(m);

	/* Of the handler that was lost, on a CPU that has taken over. */
	if (!ras_tidy_up(m))
		return false;
	/* First, so that the handlers that save the log save this, too. */
	if (!m->quiet && !m->reported) {
		m->reported = true;
		if (!ras_say(m, ras_report_stopped, NULL))
			return false;
	}

	while (order && m->step.next < order->nr) {
		struct ras_entry *entry = order->entry[m->step.next];
		enum ras_verdict verdict = RAS_NEXT;

		if (!ras_is_next(m, entry)) {
			m->step.next++;
			continue;
		}
		if (!ras_chain_step(m, entry, &verdict))
			return false;
		if (verdict == RAS_END ||
		    (verdict == RAS_RESUME && m->stop.resumable))
			m->step.next = order->nr;
	}
	return true;
}

/**
 * ras_crash_on_oops() - honour panic_on_oops after the chain
 * @m: the machine
 *
 * Whoever has set panic_on_oops trusts no kernel in which something has faulted, and a
 * handler that faults is a part of the kernel.
 *
 * Context: Owner, after the chain of a stop that could be released.
 * Return: true if the stop has become a crash: ras_run_chain() runs the handler that
 *	leaves this kernel, if there is one.
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
