// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: saves the kernel log through the kernel's own kmsg dumpers, such
 * as pstore, before anything else is tried.
 */
#include <linux/module.h>
#include <linux/ras.h>

static enum ras_verdict kmsg_run(struct ras_handler *handler,
				 const struct ras_stop *stop)
{
	ras_save_kmsg(stop);
	return RAS_NEXT;
}

/*
 * Panics only: an oops that the machine survives has its log dumped by
 * oops_exit(), and after any other stop there is a kernel to read the log.
 */
static struct ras_handler kmsg_handler = {
	.name		= "kmsg",
	.priority	= RAS_PRIO_LOG,
	.triggers	= RAS_ON(PANIC),
	.deadline_ms	= 10000,
	.flags		= RAS_HANDLER_DOES_KMSG,
	.run		= kmsg_run,
};

static int __init kmsg_init(void)
{
	return ras_register_handler(&kmsg_handler);
}

static void __exit kmsg_exit(void)
{
	ras_unregister_handler(&kmsg_handler);
}

module_init(kmsg_init);
module_exit(kmsg_exit);

MODULE_DESCRIPTION("RAS client: kernel log by the kmsg dumpers");
MODULE_LICENSE("GPL");
