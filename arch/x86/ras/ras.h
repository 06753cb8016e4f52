/* SPDX-License-Identifier: GPL-2.0 */
/* RAS stop framework, x86: what its files share. */
#ifndef _ARCH_X86_RAS_RAS_H
#define _ARCH_X86_RAS_RAS_H

#include <linux/ras_arch.h>

/* stop.c */
int ras_x86_stop_init(void);
void ras_x86_begin(bool crash);
void ras_x86_end(void);
bool ras_x86_send_ipi(const struct cpumask *mask);
bool ras_x86_send_nmi(unsigned int cpu);

/* capture.c */
void ras_x86_capture(struct ras_cpu *record, const struct pt_regs *regs);

/* stack.c */
int ras_x86_stack_init(void);
void ras_x86_call(void (*fn)(void *arg), void *arg);

/* kexec.c */
void ras_x86_kexec_init(void);
void ras_x86_retire(const struct ras_cpu *note);
void ras_x86_halt(const struct pt_regs *frame);

#endif /* _ARCH_X86_RAS_RAS_H */
