// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework, x86: whose hardware breakpoint it is.
 */
#include <linux/percpu.h>
#include <linux/ras.h>

#include <asm/debugreg.h>
#include <asm/processor.h>

static bool ras_x86_is_kernel_breakpoint(unsigned long dr7, int nr, unsigned long address)
{
	unsigned long enabled = (DR_LOCAL_ENABLE | DR_GLOBAL_ENABLE) << (nr * DR_ENABLE_SIZE);

	return (dr7 & enabled) && address >= TASK_SIZE_MAX;
}

/**
 * ras_kernel_breakpoint() - has this CPU a hardware breakpoint on an address of the kernel?
 *
 * The kernel hits breakpoints of users, too, when it reads or writes for them.  Those have
 * addresses of users: ptrace() and perf let nobody without privileges set others.
 *
 * Context: Any, NMI and debug exception included.
 * Return: true if so.
 */
bool ras_kernel_breakpoint(void)
{
	/* The register itself is zero within a debug exception. */
	unsigned long dr7 = this_cpu_read(cpu_dr7), dr[4];
	int i;

	get_debugreg(dr[0], 0);
	get_debugreg(dr[1], 1);
	get_debugreg(dr[2], 2);
	get_debugreg(dr[3], 3);
	for (i = 0; i < ARRAY_SIZE(dr); i++)
		if (ras_x86_is_kernel_breakpoint(dr7, i, dr[i]))
			return true;
	return false;
}
