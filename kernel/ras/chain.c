// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: the chain of handlers of one stop.
 */
#include <linux/kernel.h>
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
 * ras_entry_skipped() - why a handler would not run
 * @entry: the handler, registered
 *
 * Context: Owner in a stop, or under ras_machine.lock.
 * Return: NULL if it is armed, else the reason in words.
 */
const char *ras_entry_skipped(struct ras_entry *entry)
{
	struct ras_handler *handler = entry->handler;

	/* Pairs with the release in ras_entry_enable(). */
	if (!smp_load_acquire(&entry->enabled))
		return "disabled";
	return handler->not_ready ? handler->not_ready(handler) : NULL;
}

/**
 * ras_only_noreturn() - is the crash kernel all that a trigger would run?
 * @m: the machine
 * @trigger: the trigger
 *
 * Context: Any, with interrupts disabled.
 * Return: true if so.
 */
bool ras_only_noreturn(struct ras_machine *m, enum ras_trigger trigger)
{
	const struct ras_order *order = ras_order_now(m);
	bool noreturn = false;
	unsigned int i;

	for (i = 0; order && i < order->nr; i++) {
		struct ras_entry *entry = order->entry[i];

		if (!ras_entry_runs_on(entry, trigger) || ras_entry_skipped(entry))
			continue;
		if (!(entry->flags & RAS_HANDLER_NORETURN))
			return false;
		noreturn = true;
	}
	return noreturn;
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

/**
 * ras_run_chain() - run the handlers of the present stop in order
 * @m: the machine
 *
 * Context: Owner, machine stopped.
 */
void ras_run_chain(struct ras_machine *m)
{
	bool quiet = !m->stop.resumable && ras_only_noreturn(m, m->stop.trigger);
	const struct ras_order *order = ras_order_now(m);
	enum ras_verdict verdict = RAS_NEXT;
	unsigned int i;

	/* First, so that the handlers that save the log save this, too. */
	if (!quiet)
		ras_report_stopped(m);

	for (i = 0; order && i < order->nr && i < RAS_MAX_HANDLERS; i++) {
		struct ras_entry *entry = order->entry[i];
		struct ras_result *result;

		if (!ras_entry_runs_on(entry, m->stop.trigger))
			continue;
		result = ras_new_result(m, entry);
		result->skipped = ras_entry_skipped(entry);
		if (result->skipped)
			continue;

		ras_add_newcomers(m);
		result->running = true;
		if (entry->flags & RAS_HANDLER_NORETURN)
			ras_report_leaving(m, quiet);
		verdict = ras_guard_run(m, entry, result);
		if (verdict == RAS_END ||
		    (verdict == RAS_RESUME && m->stop.resumable))
			break;
	}
}
