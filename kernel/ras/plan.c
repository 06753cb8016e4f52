// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: what a trigger would run.
 *
 * Reads the chain and policy, and asks the handlers nothing but not_ready().
 */
#include <linux/kernel.h>

#include "plan.h"

/**
 * ras_chain_now() - the chain as it is now
 * @m: the machine
 *
 * Takes no rcu_read_lock(): a stop runs with interrupts disabled, and until it is over no
 * grace period ends, so ras_remove_handler() and ras_sort_chain() wait for it.  Outside a
 * stop the caller holds ras_machine.lock.
 *
 * Context: A stop; or ras_machine.lock held.
 * Return: the chain; NULL before a handler was registered.
 */
const struct ras_chain *ras_chain_now(const struct ras_machine *m)
{
	return rcu_dereference_raw(m->chain);
}

/* Does policy have a handler run on a trigger? */
bool ras_entry_runs_on(const struct ras_entry *entry, enum ras_trigger trigger)
{
	return !(entry->flags & RAS_HANDLER_ON_CALL) &&
	       READ_ONCE(entry->triggers) & BIT(trigger);
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
	/* Somebody may have pressed a button, or a device has failed and nobody is there. */
	if (trigger == RAS_TRIGGER_NMI)
		return RAS_WAIT_NMI_S;
	/* As kgdb_panic() and kgdb_handle_exception() decide. */
	return m->kernel->reboot_ms() ? 0 : RAS_WAIT_FOREVER;
}

/**
 * ras_entry_off() - why a handler would not run, as far as the core knows
 * @m: the machine
 * @entry: the handler
 * @trigger: the trigger
 *
 * Context: Any.
 * Return: NULL if nothing keeps it from running, else the reason in words.
 */
const char *ras_entry_off(const struct ras_machine *m, const struct ras_entry *entry,
			  enum ras_trigger trigger)
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
 * Context: Outside a stop, under ras_machine.lock; or a handler.
 * Return: NULL if it is armed, else the reason in words.
 */
const char *ras_entry_skipped(const struct ras_machine *m, const struct ras_entry *entry,
			      enum ras_trigger trigger)
{
	struct ras_handler *handler = entry->handler;
	const char *off = ras_entry_off(m, entry, trigger);

	return off || !handler->not_ready ? off : handler->not_ready(handler);
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
	if (m->only)
		return entry == m->only;
	return ras_entry_runs_on(entry, m->stop.trigger);
}

/* The steps of panic() that registered clients take over; RAS_DID_*. */
u32 ras_provided(const struct ras_machine *m)
{
	const struct ras_chain *chain = ras_chain_now(m);
	u32 provided = 0;
	unsigned int i;

	for (i = 0; chain && i < chain->nr; i++) {
		if (chain->entry[i]->flags & RAS_HANDLER_DOES_KMSG)
			provided |= RAS_DID_KMSG;
		if (chain->entry[i]->flags & RAS_HANDLER_DOES_KEXEC)
			provided |= RAS_DID_KEXEC;
	}
	return provided;
}
