// SPDX-License-Identifier: GPL-2.0
/*
 * Test module of the RAS stop framework: a command of kdb that goes wrong, and a place
 * for breakpoints.
 *
 *	crash_me fault|panic|hang	in kdb
 *	sr y				in kdb: likewise, while printk() goes to kdb
 *	/proc/ras_kdb			writing to it calls ras_kdb_stop_here()
 */
#include <linux/kdb.h>
#include <linux/kgdb.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/string.h>
#include <linux/sysrq.h>

#ifdef CONFIG_KGDB_KDB
static int crash_me(int argc, const char **argv)
{
	if (argc != 1)
		return KDB_ARGCOUNT;
	if (!strcmp(argv[1], "fault"))
		WRITE_ONCE(*(int *)8, 1);
	else if (!strcmp(argv[1], "panic"))
		panic("%s in kdb", __func__);
	else if (!strcmp(argv[1], "hang"))
		for (;;)
			cpu_relax();
	return KDB_NOTFOUND;
}

static kdbtab_t crash_me_command = {
	.name	= "crash_me",
	.func	= crash_me,
	.usage	= "fault|panic|hang",
	.help	= "Go wrong",
	.flags	= KDB_ENABLE_ALWAYS_SAFE,
};

static void sysrq_fault(int key)
{
	WRITE_ONCE(*(int *)8, 1);
}

static const struct sysrq_key_op sysrq_fault_op = {
	.handler	= sysrq_fault,
	.help_msg	= "fault(y)",
	.action_msg	= "Fault",
	.enable_mask	= SYSRQ_ENABLE_DUMP,
};

noinline void ras_kdb_stop_here(unsigned long count)
{
	/* Not to be optimized away, or inlined. */
	asm volatile("" : : "r" (count) : "memory");
}

static unsigned long written;

static ssize_t stop_here_write(struct file *file, const char __user *buf, size_t count,
			       loff_t *pos)
{
	ras_kdb_stop_here(++written);
	return count;
}

static const struct proc_ops stop_here_ops = {
	.proc_write	= stop_here_write,
	.proc_lseek	= noop_llseek,
};

static int __init ras_kdb_init(void)
{
	int ret;

	if (!proc_create("ras_kdb", 0200, NULL, &stop_here_ops))
		return -ENOMEM;
	ret = kdb_register(&crash_me_command);
	if (ret)
		goto err_proc;
	ret = register_sysrq_key('y', &sysrq_fault_op);
	if (ret)
		goto err_command;
	return 0;

err_command:
	kdb_unregister(&crash_me_command);
err_proc:
	remove_proc_entry("ras_kdb", NULL);
	return ret;
}

static void __exit ras_kdb_exit(void)
{
	unregister_sysrq_key('y', &sysrq_fault_op);
	kdb_unregister(&crash_me_command);
	remove_proc_entry("ras_kdb", NULL);
}

module_init(ras_kdb_init);
module_exit(ras_kdb_exit);
#endif

MODULE_DESCRIPTION("RAS stop framework: a broken command of kdb");
MODULE_LICENSE("GPL");
