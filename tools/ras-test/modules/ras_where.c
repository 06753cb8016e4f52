// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
#include <linux/ras.h>

static enum ras_verdict where_run(struct ras_handler *handler,
				  const struct ras_stop *stop)
{
	const struct ras_cpu *record;
	unsigned int cpu;

	for_each_present_cpu(cpu) {
		record = ras_cpu_record(stop, cpu);
		if (record)
			pr_info("where: CPU %u pid %d at %pS\n", cpu, record->pid,
				(void *)record->arch.regs.ip);
	}
	return RAS_NEXT;
}

static struct ras_handler where_handler = {
	.name     = "where",
	.priority = RAS_PRIO_LOG + 10,
	.triggers = RAS_ON(USER) | RAS_ON(SYSRQ),
	.run      = where_run,
};

static int __init where_init(void)
{
	return ras_register_handler(&where_handler);
}
module_init(where_init);

static void __exit where_exit(void)
{
	ras_unregister_handler(&where_handler);
}
module_exit(where_exit);

MODULE_DESCRIPTION("RAS client: where every CPU was");
MODULE_LICENSE("GPL");
