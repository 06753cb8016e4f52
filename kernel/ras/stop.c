// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: who owns a stop, and how it begins and ends.
 *
 * The owner takes the machine through the states of enum ras_state.  A CPU that loses
 * parks; a parked CPU that has taken over finishes the stop here.
 */
#define pr_fmt(fmt) "ras: " fmt

#include <linux/clocksource.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/kexec.h>
#include <linux/nmi.h>
#include <linux/panic.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "chain.h"
#include "deadline.h"
#include "gather.h"
#include "job.h"
#include "machine.h"
#include "park.h"
#include "plan.h"
#include "report.h"
#include "stop.h"
#include "watch.h"

/* What a CPU that parks reads, and a guarded call changes.  The rest is ras_prepare_chain(). */
static void ras_begin(struct ras_machine *m, const struct ras_request *request,
		      u64 begin_ns)
{
	struct ras_stop *stop = &m->stop;
	unsigned int cpu = m->arch->this_cpu();

	/* 0 means "not parked" in ras_slot.parked. */
	stop->sequence = stop->sequence + 1 ?: 1;
	stop->trigger = request->trigger;
	stop->rehearsal = request->rehearsal;
	stop->resumable = request->trigger != RAS_TRIGGER_PANIC;
	stop->owner = cpu;
	stop->trigger_cpu = cpu;
	m->begin_ns = begin_ns;
	cpumask_clear(&m->owners);
	cpumask_set_cpu(cpu, &m->owners);
	WRITE_ONCE(m->watch.cpu, RAS_NOBODY);
	m->failures = 0;
	m->oopsed = false;
	m->help_failed = false;
	m->console_left = false;
	m->help.active = false;

	stop->regs = request->regs;
	m->live = request->live;

	m->arch->begin(!stop->resumable);
	/* Publishes the above; pairs with the acquire in ras_park(). */
	smp_store_release(&m->state, RAS_STOPPING);
}

/* What only the owner reads, and a CPU that takes over.  The others are on their way. */
static void ras_prepare_chain(struct ras_machine *m, const struct ras_request *request)
{
	struct ras_stop *stop = &m->stop;

	strscpy(stop->message, request->message, sizeof(stop->message));
	strim(stop->message);
	stop->stop_ns = 0;
	stop->arg = request->arg;
	memset(stop->cpus, 0, sizeof(stop->cpus));
	cpumask_clear(&m->gathered);
	memset(&m->step, 0, sizeof(m->step));
	m->watch.last = RAS_NOBODY;
	m->nr_results = 0;
	m->only = request->only;
	m->outcome = request->outcome;
	m->reported = false;
	m->mute = false;
	m->made_crash = false;
	m->in_panic = request->trigger == RAS_TRIGGER_PANIC;
	m->notes_saved = false;
	m->last_only = false;
}

/* Has @cpu carried out the command that ends the stop? */
static bool ras_has_left(struct ras_machine *m, unsigned int cpu)
{
	return !ras_has_parked(m, cpu);
}

/*
 * Wait until every parked CPU has carried out its command, for at most the NMI timeout;
 * leaves those that have not in m->pending.
 */
static void ras_await_left(struct ras_machine *m)
{
	/* By their slots: one that parked after the last look at newcomers is here, too. */
	cpumask_copy(&m->pending, m->arch->present());
	ras_await(m, ras_nmi_timeout_ns(m), RAS_NUDGE_NS, ras_has_left);
}

/* Keep what sysfs shows; nobody else runs but missing CPUs. */
static void ras_keep_last(struct ras_machine *m, u64 held_ns)
{
	struct ras_last *last = &m->last;

	last->times.stop_ns = m->stop.stop_ns;
	last->times.held_ns = held_ns;
	last->times.release_ns = 0;
	last->trigger = m->stop.trigger;
	last->rehearsal = m->stop.rehearsal;
	last->owner = m->stop.owner;
	memcpy(last->message, m->stop.message, sizeof(last->message));
	memcpy(last->cpus, m->stop.cpus, sizeof(last->cpus));
	/* Last: readers that see it change know that they read across a stop. */
	smp_store_release(&last->times.sequence, m->stop.sequence);
}

/*
 * The time that the stop took is nobody's fault: without this the clocksource
 * watchdog, RCU and the hung-task detector would report it after the release.
 */
static void ras_excuse_absence(u64 held_ns)
{
	clocksource_touch_watchdog();
	rcu_cpu_stall_reset();
	touch_nmi_watchdog();
	touch_softlockup_watchdog_sync();
	/* Costs one check of all tasks, so not for a stop that nobody notices. */
	if (held_ns > NSEC_PER_SEC)
		reset_hung_task_detector();
}

static void ras_release(struct ras_machine *m)
{
	u64 start = m->arch->now_ns();
	u64 held_ns = start - m->begin_ns - m->stop.stop_ns;

	if (m->notes_saved)
		m->arch->forget();
	ras_keep_last(m, held_ns);
	ras_excuse_absence(held_ns);
	/* Pairs with the acquire in ras_wants_cpus(): nobody parks any more. */
	smp_store_release(&m->state, RAS_RELEASING);
	start = m->arch->now_ns();
	ras_command_all(m, RAS_RELEASE, RAS_NOBODY);
	ras_await_left(m);
	/* The others run again and may be reading it; see ras_last_times(). */
	WRITE_ONCE(m->last.times.release_ns, m->arch->now_ns() - start);
	if (!cpumask_empty(&m->pending))
		pr_warn("stop %u: CPUs %*pbl have not left\n", m->stop.sequence,
			cpumask_pr_args(&m->pending));
	/*
	 * The order matters: a new owner must find the state idle.  Pairs with
	 * the compare-and-exchange in ras_own().
	 */
	smp_store_release(&m->state, RAS_IDLE);
	atomic64_set_release(&m->claim, RAS_CLAIM_NONE);
}

/*
 * Have a CPU see to it that a panic ends in its reboot: panic() still calls notifiers and
 * consoles, which may hang as handlers do, or because of what one of those has left
 * locked.  Returns the CPU, or RAS_NOBODY.
 */
static int ras_watch_reboot(struct ras_machine *m)
{
	int cpu = m->kernel->reboot_ms() ? ras_watcher(m) : RAS_NOBODY;

	if (cpu != RAS_NOBODY)
		ras_command(m, cpu, RAS_COMMAND(m->stop.sequence, RAS_DEADMAN));
	return cpu;
}

/*
 * The chain of a crash has ended and the kernel goes on to reboot or blink.
 * The CPUs stay; unless panic() may ask them for an ELF note yet, they also
 * switch off what would block a reset.
 */
static void ras_end(struct ras_machine *m)
{
	ras_keep_last(m, m->arch->now_ns() - m->begin_ns - m->stop.stop_ns);
	/* Pairs with the acquire in ras_wants_cpus(). */
	smp_store_release(&m->state, RAS_ENDED);
	if (kexec_crash_loaded() && !(ras_provided(m) & RAS_DID_KEXEC))
		return;
	ras_command_all(m, RAS_RETIRE, ras_watch_reboot(m));
	ras_await_left(m);
}

/* Run the chain, or what is left of it, and end the stop.  False if another CPU took over. */
static bool ras_finish(struct ras_machine *m)
{
	bool failed, console_left;

	if (!m->stop.rehearsal && !ras_run_chain(m))
		return false;
	while (m->stop.resumable && (ras_crash_on_panic(m) || ras_crash_on_oops(m)))
		if (!ras_run_chain(m))
			return false;
	ras_add_newcomers(m);
	if (!m->stop.resumable)
		/* The consoles are all that is left. */
		m->quiet = false;
	if (!ras_report_routine(m) && !ras_call_report(m, ras_report_handlers, NULL))
		return false;
	if (!m->stop.resumable) {
		ras_end(m);
		/* It has become a crash: there is nothing to go back to. */
		if (!m->in_panic)
			m->kernel->panic(m);
		return true;
	}
	if (m->outcome)
		ras_tell_outcome(m);
	failed = m->failures || READ_ONCE(m->help_failed);
	console_left = m->console_left;
	ras_release(m);
	/* The next stop may have begun: nothing of this one is there any more. */
	if (failed)
		m->kernel->tainted(console_left);
	return true;
}

/* This CPU has the claim, and becomes the owner.  Nobody else changes the machine. */
static void ras_become_owner(struct ras_machine *m)
{
	int from = m->stop.owner, to = m->arch->this_cpu();
	enum ras_how how;

	for (how = RAS_HOW_OWNER; how < RAS_NR_HOWS; how++)
		cpumask_clear_cpu(to, &m->stop.cpus[how]);
	/* The former owner is gathered like one that comes late, or is missing. */
	cpumask_clear(&m->stop.cpus[RAS_HOW_OWNER]);
	cpumask_set_cpu(to, &m->stop.cpus[RAS_HOW_OWNER]);
	cpumask_clear_cpu(from, &m->gathered);
	cpumask_set_cpu(to, &m->owners);
	m->stop.owner = to;
	/* Of a panic, that was the former owner. */
	m->in_panic = false;
	WRITE_ONCE(m->watch.cpu, RAS_NOBODY);
	/*
	 * Of a panic, this CPU is now the one that panics: printk() lets no other print to a
	 * console, nor store a record, once there are too many of those.
	 */
	if (!m->stop.resumable)
		atomic_cmpxchg(&panic_cpu, from, to);
	/* It is not parked any more, and can lose in its turn. */
	ras_unpark(m->slot[to]);
	ras_step_lost(m, from, to);
}

/* Finish a crash on a CPU that has taken over.  This CPU will not go on where it was. */
static void ras_own_crash(void *machine)
{
	struct ras_machine *m = machine;

	for (;;) {
		ras_become_owner(m);
		/* Goes through panic() at its end, as this CPU has not come from there. */
		ras_finish(m);
		/* Another CPU has taken over from this one, and may lose in its turn. */
		while (ras_park(m, RAS_HOW_SELF, NULL) != RAS_PARK_OWNER)
			m->arch->relax();
	}
}

/**
 * ras_park_here() - park this CPU if a stop wants it, and finish the stop if it takes over
 * @m: the machine
 * @how: by which way the CPU came here
 * @regs: the interrupted context
 * @in_nmi: this may be an NMI that has interrupted ras_park(), and does not return to it
 *	before the stop has ended
 *
 * Context: Any, with interrupts disabled.
 * Return: true if the CPU was parked and has been released.
 */
bool ras_park_here(struct ras_machine *m, enum ras_how how, const struct pt_regs *regs,
		   bool in_nmi)
{
	const struct pt_regs *frame = how == RAS_HOW_IPI ? regs : NULL;
	struct ras_slot *slot = ras_this_slot(m);
	enum ras_parking parked;
	bool owned = false;

	for (;;) {
		if (in_nmi && slot->parking)
			parked = ras_park_in_nmi(m, slot);
		else
			parked = ras_park(m, how, regs);
		if (parked != RAS_PARK_OWNER)
			return owned || parked == RAS_PARK_RELEASED;
		if (!m->stop.resumable)
			m->arch->stay(frame, ras_own_crash, m);
		ras_become_owner(m);
		/* As ras_stop_by() has done on the former owner. */
		printk_deferred_enter();
		ras_finish(m);
		printk_deferred_exit();
		owned = true;
	}
}

/**
 * ras_stopped() - an interrupt or NMI that may be the owner's
 * @m: the machine
 * @how: %RAS_HOW_IPI or %RAS_HOW_NMI
 * @regs: the interrupted context
 *
 * Context: Interrupt or NMI.
 * Return: true if the owner, or the CPU that watches it, had sent for this CPU.
 */
bool ras_stopped(struct ras_machine *m, enum ras_how how, struct pt_regs *regs)
{
	/* Pairs with the release in ras_machine_init(). */
	enum ras_state state = smp_load_acquire(&m->state);
	struct ras_slot *slot;
	bool sent = true, owned;

	if (state == RAS_OFF)
		return false;

	if (how == RAS_HOW_NMI) {
		slot = ras_this_slot(m);
		owned = ras_owned_here(m);
		/* Stopped for a reason: the hard-lockup detector's is none. */
		if (slot->parking || owned)
			touch_nmi_watchdog();
		/* Also taken back if it comes after the stop is over. */
		sent = xchg(&slot->nmi_sent, 0);
		if (owned)
			return ras_strike(m, regs) || sent;
		/* The button's, for instance: the owner may hang where nobody watches. */
		if (!sent && slot->parked && ras_watch_look(m, slot))
			sent = true;
		/*
		 * Somebody else's NMI in the grace period: let the CPU leave the section
		 * that it is in.
		 */
		if (!sent && state == RAS_STOPPING)
			return false;
	}
	ras_park_here(m, how, regs, false);
	if (how == RAS_HOW_NMI)
		ras_land_lost(m, regs);
	return sent;
}

/*
 * Another CPU was first.  Park here, whatever kind of context this is, until that stop is
 * over.  The owner needs a moment before it can be parked for.
 */
static void ras_lose(struct ras_machine *m, const struct ras_request *request)
{
	struct ras_slot *slot = ras_this_slot(m);
	bool in_nmi = request->trigger == RAS_TRIGGER_PANIC;

	/* In an NMI on a CPU that is parked, which must get back to its command. */
	if (slot->parking && !in_nmi)
		return;
	while (ras_owner(m) != RAS_NOBODY) {
		if (ras_park_here(m, RAS_HOW_SELF, request->regs, in_nmi))
			break;
		m->arch->relax();
	}
	/* An NMI may have parked it first, or there was nothing left to lose. */
	slot->lost_pending = false;
}

/*
 * This CPU panics while another one owns a stop that can be released.  The owner makes it
 * the crash at its next step; see ras_crash_on_panic().
 */
static void ras_preempt(struct ras_machine *m, const char *message)
{
	struct ras_slot *slot = ras_this_slot(m);

	/* One panic is enough. */
	if (atomic_read(&m->panicked))
		return;
	strscpy(slot->panic_message, message, sizeof(slot->panic_message));
	strim(slot->panic_message);
	/* A full barrier: the message before the word that tells of it. */
	atomic_cmpxchg(&m->panicked, 0, m->arch->this_cpu() + 1);
}

/* Ownership is one compare-and-exchange. */
static int ras_own(struct ras_machine *m)
{
	int cpu = m->arch->this_cpu();

	if (ras_change_claim(m, RAS_CLAIM_NONE, RAS_CLAIM(cpu, 0)))
		return 0;
	/* Back again, from a handler or a fault in the core: never a deadlock. */
	if (ras_owner(m) == cpu)
		return -EDEADLK;
	return -EBUSY;
}

/**
 * ras_machine_stop() - stop the machine, run the chain, release or end
 * @m: the machine
 * @request: what the trigger asks for; its strings and registers must stay
 *
 * Context: Any, with interrupts disabled.
 * Return: 0 after a stop; %-ENOENT if no handler is armed and @request needs one;
 *	%-ENODEV, %-EPERM, %-EDEADLK, %-EBUSY and %-ECANCELED as for ras_stop().
 */
int ras_machine_stop(struct ras_machine *m, const struct ras_request *request)
{
	unsigned int grace_us;
	u64 begin_ns;
	int ret;

	/* Pairs with the release in ras_machine_init(). */
	if (smp_load_acquire(&m->state) == RAS_OFF)
		return -ENODEV;
	if (!READ_ONCE(m->policy.enabled) ||
	    !(READ_ONCE(m->policy.triggers) & BIT(request->trigger)))
		return -EPERM;

	begin_ns = m->arch->now_ns();
	ret = ras_own(m);
	if (ret == -EBUSY) {
		ras_note_reason(m, request->trigger, request->message);
		if (request->trigger == RAS_TRIGGER_PANIC)
			ras_preempt(m, request->message);
		ras_lose(m, request);
	}
	if (ret)
		return ret;

	/* Asked as the owner, because asking is a guarded call. */
	if (request->needs_handler && !ras_any_ready(m, request->trigger, request->only)) {
		atomic64_set_release(&m->claim, RAS_CLAIM_NONE);
		return -ENOENT;
	}
	/*
	 * An NMI may have brought this here from within ras_park(), from whose stop it has
	 * not been able to return: a CPU that owns a stop is not parked, and has to park
	 * like any other should it lose that stop.
	 */
	ras_unpark(ras_this_slot(m));
	ras_begin(m, request, begin_ns);
	m->quiet = request->trigger == RAS_TRIGGER_PANIC &&
		   ras_only_noreturn(m, request->trigger);
	/* With nothing armed but kdump, a panic is as short as it is without us. */
	grace_us = ras_summon_all(m, m->quiet ? 0 : READ_ONCE(m->policy.ipi_grace_us));
	ras_prepare_chain(m, request);
	ras_gather_all(m, grace_us);
	m->stop.stop_ns = m->arch->now_ns() - begin_ns;
	/* Pairs with the acquire in ras_stopped(). */
	smp_store_release(&m->state, RAS_STOPPED);

	if (!ras_finish(m)) {
		/* A handler hung here, and has come back after all. */
		ras_lose(m, request);
		return -ECANCELED;
	}
	return 0;
}

/*
 * ELF notes of CPUs that have lost ownership and are not parked, because they are
 * still in the handler that hung.
 */
static void ras_note_wedged(struct ras_machine *m)
{
	unsigned int cpu;

	for_each_cpu(cpu, &m->owners)
		if (cpu != m->stop.owner && !ras_has_parked(m, cpu))
			m->arch->note(cpu, &m->slot[cpu]->record);
}

/**
 * ras_machine_handover() - have every parked CPU prepare for the crash kernel
 * @m: the machine
 *
 * The deadline of the handler that this is called from does not count any more: half way
 * to the crash kernel it can neither be left nor taken over from.
 *
 * Context: Any, with interrupts disabled, on the way to the crash kernel.
 * Return: the CPU that has crashed; %-ENOENT if the calling CPU does not own a stop:
 *	nothing was done.
 */
int ras_machine_handover(struct ras_machine *m)
{
	enum ras_state state = READ_ONCE(m->state);

	/*
	 * Another CPU has taken over while this one was on its way here.  It must not go on
	 * to shoot down the others, the new owner among them.
	 */
	if (!ras_owned_here(m) && cpumask_test_cpu(m->arch->this_cpu(), &m->owners))
		ras_park_here(m, RAS_HOW_SELF, NULL, false);
	if (!ras_owned_here(m))
		return -ENOENT;
	if (state != RAS_STOPPED && state != RAS_ENDED && state != RAS_HANDED_OVER)
		return -ENOENT;
	if (!ras_guard_end(m)) {
		ras_park_here(m, RAS_HOW_SELF, NULL, false);
		return -ENOENT;
	}
	/* By ras_machine_leave(), or by a handler before this one that has come back. */
	if (state == RAS_HANDED_OVER)
		return m->stop.trigger_cpu;

	/* The handler may have left one, and whoever is in it has to retire as well. */
	ras_drop_job(m);
	ras_note_wedged(m);
	/* Pairs with the acquire in ras_wants_cpus(). */
	smp_store_release(&m->state, RAS_HANDED_OVER);
	ras_command_all(m, RAS_HANDOVER, RAS_NOBODY);
	ras_await_left(m);
	return m->stop.trigger_cpu;
}

/**
 * ras_machine_leave() - ras_leave() for a given machine
 * @m: the machine
 * @fn: leaves this kernel
 * @arg: its argument
 *
 * Context: Owner.
 * Return: as ras_leave().
 */
int ras_machine_leave(struct ras_machine *m, void (*fn)(void *arg), void *arg)
{
	if (m->stop.resumable)
		return -EPERM;
	if (ras_machine_handover(m) < 0)
		return -EBUSY;
	fn(arg);
	return 0;
}

/* Have times that were taken before the clock began anew mean what they meant. */
static void ras_move_clock(struct ras_machine *m, u64 before)
{
	struct ras_slot *slot = ras_this_slot(m);
	u64 by = m->arch->now_ns() - before;
	unsigned int i;

	m->begin_ns += by;
	m->step.begin_ns += by;
	for (i = 0; i < slot->guards; i++)
		slot->guard[i].begin_ns += by;
}

/**
 * ras_machine_go_away() - ras_go_away() for a given machine
 * @m: the machine
 * @fn: comes back
 * @arg: its argument
 *
 * Context: Owner, in a handler.
 * Return: as ras_go_away().
 */
int ras_machine_go_away(struct ras_machine *m, int (*fn)(void *arg), void *arg)
{
	u64 before, budget_ns;
	int ret;

	if (!m->stop.resumable)
		return -EPERM;
	/* Nobody is parked: a CPU that waits in memory which is swapped would not survive. */
	if (!ras_owned_here(m) || m->state != RAS_STOPPED ||
	    cpumask_weight(m->arch->online()) > 1)
		return -EBUSY;
	/* No CPU watches; and no NMI may end the call half way. */
	budget_ns = m->watch.budget_ns;
	WRITE_ONCE(m->watch.budget_ns, 0);
	before = m->arch->now_ns();
	/* Pairs with the acquire in ras_stopped() and ras_wants_cpus(). */
	smp_store_release(&m->state, RAS_AWAY);
	ret = fn(arg);
	ras_move_clock(m, before);
	/* As above. */
	smp_store_release(&m->state, RAS_STOPPED);
	ras_renew(m);
	WRITE_ONCE(m->watch.budget_ns, budget_ns);
	return ret;
}
