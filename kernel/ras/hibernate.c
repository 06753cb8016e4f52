// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: the stop of a hibernation, and what comes before and after it.
 *
 * hibernate() asks the handlers before it freezes anything, stops where it would copy memory
 * otherwise, and tells the handlers when everything is thawed.
 */
#define pr_fmt(fmt) "ras: " fmt

#include <linux/kernel.h>
#include <linux/printk.h>

#include "hibernate.h"
#include "machine.h"
#include "registry.h"
#include "trigger.h"

/* The one that is going on; the kernel's hibernate() lets no second one begin. */
static struct ras_hibernation ras_hibernation;

/* Tell the first handlers, in the opposite order, that it is over. */
static void ras_complete_first(struct ras_hibernation *h, int ret)
{
	struct ras_handler *handler;

	while (h->nr) {
		handler = h->entry[--h->nr]->handler;
		if (handler->complete)
			handler->complete(handler, NULL, ret, NULL);
		ras_let_go_entry(h->entry[h->nr]);
	}
}

/**
 * ras_prepare_handlers() - have the handlers of a hibernation prepare
 * @m: the machine
 * @h: the hibernation; keeps them until ras_complete_handlers()
 *
 * If one refuses, those before it are completed.
 *
 * Context: Process context; may sleep.
 * Return: 0; %-ENOENT if there is no handler; what prepare() of one has refused with.
 */
int ras_prepare_handlers(struct ras_machine *m, struct ras_hibernation *h)
{
	struct ras_handler *handler;
	unsigned int i;
	int ret;

	h->away.left = false;
	h->away.status = -EIO;
	h->nr = ras_hold_trigger(m, RAS_TRIGGER_HIBERNATE, h->entry);
	if (!h->nr) {
		pr_err("hibernation refused: no handler is enabled for it\n");
		return -ENOENT;
	}
	for (i = 0; i < h->nr; i++) {
		handler = h->entry[i]->handler;
		ret = handler->prepare ? handler->prepare(handler, NULL) : 0;
		if (!ret)
			continue;
		pr_err("hibernation refused: handler %s: %d\n", h->entry[i]->name, ret);
		/* Those from here on have nothing to undo. */
		while (h->nr > i)
			ras_let_go_entry(h->entry[--h->nr]);
		ras_complete_first(h, ret);
		return ret;
	}
	return 0;
}

/**
 * ras_complete_handlers() - tell the handlers of a hibernation that it is over
 * @h: the hibernation
 * @ret: what it ends with, as far as the kernel knows
 *
 * Context: Process context; may sleep.
 * Return: what it ends with.  If the kernel did not get to the stop, as for a test or because of
 *	a wake-up, that is for the kernel to say.
 */
int ras_complete_handlers(struct ras_hibernation *h, int ret)
{
	if (!ret && h->away.left)
		ret = h->away.status;
	ras_complete_first(h, ret);
	return ret;
}

/**
 * ras_hibernate_prepare() - the hook at the beginning of hibernate()
 *
 * Context: Process context; nothing is frozen yet.
 * Return: 0; %-EPERM if policy has switched off the trigger, or the framework; as
 *	ras_prepare_handlers().
 */
int ras_hibernate_prepare(void)
{
	if (!ras_trigger_enabled(RAS_TRIGGER_HIBERNATE)) {
		pr_err("hibernation refused: policy has switched it off\n");
		return -EPERM;
	}
	return ras_prepare_handlers(&ras_machine, &ras_hibernation);
}

/**
 * ras_hibernate() - the hook where hibernate() would copy memory
 *
 * Context: Interrupts disabled; devices and the system's core are suspended, and the other CPUs
 *	offline.
 * Return: 0 if another kernel had the machine, whatever it did with it; else an errno.
 */
int ras_hibernate(void)
{
	struct ras_away *away = &ras_hibernation.away;
	struct ras_request request = {
		.trigger	= RAS_TRIGGER_HIBERNATE,
		.needs_handler	= true,
		.message	= "hibernation",
		.arg		= away,
	};
	int ret = ras_stop_by(&request);

	if (ret || away->left)
		return ret;
	return away->status ?: -EIO;
}

/**
 * ras_hibernate_complete() - the hook at the end of hibernate()
 * @ret: how it ends, as far as that knows
 *
 * Context: Process context; everything is thawed.
 * Return: what hibernate() is to return.
 */
int ras_hibernate_complete(int ret)
{
	return ras_complete_handlers(&ras_hibernation, ret);
}
