// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: the parked CPU that watches the owner.
 *
 * It measures by its own clock, from when it gets the command, or sees progress:
 *
 * 1) When the deadline has passed it sends the owner an NMI, and the owner leaves the
 *    call: ras_strike().
 * 2) If the owner does not answer, it runs in NMI context or is wedged, or what it runs is
 *    not the call any more.  The watching CPU becomes the owner, and the floors above go on
 *    with the next handler there.
 *
 * Which of the two, or neither because the call has ended meanwhile, is decided by one
 * compare-and-exchange of ras_machine.claim.
 */
#include <linux/kernel.h>

#include "job.h"
#include "machine.h"
#include "watch.h"

/* Between two NMIs to an owner that is in printk(), or did not leave at the first. */
#define RAS_ASK_AGAIN_NS	(NSEC_PER_MSEC)
/*
 * How long the consoles may put off the reboot of a panic.  A log of 1 MiB takes 20
 * minutes at 9600 baud.
 */
#define RAS_CONSOLE_MAX_NS	(30 * 60 * (u64)NSEC_PER_SEC)

/*
 * Can a parked CPU watch?  Not while it works for a handler.
 *
 * A CPU that is still inside a handler which it has lost can: the calls of what it takes
 * over nest in the lost one.  There has to be room for a handler and what it tries.
 */
static bool ras_can_watch(const struct ras_machine *m, unsigned int cpu)
{
	const struct ras_slot *slot = m->slot[cpu];

	return ras_has_parked(m, cpu) && !READ_ONCE(slot->helping) &&
	       READ_ONCE(slot->guards) + 2 <= RAS_GUARDS;
}

/**
 * ras_watcher() - choose the parked CPU that is to watch
 * @m: the machine
 *
 * Prefers a CPU that is in no guarded call, and that came by interrupt: an NMI can reach
 * that one, should it become the owner.
 *
 * Context: Owner.
 * Return: the CPU, or %RAS_NOBODY.
 */
int ras_watcher(struct ras_machine *m)
{
	static const enum ras_how how[] = { RAS_HOW_IPI, RAS_HOW_SELF, RAS_HOW_NMI };
	int last = m->watch.last;
	unsigned int i, cpu;

	/* It was the best one, and CPUs that have come since are no better. */
	if (last != RAS_NOBODY && ras_can_watch(m, last) && !READ_ONCE(m->slot[last]->guards))
		return last;
	last = RAS_NOBODY;
	for (i = 0; i < ARRAY_SIZE(how); i++)
		for_each_cpu(cpu, &m->stop.cpus[how[i]]) {
			if (!ras_can_watch(m, cpu))
				continue;
			last = cpu;
			if (!READ_ONCE(m->slot[cpu]->guards))
				goto found;
		}
found:
	m->watch.last = last;
	return last;
}

/* Has @cpu noticed that it is to watch?  It stays awake from its first time on. */
static bool ras_is_awake(struct ras_machine *m, unsigned int cpu)
{
	return READ_ONCE(m->slot[cpu]->awake);
}

/**
 * ras_watch_end() - nobody watches any more
 * @m: the machine
 *
 * Context: Owner.
 */
void ras_watch_end(struct ras_machine *m)
{
	int cpu = m->watch.cpu;

	if (cpu == RAS_NOBODY)
		return;
	WRITE_ONCE(m->watch.cpu, RAS_NOBODY);
	/* A call that has handed the machine over has given other commands. */
	if (m->state == RAS_STOPPED)
		ras_command(m, cpu, RAS_COMMAND(m->stop.sequence, RAS_STAY));
}

/**
 * ras_watch_begin() - have a parked CPU watch a guarded call
 * @m: the machine
 * @call: its number
 * @watched: a CPU may watch it
 * @budget_ns: how long it may take from now on, in ns; 0: no limit
 * @deadline_ms: the deadline that this comes from, as policy has it, in ms
 *
 * If no CPU watches, m->watch tells any NMI on the owner how long the call may take.
 *
 * Context: Owner.
 */
void ras_watch_begin(struct ras_machine *m, u32 call, bool watched, u64 budget_ns,
		     unsigned int deadline_ms)
{
	struct ras_watch *watch = &m->watch;
	int cpu = RAS_NOBODY;

	watch->deadline_ms = deadline_ms;
	watch->begin_ns = m->arch->now_ns();
	/* A CPU that has yet to see that the former call is over may read these. */
	WRITE_ONCE(watch->budget_ns, budget_ns);
	WRITE_ONCE(watch->put_off, 0);
	/* Parked CPUs take this command in a stop that is complete, not at its ends. */
	if (budget_ns && watched && m->state == RAS_STOPPED) {
		/* It may be in a piece of a job right now, but will look in a moment. */
		cpu = watch->cpu;
		if (cpu == RAS_NOBODY || !ras_has_parked(m, cpu))
			cpu = ras_watcher(m);
	}
	if (cpu == RAS_NOBODY) {
		ras_watch_end(m);
		return;
	}
	/* Read by ras_watch_look() in an NMI on any CPU. */
	WRITE_ONCE(watch->cpu, cpu);
	/* Publishes m->watch, too. */
	ras_command(m, cpu, RAS_COMMAND_NR(m->stop.sequence, RAS_WATCH, call));
	if (!ras_is_awake(m, cpu)) {
		cpumask_clear(&m->pending);
		cpumask_set_cpu(cpu, &m->pending);
		ras_await_or_nudge(m, ras_is_awake);
	}
}

/**
 * ras_overdue() - is a guarded call to be abandoned?
 * @m: the machine
 * @call: its number
 *
 * Context: NMI, on the owner or on a parked CPU.
 * Return: true if the CPU that watches says so, or if none does and the call is late.
 */
bool ras_overdue(const struct ras_machine *m, u32 call)
{
	const struct ras_watch *watch = &m->watch;
	s64 age_ns;

	/* Pairs with the release in ras_ask_owner() and ras_watch_look(). */
	if (smp_load_acquire(&watch->strike) == call)
		return true;
	/* Less than nothing if another CPU has renewed it, whose clock is ahead. */
	age_ns = m->arch->now_ns() - READ_ONCE(watch->begin_ns);
	return READ_ONCE(watch->budget_ns) && READ_ONCE(watch->cpu) == RAS_NOBODY &&
	       age_ns > (s64)READ_ONCE(watch->budget_ns);
}

/* Has @call ended, or has this CPU been told to do something else than @command? */
static bool ras_watch_over(const struct ras_machine *m, const struct ras_slot *slot,
			   u64 command, u32 call)
{
	return ras_running(m) != call || READ_ONCE(slot->command) != command;
}

/* Take over from the owner of @call.  False if the call has ended. */
static bool ras_take_claim(struct ras_machine *m, int owner, u32 call)
{
	return ras_change_claim(m, RAS_CLAIM(owner, call), RAS_CLAIM(m->arch->this_cpu(), 0));
}

/*
 * Ask the owner by NMI to abandon @call, for as long as it takes it to answer, at most the
 * NMI timeout.  False if it has not answered.
 */
static bool ras_ask_owner(struct ras_machine *m, const struct ras_slot *slot, int owner,
			  u64 command, u32 call)
{
	u32 put_off = READ_ONCE(m->watch.put_off);
	u64 start = m->arch->now_ns(), asked = start;

	/* The time was perhaps that of the next call, which another CPU watches. */
	if (ras_watch_over(m, slot, command, call))
		return true;
	/* Pairs with the acquire in ras_overdue(). */
	smp_store_release(&m->watch.strike, call);
	ras_summon(m, owner);
	while (m->arch->now_ns() - start <= ras_nmi_timeout_ns(m)) {
		if (ras_watch_over(m, slot, command, call))
			return true;
		m->arch->relax();
		/* It may have come at a bad moment, such as in a breakpoint's exception. */
		if (READ_ONCE(m->slot[owner]->nmi_sent) ||
		    m->arch->now_ns() - asked <= RAS_ASK_AGAIN_NS)
			continue;
		if (READ_ONCE(m->watch.put_off) != put_off) {
			/* Bounded by RAS_PUT_OFF_MAX. */
			put_off = READ_ONCE(m->watch.put_off);
			start = m->arch->now_ns();
		}
		ras_summon(m, owner);
		asked = m->arch->now_ns();
	}
	return false;
}

/**
 * ras_watch_look() - an NMI that nobody has sent, on a parked CPU: does the owner hang?
 * @m: the machine
 * @slot: this CPU's
 *
 * Nobody keeps the time of a debugger.  The button's NMI comes to one CPU only, which is
 * rarely the owner, so that CPU asks the owner.  If the owner has not answered within the
 * NMI timeout, the next such NMI has this CPU take over.
 *
 * Context: NMI on a parked CPU.
 * Return: true if the owner is late.
 */
bool ras_watch_look(struct ras_machine *m, struct ras_slot *slot)
{
	struct ras_watch *watch = &m->watch;
	u64 claim = ras_claim(m);
	u32 call = RAS_CALL_OF(claim);

	/* Pairs with the release in ras_machine_stop(). */
	if (smp_load_acquire(&m->state) != RAS_STOPPED || !call ||
	    READ_ONCE(watch->cpu) != RAS_NOBODY || !ras_overdue(m, call))
		return false;
	if (READ_ONCE(watch->strike) != call) {
		WRITE_ONCE(watch->asked_ns, m->arch->now_ns());
		/* Pairs with the acquire in ras_overdue(). */
		smp_store_release(&watch->strike, call);
	} else if (m->arch->now_ns() - READ_ONCE(watch->asked_ns) > ras_nmi_timeout_ns(m)) {
		/* Read by ras_take_over_if_due() when this NMI has been returned from. */
		WRITE_ONCE(slot->take_over, call);
		return true;
	}
	ras_summon(m, RAS_OWNER_OF(claim));
	return true;
}

/**
 * ras_take_over_if_due() - take over if ras_watch_look() has said so
 * @m: the machine
 * @slot: this CPU's
 *
 * Context: Parked CPU.
 * Return: true if this CPU is the owner now.
 */
bool ras_take_over_if_due(struct ras_machine *m, struct ras_slot *slot)
{
	u32 call = READ_ONCE(slot->take_over);

	if (likely(!call))
		return false;
	WRITE_ONCE(slot->take_over, 0);
	return ras_can_watch(m, m->arch->this_cpu()) && ras_take_claim(m, ras_owner(m), call);
}

/**
 * ras_watch() - watch the owner until there is another command
 * @m: the machine
 * @slot: this CPU's
 * @command: the command to watch
 *
 * Context: Parked CPU.
 * Return: true if this CPU has ended the call, and is the owner now.
 */
bool ras_watch(struct ras_machine *m, struct ras_slot *slot, u64 command)
{
	u32 call = RAS_NR_OF(command), progress = READ_ONCE(m->watch.progress);
	u64 start = m->arch->now_ns();
	int owner = ras_owner(m);

	/* Read by ras_is_awake(). */
	WRITE_ONCE(slot->awake, true);
	while (!ras_watch_over(m, slot, command, call)) {
		u32 renewed = READ_ONCE(m->watch.progress);

		if (renewed != progress) {
			progress = renewed;
			start = m->arch->now_ns();
		}
		if (m->arch->now_ns() - start > READ_ONCE(m->watch.budget_ns) &&
		    !ras_ask_owner(m, slot, owner, command, call) &&
		    ras_take_claim(m, owner, call))
			return true;
		/* The only parked CPU also helps, a piece between two looks at the clock. */
		if (!ras_help_piece(m, slot))
			m->arch->relax();
	}
	/*
	 * The call is over.  The next command is on its way, unless another CPU has taken
	 * over and lost since: then this one waits like any other.
	 */
	while (READ_ONCE(slot->command) == command)
		m->arch->wait(&slot->command, command, false);
	return false;
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
	u64 ms = m->kernel->reboot_ms(), printed = m->kernel->printed();

	/* Set to none since: this CPU halts like the others. */
	if (!ms)
		return;
	while (now - start < ms * NSEC_PER_MSEC) {
		u64 seen;

		m->arch->relax();
		/* The time first: what was printed before it counts. */
		now = m->arch->now_ns();
		seen = m->kernel->printed();
		if (seen != printed && now - begin < RAS_CONSOLE_MAX_NS)
			start = now;
		printed = seen;
	}
	m->kernel->reboot();
}
