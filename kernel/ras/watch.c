// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: deadlines.
 *
 * While a guarded call with a deadline runs, one of the parked CPUs watches.  It
 * measures by its own clock, from when it gets the order, or sees progress:
 *
 * 1) When the deadline has passed it sends the owner an NMI, and the owner leaves
 *    the call: ras_guard_strike().
 * 2) If the owner does not answer, it runs in NMI context or is wedged, or what it
 *    runs is not the call any more.  The watching CPU becomes the owner and goes on
 *    with the next handler.
 *
 * Which of the two, or neither because the call has ended meanwhile, is decided by
 * one compare-and-exchange of ras_machine.running.
 */
#define pr_fmt(fmt) "ras: " fmt

#include <linux/kernel.h>
#include <linux/panic.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "internal.h"

/* Between two NMIs to an owner that is in printk(), or did not leave at the first. */
#define RAS_ASK_AGAIN_NS	(NSEC_PER_MSEC)
/*
 * How long the consoles may put off the reboot of a panic.  A log of 1 MiB takes 20
 * minutes at 9600 baud.
 */
#define RAS_CONSOLE_MAX_NS	(30 * 60 * (u64)NSEC_PER_SEC)

/*
 * Can a parked CPU watch?  Not while it works for a handler.  Nor if it is still inside a
 * handler that it has lost: a second takeover would reuse the guard that has to get it
 * out of there.
 */
static bool ras_can_watch(const struct ras_machine *m, unsigned int cpu)
{
	const struct ras_slot *slot = m->slot[cpu];

	return ras_has_parked(m, cpu) && !READ_ONCE(slot->calling) &&
	       !READ_ONCE(slot->guard.active);
}

/*
 * The CPU that is to watch.  Rather one that came by interrupt: it can itself be
 * reached by NMI, should it become the owner.
 */
static int ras_watcher(const struct ras_machine *m)
{
	static const enum ras_how order[] = { RAS_HOW_IPI, RAS_HOW_SELF, RAS_HOW_NMI };
	unsigned int i, cpu;

	for (i = 0; i < ARRAY_SIZE(order); i++)
		for_each_cpu(cpu, &m->stop.cpus[order[i]])
			if (ras_can_watch(m, cpu))
				return cpu;
	return RAS_NOBODY;
}

/**
 * ras_watch_set() - set the deadline of the guarded call that is about to begin
 * @m: the machine
 * @deadline_ms: how long it may take, in ms; 0: it is not watched
 *
 * Context: Owner.
 */
void ras_watch_set(struct ras_machine *m, unsigned int deadline_ms)
{
	struct ras_watch *watch = &m->watch;

	watch->deadline_ms = deadline_ms;
	watch->begin_ns = m->step.begin_ns;
	/* A CPU that has yet to see that the former call is over may read these. */
	WRITE_ONCE(watch->budget_ns, deadline_ms * (u64)NSEC_PER_MSEC);
	WRITE_ONCE(watch->put_off, 0);
}

/*
 * A debugger wants every CPU for itself.  When it is late, any NMI ends it: the
 * button's, or that of the hard-lockup detector.
 */
static bool ras_is_interactive(const struct ras_machine *m)
{
	return m->step.entry && m->step.entry->flags & RAS_HANDLER_INTERACTIVE &&
	       m->step.result->running;
}

/* From its first call on the CPU that watches stays awake. */
static void ras_wake_watcher(struct ras_machine *m)
{
	const struct ras_slot *slot = m->slot[m->watch.cpu];
	u64 start;

	if (READ_ONCE(slot->awake))
		return;
	start = m->arch->now_ns();
	while (!READ_ONCE(slot->awake)) {
		if (m->arch->now_ns() - start > RAS_NUDGE_NS) {
			ras_nudge(m, m->watch.cpu);
			return;
		}
		m->arch->relax();
	}
}

/**
 * ras_watch_begin() - have a CPU watch the guarded call that has begun
 * @m: the machine
 * @call: its number
 *
 * Context: Owner.
 */
void ras_watch_begin(struct ras_machine *m, u32 call)
{
	struct ras_watch *watch = &m->watch;
	int cpu = RAS_NOBODY;

	/* Parked CPUs take this order in a stop that is complete, not at its ends. */
	if (watch->deadline_ms && m->state == RAS_STOPPED && !ras_is_interactive(m))
		cpu = ras_watcher(m);
	/* Read by ras_watch_look() in an NMI on any CPU. */
	WRITE_ONCE(watch->cpu, cpu);
	if (cpu == RAS_NOBODY)
		return;
	/* Publishes the above; pairs with the acquire in ras_await_order(). */
	smp_store_release(&m->slot[cpu]->order,
			  RAS_ORDER_TO_WATCH(m->stop.sequence, call));
	ras_wake_watcher(m);
}

/**
 * ras_watch_end() - the guarded call is over
 * @m: the machine
 *
 * Context: Owner.
 */
void ras_watch_end(struct ras_machine *m)
{
	/* A call that has handed the machine over has given other orders. */
	if (m->watch.cpu != RAS_NOBODY && m->state == RAS_STOPPED)
		/* Read by ras_watch(), which does not take anything from it. */
		smp_store_release(&m->slot[m->watch.cpu]->order,
				  RAS_ORDER(m->stop.sequence, RAS_ORDER_STAY));
	WRITE_ONCE(m->watch.cpu, RAS_NOBODY);
}

/**
 * ras_watch_renew() - the guarded call has made progress
 * @m: the machine
 *
 * Context: Owner, or one that has been it and does not know better; or a parked CPU that
 * calls something for the handler: a person may have gone there.
 */
void ras_watch_renew(struct ras_machine *m)
{
	if (!ras_owned_here(m) && !ras_is_in_parked_call(m))
		return;
	WRITE_ONCE(m->watch.begin_ns, m->arch->now_ns());
	/* Pairs with the READ_ONCE() in ras_watch(). */
	WRITE_ONCE(m->watch.progress, m->watch.progress + 1);
}

/**
 * ras_watch_overdue() - is a guarded call to be abandoned?
 * @m: the machine
 * @call: its number
 *
 * Context: Owner, NMI.
 * Return: true if the CPU on watch says so, or there is none and it is late.
 */
bool ras_watch_overdue(struct ras_machine *m, u32 call)
{
	const struct ras_watch *watch = &m->watch;
	s64 age_ns;

	/* Pairs with the release in ras_ask_owner(). */
	if (smp_load_acquire(&watch->strike) == call)
		return true;
	/* Less than nothing if another CPU has renewed it, whose clock is ahead. */
	age_ns = m->arch->now_ns() - READ_ONCE(watch->begin_ns);
	return watch->deadline_ms && watch->cpu == RAS_NOBODY &&
	       age_ns > (s64)watch->budget_ns;
}

/* Has @call ended, or has this CPU been told to do something else than @order? */
static bool ras_watch_over(const struct ras_machine *m, const struct ras_slot *slot,
			   u64 order, u32 call)
{
	return atomic_read(&m->running) != (int)call ||
	       READ_ONCE(slot->order) != order;
}

/*
 * Ask the owner by NMI to abandon @call, for as long as it takes it to answer, at
 * most the NMI timeout.  False if it has not answered.
 */
static bool ras_ask_owner(struct ras_machine *m, const struct ras_slot *slot,
			  u64 order, u32 call)
{
	u64 timeout_ns = READ_ONCE(m->policy.nmi_timeout_ms) * NSEC_PER_MSEC;
	int owner = atomic_read(&m->owner);
	u32 put_off = READ_ONCE(m->watch.put_off);
	u64 start, asked;

	/* The time was perhaps that of the next call, and its watch is another's. */
	if (ras_watch_over(m, slot, order, call))
		return true;
	/* Pairs with the acquire in ras_watch_overdue(). */
	smp_store_release(&m->watch.strike, call);
	start = m->arch->now_ns();
again:
	ras_summon(m, owner);
	asked = m->arch->now_ns();
	while (m->arch->now_ns() - start <= timeout_ns) {
		if (ras_watch_over(m, slot, order, call))
			return true;
		/* It came at a bad moment, such as in a breakpoint's exception. */
		if (!READ_ONCE(m->slot[owner]->nmi_sent) &&
		    m->arch->now_ns() - asked > RAS_ASK_AGAIN_NS) {
			if (READ_ONCE(m->watch.put_off) != put_off) {
				/* Bounded by RAS_PUT_OFF_MAX. */
				put_off = READ_ONCE(m->watch.put_off);
				start = m->arch->now_ns();
			}
			goto again;
		}
		m->arch->relax();
	}
	return false;
}

/* This CPU, which is parked, becomes the owner.  Nobody else changes the machine. */
static void ras_become_owner(struct ras_machine *m, struct ras_slot *slot)
{
	int from = m->stop.owner, to = m->arch->this_cpu();
	enum ras_how how;

	for (how = RAS_HOW_OWNER; how < RAS_NR_HOWS; how++)
		cpumask_clear_cpu(to, &m->stop.cpus[how]);
	/* The former owner is gathered like one that comes late, or is missing. */
	cpumask_clear(&m->stop.cpus[RAS_HOW_OWNER]);
	cpumask_set_cpu(to, &m->stop.cpus[RAS_HOW_OWNER]);
	cpumask_set_cpu(to, &m->owners);
	m->stop.owner = to;
	WRITE_ONCE(m->watch.cpu, RAS_NOBODY);
	/*
	 * Of a panic, this CPU is now the one that panics: printk() lets no other print
	 * to a console, nor store a record, once there are too many of those.
	 */
	if (!m->stop.resumable)
		atomic_cmpxchg(&panic_cpu, from, to);
	/* After the above: who finds itself not the owner may park, see ras_lose(). */
	atomic_set_release(&m->owner, to);
	/*
	 * It is not parked any more, and can lose in its turn.  Not before it is the
	 * owner, or an NMI that comes in between would park it, and nobody be left.
	 */
	barrier();
	ras_unpark(slot);
	ras_step_lost(m, from, to);
}

/* Taken over from in its turn, this CPU is parked again. */
static void ras_become_parked(struct ras_slot *slot, u32 sequence)
{
	slot->parking = true;
	/* Pairs with the acquire in ras_has_parked(). */
	smp_store_release(&slot->parked, sequence);
}

/* A stop that is released: this CPU is released with the others. */
static void ras_own_stop(struct ras_machine *m, struct ras_slot *slot)
{
	u32 sequence = m->stop.sequence;

	/* As ras_stop_and_go() has done on the former owner. */
	printk_deferred_enter();
	if (!ras_finish(m))
		ras_become_parked(slot, sequence);
	printk_deferred_exit();
}

/* A crash: this CPU will not go on where it was. */
static void ras_own_crash(void *machine)
{
	struct ras_machine *m = machine;
	struct ras_slot *slot = m->slot[m->arch->this_cpu()];

	if (!ras_finish(m))
		ras_become_parked(slot, m->stop.sequence);
	else if (m->go_on)
		m->go_on(m);
	ras_park_for_good(m);
}

/* This CPU has ended the guarded call, and goes on with the chain. */
static void ras_take_over(struct ras_machine *m, struct ras_slot *slot,
			  const struct pt_regs *frame)
{
	ras_become_owner(m, slot);
	if (!m->stop.resumable)
		m->arch->stay(frame, ras_own_crash, m);
	ras_own_stop(m, slot);
}

/**
 * ras_watch_look() - an NMI that nobody has sent, on a parked CPU: does the owner hang?
 * @m: the machine
 * @slot: this CPU's
 *
 * Of a debugger nobody keeps the time.  The button's NMI comes to one CPU only, which is
 * rarely the owner: it passes the question on.  If the owner has not answered within the
 * NMI timeout, the next such NMI has this CPU take over.
 *
 * Context: NMI on a parked CPU.
 * Return: true if the owner is late.
 */
bool ras_watch_look(struct ras_machine *m, struct ras_slot *slot)
{
	u64 timeout_ns = READ_ONCE(m->policy.nmi_timeout_ms) * (u64)NSEC_PER_MSEC;
	u32 call = atomic_read(&m->running);
	int owner = atomic_read(&m->owner);
	struct ras_watch *watch = &m->watch;

	/* Pairs with the release in ras_machine_stop(). */
	if (smp_load_acquire(&m->state) != RAS_STOPPED || !call || owner == RAS_NOBODY ||
	    READ_ONCE(watch->cpu) != RAS_NOBODY || !ras_watch_overdue(m, call))
		return false;
	if (READ_ONCE(watch->strike) != call) {
		WRITE_ONCE(watch->asked_ns, m->arch->now_ns());
		/* Pairs with the acquire in ras_watch_overdue(). */
		smp_store_release(&watch->strike, call);
	} else if (m->arch->now_ns() - READ_ONCE(watch->asked_ns) > timeout_ns) {
		/* Read by ras_take_over_if_due() when this NMI has been returned from. */
		WRITE_ONCE(slot->take_over, call);
		return true;
	}
	ras_summon(m, owner);
	return true;
}

/**
 * ras_take_over_if_due() - take over if ras_watch_look() has said so
 * @m: the machine
 * @slot: this CPU's
 * @frame: as for ras_watch()
 *
 * Context: Parked CPU.
 */
void ras_take_over_if_due(struct ras_machine *m, struct ras_slot *slot,
			  const struct pt_regs *frame)
{
	u32 call = READ_ONCE(slot->take_over);

	if (likely(!call))
		return;
	WRITE_ONCE(slot->take_over, 0);
	if (!READ_ONCE(slot->guard.active) &&
	    atomic_cmpxchg(&m->running, call, 0) == (int)call)
		ras_take_over(m, slot, frame);
}

/**
 * ras_watch() - watch the owner until there is another order
 * @m: the machine
 * @slot: this CPU's
 * @order: the order to watch
 * @frame: where an interrupt has brought this CPU here, its frame; or NULL
 *
 * Context: Parked CPU.
 */
void ras_watch(struct ras_machine *m, struct ras_slot *slot, u64 order,
	       const struct pt_regs *frame)
{
	u32 call = RAS_ORDER_CALL(order), progress = READ_ONCE(m->watch.progress);
	u64 start = m->arch->now_ns();

	/* Read by ras_wake_watcher(). */
	WRITE_ONCE(slot->awake, true);
	while (!ras_watch_over(m, slot, order, call)) {
		u32 renewed = READ_ONCE(m->watch.progress);

		if (renewed != progress) {
			progress = renewed;
			start = m->arch->now_ns();
		}
		if (m->arch->now_ns() - start > READ_ONCE(m->watch.budget_ns) &&
		    !ras_ask_owner(m, slot, order, call) &&
		    atomic_cmpxchg(&m->running, call, 0) == (int)call) {
			ras_take_over(m, slot, frame);
			return;
		}
		m->arch->relax();
	}
	/*
	 * The call is over.  The next order is on its way, unless this CPU has taken
	 * over and lost since: then it waits like any other.
	 */
	while (READ_ONCE(slot->order) == order)
		m->arch->wait(&slot->order, order, false);
}

/**
 * ras_watch_reboot() - have somebody see to it that a panic ends in its reboot
 * @m: the machine
 *
 * panic() still calls notifiers and consoles, which may hang in its hands as
 * handlers do in ours, or because of what one of those has left locked.
 *
 * Context: Owner, at the end of a crash.
 * Return: the CPU that has been told to, or %RAS_NOBODY.
 */
int ras_watch_reboot(struct ras_machine *m)
{
	int cpu = m->reboot_ms && m->reboot_ms() ? ras_watcher(m) : RAS_NOBODY;

	if (cpu != RAS_NOBODY)
		/* Pairs with the acquire in ras_await_order(). */
		smp_store_release(&m->slot[cpu]->order,
				  RAS_ORDER(m->stop.sequence, RAS_ORDER_DEADMAN));
	return cpu;
}

/**
 * ras_deadman() - reboot, if panic() has not done so in its time
 * @m: the machine
 *
 * A console may take minutes to print the log: as long as it gets on, panic() has not
 * begun to wait for its timeout.  A CPU that could not be stopped and prints for ever
 * must not put the reboot off for ever.
 *
 * Context: Parked CPU, which has retired.
 */
void ras_deadman(struct ras_machine *m)
{
	u64 begin = m->arch->now_ns(), start = begin, now = begin;
	u64 ms = m->reboot_ms(), printed = m->printed ? m->printed() : 0;

	/* Set to none since: this CPU halts like the others. */
	if (!ms)
		return;
	while (now - start < ms * NSEC_PER_MSEC) {
		u64 seen;

		m->arch->relax();
		/* The time first: what was printed before it counts. */
		now = m->arch->now_ns();
		seen = m->printed ? m->printed() : 0;
		if (seen != printed && now - begin < RAS_CONSOLE_MAX_NS)
			start = now;
		printed = seen;
	}
	m->reboot();
}
