/* SPDX-License-Identifier: GPL-2.0 */
/* RAS stop framework, x86: what its files share. */
#ifndef _ARCH_X86_RAS_RAS_H
#define _ARCH_X86_RAS_RAS_H

#include <linux/ras_arch.h>

/* stop.c */
int ras_x86_stop_init(void);
void ras_x86_begin(bool crash);
bool ras_x86_send_ipi(const struct cpumask *mask);
bool ras_x86_send_nmi(unsigned int cpu);

/* capture.c */
void ras_x86_capture(struct ras_cpu *record, const struct pt_regs *regs);

/* stack.c */
int ras_x86_stack_init(void);
/* The instruction behind the call in ras_call_on(). */
extern const char ras_x86_landed[];
bool ras_x86_call(void (*fn)(void *arg), void *arg);
bool ras_x86_call_here(void (*fn)(void *arg), void *arg);
bool ras_x86_call_helper(void (*fn)(void *arg), void *arg);
int ras_x86_need_stacks(void);
bool ras_x86_land(struct pt_regs *regs, unsigned long *ip);
void ras_x86_abandon(void);
bool ras_x86_in_machine_check(void);

/* kexec.c */
void ras_x86_kexec_init(void);
void ras_x86_retire(void);
void ras_x86_crashed(int cpu);
void ras_x86_forget(void);
bool ras_x86_copy(void *dst, const void *src, size_t size);
void ras_x86_note(unsigned int cpu, const struct ras_cpu *record);
void ras_x86_stay(const struct pt_regs *frame, void (*fn)(void *arg), void *arg);
void ras_x86_halt(void);

#endif /* _ARCH_X86_RAS_RAS_H */
