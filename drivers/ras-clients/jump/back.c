// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client that jumps to another kernel: the second kernel goes back to the first when it
 * panics.
 *
 * Somebody has to load the way back, as for going back on purpose.
 */
#define pr_fmt(fmt) "ras_jump: " fmt

#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/kexec.h>
#include <linux/printk.h>
#include <linux/ras.h>
#include <linux/ras_jump.h>
#include <linux/smp.h>
#include <linux/time64.h>

#include "jump.h"

/* For writes of devices that are on their way. */
#define BACK_SETTLE_NS	(20 * NSEC_PER_MSEC)

/* The command line says so: kexec(8) adds the address. */
static bool back_possible __initdata;

static int __init back_set_entry(char *text)
{
	back_possible = true;
	return 0;
}
early_param("kexec_jump_back_entry", back_set_entry);

/**
 * jump_back_possible() - has another kernel jumped to this one?
 *
 * Context: Process context.
 * Return: true if so.
 */
bool __init jump_back_possible(void)
{
	return back_possible;
}

static const char *back_not_ready(struct ras_handler *handler)
{
	return READ_ONCE(kexec_image) ? NULL : "no way back is loaded";
}

static void back_go(void *unused)
{
	struct kimage *image = jump_image();
	unsigned int cpu;

	if (IS_ERR_OR_NULL(image) || !image->preserve_context)
		return;
	/* They halt, and do not come back: machine_kexec() has them wait without any memory. */
	for_each_online_cpu(cpu)
		if (cpu != raw_smp_processor_id())
			set_cpu_online(cpu, false);
	ras_arch_quiesce();
	/* Or a device would write to memory that is the first kernel's by then. */
	ras_poll(false, BACK_SETTLE_NS);
	machine_kexec(image);
}

static enum ras_verdict back_run(struct ras_handler *handler, const struct ras_stop *stop)
{
	if (!ras_arch_on_boot_cpu()) {
		pr_emerg("no way back to the first kernel: CPU %d is not the boot CPU\n",
			 stop->owner);
		return RAS_NEXT;
	}
	jump_peer_tell(-EREMOTEIO, stop->message);
	pr_emerg("going back to the first kernel\n");
	ras_leave(stop, back_go, NULL);
	return RAS_NEXT;
}

static struct ras_handler back_handler = {
	.name		= "jump-back",
	.priority	= RAS_PRIO_LAST + 50,
	.triggers	= RAS_ON(PANIC),
	/* Until ras_leave(). */
	.deadline_ms	= 10000,
	.flags		= RAS_HANDLER_NORETURN,
	.not_ready	= back_not_ready,
	.run		= back_run,
};

static void __init back_offer(const struct jump_page *page)
{
	int ret = jump_memory_init(page) ?: jump_core_init(page) ?: jump_sparse_init(page, false);

	if (ret)
		pr_err("the first kernel's memory cannot be read (%d)\n", ret);
}

/**
 * jump_back_init() - be ready to go back
 *
 * Context: Process context.
 * Return: as ras_register_handler().
 */
int __init jump_back_init(void)
{
	const struct jump_page *page = jump_peer_init();

	if (page)
		back_offer(page);
	return ras_register_handler(&back_handler);
}
