// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: all wording.
 *
 * A stop writes one block.  What is known when the CPUs are stopped goes out
 * before the handlers run, so that a saved log has it; the handlers' verdicts
 * follow when the chain is over.  A report names CPUs, it does not count them.
 */
#define pr_fmt(fmt) "ras: " fmt

#include <linux/console.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "deadline.h"
#include "machine.h"
#include "plan.h"
#include "report.h"

const char * const ras_trigger_names[RAS_NR_TRIGGERS] = {
	[RAS_TRIGGER_PANIC]	= "panic",
	[RAS_TRIGGER_OOPS]	= "oops",
	[RAS_TRIGGER_NMI]	= "nmi",
	[RAS_TRIGGER_SYSRQ]	= "sysrq",
	[RAS_TRIGGER_USER]	= "user",
	[RAS_TRIGGER_API]	= "api",
	[RAS_TRIGGER_DEBUG]	= "debug",
	[RAS_TRIGGER_HIBERNATE]	= "hibernate",
};

const char * const ras_verdict_names[RAS_NR_VERDICTS] = {
	[RAS_NEXT]	= "next",
	[RAS_RESUME]	= "resume",
	[RAS_END]	= "end",
	[RAS_LAST]	= "last",
};

const char * const ras_how_names[RAS_NR_HOWS] = {
	[RAS_HOW_NONE]		= "none",
	[RAS_HOW_OWNER]		= "owner",
	[RAS_HOW_IPI]		= "ipi",
	[RAS_HOW_NMI]		= "nmi",
	[RAS_HOW_SELF]		= "self",
	[RAS_HOW_MISSING]	= "missing",
	[RAS_HOW_OFFLINE]	= "offline",
};

/* Room for the block of a stop in which every handler has something to say. */
#define RAS_REPORT_SIZE	(512 + RAS_MAX_HANDLERS * (RAS_NAME_LEN + 224))

/* Only the owner of a stop uses it. */
static char ras_report_text[RAS_REPORT_SIZE];

static void ras_format_ns(struct seq_buf *s, u64 ns)
{
	u32 us = 0;
	u64 ms = div_u64_rem(div_u64(ns, NSEC_PER_USEC), USEC_PER_MSEC, &us);

	seq_buf_printf(s, "%llu.%03u ms", ms, us);
}

/**
 * ras_format_triggers() - write a set of triggers as policy reads it
 * @s: where to
 * @mask: the set
 */
void ras_format_triggers(struct seq_buf *s, u32 mask)
{
	const char *sep = "";
	int i;

	for (i = 0; i < RAS_NR_TRIGGERS; i++) {
		if (!(mask & BIT(i)))
			continue;
		seq_buf_printf(s, "%s%s", sep, ras_trigger_names[i]);
		sep = " ";
	}
}

/* Why each CPU that parked itself had wanted a stop of its own. */
static void ras_format_losers(struct seq_buf *s, const struct ras_machine *m)
{
	unsigned int cpu;

	for_each_cpu(cpu, &m->stop.cpus[RAS_HOW_SELF]) {
		const struct ras_cpu *record = &m->slot[cpu]->record;

		/* One that has lost ownership had no other reason. */
		if (cpumask_test_cpu(cpu, &m->owners))
			continue;
		seq_buf_printf(s, "  CPU %u came second with %s: %s\n", cpu,
			       ras_trigger_names[record->lost],
			       record->lost_message);
	}
}

/**
 * ras_format_stop() - write what is known once the CPUs are stopped
 * @s: where to
 * @m: the machine
 */
void ras_format_stop(struct seq_buf *s, const struct ras_machine *m)
{
	const struct ras_stop *stop = &m->stop;
	enum ras_how how;

	seq_buf_printf(s, "stop %u: %s%s on CPU %d: %s\n", stop->sequence,
		       ras_trigger_names[stop->trigger],
		       stop->rehearsal ? " (rehearsal)" : "", stop->trigger_cpu,
		       stop->message);
	seq_buf_puts(s, "  stopped in ");
	ras_format_ns(s, stop->stop_ns);
	seq_buf_puts(s, ":");
	for (how = RAS_HOW_OWNER; how < RAS_NR_HOWS; how++) {
		if (cpumask_empty(&stop->cpus[how]))
			continue;
		seq_buf_printf(s, " %s %*pbl", ras_how_names[how],
			       cpumask_pr_args(&stop->cpus[how]));
	}
	seq_buf_puts(s, "\n");
	ras_format_losers(s, m);
}

/**
 * ras_format_failure() - write why a guarded call was abandoned
 * @s: where to
 * @failure: why
 */
void ras_format_failure(struct seq_buf *s, const struct ras_failure *failure)
{
	switch (failure->why) {
	case RAS_FAULTED:
		seq_buf_puts(s, failure->fault);
		if (failure->addressed)
			seq_buf_printf(s, " at %016lx", failure->address);
		break;
	case RAS_PANICKED:
		seq_buf_printf(s, "panic: %s", failure->message);
		break;
	case RAS_SMASHED:
		seq_buf_puts(s, "stack corrupted");
		break;
	case RAS_OVERRAN:
	case RAS_HUNG:
		seq_buf_printf(s, "deadline of %u ms passed", failure->deadline_ms);
		break;
	case RAS_RECALLED:
		seq_buf_puts(s, "called back");
		break;
	case RAS_PREEMPTED:
		seq_buf_puts(s, "another CPU panicked");
		break;
	case RAS_TOO_DEEP:
		seq_buf_puts(s, "too many guarded calls in one another");
		break;
	case RAS_FAILED_NOT:
		break;
	}
	if (failure->why == RAS_HUNG)
		seq_buf_printf(s, ", CPU %d does not answer, CPU %d took over",
			       failure->from, failure->to);
	if (failure->ip || failure->why == RAS_FAULTED)
		seq_buf_printf(s, " in %pS", (void *)failure->ip);
	if (failure->lock[0])
		seq_buf_printf(s, ", holding %s", failure->lock);
}

static void ras_format_result(struct seq_buf *s, const struct ras_result *result)
{
	seq_buf_printf(s, "  handler %-12s ", result->name);
	if (result->skipped) {
		seq_buf_printf(s, "not armed: %s\n", result->skipped);
		return;
	}
	if (result->failure.why) {
		seq_buf_puts(s, "abandoned after ");
		ras_format_ns(s, result->ns);
		seq_buf_puts(s, ": ");
		ras_format_failure(s, &result->failure);
		seq_buf_puts(s, "\n");
		return;
	}
	if (result->running) {
		seq_buf_puts(s, "leaves this kernel\n");
		return;
	}
	seq_buf_printf(s, "%-6s ", ras_verdict_names[result->verdict]);
	ras_format_ns(s, result->ns);
	if (result->broken)
		seq_buf_printf(s, ", %s", result->broken);
	seq_buf_puts(s, "\n");
}

/**
 * ras_format_results() - write what each handler did, and the total
 * @s: where to
 * @m: the machine
 */
void ras_format_results(struct seq_buf *s, const struct ras_machine *m)
{
	unsigned int cpu, i;

	for (i = 0; i < m->nr_results; i++)
		ras_format_result(s, &m->result[i]);
	for_each_cpu(cpu, m->arch->present()) {
		const struct ras_cpu *record = ras_machine_record(m, cpu);

		if (!record)
			continue;
		if (record->late)
			seq_buf_printf(s, "  CPU %u answered late\n", cpu);
		if (m->slot[cpu]->help_left == m->stop.sequence) {
			seq_buf_printf(s, "  CPU %u was taken out of a call: ", cpu);
			ras_format_failure(s, &m->slot[cpu]->help_failure);
			seq_buf_puts(s, "\n");
		}
	}
	if (m->made_crash)
		seq_buf_puts(s, "  panic_on_oops is set: the stop has become a crash\n");
	seq_buf_printf(s, "  stop %u took ", m->stop.sequence);
	ras_format_ns(s, ras_since_ns(m, m->begin_ns));
	seq_buf_puts(s, "\n");
}

/**
 * ras_format_chain() - write where the chain is, while a handler runs
 * @s: where to
 * @m: the machine
 *
 * Context: Owner, in a handler.
 */
void ras_format_chain(struct seq_buf *s, const struct ras_machine *m)
{
	const struct ras_chain *chain = ras_chain_now(m);
	unsigned int i;

	for (i = 0; i < m->nr_results; i++) {
		if (m->result[i].running)
			seq_buf_printf(s, "  handler %-12s runs\n", m->result[i].name);
		else
			ras_format_result(s, &m->result[i]);
	}
	for (i = m->step.next; chain && i < chain->nr; i++) {
		struct ras_entry *entry = chain->entry[i];
		const char *skipped;

		if (!ras_is_next(m, entry))
			continue;
		skipped = ras_entry_skipped(m, entry, m->stop.trigger);
		seq_buf_printf(s, "  handler %-12s %s%s\n", entry->name,
			       skipped ? "not armed: " : "to come", skipped ?: "");
	}
}

/**
 * ras_format_plan() - write what a trigger would run, in order
 * @s: where to
 * @m: the machine, locked
 * @trigger: the trigger
 */
void ras_format_plan(struct seq_buf *s, const struct ras_machine *m,
		     enum ras_trigger trigger)
{
	const struct ras_chain *chain = ras_chain_now(m);
	bool on = m->policy.enabled && m->policy.triggers & BIT(trigger);
	unsigned int i, nr = 0;

	seq_buf_printf(s, "%s%s\n", ras_trigger_names[trigger],
		       on ? "" : " (disabled)");
	for (i = 0; chain && i < chain->nr; i++) {
		struct ras_entry *entry = chain->entry[i];
		const char *skipped;

		if (!ras_entry_runs_on(entry, trigger))
			continue;
		nr++;
		skipped = ras_entry_skipped(m, entry, trigger);
		seq_buf_printf(s, "  %3d %-12s %s%s\n", entry->priority, entry->name,
			       skipped ? "not armed: " : "armed", skipped ?: "");
	}
	/* Not seq_buf_puts(), which writes nothing of what does not fit. */
	if (!nr)
		seq_buf_printf(s, "  no handler\n");
}

/**
 * ras_format_plans() - write the plan of every trigger
 * @s: where to
 * @m: the machine, locked
 *
 * Should @s be too small, which takes many handlers with long reasons, the last line
 * says so: a reader must not take a part for the whole.
 */
void ras_format_plans(struct seq_buf *s, const struct ras_machine *m)
{
	static const char cut[] = "(cut here: the plan is too long)\n";
	size_t room = s->size > sizeof(cut) ? s->size - sizeof(cut) : 0;
	enum ras_trigger trigger;

	for (trigger = 0; trigger < RAS_NR_TRIGGERS; trigger++)
		ras_format_plan(s, m, trigger);
	if (!seq_buf_has_overflowed(s))
		return;
	while (room && s->buffer[room - 1] != '\n')
		room--;
	s->len = room;
	seq_buf_puts(s, cut);
}

/* Print what is in the buffer, line by line, each with the prefix. */
static void ras_print(struct ras_machine *m)
{
	char *text = ras_report_text, *line;

	while ((line = strsep(&text, "\n"))) {
		if (!*line)
			continue;
		/* Another CPU has taken over while this one printed: the text is its own now. */
		if (!ras_owned_here(m))
			return;
		if (m->stop.resumable)
			pr_info("%s\n", line);
		else
			pr_emerg("%s\n", line);
		/* A slow console is no hung one. */
		ras_renew(m);
	}
}

/*
 * Print what @s has put into the buffer; into the log only if no console is to be used.  In
 * a stop that can be released printk() is deferred anyway, see ras_stop_by().
 */
static void ras_print_report(struct ras_machine *m, struct seq_buf *s)
{
	bool log_only = m->quiet || m->mute;

	ras_report_text[min(s->len, sizeof(ras_report_text) - 1)] = '\0';
	if (log_only)
		printk_deferred_enter();
	ras_print(m);
	if (log_only)
		printk_deferred_exit();
	/* A CPU that was abandoned with the console locked will not unlock it. */
	else if (m->console_left && !m->stop.resumable)
		console_flush_on_panic(CONSOLE_FLUSH_PENDING);
}

static void ras_report_begin(struct seq_buf *s)
{
	/* The last byte is for the NUL. */
	seq_buf_init(s, ras_report_text, sizeof(ras_report_text) - 1);
}

/**
 * ras_report_forget() - printing was abandoned
 * @m: the machine
 *
 * No console is used any more in this stop.
 *
 * Context: Owner, machine stopped.
 */
void ras_report_forget(struct ras_machine *m)
{
	m->mute = true;
}

/**
 * ras_report_routine() - is a stop one of many, of which nothing is said?
 * @m: the machine
 *
 * Context: Owner, machine stopped.
 * Return: true for a rehearsal, or a step of a debugger, unless something is wrong.
 */
bool ras_report_routine(const struct ras_machine *m)
{
	return m->stop.resumable &&
	       (m->stop.rehearsal || m->stop.trigger == RAS_TRIGGER_DEBUG) &&
	       cpumask_empty(&m->stop.cpus[RAS_HOW_MISSING]) && !m->failures;
}

/**
 * ras_report_stopped() - report what is known before the handlers run
 * @m: the machine
 *
 * Reaches the consoles at once after a panic only; see ras_stop_by().
 *
 * Context: Owner, machine stopped.
 */
void ras_report_stopped(struct ras_machine *m)
{
	struct seq_buf s;

	ras_report_begin(&s);
	ras_format_stop(&s, m);
	ras_print_report(m, &s);
}

/**
 * ras_report_handlers() - report what the handlers did
 * @m: the machine
 *
 * At the end of a stop, and before a handler that never returns.
 *
 * Context: Owner, machine stopped.
 */
void ras_report_handlers(struct ras_machine *m)
{
	struct seq_buf s;

	ras_report_begin(&s);
	if (!m->reported)
		ras_format_stop(&s, m);
	m->reported = true;
	if (!m->stop.rehearsal)
		ras_format_results(&s, m);
	ras_print_report(m, &s);
}
