/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS stop framework: the contract between the core and an architecture.
 * Not for clients.
 */
#ifndef _LINUX_RAS_ARCH_H
#define _LINUX_RAS_ARCH_H

#include <linux/ras.h>

/* Provides ras_arch_here(regs), inline: the registers of its caller. */
#include <asm/ras_arch.h>

/**
 * struct ras_arch_ops - what the core needs of an architecture
 *
 * All are called with interrupts disabled, possibly in NMI context; none may
 * sleep, allocate, take a lock or wait without a bound.
 *
 * @this_cpu: number of the calling CPU.
 * @now_ns: a clock in ns that advances while interrupts are off on every CPU.
 *	Only differences taken on one CPU are used for waiting.
 * @relax: one step of a polling loop.
 * @present: the CPUs that the machine has.
 * @online: the CPUs that are online now.
 * @begin: a stop begins on this CPU, before any other @send_ipi or @send_nmi.
 *	@crash: it will not be released.
 * @end: a stop is over on this CPU; pairs with @begin unless the stop was a crash.
 * @send_ipi: interrupt the CPUs of @mask such that each calls
 *	ras_arch_stopped(RAS_HOW_IPI).  False if that cannot be done.
 * @send_nmi: interrupt @cpu likewise by NMI.  False if it could not be sent.
 * @capture: fill @record->arch; @regs is the interrupted context.
 * @wait: wait until *@word is no longer @old; may return early.
 * @call: call @fn(@arg) on the private stack, which the caller is not using.
 * @retire: make the calling CPU harmless to whoever uses the machine next: no
 *	virtualisation, no tracing, no interrupts.  @note: it is given to a crash
 *	kernel: write the ELF note from that record as well.
 * @halt: never return and use no more power than needed.  @frame: for a CPU
 *	that came by interrupt, the frame that the interrupt left on its stack.
 */
struct ras_arch_ops {
	unsigned int		(*this_cpu)(void);
	u64			(*now_ns)(void);
	void			(*relax)(void);
	const struct cpumask	*(*present)(void);
	const struct cpumask	*(*online)(void);
	void			(*begin)(bool crash);
	void			(*end)(void);
	bool			(*send_ipi)(const struct cpumask *mask);
	bool			(*send_nmi)(unsigned int cpu);
	void			(*capture)(struct ras_cpu *record,
					   const struct pt_regs *regs);
	void			(*wait)(const u64 *word, u64 old);
	void			(*call)(void (*fn)(void *arg), void *arg);
	void			(*retire)(const struct ras_cpu *note);
	void			(*halt)(const struct pt_regs *frame);
};

/* The architecture provides these. */
extern const struct ras_arch_ops ras_arch;
int ras_arch_init(void);

/* The core provides these to the architecture. */

/**
 * ras_arch_stopped() - a CPU was asked to stop by interrupt or NMI
 * @how: %RAS_HOW_IPI or %RAS_HOW_NMI
 * @regs: the interrupted context
 *
 * Parks the calling CPU until it is released, if a stop wants it.
 *
 * Context: Interrupt or NMI.
 * Return: true if the core had sent for this CPU.
 */
bool ras_arch_stopped(enum ras_how how, struct pt_regs *regs);

/**
 * ras_arch_nmi_button() - an NMI that nobody claims has arrived
 * @regs: the interrupted context
 *
 * Context: NMI.
 * Return: true if the core has dealt with it.
 */
bool ras_arch_nmi_button(struct pt_regs *regs);

/**
 * ras_arch_handover() - give all parked CPUs to the crash kernel
 *
 * Context: The path to the crash kernel, interrupts disabled.
 * Return: true if the calling CPU owns a stop, so that every CPU has been
 *	retired or is missing; false if the kernel must stop the CPUs itself.
 */
bool ras_arch_handover(void);

#endif /* _LINUX_RAS_ARCH_H */
