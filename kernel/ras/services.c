// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: what a handler may ask of the core.
 */
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/kexec.h>
#include <linux/kmsg_dump.h>
#include <linux/mm.h>
#include <linux/pfn.h>

#include "deadline.h"
#include "helper.h"
#include "job.h"
#include "machine.h"
#include "plan.h"
#include "report.h"
#include "stop.h"
#ifdef CONFIG_KEXEC_CORE
#include "../kexec_internal.h"
#endif

const struct ras_cpu *ras_cpu_record(const struct ras_stop *stop, unsigned int cpu)
{
	return ras_machine_record(container_of(stop, struct ras_machine, stop), cpu);
}
EXPORT_SYMBOL_GPL(ras_cpu_record);

bool ras_trigger_enabled(enum ras_trigger trigger)
{
	const struct ras_policy *policy = &ras_machine.policy;

	/* Pairs with the release in ras_machine_init(). */
	return smp_load_acquire(&ras_machine.state) != RAS_OFF &&
	       READ_ONCE(policy->enabled) && READ_ONCE(policy->triggers) & BIT(trigger);
}
EXPORT_SYMBOL_GPL(ras_trigger_enabled);

void ras_last_times(struct ras_times *times)
{
	u32 before;

	/* A stop may come in between. */
	do {
		/* Pairs with the release in ras_keep_last(). */
		before = smp_load_acquire(&ras_machine.last.times.sequence);
		*times = ras_machine.last.times;
		/* The figures before the second look, likewise. */
		smp_rmb();
	} while (READ_ONCE(ras_machine.last.times.sequence) != before);
}
EXPORT_SYMBOL_GPL(ras_last_times);

void ras_progress(const struct ras_stop *stop)
{
	struct ras_machine *m = container_of(stop, struct ras_machine, stop);

	/* Not a CPU that has lost the handler, and comes back to it. */
	if (ras_owned_here(m))
		ras_yield_to_panic(m);
	if (ras_owned_here(m) || ras_is_helping(m))
		ras_renew(m);
}
EXPORT_SYMBOL_GPL(ras_progress);

int ras_try(const struct ras_stop *stop, void (*fn)(void *arg), void *arg,
	    unsigned int deadline_ms, struct ras_failure *why)
{
	return ras_machine_try(container_of(stop, struct ras_machine, stop), fn, arg,
			       deadline_ms, why);
}
EXPORT_SYMBOL_GPL(ras_try);

struct pt_regs *ras_live_regs(const struct ras_stop *stop)
{
	/* A CPU that has taken over goes on where it was parked. */
	if (stop->owner != stop->trigger_cpu)
		return NULL;
	return container_of(stop, struct ras_machine, stop)->live;
}
EXPORT_SYMBOL_GPL(ras_live_regs);

u64 ras_age_ns(const struct ras_stop *stop)
{
	const struct ras_machine *m = container_of(stop, struct ras_machine, stop);

	return ras_since_ns(m, m->begin_ns);
}
EXPORT_SYMBOL_GPL(ras_age_ns);

int ras_wait_s(const struct ras_handler *handler, const struct ras_stop *stop)
{
	return ras_entry_wait_s(container_of(stop, struct ras_machine, stop),
				handler->entry, stop->trigger);
}
EXPORT_SYMBOL_GPL(ras_wait_s);

int ras_call_parked(const struct ras_stop *stop,
		    void (*fn)(struct pt_regs *regs, void *arg),
		    void (*left)(void *arg), void *arg)
{
	return ras_machine_call_parked(container_of(stop, struct ras_machine, stop),
				       fn, left, arg);
}
EXPORT_SYMBOL_GPL(ras_call_parked);

int ras_call_parked_end(const struct ras_stop *stop, unsigned int timeout_ms)
{
	return ras_machine_call_parked_end(container_of(stop, struct ras_machine, stop),
					   timeout_ms);
}
EXPORT_SYMBOL_GPL(ras_call_parked_end);

int ras_help_start(const struct ras_stop *stop, const struct ras_job *job)
{
	return ras_machine_help_start(container_of(stop, struct ras_machine, stop), job);
}
EXPORT_SYMBOL_GPL(ras_help_start);

enum ras_helper ras_help_state(const struct ras_stop *stop, unsigned int cpu)
{
	return ras_machine_help_state(container_of(stop, struct ras_machine, stop), cpu);
}
EXPORT_SYMBOL_GPL(ras_help_state);

int ras_help_end(const struct ras_stop *stop)
{
	return ras_machine_help_end(container_of(stop, struct ras_machine, stop));
}
EXPORT_SYMBOL_GPL(ras_help_end);

bool ras_owns_stop(void)
{
	/* Pairs with the release of the owner, which is this CPU or of no interest. */
	enum ras_state state = smp_load_acquire(&ras_machine.state);

	return (state == RAS_STOPPED || state == RAS_ENDED || state == RAS_HANDED_OVER) &&
	       ras_owned_here(&ras_machine);
}
EXPORT_SYMBOL_GPL(ras_owns_stop);

u64 ras_clock_ns(void)
{
	return ras_arch.now_ns();
}
EXPORT_SYMBOL_GPL(ras_clock_ns);

void ras_relax(void)
{
	ras_arch.relax();
}
EXPORT_SYMBOL_GPL(ras_relax);

int ras_copy(void *dst, const void *src, size_t size)
{
	return ras_arch.copy(dst, src, size) ? 0 : -EFAULT;
}
EXPORT_SYMBOL_GPL(ras_copy);

int ras_copy_page(void *dst, unsigned long pfn)
{
	/* Has a struct page; whether the direct map has it is seen when it is read. */
	if (!pfn_valid(pfn))
		return -EFAULT;
	return ras_copy(dst, __va(PFN_PHYS(pfn)), PAGE_SIZE);
}
EXPORT_SYMBOL_GPL(ras_copy_page);

void ras_describe(const struct ras_stop *stop, struct seq_buf *s)
{
	struct ras_machine *m = container_of(stop, struct ras_machine, stop);

	ras_format_stop(s, m);
	ras_format_chain(s, m);
}
EXPORT_SYMBOL_GPL(ras_describe);

void ras_save_kmsg(const struct ras_stop *stop)
{
	enum kmsg_dump_reason reason = KMSG_DUMP_EMERG;

	if (stop->trigger == RAS_TRIGGER_PANIC)
		reason = KMSG_DUMP_PANIC;
	else if (stop->trigger == RAS_TRIGGER_OOPS)
		reason = KMSG_DUMP_OOPS;
	kmsg_dump(reason);
}
EXPORT_SYMBOL_GPL(ras_save_kmsg);

bool ras_crash_kernel_loaded(void)
{
	return kexec_crash_loaded();
}
EXPORT_SYMBOL_GPL(ras_crash_kernel_loaded);

int ras_leave(const struct ras_stop *stop, void (*fn)(void *arg), void *arg)
{
	return ras_machine_leave(container_of(stop, struct ras_machine, stop), fn, arg);
}
EXPORT_SYMBOL_GPL(ras_leave);

int ras_go_away(const struct ras_stop *stop, int (*fn)(void *arg), void *arg)
{
	return ras_machine_go_away(container_of(stop, struct ras_machine, stop), fn, arg);
}
EXPORT_SYMBOL_GPL(ras_go_away);

int ras_save_notes(const struct ras_stop *stop)
{
	struct ras_machine *m = container_of(stop, struct ras_machine, stop);
	unsigned int cpu;

	if (!ras_owned_here(m))
		return -EBUSY;
	m->notes_saved = true;
	for_each_cpu(cpu, m->arch->online())
		m->arch->note(cpu, ras_machine_record(m, cpu));
	m->arch->crashed(stop->trigger_cpu);
	return 0;
}
EXPORT_SYMBOL_GPL(ras_save_notes);

static void ras_call_crash_kernel(void *regs)
{
	/*
	 * Finds its way back to ras_machine_handover(), because the architecture has put
	 * itself where the CPUs are to be stopped; there it learns that they are.
	 */
	__crash_kexec(regs);
}

/* Is kexec(8) just replacing the crash kernel, on a CPU that is stopped now? */
static bool ras_crash_kernel_locked(void)
{
#ifdef CONFIG_KEXEC_CORE
	return atomic_read(&__kexec_lock);
#else
	return false;
#endif
}

void ras_enter_crash_kernel(const struct ras_stop *stop)
{
	/* The trigger's, which go into the owner's note unless it has taken over. */
	const struct ras_cpu *record = ras_cpu_record(stop, stop->owner);

	/* Before the point of no return: without a kernel to go to, nothing is given up. */
	if (!record || !kexec_crash_loaded() || ras_crash_kernel_locked())
		return;
	ras_leave(stop, ras_call_crash_kernel, (void *)&record->arch.regs);
}
EXPORT_SYMBOL_GPL(ras_enter_crash_kernel);
