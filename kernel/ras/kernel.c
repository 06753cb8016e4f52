// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: what a stop does to the kernel around it.
 */
#include <linux/console.h>
#include <linux/irq_work.h>
#include <linux/kernel.h>
#include <linux/panic.h>
#include <linux/printk.h>
#include <linux/reboot.h>
#include <linux/uaccess.h>

#include "kernel.h"

/*
 * The CPU that has panicked hangs in a handler, and this one has run the rest of the
 * chain; or there was no panic, until a handler wanted one.  The rest of panic() is
 * this CPU's, too, the reboot above all.
 */
static void ras_go_on_panic(struct ras_machine *m)
{
	panic("%s", m->stop.message);
}

static void ras_undefer(void)
{
	printk_deferred_exit();
}

/* What panic() may take besides its timeout: notifiers, slow consoles, blinking. */
#define RAS_REBOOT_MARGIN_MS	(60 * MSEC_PER_SEC)

static u64 ras_reboot_ms(void)
{
	int timeout = READ_ONCE(panic_timeout);

	if (!timeout)
		return 0;
	return max(timeout, 0) * (u64)MSEC_PER_SEC + RAS_REBOOT_MARGIN_MS;
}

/* A crash may have broken the list of the consoles. */
#define RAS_CONSOLES_MAX	16

static u64 ras_printed(void)
{
	struct console *con = READ_ONCE(console_drivers), *next;
	u64 seq, sum = 0;
	int i;

	for (i = 0; con && i < RAS_CONSOLES_MAX; i++, con = next) {
		if (copy_from_kernel_nofault(&seq, &con->seq, sizeof(seq)) ||
		    copy_from_kernel_nofault(&next, &con->next, sizeof(next)))
			break;
		sum += seq;
	}
	return sum;
}

static void ras_unlock_console(struct irq_work *work)
{
	/* The CPU that has locked it will not come back for it. */
	if (is_console_locked())
		console_unlock();
}

static DEFINE_IRQ_WORK(ras_console_work, ras_unlock_console);

/* What an abandoned handler has left behind concerns everybody from now on. */
static void ras_taint(bool console_left)
{
	add_taint(TAINT_DIE, LOCKDEP_STILL_OK);
	if (console_left)
		irq_work_queue(&ras_console_work);
}

const struct ras_kernel_ops ras_kernel = {
	.panic		= ras_go_on_panic,
	.reboot_ms	= ras_reboot_ms,
	.undefer	= ras_undefer,
	.printed	= ras_printed,
	.reboot		= emergency_restart,
	.tainted	= ras_taint,
};
