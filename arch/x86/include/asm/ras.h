/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_RAS_H
#define _ASM_X86_RAS_H

#include <linux/atomic.h>
#include <linux/types.h>
#include <asm/desc_defs.h>
#include <asm/ptrace.h>

struct stack_info;

#ifdef CONFIG_RAS_STOP
/* Handlers that are running; 0 but in a stop. */
extern atomic_t ras_guards;

bool ras_stack_info(unsigned long *stack, struct stack_info *info);
bool ras_x86_fixup(struct pt_regs *regs, int trapnr, unsigned long address);
bool ras_x86_double_fault(struct pt_regs *regs, unsigned long address);
bool ras_is_kernels_debug(const struct pt_regs *regs);

/* The hooks where the kernel has found no fix-up: one test outside a stop. */
static __always_inline bool ras_fixup(struct pt_regs *regs, int trapnr,
				      unsigned long address)
{
	return unlikely(arch_atomic_read(&ras_guards)) &&
	       ras_x86_fixup(regs, trapnr, address);
}

static __always_inline bool ras_double_fault(struct pt_regs *regs,
					     unsigned long address)
{
	return unlikely(arch_atomic_read(&ras_guards)) &&
	       ras_x86_double_fault(regs, address);
}
#else
static __always_inline bool ras_fixup(struct pt_regs *regs, int trapnr,
				      unsigned long address)
{
	return false;
}

static __always_inline bool ras_double_fault(struct pt_regs *regs,
					     unsigned long address)
{
	return false;
}

static __always_inline bool ras_stack_info(unsigned long *stack,
					   struct stack_info *info)
{
	return false;
}
#endif

/* The stack that a handler runs on, in bytes. */
#define RAS_STACK_SIZE	(16 * 1024)

/**
 * struct ras_arch_regs - the registers of a stopped CPU
 * @regs: general registers of the interrupted context
 * @cr0: control register
 * @cr2: control register; the owner's is the address of its page fault, if any
 * @cr3: control register
 * @cr4: control register
 * @dr: debug registers 0 to 3, 6 and 7, at their numbers
 * @fs_base: base of FS
 * @gs_base: base of GS, the CPU's per-CPU area
 * @kernel_gs_base: the base that SWAPGS would load; user space's, when the
 *	kernel was interrupted
 * @gdt: GDTR
 * @idt: IDTR
 * @tr: task register
 * @ldt: LDTR
 */
struct ras_arch_regs {
	struct pt_regs	regs;
	unsigned long	cr0, cr2, cr3, cr4;
	unsigned long	dr[8];
	unsigned long	fs_base, gs_base, kernel_gs_base;
	struct desc_ptr	gdt, idt;
	u16		tr, ldt;
};

#endif /* _ASM_X86_RAS_H */
