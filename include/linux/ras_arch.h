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
 * @send_ipi: interrupt the CPUs of @mask such that each calls
 *	ras_arch_stopped(RAS_HOW_IPI).  False if that cannot be done.
 * @send_nmi: interrupt @cpu likewise by NMI.  False if it could not be sent.
 * @capture: fill @record->arch; @regs is the interrupted context.
 * @wait: wait until *@word is no longer @old; may return early.  @nudge: the CPU that
 *	writes *@word sends an NMI if this CPU does not notice.  Without that the wait must
 *	not depend on the hardware noticing the store.
 * @call: call @fn(@arg) on a private stack.  True if it came back; false if @land
 *	or @abandon has left it, or if it has overwritten what is not its own.
 *	Such state of the CPU as the core does not know is then as it was before.
 * @call_here: likewise on the stack that the CPU is on.
 * @call_helper: likewise on a private stack that @need_stacks has made for this CPU.
 * @need_stacks: make these stacks, for every possible CPU, once.  In process context; may
 *	sleep.  0 or an errno.
 * @land: have the context of @regs, an exception or NMI on this CPU, go on where
 *	@call returns false, and tell in @ip where it was.  False, with nothing done,
 *	if this CPU is not within @fn of a @call, or on its way out of it.
 * @abandon: go there at once, from where this is called.  Returns only if this CPU
 *	is not within @fn.
 * @in_machine_check: is this CPU in an exception that has entered as an NMI does, but does
 *	not keep NMIs away, and that @abandon leaves behind?
 * @retire: make the calling CPU harmless to the next kernel or to a reset: no
 *	virtualisation, no tracing, no interrupts.
 * @note: write the ELF note of @cpu, for a crash kernel, from @record; NULL: of a CPU that
 *	is missing, with the pid of its task and registers of zero.
 * @crashed: have readers of a dump take @cpu for the one that has crashed.
 * @forget: undo @note and @crashed.
 * @stay: call @fn(@arg), which does not return, on a CPU that will not go on where
 *	it was interrupted.  @frame: for one that came by interrupt, the frame that
 *	the interrupt left on its stack; what is between that and here may be lost.
 * @copy: copy @size bytes of kernel memory.  False if not all of it can be read, be it
 *	that nothing is there or, where the machine can recover, that it is poisoned.
 * @halt: wait, with no more power than needed; may return.
 */
struct ras_arch_ops {
	unsigned int		(*this_cpu)(void);
	u64			(*now_ns)(void);
	void			(*relax)(void);
	const struct cpumask	*(*present)(void);
	const struct cpumask	*(*online)(void);
	void			(*begin)(bool crash);
	bool			(*send_ipi)(const struct cpumask *mask);
	bool			(*send_nmi)(unsigned int cpu);
	void			(*capture)(struct ras_cpu *record,
					   const struct pt_regs *regs);
	void			(*wait)(const u64 *word, u64 old, bool nudge);
	bool			(*call)(void (*fn)(void *arg), void *arg);
	bool			(*call_here)(void (*fn)(void *arg), void *arg);
	bool			(*call_helper)(void (*fn)(void *arg), void *arg);
	int			(*need_stacks)(void);
	bool			(*land)(struct pt_regs *regs, unsigned long *ip);
	void			(*abandon)(void);
	bool			(*in_machine_check)(void);
	void			(*retire)(void);
	void			(*note)(unsigned int cpu, const struct ras_cpu *record);
	void			(*crashed)(int cpu);
	void			(*forget)(void);
	void			(*stay)(const struct pt_regs *frame,
					void (*fn)(void *arg), void *arg);
	bool			(*copy)(void *dst, const void *src, size_t size);
	void			(*halt)(void);
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
 * Return: the CPU that has crashed, if the calling CPU owns a stop, so that every
 *	CPU has been retired or is missing; %-ENOENT if the kernel must stop the
 *	CPUs itself.
 */
int ras_arch_handover(void);

/**
 * ras_arch_fault() - an exception in the kernel that has no fix-up
 * @regs: the context of the exception
 * @fault: the exception in words; a string that stays
 * @address: what could not be accessed, or NULL
 * @as_nmi: the exception has entered as an NMI does, and is to be taken for one that
 *	has not
 *
 * Context: Exception, before the kernel has begun to report it.
 * Return: true if a handler of a stop caused it: @regs now lead out of that, and
 *	the exception is to return.
 */
bool ras_arch_fault(struct pt_regs *regs, const char *fault,
		    const unsigned long *address, bool as_nmi);

#endif /* _LINUX_RAS_ARCH_H */
