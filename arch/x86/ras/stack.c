// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework, x86: the private stack that handlers run on.
 *
 * A stop may come because a stack has overflowed, or on the small stack of the
 * double fault that this causes, so handlers bring none of their own.
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/smp.h>
#include <linux/vmalloc.h>

#include <asm/irq_stack.h>
#include <asm/stacktrace.h>

#include "ras.h"

/* For the unwinder: distinct from the types in enum stack_type. */
#define STACK_TYPE_RAS	(STACK_TYPE_EXCEPTION_LAST + 1)

/* There is one owner, so one stack; in vmalloc space, for its guard pages. */
static void *ras_stack __ro_after_init;
/* The CPU that is on it, for ras_stack_info(). */
static int ras_stack_cpu = -1;

struct ras_stack_call {
	void	(*fn)(void *arg);
	void	*arg;
};

static void ras_on_stack(struct ras_stack_call *call)
{
	call->fn(call->arg);
}

void ras_x86_call(void (*fn)(void *arg), void *arg)
{
	struct ras_stack_call call = { .fn = fn, .arg = arg };
	struct ras_stack_call *arg1 = &call;
	/* The top word links back to the caller's stack, see call_on_stack(). */
	void *top = ras_stack + RAS_STACK_SIZE - sizeof(unsigned long);

	WRITE_ONCE(ras_stack_cpu, raw_smp_processor_id());
	call_on_stack(top, ras_on_stack, ASM_CALL_ARG1,
		      , [arg1] "r" (arg1));
	WRITE_ONCE(ras_stack_cpu, -1);
}

/**
 * ras_stack_info() - the hook in the unwinder
 * @stack: an address
 * @info: filled if @stack is on the private stack
 *
 * Without it no handler would have a backtrace, be it for WARN() or a debugger.
 *
 * Context: Any; noinstr.
 * Return: true if @stack is on the private stack and this CPU uses it.
 */
noinstr bool ras_stack_info(unsigned long *stack, struct stack_info *info)
{
	unsigned long *begin = ras_stack;
	unsigned long *end = ras_stack + RAS_STACK_SIZE;

	if (!begin || READ_ONCE(ras_stack_cpu) != raw_smp_processor_id())
		return false;
	if (stack < begin || stack >= end)
		return false;
	info->type = STACK_TYPE_RAS;
	info->begin = begin;
	info->end = end;
	info->next_sp = (unsigned long *)*(end - 1);
	return true;
}

int __init ras_x86_stack_init(void)
{
	ras_stack = vzalloc(RAS_STACK_SIZE);
	return ras_stack ? 0 : -ENOMEM;
}
