// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: ownership and the owner's side of a stop.
 *
 * The owner takes the machine through the states of enum ras_state.  How the
 * other CPUs wait and leave is in park.c.
 */
#define pr_fmt(fmt) "ras: " fmt

#include <linux/clocksource.h>
#include <linux/kernel.h>
#include <linux/nmi.h>
#include <linux/string.h>

#include "internal.h"

struct ras_machine ras_machine = {
	.owner		= ATOMIC_INIT(RAS_NOBODY),
	.state		= RAS_OFF,
	.lock		= __MUTEX_INITIALIZER(ras_machine.lock),
	.entries	= LIST_HEAD_INIT(ras_machine.entries),
};

void ras_machine_init(struct ras_machine *m, const struct ras_arch_ops *arch,
		      struct ras_slot **slot)
{
	m->arch = arch;
	m->slot = slot;
	m->policy.enabled = true;
	m->policy.triggers = RAS_ON_ALL & ~RAS_ON(OOPS);
	m->policy.ipi_grace_us = RAS_IPI_GRACE_US;
	m->policy.nmi_timeout_ms = RAS_NMI_TIMEOUT_MS;
	atomic_set(&m->owner, RAS_NOBODY);
	/* Pairs with the acquire in whoever looks at the state first. */
	smp_store_release(&m->state, RAS_IDLE);
}

bool ras_owned_here(struct ras_machine *m)
{
	return atomic_read(&m->owner) == m->arch->this_cpu();
}

/* Note how @cpu was stopped, where the handlers and the report read it. */
static void ras_account(struct ras_machine *m, unsigned int cpu, enum ras_how how)
{
	cpumask_set_cpu(cpu, &m->stop.cpus[how]);
}

/* CPUs that were offline from the start; what was sent to them is lost. */
static void ras_account_offline(struct ras_machine *m)
{
	unsigned int cpu;

	cpumask_andnot(&m->stop.cpus[RAS_HOW_OFFLINE], m->arch->present(),
		       m->arch->online());
	for_each_cpu(cpu, &m->stop.cpus[RAS_HOW_OFFLINE])
		WRITE_ONCE(m->slot[cpu]->nmi_sent, 0);
}

/* Is @cpu parked in this stop? */
bool ras_has_parked(const struct ras_machine *m, unsigned int cpu)
{
	/* Pairs with the release in ras_park(). */
	return smp_load_acquire(&m->slot[cpu]->parked) == m->stop.sequence;
}

/* Wait until all of m->pending have parked, for at most @ns. */
static void ras_await_parked(struct ras_machine *m, u64 ns)
{
	u64 start = m->arch->now_ns();
	unsigned int cpu;

	for (;;) {
		for_each_cpu(cpu, &m->pending) {
			if (!ras_has_parked(m, cpu))
				continue;
			ras_account(m, cpu, m->slot[cpu]->record.how);
			cpumask_clear_cpu(cpu, &m->pending);
		}
		if (cpumask_empty(&m->pending) || m->arch->now_ns() - start > ns)
			return;
		m->arch->relax();
	}
}

/**
 * ras_summon() - send a CPU an NMI of ours
 * @m: the machine
 * @cpu: the CPU
 *
 * Context: Owner; or a CPU that watches it.
 */
void ras_summon(struct ras_machine *m, unsigned int cpu)
{
	/* Read by ras_machine_stopped() in the NMI that this sends. */
	xchg(&m->slot[cpu]->nmi_sent, 1);
	if (!m->arch->send_nmi(cpu))
		WRITE_ONCE(m->slot[cpu]->nmi_sent, 0);
}

/**
 * ras_nudge() - wake a parked CPU that has not noticed its order
 * @m: the machine
 * @cpu: the CPU
 *
 * A CPU that was parked in an NMI takes none, and does not wait in a way that needs one.
 *
 * Context: Owner.
 */
void ras_nudge(struct ras_machine *m, unsigned int cpu)
{
	const struct ras_slot *slot = m->slot[cpu];

	if (ras_takes_nmi(slot) && !READ_ONCE(slot->nmi_sent))
		ras_summon(m, cpu);
}

/*
 * An NMI that a former stop has sent, and that has not arrived, serves this one as
 * well.  With a second one the CPU would take both, one after the other, and find
 * that nobody has sent the other.  A crash does not rely on it, and takes all.
 */
static void ras_send_nmi(struct ras_machine *m, unsigned int cpu)
{
	if (READ_ONCE(m->slot[cpu]->nmi_sent) && m->stop.resumable)
		return;
	ras_summon(m, cpu);
}

/*
 * The owner's own record, made while the others are on their way.  The registers
 * are those of the trigger, whenever they are copied.
 */
static void ras_record_owner(struct ras_machine *m)
{
	struct ras_stop *stop = &m->stop;
	struct ras_cpu *record = &m->slot[stop->owner]->record;

	if (record->sequence == stop->sequence)
		return;
	record->sequence = stop->sequence;
	record->how = RAS_HOW_OWNER;
	record->late = false;
	record->when_ns = m->arch->now_ns() - m->begin_ns;
	record->task = current;
	record->pid = current->pid;
	record->preempt_count = preempt_count();
	record->lost_message[0] = '\0';
	m->arch->capture(record, stop->regs);
	stop->regs = &record->arch.regs;
}

/*
 * Stop the CPUs in m->pending:
 *
 * 1) An IPI.  CPUs with interrupts enabled answer; those in an irq-disabled
 *    section leave it first, and the locks they hold there.
 * 2) After the grace period, an NMI for each that has not answered.
 * 3) After the timeout, name the rest.  A CPU that went offline meanwhile is
 *    not missing.  Whoever answers later parks all the same, see
 *    ras_add_newcomers().
 */
static void ras_gather(struct ras_machine *m, u64 grace_us)
{
	u64 timeout_ms = READ_ONCE(m->policy.nmi_timeout_ms);
	unsigned int cpu;

	if (grace_us && !cpumask_empty(&m->pending) &&
	    m->arch->send_ipi(&m->pending)) {
		ras_record_owner(m);
		ras_await_parked(m, grace_us * NSEC_PER_USEC);
	}

	for_each_cpu(cpu, &m->pending)
		ras_send_nmi(m, cpu);
	ras_record_owner(m);
	if (cpumask_empty(&m->pending))
		return;
	ras_await_parked(m, timeout_ms * NSEC_PER_MSEC);

	for_each_cpu(cpu, &m->pending) {
		if (cpumask_test_cpu(cpu, m->arch->online())) {
			ras_account(m, cpu, RAS_HOW_MISSING);
			continue;
		}
		/* Offline CPUs take no NMI: none is on its way any more. */
		WRITE_ONCE(m->slot[cpu]->nmi_sent, 0);
		ras_account(m, cpu, RAS_HOW_OFFLINE);
	}
}

/**
 * ras_add_newcomers() - account for CPUs that came after the stop was complete
 * @m: the machine
 *
 * A missing CPU may have parked since; a CPU may have come online, because
 * bringing one up does not need any of the CPUs that are parked.
 *
 * Context: Owner, between handlers.
 */
void ras_add_newcomers(struct ras_machine *m)
{
	struct cpumask *cpus = m->stop.cpus;
	unsigned int cpu;

	for_each_cpu(cpu, &cpus[RAS_HOW_MISSING]) {
		if (!ras_has_parked(m, cpu))
			continue;
		cpumask_clear_cpu(cpu, &cpus[RAS_HOW_MISSING]);
		m->slot[cpu]->record.late = true;
		ras_account(m, cpu, m->slot[cpu]->record.how);
	}

	cpumask_copy(&m->pending, m->arch->online());
	cpumask_clear_cpu(m->stop.owner, &m->pending);
	cpumask_andnot(&m->pending, &m->pending, &cpus[RAS_HOW_IPI]);
	cpumask_andnot(&m->pending, &m->pending, &cpus[RAS_HOW_NMI]);
	cpumask_andnot(&m->pending, &m->pending, &cpus[RAS_HOW_SELF]);
	cpumask_andnot(&m->pending, &m->pending, &cpus[RAS_HOW_MISSING]);
	cpumask_andnot(&cpus[RAS_HOW_OFFLINE], &cpus[RAS_HOW_OFFLINE], &m->pending);
	ras_gather(m, 0);
}

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
	strscpy(stop->message, request->message, sizeof(stop->message));
	strim(stop->message);
	stop->stop_ns = 0;
	memset(stop->cpus, 0, sizeof(stop->cpus));
	m->begin_ns = begin_ns;
	m->nr_results = 0;
	cpumask_clear(&m->owners);
	cpumask_set_cpu(cpu, &m->owners);
	memset(&m->step, 0, sizeof(m->step));
	WRITE_ONCE(m->watch.cpu, RAS_NOBODY);
	m->reported = false;
	m->mute = false;
	m->failures = 0;
	m->oopsed = false;
	m->made_crash = false;
	m->console_left = false;
	m->parked_call.active = false;
	m->last_only = false;

	stop->regs = request->regs;
	m->live = request->live;
	ras_account(m, cpu, RAS_HOW_OWNER);

	m->arch->begin(!stop->resumable);
	/* Publishes the above; pairs with the acquire in ras_park(). */
	smp_store_release(&m->state, RAS_STOPPING);
}

/* Give an order to every CPU but @except, also to those that may only park later. */
static void ras_give_order(struct ras_machine *m, enum ras_order_op op, int except)
{
	unsigned int cpu;

	for_each_cpu(cpu, m->arch->present()) {
		if (m->slot[cpu] && cpu != except)
			/* Pairs with the acquire in ras_await_order(). */
			smp_store_release(&m->slot[cpu]->order,
					  RAS_ORDER(m->stop.sequence, op));
	}
}

/*
 * Wait until every parked CPU has carried out its order, for at most the NMI
 * timeout; leaves those that have not in m->pending.  One that does not is nudged, and
 * nudged again: an NMI right before MWAIT does not keep a CPU from waiting.
 */
static void ras_await_left(struct ras_machine *m)
{
	u64 timeout_ns = READ_ONCE(m->policy.nmi_timeout_ms) * NSEC_PER_MSEC;
	u64 start = m->arch->now_ns(), nudged = start, now;
	unsigned int cpu;

	/* By their slots: one that parked after the last look at newcomers is here, too. */
	cpumask_copy(&m->pending, m->arch->present());
	for (;;) {
		for_each_cpu(cpu, &m->pending)
			if (!ras_has_parked(m, cpu))
				cpumask_clear_cpu(cpu, &m->pending);
		now = m->arch->now_ns();
		if (cpumask_empty(&m->pending) || now - start > timeout_ns)
			return;
		if (now - nudged > RAS_NUDGE_NS) {
			nudged = now;
			for_each_cpu(cpu, &m->pending)
				ras_nudge(m, cpu);
		}
		m->arch->relax();
	}
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

	ras_keep_last(m, held_ns);
	ras_excuse_absence(held_ns);
	/* Pairs with the acquire in ras_wants_cpus(): nobody parks any more. */
	smp_store_release(&m->state, RAS_RELEASING);
	start = m->arch->now_ns();
	ras_give_order(m, RAS_ORDER_RELEASE, RAS_NOBODY);
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
	atomic_set_release(&m->owner, RAS_NOBODY);
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
	if (ras_crash_kernel_loaded() && !(ras_provided(m) & RAS_DID_KEXEC))
		return;
	ras_give_order(m, RAS_ORDER_RETIRE, ras_watch_reboot(m));
	ras_await_left(m);
}

/**
 * ras_finish() - run the chain, or what is left of it, and release or end
 * @m: the machine
 *
 * Context: Owner, machine stopped.
 * Return: false if another CPU has taken over meanwhile; it does the rest.
 */
bool ras_finish(struct ras_machine *m)
{
	bool prepared, failed, console_left;

	if (!m->stop.rehearsal && !ras_run_chain(m))
		return false;
	if (m->stop.resumable && ras_crash_on_oops(m) && !ras_run_chain(m))
		return false;
	ras_add_newcomers(m);
	if (!m->stop.resumable) {
		/* The consoles are all that is left. */
		m->quiet = false;
		if (!ras_say(m, ras_report_handlers, NULL))
			return false;
		ras_end(m);
		/* It was made a crash by its handlers: there is nothing to go back to. */
		if (m->stop.trigger != RAS_TRIGGER_PANIC && m->go_on)
			m->go_on(m);
		return true;
	}
	prepared = ras_report_prepare(m);
	failed = m->failures;
	console_left = m->console_left;
	ras_release(m);
	/* The next stop may have begun: nothing of this one is there any more. */
	if (failed && m->own_up)
		m->own_up(console_left);
	if (prepared)
		ras_report_prepared();
	return true;
}

/*
 * Another CPU was first.  Park here, whatever kind of context this is, until
 * that stop is over.  The owner needs a moment before it can be parked for.
 */
static void ras_lose(struct ras_machine *m, const struct ras_request *request)
{
	struct ras_slot *slot = m->slot[m->arch->this_cpu()];

	/*
	 * In an NMI on a CPU that is parked, which must get back to its order.
	 * If the order is one that ends the stop, this is as good a place.
	 */
	if (slot->parking) {
		ras_obey_in_nmi(m, slot);
		return;
	}
	while (atomic_read(&m->owner) != RAS_NOBODY) {
		if (ras_park(m, RAS_HOW_SELF, request->regs))
			break;
		m->arch->relax();
	}
	/* An NMI may have parked it first, or there was nothing left to lose. */
	slot->lost_pending = false;
}

/* Ownership is one compare-and-exchange. */
static int ras_own(struct ras_machine *m)
{
	int cpu = m->arch->this_cpu();
	int owner = atomic_cmpxchg(&m->owner, RAS_NOBODY, cpu);

	if (owner == RAS_NOBODY)
		return 0;
	/* Back again, from a handler or a fault in the core: never a deadlock. */
	if (owner == cpu)
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
		ras_note_lost(m, request->trigger, request->message);
		ras_lose(m, request);
	}
	if (ret)
		return ret;

	/* Asked as the owner, because asking is a guarded call. */
	if (request->needs_handler && !ras_any_ready(m, request->trigger)) {
		atomic_set_release(&m->owner, RAS_NOBODY);
		return -ENOENT;
	}
	/*
	 * An NMI may have brought this here from within ras_park(), from whose stop it
	 * has not been able to return: a CPU that owns a stop is not parked, and has to
	 * park like any other should it lose that stop.
	 */
	ras_unpark(m->slot[m->arch->this_cpu()]);
	ras_begin(m, request, begin_ns);
	m->quiet = request->trigger == RAS_TRIGGER_PANIC &&
		   ras_only_noreturn(m, request->trigger);
	cpumask_copy(&m->pending, m->arch->online());
	cpumask_clear_cpu(m->stop.owner, &m->pending);
	ras_account_offline(m);
	/* With nothing armed but kdump, a panic is as short as it is without us. */
	ras_gather(m, m->quiet ? 0 : READ_ONCE(m->policy.ipi_grace_us));
	m->stop.stop_ns = m->arch->now_ns() - begin_ns;
	/* Pairs with the acquire in ras_machine_stopped(). */
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

/*
 * Another CPU is about to be the owner, and does not expect this one on its way to the
 * crash kernel.
 */
static void ras_lose_late(struct ras_machine *m)
{
	u64 timeout_ns = READ_ONCE(m->policy.nmi_timeout_ms) * (u64)NSEC_PER_MSEC;
	u64 start = m->arch->now_ns();

	while (ras_owned_here(m) && m->arch->now_ns() - start <= timeout_ns)
		m->arch->relax();
	ras_park(m, RAS_HOW_SELF, NULL);
}

/**
 * ras_machine_handover() - have every parked CPU prepare for the crash kernel
 * @m: the machine
 *
 * The deadline of the handler that this is called from does not count any more: half
 * way to the crash kernel it can neither be left nor taken over from.
 *
 * Context: Any, with interrupts disabled, on the way to the crash kernel.
 * Return: the CPU that has crashed; %-ENOENT if the calling CPU does not own a stop:
 *	nothing was done.
 */
int ras_machine_handover(struct ras_machine *m)
{
	enum ras_state state = READ_ONCE(m->state);

	/*
	 * Another CPU has taken over while this one was on its way here.  It must not go
	 * on to shoot down the others, the new owner among them.
	 */
	if (!ras_owned_here(m) && cpumask_test_cpu(m->arch->this_cpu(), &m->owners))
		ras_park(m, RAS_HOW_SELF, NULL);
	if (!ras_owned_here(m) || (state != RAS_STOPPED && state != RAS_ENDED))
		return -ENOENT;
	if (!ras_guard_end(m)) {
		ras_lose_late(m);
		return -ENOENT;
	}

	ras_note_wedged(m);
	/* Pairs with the acquire in ras_wants_cpus(). */
	smp_store_release(&m->state, RAS_HANDED_OVER);
	ras_give_order(m, RAS_ORDER_HANDOVER, RAS_NOBODY);
	ras_await_left(m);
	return m->stop.trigger_cpu;
}
