// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework, x86: the registers of a CPU that stops.
 */
#include <linux/hw_breakpoint.h>
#include <linux/percpu.h>
#include <linux/preempt.h>

#include <asm/debugreg.h>
#include <asm/desc.h>
#include <asm/msr.h>
#include <asm/special_insns.h>

#include "ras.h"

static void ras_capture_debug(unsigned long *dr)
{
	get_debugreg(dr[0], 0);
	get_debugreg(dr[1], 1);
	get_debugreg(dr[2], 2);
	get_debugreg(dr[3], 3);
	get_debugreg(dr[6], 6);
	/* The NMI entry has switched breakpoints off; this is what was set. */
	if (in_nmi())
		dr[7] = this_cpu_read(cpu_dr7);
	else
		get_debugreg(dr[7], 7);
}

/**
 * ras_x86_capture() - fill a record with the registers of this CPU
 * @record: this CPU's
 * @regs: the interrupted context
 *
 * What pt_regs does not hold is read now.  That is right for all of it: entry
 * code has changed none of these but DR7, and GS, whose user-space base is in
 * the MSR that SWAPGS loads.
 *
 * Context: Interrupts disabled; NMI.
 */
void ras_x86_capture(struct ras_cpu *record, const struct pt_regs *regs)
{
	struct ras_arch_regs *arch = &record->arch;

	arch->regs = *regs;
	arch->cr0 = read_cr0();
	arch->cr2 = read_cr2();
	arch->cr3 = __read_cr3();
	arch->cr4 = __read_cr4();
	ras_capture_debug(arch->dr);
	rdmsrl(MSR_FS_BASE, arch->fs_base);
	rdmsrl(MSR_GS_BASE, arch->gs_base);
	rdmsrl(MSR_KERNEL_GS_BASE, arch->kernel_gs_base);
	native_store_gdt(&arch->gdt);
	store_idt(&arch->idt);
	store_tr(arch->tr);
	store_ldt(arch->ldt);
}
