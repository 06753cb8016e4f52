// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: jumps to another kernel, and is back when that one jumps back.
 *
 * A kernel that was jumped to has the handler of back.c in place of this one, and does not jump to
 * a third.
 *
 * It runs in a hibernation of the mode "jump" only: nobody else suspends the devices and takes
 * the other CPUs offline.
 */
#define pr_fmt(fmt) "ras_jump: " fmt

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/kexec.h>
#include <linux/printk.h>
#include <linux/ras.h>

#include "jump.h"

/* Another kernel may be loaded after that: the stop looks whether it is still this one. */
static int jump_prepare(struct ras_handler *handler, void *arg)
{
	struct kimage *image = kexec_get_image();
	int ret;

	if (IS_ERR(image)) {
		pr_err("refused: a kernel is just being loaded\n");
		return PTR_ERR(image);
	}
	ret = jump_check_image(image);
	kexec_put_image();
	if (ret)
		return ret;
	ret = jump_page_describe();
	if (ret)
		pr_err("refused: there is no memory for the bits of free pages\n");
	return ret;
}

static void jump_complete(struct ras_handler *handler, void *arg, int ret,
			  const struct ras_outcome *outcome)
{
	jump_page_release();
}

static const char *jump_not_ready(struct ras_handler *handler)
{
	return READ_ONCE(kexec_image) ? NULL : "no kernel to jump to is loaded";
}

static int jump_away(void *image)
{
	machine_kexec(image);
	return 0;
}

static int jump_there_and_back(const struct ras_stop *stop)
{
	struct kimage *image = jump_image();
	struct ras_away *away = stop->arg;
	int ret;

	if (IS_ERR(image))
		return PTR_ERR(image);
	if (!jump_is_checked(image))
		return -ESTALE;
	jump_page_begin(stop, image, jump_end(image));
	ret = ras_go_away(stop, jump_away, image);
	if (ret)
		return ret;
	away->left = true;
	jump_note_used(image);
	return jump_page_end();
}

static enum ras_verdict jump_run(struct ras_handler *handler, const struct ras_stop *stop)
{
	struct ras_away *away = stop->arg;

	if (stop->trigger != RAS_TRIGGER_HIBERNATE) {
		pr_err("refused: devices are not suspended: see /sys/power/disk\n");
		return RAS_NEXT;
	}
	away->status = jump_there_and_back(stop);
	return away->left ? RAS_RESUME : RAS_NEXT;
}

static struct ras_handler jump_handler = {
	.name		= "jump",
	.priority	= RAS_PRIO_LAST,
	.triggers	= RAS_ON(HIBERNATE),
	/* The other kernel takes its time. */
	.deadline_ms	= 0,
	.not_ready	= jump_not_ready,
	.run		= jump_run,
	.prepare	= jump_prepare,
	.complete	= jump_complete,
};

static int __init jump_init(void)
{
	if (jump_back_possible())
		return jump_back_init();
	if (jump_restore_wanted())
		return jump_restore_init();
	return jump_page_init() ?: ras_register_handler(&jump_handler);
}
device_initcall(jump_init);
