// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework, x86: private stacks, and the way out of what runs on them.
 *
 * A stop may come because a stack has overflowed, or on the small stack of the
 * double fault that this causes, so handlers bring none of their own.
 *
 * The way out is the same whether a call comes back or is abandoned: the
 * instruction behind the call in ras_call_on(), with the stack pointer on the word
 * that links to the caller's stack.
 */
#include <linux/init.h>
#include <linux/kasan.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/objtool.h>
#include <linux/preempt.h>
#include <linux/smp.h>
#include <linux/vmalloc.h>

#include <asm/cpu_entry_area.h>
#include <asm/fpu/api.h>
#include <asm/irq_stack.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/segment.h>
#include <asm/smap.h>
#include <asm/stacktrace.h>

#include "ras.h"

/* For the unwinder: distinct from the types in enum stack_type. */
#define STACK_TYPE_RAS	(STACK_TYPE_EXCEPTION_LAST + 1)

/*
 * One owner needs one stack, and one more for each ras_try().  Each takeover leaves these
 * behind, to a CPU that may still be using them.
 */
#define RAS_STACKS	6

/* Room for a CPU that finds all of them taken, on the stack that it is on. */
#define RAS_STACK_BELOW	512

/**
 * struct ras_stack - a private stack
 * @base: its lowest address; in vmalloc space, for the guard pages on both sides
 * @cpu: the CPU that is on it, or -1
 */
struct ras_stack {
	void			*base;
	atomic_t		cpu;
};

static struct ras_stack ras_stacks[RAS_STACKS];

/**
 * struct ras_landing - how a CPU gets out of the innermost of its calls
 * @link: the top word of the stack it is on, which links to the caller's
 * @sp: what that has to be; the word itself is within reach of what is called
 * @inside: it is in what was called, and can be taken out of it
 * @returned: the call came back
 */
struct ras_landing {
	unsigned long		*link;
	unsigned long		sp;
	bool			inside;
	bool			returned;
};

static DEFINE_PER_CPU(struct ras_landing, ras_landing);

/* For a parked CPU that works for a handler; made when the first such handler is armed. */
static DEFINE_PER_CPU(struct ras_stack, ras_helper_stack);

struct ras_stack_call {
	void	(*fn)(void *arg);
	void	*arg;
};

/*
 * Nothing that is on the stack is needed for it but the link, which is made anew.  A
 * function of its own, so that its callers have frames that can be unwound.  They are
 * not told that it does not return: what is behind the call in ras_call_on() is reached.
 */
static noinline notrace void ras_go_to_landing(const struct ras_landing *landing)
{
	WRITE_ONCE(*landing->link, landing->sp);
	asm volatile("cld\n\t"
		     "movq %0, %%rsp\n\t"
		     "jmp ras_x86_landed"
		     : : "r" (landing->link) : "memory");
}

STACK_FRAME_NON_STANDARD(ras_go_to_landing);
NOKPROBE_SYMBOL(ras_go_to_landing);

/* On the private stack.  No tracer may wait for its return. */
static __used notrace void ras_on_stack(struct ras_stack_call *call)
{
	struct ras_landing *landing = this_cpu_ptr(&ras_landing);

	/*
	 * Read by an NMI on this CPU.  Outside of this the frames to land on are not
	 * there yet, or not any more.
	 */
	WRITE_ONCE(landing->inside, true);
	barrier();
	call->fn(call->arg);
	barrier();
	WRITE_ONCE(landing->inside, false);
	/* Or the top of the stack is overwritten, with who knows what else. */
	landing->returned = READ_ONCE(landing->link[0]) == landing->sp &&
			    READ_ONCE(landing->link[-1]) == (unsigned long)ras_x86_landed;
	ras_go_to_landing(landing);
}

NOKPROBE_SYMBOL(ras_on_stack);

/*
 * As call_on_stack(), but no register is expected to survive: if the call is
 * abandoned nobody has restored those that it saved.  Not to be traced: it returns
 * before ras_restore_traced().
 */
static noinline __noclone notrace void ras_call_on(unsigned long *link,
						   struct ras_landing *landing,
						   struct ras_stack_call *call)
{
	register unsigned long *tos asm("r11") = link;
	register unsigned long *sp asm("r10") = &landing->sp;
	register struct ras_stack_call *arg asm("rdi") = call;

	/* RBP is not in the list of clobbers, where it may be the frame pointer. */
	asm volatile("pushq	%%rbp\n\t"
		     "movq	%%rsp, (%[sp])\n\t"
		     "movq	%%rsp, (%[tos])\n\t"
		     "movq	%[tos], %%rsp\n\t"
		     "call	ras_on_stack\n\t"
		     ".globl	ras_x86_landed\n"
		     "ras_x86_landed:\n\t"
		     /* A direct jump and IRET come here, and neither needs an ENDBR. */
		     ANNOTATE_NOENDBR
		     "popq	%%rsp\n\t"
		     "popq	%%rbp"
		     : [tos] "+r" (tos), [sp] "+r" (sp), [arg] "+r" (arg),
		       ASM_CALL_CONSTRAINT
		     :
		     : "cc", "rax", "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r12",
		       "r13", "r14", "r15", "memory");
}

NOKPROBE_SYMBOL(ras_call_on);

/* Return addresses that tracers keep, of frames that an abandoned call has left. */
struct ras_traced {
#ifdef CONFIG_FUNCTION_GRAPH_TRACER
	int			stack, depth;
#endif
#ifdef CONFIG_RETHOOK
	struct llist_node	*hook;
#endif
};

static __always_inline void ras_save_traced(struct ras_traced *traced)
{
#ifdef CONFIG_FUNCTION_GRAPH_TRACER
	traced->stack = current->curr_ret_stack;
	traced->depth = current->curr_ret_depth;
#endif
#ifdef CONFIG_RETHOOK
	traced->hook = current->rethooks.first;
#endif
}

static __always_inline void ras_restore_traced(const struct ras_traced *traced)
{
#ifdef CONFIG_FUNCTION_GRAPH_TRACER
	current->curr_ret_stack = traced->stack;
	current->curr_ret_depth = traced->depth;
#endif
#ifdef CONFIG_RETHOOK
	current->rethooks.first = traced->hook;
#endif
}

static struct ras_stack *ras_take_stack(int cpu)
{
	unsigned int i;

	for (i = 0; i < RAS_STACKS; i++)
		if (atomic_cmpxchg(&ras_stacks[i].cpu, -1, cpu) == -1)
			return &ras_stacks[i];
	return NULL;
}

/* Call @fn on @stack, or on the stack that this CPU is on. */
static bool ras_call_guarded(struct ras_stack *stack, void (*fn)(void *arg), void *arg)
{
	struct ras_landing *landing = this_cpu_ptr(&ras_landing);
	struct ras_stack_call call = { .fn = fn, .arg = arg };
	struct ras_landing outer = *landing;
	bool inuse = this_cpu_read(hardirq_stack_inuse);
	bool fpu = !in_nmi() && irq_fpu_usable();
	int count = preempt_count();
	struct ras_traced traced;
	unsigned long top;
	bool returned;

	if (stack)
		top = (unsigned long)stack->base + RAS_STACK_SIZE;
	else
		top = round_down(current_stack_pointer - RAS_STACK_BELOW, 16);
	/* From here until the call, and behind it, there is nowhere to land. */
	WRITE_ONCE(landing->inside, false);
	barrier();
	landing->link = (unsigned long *)top - 1;
	landing->returned = false;
	ras_save_traced(&traced);
	ras_call_on(landing->link, landing, &call);

	if (!landing->returned) {
		/* Before anything that is traced returns. */
		ras_restore_traced(&traced);
		/* An interrupt, or the use of the FPU, that was not returned from. */
		preempt_count_set(count);
		this_cpu_write(hardirq_stack_inuse, inuse);
		if (fpu && !irq_fpu_usable()) {
			preempt_disable();
			kernel_fpu_end();
		}
		/* Frames that were left have marked theirs. */
		if (stack)
			kasan_unpoison_range(stack->base, RAS_STACK_SIZE);
	}
	returned = landing->returned;
	/* The call that this one was made from, if any, can be left again. */
	landing->link = outer.link;
	landing->sp = outer.sp;
	barrier();
	WRITE_ONCE(landing->inside, outer.inside);
	return returned;
}

/**
 * ras_x86_call() - call a function on a private stack
 * @fn: the function
 * @arg: its argument
 *
 * Context: Interrupts disabled; NMI.
 * Return: true if it came back; false if it was abandoned, or has overwritten the
 *	top of its stack.
 */
bool ras_x86_call(void (*fn)(void *arg), void *arg)
{
	struct ras_stack *stack = ras_take_stack(raw_smp_processor_id());
	bool returned = ras_call_guarded(stack, fn, arg);

	if (stack)
		atomic_set_release(&stack->cpu, -1);
	return returned;
}

/**
 * ras_x86_call_here() - the same on the stack that this CPU is on
 * @fn: the function
 * @arg: its argument
 *
 * Context: Interrupts disabled; NMI.
 * Return: as ras_x86_call().
 */
bool ras_x86_call_here(void (*fn)(void *arg), void *arg)
{
	return ras_call_guarded(NULL, fn, arg);
}

/**
 * ras_x86_call_helper() - the same on the private stack for a helper
 * @fn: the function
 * @arg: its argument
 *
 * Context: Interrupts disabled; NMI.
 * Return: as ras_x86_call().
 */
bool ras_x86_call_helper(void (*fn)(void *arg), void *arg)
{
	struct ras_stack *stack = this_cpu_ptr(&ras_helper_stack);
	bool returned;

	atomic_set(&stack->cpu, raw_smp_processor_id());
	returned = ras_call_guarded(stack, fn, arg);
	atomic_set(&stack->cpu, -1);
	return returned;
}

/**
 * ras_x86_need_stacks() - make a private stack for a helper on each CPU
 *
 * Context: Process context; may sleep.  Serialised by ras_machine.lock.
 * Return: 0 or %-ENOMEM; what was made stays.
 */
int ras_x86_need_stacks(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct ras_stack *stack = per_cpu_ptr(&ras_helper_stack, cpu);
		void *base;

		if (stack->base)
			continue;
		base = vzalloc_node(RAS_STACK_SIZE, cpu_to_node(cpu));
		if (!base)
			return -ENOMEM;
		atomic_set(&stack->cpu, -1);
		/* Read by the unwinder, in any context. */
		WRITE_ONCE(stack->base, base);
	}
	return 0;
}

/* What IRET takes from the stack. */
struct ras_iret {
	unsigned long	ip, cs, flags, sp, ss;
};

/*
 * The frame by which an NMI returns, or NULL if @regs are no NMI's.  In pt_regs there
 * is the copy that asm_exc_nmi (arch/x86/entry/entry_64.S) calls "outermost"; it
 * returns by the "iret" frame, which is right above.  If another NMI has come
 * meanwhile, that leads to repeat_nmi instead, which makes it anew from the former.
 */
static struct ras_iret *ras_nmi_iret(struct pt_regs *regs)
{
	struct ras_iret *iret = (struct ras_iret *)(regs + 1);
	unsigned long at = (unsigned long)regs;

	if (at < __this_cpu_ist_bottom_va(NMI) || at >= __this_cpu_ist_top_va(NMI))
		return NULL;
	return iret->ip == regs->ip && iret->sp == regs->sp ? iret : NULL;
}

/**
 * ras_x86_land() - have an exception or NMI return to where the call does
 * @regs: its context
 * @ip: where it was
 *
 * Returning, by IRET, is what lets NMIs come again.
 *
 * Context: Exception or NMI.
 * Return: false if this CPU is not in what ras_x86_call() has called.
 */
bool ras_x86_land(struct pt_regs *regs, unsigned long *ip)
{
	struct ras_landing *landing = this_cpu_ptr(&ras_landing);
	struct ras_iret *iret = ras_nmi_iret(regs);
	struct ras_iret landed = {
		.ip	= (unsigned long)ras_x86_landed,
		.cs	= __KERNEL_CS,
		.flags	= X86_EFLAGS_FIXED,
		.sp	= (unsigned long)landing->link,
		.ss	= __KERNEL_DS,
	};

	BUILD_BUG_ON(sizeof(*regs) - offsetof(struct pt_regs, ip) != sizeof(landed));
	if (!READ_ONCE(landing->inside))
		return false;
	WRITE_ONCE(landing->inside, false);
	*ip = regs->ip;
	WRITE_ONCE(*landing->link, landing->sp);
	*(struct ras_iret *)&regs->ip = landed;
	if (iret)
		*iret = landed;
	return true;
}

NOKPROBE_SYMBOL(ras_x86_land);

/**
 * ras_x86_in_machine_check() - is this CPU in a machine check that has hit the kernel?
 *
 * Such an exception has a stack of its own, and stays on it.
 *
 * Context: Any.
 * Return: true if it is, and in no NMI on top of it.
 */
bool ras_x86_in_machine_check(void)
{
	unsigned long sp = current_stack_pointer;

	return sp >= __this_cpu_ist_bottom_va(MCE) && sp < __this_cpu_ist_top_va(MCE);
}

/**
 * ras_x86_abandon() - go to where the call returns
 *
 * A machine check that comes while MCG_STATUS says that one is in progress resets the
 * machine (Intel SDM, volume 3, section "IA32_MCG_STATUS MSR").
 *
 * Context: Any.  Returns only if this CPU is not in what ras_x86_call() has called.
 */
void ras_x86_abandon(void)
{
	struct ras_landing *landing = this_cpu_ptr(&ras_landing);

	raw_local_irq_disable();
	if (!READ_ONCE(landing->inside))
		return;
	WRITE_ONCE(landing->inside, false);
	if (ras_x86_in_machine_check())
		wrmsrl(MSR_IA32_MCG_STATUS, 0);
	clac();
	ras_go_to_landing(landing);
	unreachable();
}

/* For objtool, whose opinion on clac() is that somebody has done it already. */
STACK_FRAME_NON_STANDARD(ras_x86_abandon);

/* Is @stack on the private stack @on, which this CPU uses? */
static noinstr bool ras_on_this_stack(const struct ras_stack *on, unsigned long *stack,
				      struct stack_info *info)
{
	unsigned long *begin = on->base;
	unsigned long *end = on->base + RAS_STACK_SIZE;

	if (!begin || stack < begin || stack >= end ||
	    arch_atomic_read(&on->cpu) != raw_smp_processor_id())
		return false;
	info->type = STACK_TYPE_RAS;
	info->begin = begin;
	info->end = end;
	info->next_sp = (unsigned long *)*(end - 1);
	return true;
}

/**
 * ras_stack_info() - the hook in the unwinder
 * @stack: an address
 * @info: filled if @stack is on a private stack
 *
 * Without it no handler would have a backtrace, be it for WARN() or a debugger.
 *
 * Context: Any; noinstr.
 * Return: true if @stack is on a private stack and this CPU uses it.
 */
noinstr bool ras_stack_info(unsigned long *stack, struct stack_info *info)
{
	unsigned int i;

	for (i = 0; i < RAS_STACKS; i++)
		if (ras_on_this_stack(&ras_stacks[i], stack, info))
			return true;
	return ras_on_this_stack(raw_cpu_ptr(&ras_helper_stack), stack, info);
}

int __init ras_x86_stack_init(void)
{
	unsigned int i;

	for (i = 0; i < RAS_STACKS; i++) {
		atomic_set(&ras_stacks[i].cpu, -1);
		ras_stacks[i].base = vzalloc(RAS_STACK_SIZE);
		if (!ras_stacks[i].base)
			goto free;
	}
	return 0;

free:
	while (i--)
		vfree(ras_stacks[i].base);
	return -ENOMEM;
}
