// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: registration and arming of handlers.
 *
 * All of it runs outside stops, under ras_machine.lock.  A stop may come at any
 * instruction, so what it reads is replaced as a whole: see ras_sort_chain().
 */
#define pr_fmt(fmt) "ras: " fmt

#include <linux/ctype.h>
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "plan.h"
#include "policy.h"
#include "registry.h"

/* How often a handler that hung is looked for, in ms. */
#define RAS_BUSY_MS	100

/* Sort key: handlers that never return last, then priority, then name. */
static int ras_compare(const void *a, const void *b)
{
	const struct ras_entry *x = *(const struct ras_entry * const *)a;
	const struct ras_entry *y = *(const struct ras_entry * const *)b;
	bool x_last = x->flags & RAS_HANDLER_NORETURN;
	bool y_last = y->flags & RAS_HANDLER_NORETURN;

	if (x_last != y_last)
		return x_last - y_last;
	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return strcmp(x->name, y->name);
}

/**
 * ras_sort_chain() - publish the chain anew
 * @m: the machine
 *
 * A stop that began before this uses the former chain to its end; when this
 * returns there is none.
 *
 * Context: ras_machine.lock held; sleeps.
 */
void ras_sort_chain(struct ras_machine *m)
{
	struct ras_chain *now = rcu_dereference_protected(m->chain,
						lockdep_is_held(&m->lock));
	struct ras_chain *next = &m->chain_space[now == &m->chain_space[0]];
	struct ras_entry *entry;

	next->nr = 0;
	list_for_each_entry(entry, &m->entries, node)
		next->entry[next->nr++] = entry;
	sort(next->entry, next->nr, sizeof(next->entry[0]), ras_compare, NULL);

	/* Pairs with rcu_dereference_raw() in ras_chain_now(). */
	rcu_assign_pointer(m->chain, next);
	synchronize_rcu();
}

/*
 * Is one of its callbacks running still?  Only where a CPU hung in it: another has
 * taken over, the stop was released, and nobody can tell when it comes back.
 */
static bool ras_entry_busy(const struct ras_entry *entry)
{
	/* Pairs with the release in ras_call_busy(). */
	return atomic_read_acquire(&entry->busy);
}

/**
 * ras_entry_enable() - enable and arm a handler, or disarm and disable it
 * @m: the machine
 * @entry: the handler
 * @enable: which
 *
 * Enabling one that has failed disarms it first, and arms it anew.
 *
 * Context: ras_machine.lock held; sleeps.
 * Return: 0, or what the handler's arm() refused with; %-EBUSY if it hung, and has
 *	not come back yet.
 */
int ras_entry_enable(struct ras_machine *m, struct ras_entry *entry, bool enable)
{
	struct ras_handler *handler = entry->handler;
	int ret;

	if (entry->enabled == enable && !(enable && entry->failed))
		return 0;
	if (ras_entry_busy(entry)) {
		pr_warn("handler %s: not %s: the CPU that hung in it is still there\n",
			entry->name, enable ? "enabled" : "disabled");
		return -EBUSY;
	}

	/* What was abandoned has left its resources in no known state. */
	if (entry->enabled) {
		WRITE_ONCE(entry->enabled, false);
		/* A stop that has seen it enabled is over when this returns. */
		synchronize_rcu();
		if (handler->disarm)
			handler->disarm(handler);
	}
	if (!enable)
		return 0;

	ret = entry->flags & RAS_HANDLER_HELPED ? m->arch->need_stacks() : 0;
	if (ret) {
		pr_warn("handler %s: not enabled: no stacks for helpers: %d\n",
			entry->name, ret);
		return ret;
	}
	ret = handler->arm ? handler->arm(handler) : 0;
	if (ret) {
		pr_warn("handler %s: not enabled: arm() failed with %d\n",
			entry->name, ret);
		return ret;
	}
	WRITE_ONCE(entry->failed, false);
	/* Publishes what arm() has prepared; pairs with ras_entry_off(). */
	smp_store_release(&entry->enabled, true);
	return 0;
}

static bool ras_proper_name(const char *name)
{
	size_t i;

	for (i = 0; name[i]; i++)
		/* isalnum() takes Latin-1 as well, which sysfs should not get. */
		if (!isascii(name[i]) || (!isalnum(name[i]) && name[i] != '-' &&
					  name[i] != '_'))
			return false;
	return i > 0 && i < RAS_NAME_LEN;
}

/* Everything about a handler that does not depend on other handlers. */
static int ras_check_handler(const struct ras_handler *handler)
{
	const char *name = handler->name;

	if (!name || !name[0]) {
		pr_err("handler refused: no name\n");
		return -EINVAL;
	}
	if (!ras_proper_name(name)) {
		pr_err("handler %.*s refused: not a proper name\n",
		       RAS_NAME_LEN, name);
		return -EINVAL;
	}
	if (!handler->run) {
		pr_err("handler %s refused: no run callback\n", name);
		return -EINVAL;
	}
	if (!handler->triggers && !(handler->flags & RAS_HANDLER_ON_CALL)) {
		pr_err("handler %s refused: no trigger\n", name);
		return -EINVAL;
	}
	if (handler->triggers & ~RAS_ON_ALL) {
		pr_err("handler %s refused: unknown trigger in mask %#x\n",
		       name, handler->triggers);
		return -EINVAL;
	}
	if (handler->flags & ~RAS_HANDLER_FLAGS) {
		pr_err("handler %s refused: unknown flag in %#x\n",
		       name, handler->flags);
		return -EINVAL;
	}
	if (handler->flags & RAS_HANDLER_BY_NAME && !(handler->flags & RAS_HANDLER_ON_CALL)) {
		pr_err("handler %s refused: called by name, but not on call\n", name);
		return -EINVAL;
	}
	if (handler->priority < 0 || handler->priority > RAS_PRIO_MAX) {
		pr_err("handler %s refused: priority %d is not within 0 and %d\n",
		       name, handler->priority, RAS_PRIO_MAX);
		return -EINVAL;
	}
	if (handler->wait_s < RAS_WAIT_AUTO || handler->wait_s > RAS_WAIT_S_MAX) {
		pr_err("handler %s refused: a wait of %d s is over %d\n",
		       name, handler->wait_s, RAS_WAIT_S_MAX);
		return -EINVAL;
	}
	if (handler->deadline_ms > RAS_DEADLINE_MS_MAX) {
		pr_err("handler %s refused: deadline of %u ms is over %u\n",
		       name, handler->deadline_ms, RAS_DEADLINE_MS_MAX);
		return -EINVAL;
	}
	return 0;
}

/* Does it go with the handlers that are there? */
static int ras_check_fits(struct ras_machine *m, const struct ras_handler *handler)
{
	struct ras_entry *entry;
	unsigned int nr = 0;
	int ret = ras_await_idle(m);

	if (ret) {
		pr_err("handler %s refused: %s\n", handler->name, ret == -ENODEV ?
		       "the framework has not started" : "the machine is stopped");
		return ret;
	}
	list_for_each_entry(entry, &m->entries, node) {
		nr++;
		if (!strcmp(entry->name, handler->name)) {
			pr_err("handler %s refused: the name is taken\n",
			       handler->name);
			return -EEXIST;
		}
	}
	if (nr >= RAS_MAX_HANDLERS) {
		pr_err("handler %s refused: there are %u handlers\n",
		       handler->name, nr);
		return -ENOSPC;
	}
	return 0;
}

static void ras_entry_release(struct kobject *kobj)
{
	kfree(container_of(kobj, struct ras_entry, kobj));
}

/* sysfs.c adds its files. */
struct kobj_type ras_entry_ktype = {
	.release	= ras_entry_release,
};

static struct ras_entry *ras_new_entry(struct ras_handler *handler)
{
	struct ras_entry *entry = kzalloc(sizeof(*entry), GFP_KERNEL);

	if (!entry)
		return NULL;
	kobject_init(&entry->kobj, &ras_entry_ktype);
	entry->handler = handler;
	strscpy(entry->name, handler->name, sizeof(entry->name));
	entry->flags = handler->flags;
	entry->priority = handler->priority;
	entry->triggers = handler->triggers;
	entry->deadline_ms = handler->deadline_ms;
	entry->wait_s = handler->wait_s;
	return entry;
}

static int ras_add_entry(struct ras_machine *m, struct ras_handler *handler)
{
	bool enable = !handler->disabled;
	struct ras_entry *entry;
	int ret;

	entry = ras_new_entry(handler);
	if (!entry)
		return -ENOMEM;
	ras_boot_policy(m, entry, &enable);
	ret = ras_entry_enable(m, entry, enable);
	if (ret)
		goto put;

	/* Last of what can fail: taking files away again waits for readers. */
	if (m->handlers_kobj) {
		ret = kobject_add(&entry->kobj, m->handlers_kobj, "%s", entry->name);
		if (ret) {
			pr_err("handler %s refused: sysfs failed with %d\n",
			       entry->name, ret);
			goto disable;
		}
	}
	list_add_tail(&entry->node, &m->entries);
	handler->entry = entry;
	ras_sort_chain(m);
	return 0;

disable:
	ras_entry_enable(m, entry, false);
put:
	kobject_put(&entry->kobj);
	return ret;
}

/**
 * ras_add_handler() - ras_register_handler() for a given machine
 * @m: the machine
 * @handler: the handler
 *
 * Context: Process context; may sleep.
 * Return: as ras_register_handler().
 */
int ras_add_handler(struct ras_machine *m, struct ras_handler *handler)
{
	int ret;

	ret = ras_check_handler(handler);
	if (ret)
		return ret;

	mutex_lock(&m->lock);
	ret = ras_check_fits(m, handler);
	if (!ret)
		ret = ras_add_entry(m, handler);
	mutex_unlock(&m->lock);
	return ret;
}

/**
 * ras_remove_handler() - ras_unregister_handler() for a given machine
 * @m: the machine
 * @handler: the handler
 *
 * Context: Process context; may sleep.
 */
void ras_remove_handler(struct ras_machine *m, struct ras_handler *handler)
{
	struct ras_entry *entry;

	mutex_lock(&m->lock);
	entry = handler->entry;
	/* Somebody else may be waiting below for the same handler. */
	if (!entry || entry->leaving) {
		mutex_unlock(&m->lock);
		return;
	}
	/* @handler->entry stays: run() may still use it, through ras_wait_s(). */
	WRITE_ONCE(entry->leaving, true);
	/* Pairs with the barrier in ras_hold_entry(). */
	smp_mb();
	list_del(&entry->node);
	ras_sort_chain(m);
	/* No stop knows the handler from here on; but see ras_entry_busy(). */
	if (ras_entry_busy(entry))
		pr_warn("handler %s: unregistering waits for the CPU that hung in it\n",
			entry->name);
	/* Again if ras_hold_entry() has held it for a moment in between. */
	do {
		while (ras_entry_busy(entry)) {
			mutex_unlock(&m->lock);
			msleep(RAS_BUSY_MS);
			mutex_lock(&m->lock);
		}
	} while (ras_entry_enable(m, entry, false) == -EBUSY);
	entry->handler = NULL;
	WRITE_ONCE(handler->entry, NULL);
	/* A CPU that has read handler->entry before that sees @leaving, and lets go. */
	synchronize_rcu();
	mutex_unlock(&m->lock);

	/* Not under the lock: waits for readers and writers of its files. */
	if (m->handlers_kobj)
		kobject_del(&entry->kobj);
	kobject_put(&entry->kobj);
}

/**
 * ras_hold_entry() - keep a handler from being unregistered
 * @handler: the handler
 *
 * Without ras_machine.lock, which an NMI could not take.  ras_remove_handler() marks the
 * entry before it looks whether it is held, and this the other way round.
 *
 * Context: Any; @handler itself stays.
 * Return: its entry; NULL if it is not registered.
 */
struct ras_entry *ras_hold_entry(struct ras_handler *handler)
{
	struct ras_entry *entry;

	/* Until it is held the entry is kept by RCU; see ras_remove_handler(). */
	rcu_read_lock();
	entry = READ_ONCE(handler->entry);
	if (entry)
		atomic_inc(&entry->busy);
	rcu_read_unlock();
	if (!entry)
		return NULL;
	/* Pairs with the barrier in ras_remove_handler(). */
	smp_mb__after_atomic();
	if (!READ_ONCE(entry->leaving))
		return entry;
	ras_let_go_entry(entry);
	return NULL;
}

/**
 * ras_hold_named_entry() - the same for a handler that is called by its name
 * @m: the machine
 * @name: the name
 *
 * Context: Process context.
 * Return: its entry; NULL if there is no such handler with %RAS_HANDLER_BY_NAME.
 */
struct ras_entry *ras_hold_named_entry(struct ras_machine *m, const char *name)
{
	struct ras_entry *entry, *found = NULL;

	mutex_lock(&m->lock);
	list_for_each_entry(entry, &m->entries, node)
		if (entry->flags & RAS_HANDLER_BY_NAME && sysfs_streq(name, entry->name)) {
			/* ras_remove_handler() takes it off the list under this lock. */
			atomic_inc(&entry->busy);
			found = entry;
		}
	mutex_unlock(&m->lock);
	return found;
}

/**
 * ras_hold_trigger() - the same for all handlers of a trigger that are enabled
 * @m: the machine
 * @trigger: the trigger
 * @held: their entries, in the order in which they run; room for RAS_MAX_HANDLERS
 *
 * Context: Process context.
 * Return: how many there are.
 */
unsigned int ras_hold_trigger(struct ras_machine *m, enum ras_trigger trigger,
			      struct ras_entry **held)
{
	const struct ras_chain *chain;
	struct ras_entry *entry;
	unsigned int i, nr = 0;

	mutex_lock(&m->lock);
	chain = ras_chain_now(m);
	for (i = 0; chain && i < chain->nr; i++) {
		entry = chain->entry[i];
		if (!ras_entry_runs_on(entry, trigger) || ras_entry_off(m, entry, trigger))
			continue;
		/* As in ras_hold_named_entry(). */
		atomic_inc(&entry->busy);
		held[nr++] = entry;
	}
	mutex_unlock(&m->lock);
	return nr;
}

/* The end of ras_hold_entry(). */
void ras_let_go_entry(struct ras_entry *entry)
{
	/* Pairs with the acquire in ras_entry_busy(). */
	atomic_dec_return_release(&entry->busy);
}

int ras_register_handler(struct ras_handler *handler)
{
	return ras_add_handler(&ras_machine, handler);
}
EXPORT_SYMBOL_GPL(ras_register_handler);

void ras_unregister_handler(struct ras_handler *handler)
{
	ras_remove_handler(&ras_machine, handler);
}
EXPORT_SYMBOL_GPL(ras_unregister_handler);
