/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_RAS_ARCH_H
#define _ASM_X86_RAS_ARCH_H

/* <asm/kexec.h> needs the former. */
#include <linux/module.h>
#include <asm/kexec.h>

/*
 * The registers here, where the caller is.  Inline, because a frame that is left
 * again would not be found by who unwinds from them.
 */
static __always_inline void ras_arch_here(struct pt_regs *regs)
{
	crash_setup_regs(regs, NULL);
}

#endif /* _ASM_X86_RAS_ARCH_H */
