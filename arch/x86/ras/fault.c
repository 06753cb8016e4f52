// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework, x86: exceptions that the kernel has no fix-up for.
 *
 * The hooks are where the kernel is about to report an oops: fixup_exception() for
 * most, page_fault_oops(), and those that come without either: exc_double_fault(),
 * exc_int3(), exc_alignment_check().
 */
#include <linux/bug.h>
#include <linux/instrumentation.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>

#include <asm/ptrace.h>
#include <asm/ras.h>
#include <asm/trapnr.h>

#include "ras.h"

/* Names as in Intel SDM vol. 3, table 6-1. */
static const char * const ras_trap_names[] = {
	[X86_TRAP_DE]	= "divide error",
	[X86_TRAP_DB]	= "debug exception",
	[X86_TRAP_BP]	= "breakpoint",
	[X86_TRAP_OF]	= "overflow",
	[X86_TRAP_BR]	= "bound range exceeded",
	[X86_TRAP_UD]	= "invalid opcode",
	[X86_TRAP_NM]	= "device not available",
	[X86_TRAP_DF]	= "double fault",
	[X86_TRAP_TS]	= "invalid TSS",
	[X86_TRAP_NP]	= "segment not present",
	[X86_TRAP_SS]	= "stack segment fault",
	[X86_TRAP_GP]	= "general protection fault",
	[X86_TRAP_PF]	= "page fault",
	[X86_TRAP_MF]	= "x87 FPU error",
	[X86_TRAP_AC]	= "alignment check",
	[X86_TRAP_XF]	= "SIMD exception",
	[X86_TRAP_CP]	= "control protection exception",
};

static const char *ras_trap_name(const struct pt_regs *regs, int trapnr)
{
	if (trapnr == X86_TRAP_UD && find_bug(regs->ip))
		return "BUG";
	if (trapnr < 0 || trapnr >= ARRAY_SIZE(ras_trap_names) ||
	    !ras_trap_names[trapnr])
		return "exception";
	return ras_trap_names[trapnr];
}

/**
 * ras_x86_fixup() - has a handler caused this exception?
 * @regs: its context
 * @trapnr: X86_TRAP_*
 * @address: what could not be accessed; for page and double faults only
 *
 * Context: Exception.
 * Return: true if so: the exception is to return.
 */
bool ras_x86_fixup(struct pt_regs *regs, int trapnr, unsigned long address)
{
	bool addressed = trapnr == X86_TRAP_PF || trapnr == X86_TRAP_DF;

	if (user_mode(regs))
		return false;
	/* A breakpoint's exception may be anywhere, so it has entered as an NMI. */
	if (!ras_arch_fault(regs, ras_trap_name(regs, trapnr),
			    addressed ? &address : NULL, trapnr == X86_TRAP_BP))
		return false;
	/*
	 * Some enable interrupts, if they were, and go by the context when they
	 * disable them again, which is no longer the one that they began with.
	 */
	if (!irqs_disabled())
		local_irq_disable();
	return true;
}

NOKPROBE_SYMBOL(ras_x86_fixup);

/**
 * ras_x86_double_fault() - the same for a double fault
 * @regs: its context
 * @address: CR2, which tells a stack that has overflowed
 *
 * Context: Double fault, before it counts as an NMI: RCU watches, because it does
 *	so within every handler, and in no other case does this do anything.
 * Return: true if a handler has caused it.
 */
noinstr bool ras_x86_double_fault(struct pt_regs *regs, unsigned long address)
{
	bool mine;

	instrumentation_begin();
	mine = ras_x86_fixup(regs, X86_TRAP_DF, address);
	instrumentation_end();
	return mine;
}
