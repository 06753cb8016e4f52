// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: starts the crash kernel.  Never returns, so it comes last.
 */
#include <linux/module.h>
#include <linux/ras.h>

/* Loading and unloading at run time needs no notification: asked when needed. */
static const char *kdump_not_ready(struct ras_handler *handler)
{
	return ras_crash_kernel_loaded() ? NULL : "no crash kernel loaded";
}

static enum ras_verdict kdump_run(struct ras_handler *handler,
				  const struct ras_stop *stop)
{
	ras_enter_crash_kernel(stop);
	/* Just being replaced by kexec(8), or not a stop to crash in. */
	return RAS_NEXT;
}

static struct ras_handler kdump_handler = {
	.name		= "kdump",
	.priority	= RAS_PRIO_LAST,
	.triggers	= RAS_ON(PANIC),
	/* Until the CPUs are handed over; nobody watches after that. */
	.deadline_ms	= 30000,
	.flags		= RAS_HANDLER_NORETURN | RAS_HANDLER_DOES_KEXEC,
	.not_ready	= kdump_not_ready,
	.run		= kdump_run,
};

static int __init kdump_init(void)
{
	return ras_register_handler(&kdump_handler);
}

static void __exit kdump_exit(void)
{
	ras_unregister_handler(&kdump_handler);
}

module_init(kdump_init);
module_exit(kdump_exit);

MODULE_DESCRIPTION("RAS client: hand-over to the crash kernel");
MODULE_LICENSE("GPL");
