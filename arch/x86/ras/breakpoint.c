// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework, x86: whose debug exception it is.
 */
#include <linux/percpu.h>
#include <linux/ras.h>

#include <asm/debugreg.h>
#include <asm/processor.h>
#include <asm/processor-flags.h>
#include <asm/proto.h>
#include <asm/ptrace.h>

/*
 * What a user can have trapped with his own TF, as is_sysenter_singlestep() in
 * arch/x86/kernel/traps.c has it.
 */
static bool ras_x86_is_entry(unsigned long ip)
{
#ifdef CONFIG_IA32_EMULATION
	return ip - (unsigned long)entry_SYSENTER_compat <
	       (unsigned long)__end_entry_SYSENTER_compat -
	       (unsigned long)entry_SYSENTER_compat;
#else
	return false;
#endif
}

static bool ras_x86_is_kernel_breakpoint(unsigned long dr7, int nr, unsigned long address)
{
	unsigned long enabled = (DR_LOCAL_ENABLE | DR_GLOBAL_ENABLE) << (nr * DR_ENABLE_SIZE);

	return (dr7 & enabled) && address >= TASK_SIZE_MAX;
}

/* Has this CPU a hardware breakpoint on an address of the kernel? */
static bool ras_x86_has_kernel_breakpoint(void)
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

/**
 * ras_is_kernels_debug() - may a debug exception in the kernel be the kernel's own?
 * @regs: its context
 *
 * The kernel hits breakpoints of users, too, when it reads or writes for them.  Those have
 * addresses of users: ptrace() and perf let nobody without privileges set others.  A step
 * has TF in the flags that were saved, which a user's does nowhere but in the entry code.
 *
 * Context: Debug exception.
 * Return: true if so.
 */
bool ras_is_kernels_debug(const struct pt_regs *regs)
{
	return (regs->flags & X86_EFLAGS_TF && !ras_x86_is_entry(regs->ip)) ||
	       ras_x86_has_kernel_breakpoint();
}
