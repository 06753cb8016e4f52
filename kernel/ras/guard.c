// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: one handler, fenced.
 *
 * The fence of today is the private stack, the clock, and the check that a
 * handler leaves the context as it found it.  Whatever else may go wrong in a
 * handler is to be caught here and nowhere else: the chain only sees a result.
 */
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/preempt.h>

#include "internal.h"

struct ras_call {
	struct ras_handler	*handler;
	const struct ras_stop	*stop;
	enum ras_verdict	verdict;
};

/* On the private stack. */
static void ras_call_handler(void *arg)
{
	struct ras_call *call = arg;

	call->verdict = call->handler->run(call->handler, call->stop);
}

/* Undo what a handler must not leave behind; returns what it was. */
static const char *ras_restore_context(int count, bool irqs_were_off)
{
	const char *broken = NULL;

	if (irqs_were_off && !irqs_disabled()) {
		local_irq_disable();
		broken = "left interrupts enabled";
	}
	if (preempt_count() != count) {
		preempt_count_set(count);
		broken = "left preempt_count changed";
	}
	return broken;
}

/**
 * ras_guard_run() - run one handler
 * @m: the machine
 * @entry: the handler
 * @result: where to record how it went
 *
 * Context: Owner, machine stopped.
 * Return: the handler's verdict; %RAS_NEXT if it returned none.
 */
enum ras_verdict ras_guard_run(struct ras_machine *m, struct ras_entry *entry,
			       struct ras_result *result)
{
	struct ras_call call = {
		.handler = entry->handler,
		.stop	 = &m->stop,
		.verdict = RAS_NEXT,
	};
	bool irqs_were_off = irqs_disabled();
	int count = preempt_count();
	u64 start = m->arch->now_ns();

	entry->runs++;
	m->arch->call(ras_call_handler, &call);
	result->running = false;
	result->ns = m->arch->now_ns() - start;
	result->broken = ras_restore_context(count, irqs_were_off);
	if ((unsigned int)call.verdict >= RAS_NR_VERDICTS) {
		result->broken = "returned no verdict";
		call.verdict = RAS_NEXT;
	}
	result->verdict = call.verdict;
	entry->last_verdict = call.verdict;
	entry->last_ns = result->ns;
	return call.verdict;
}
