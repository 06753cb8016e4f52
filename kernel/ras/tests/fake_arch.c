// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: the operations of the fake architecture.
 *
 * The clock goes on when nobody is about to answer.  Interrupts and NMIs are flags that
 * a fake CPU looks at.  A call is a plain call, and what is abandoned in it returns.
 */
#include <linux/kthread.h>
#include <linux/ptrace.h>
#include <linux/sched.h>

#include "fake_arch.h"

/* The machine of the running test; the operations have no other way to it. */
struct ras_fake *ras_fake_now;

/* The test's own thread counts as CPU 0, for what needs no other. */
static unsigned int ras_fake_this_cpu(void)
{
	unsigned int cpu;

	for (cpu = 0; cpu < ras_fake_now->nr; cpu++)
		if (ras_fake_now->cpu[cpu].task == current)
			return cpu;
	return 0;
}

struct ras_fake_cpu *ras_fake_this(void)
{
	return &ras_fake_now->cpu[ras_fake_this_cpu()];
}

/*
 * The test is over, for good or bad: leave, whatever loop of the core this is
 * called from.  The core holds no lock there.
 */
static void ras_fake_bow_out(void)
{
	if (kthread_should_stop())
		kthread_exit(0);
}

/* How @cpu would take what it has been sent. */
enum ras_how ras_fake_takes(const struct ras_fake_cpu *cpu)
{
	bool nmi = READ_ONCE(cpu->nmi);
	bool ipi = READ_ONCE(cpu->ipi);

	switch (READ_ONCE(cpu->answer)) {
	case RAS_FAKE_ANY:
		if (ipi && !nmi)
			return RAS_HOW_IPI;
		fallthrough;
	case RAS_FAKE_NMI:
		return nmi ? RAS_HOW_NMI : RAS_HOW_NONE;
	case RAS_FAKE_LATE:
		return nmi && READ_ONCE(cpu->awake) ? RAS_HOW_NMI : RAS_HOW_NONE;
	case RAS_FAKE_UNPLUG:
		return nmi || ipi ? RAS_HOW_OFFLINE : RAS_HOW_NONE;
	case RAS_FAKE_DEAF:
		break;
	}
	return RAS_HOW_NONE;
}

/* Is a handler that hangs on @cpu about to go on? */
bool ras_fake_hung_enough(const struct ras_fake *fake, const struct ras_fake_cpu *cpu)
{
	u64 until = READ_ONCE(cpu->hang_until);

	return until && (READ_ONCE(cpu->landed) || READ_ONCE(cpu->awake) ||
			 (u64)atomic64_read(&fake->clock) >= until);
}

/* Is @cpu, which is parked, about to begin or to end what it calls for a handler? */
static bool ras_fake_helping(const struct ras_fake *fake, unsigned int nr, u64 command)
{
	const struct ras_fake_cpu *cpu = &fake->cpu[nr];
	const struct ras_slot *slot = fake->slot[nr];

	if (READ_ONCE(slot->helping))
		return !READ_ONCE(cpu->hang_until) || ras_fake_hung_enough(fake, cpu) ||
		       ras_fake_takes(cpu) != RAS_HOW_NONE;
	return RAS_OP_OF(command) == RAS_HELP &&
	       READ_ONCE(slot->helped) != RAS_NR_OF(command);
}

/* Is @cpu, which is parked, about to begin or to end a piece of a job? */
static bool ras_fake_working(const struct ras_fake *fake, unsigned int nr)
{
	const struct ras_fake_cpu *cpu = &fake->cpu[nr];
	const struct ras_slot *slot = fake->slot[nr];
	u32 work = READ_ONCE(slot->work);

	if (READ_ONCE(slot->helping))
		return !READ_ONCE(cpu->hang_until) || ras_fake_hung_enough(fake, cpu) ||
		       ras_fake_takes(cpu) != RAS_HOW_NONE;
	return work && (READ_ONCE(slot->job) != work ||
			READ_ONCE(slot->job_state) == RAS_HELPER_RUNS);
}

/* Is @cpu about to park, to leave, to go offline, or to leave a handler? */
static bool ras_fake_coming(struct ras_fake *fake, unsigned int nr)
{
	struct ras_fake_cpu *cpu = &fake->cpu[nr];
	u32 parked;

	if (READ_ONCE(cpu->halted))
		return false;
	/* Pairs with the release in ras_park(). */
	parked = smp_load_acquire(&fake->slot[nr]->parked);
	if (parked) {
		u64 command = READ_ONCE(fake->slot[nr]->command);

		if (READ_ONCE(cpu->stuck))
			return false;
		if (READ_ONCE(cpu->asleep) && READ_ONCE(cpu->deep))
			return ras_fake_takes(cpu) == RAS_HOW_NMI;
		/* A job needs no command. */
		if (ras_fake_working(fake, nr))
			return true;
		if (RAS_SEQUENCE_OF(command) != parked)
			return false;
		if (RAS_OP_OF(command) == RAS_WATCH)
			return !READ_ONCE(fake->slot[nr]->awake);
		/* Whoever hangs in what it does for a handler carries out no command. */
		return ras_fake_helping(fake, nr, command) ||
		       (RAS_OP_OF(command) > RAS_HELP && !READ_ONCE(fake->slot[nr]->helping));
	}
	if (ras_fake_takes(cpu) != RAS_HOW_NONE)
		return true;
	/* Pairs with the xchg() in ras_fake_serve() and ras_fake_hang(). */
	smp_rmb();
	return READ_ONCE(cpu->serving) || ras_fake_hung_enough(fake, cpu);
}

/* Anything that the owner may be waiting for changes this. */
static u64 ras_fake_look(const struct ras_fake *fake)
{
	unsigned int cpu;
	u64 view = 0;

	for (cpu = 0; cpu < fake->nr; cpu++)
		view = view * 31 + READ_ONCE(fake->slot[cpu]->parked) +
		       READ_ONCE(fake->slot[cpu]->command) +
		       READ_ONCE(fake->slot[cpu]->helping) +
		       READ_ONCE(fake->slot[cpu]->awake) * 7 +
		       READ_ONCE(fake->cpu[cpu].serving);
	return view;
}

/*
 * The time is the owner's, and while a handler hangs there, that of the CPU on watch.
 * Nobody else waits by the clock.
 */
static bool ras_fake_keeps_time(const struct ras_fake *fake, int self)
{
	int owner = ras_owner(&fake->m);

	if (owner == self)
		return true;
	return owner != RAS_NOBODY && READ_ONCE(fake->m.watch.cpu) == self &&
	       READ_ONCE(fake->cpu[owner].hang_until);
}

static void ras_fake_relax(void)
{
	struct ras_fake *fake = ras_fake_now;
	unsigned int cpu, self = ras_fake_this_cpu();
	bool coming = false;
	u64 view;

	ras_fake_bow_out();
	usleep_range(20, 50);
	if (!ras_fake_keeps_time(fake, self))
		return;
	for (cpu = 0; cpu < fake->nr; cpu++)
		if (cpu != self && ras_fake_coming(fake, cpu))
			coming = true;
	/* Twice the same, or the owner has yet to see what has just been done. */
	view = ras_fake_look(fake);
	if ((!coming && view == fake->view) || time_after(jiffies, fake->patience))
		atomic64_add(RAS_FAKE_STEP_NS, &fake->clock);
	fake->view = view;
}

/* All have left, and the owner looks at its clock for the last time. */
static void ras_fake_meet_end(struct ras_fake *fake)
{
	void (*at_end)(struct ras_fake *fake) = fake->at_end;
	unsigned int cpu;

	if (!at_end || READ_ONCE(fake->m.state) != RAS_RELEASING ||
	    ras_owner(&fake->m) != ras_fake_this_cpu())
		return;
	for (cpu = 0; cpu < fake->nr; cpu++)
		if (READ_ONCE(fake->slot[cpu]->parked))
			return;
	fake->at_end = NULL;
	at_end(fake);
}

/* The CPU on watch looks at its clock. */
static void ras_fake_meet_watch(struct ras_fake *fake)
{
	void (*at_watch)(struct ras_fake *fake) = fake->at_watch;

	if (!at_watch || READ_ONCE(fake->m.watch.cpu) != ras_fake_this_cpu())
		return;
	fake->at_watch = NULL;
	at_watch(fake);
}

/*
 * The owner looks at its clock: CPUs that are to miss commands, and have parked, wait.  One
 * that has parked, but does not wait yet, would see the next command.
 */
static void ras_fake_settle(struct ras_fake *fake)
{
	unsigned int cpu;

	if (ras_owner(&fake->m) != ras_fake_this_cpu())
		return;
	for (cpu = 0; cpu < fake->nr; cpu++) {
		const struct ras_fake_cpu *other = &fake->cpu[cpu];

		if ((READ_ONCE(other->asleep) || READ_ONCE(other->stuck)) &&
		    READ_ONCE(fake->slot[cpu]->parked))
			ras_fake_until(fake, READ_ONCE(other->rounds));
	}
}

static u64 ras_fake_now_ns(void)
{
	ras_fake_settle(ras_fake_now);
	ras_fake_meet_end(ras_fake_now);
	ras_fake_meet_watch(ras_fake_now);
	return atomic64_read(&ras_fake_now->clock);
}

/* The owner prints, and asks who it is before each line. */
static void ras_fake_meet_report(struct ras_fake *fake, unsigned int self)
{
	void (*at_report)(struct ras_fake *fake) = fake->at_report;

	if (!at_report || READ_ONCE(fake->m.state) != RAS_STOPPED ||
	    ras_owner(&fake->m) != self || !ras_running(&fake->m) ||
	    fake->m.step.entry)
		return;
	fake->at_report = NULL;
	at_report(fake);
}

static unsigned int ras_fake_ask_cpu(void)
{
	unsigned int self = ras_fake_this_cpu();

	ras_fake_meet_report(ras_fake_now, self);
	return self;
}

static const struct cpumask *ras_fake_present(void)
{
	return &ras_fake_now->present;
}

static const struct cpumask *ras_fake_online(void)
{
	return &ras_fake_now->online;
}

static void ras_fake_begin(bool crash)
{
	ras_fake_now->begins++;
	ras_fake_now->crash = crash;
}

static bool ras_fake_send_ipi(const struct cpumask *mask)
{
	unsigned int cpu;

	if (ras_fake_now->no_ipi)
		return false;
	ras_fake_now->ipis |= ras_fake_bits(mask);
	for_each_cpu(cpu, mask)
		xchg(&ras_fake_now->cpu[cpu].ipi, 1);
	return true;
}

static bool ras_fake_send_nmi(unsigned int cpu)
{
	if (ras_fake_now->no_nmi)
		return false;
	ras_fake_now->nmis |= BIT(cpu);
	xchg(&ras_fake_now->cpu[cpu].nmi, 1);
	return true;
}

static void ras_fake_capture(struct ras_cpu *record, const struct pt_regs *regs)
{
	record->arch.regs = *regs;
}

/* Interrupts are off here, but no CPU can keep an NMI out: jobs come by NMI. */
static void ras_fake_wait(const u64 *word, u64 old, bool nudge)
{
	struct ras_fake_cpu *cpu = ras_fake_this();
	bool nudged = !nudge;

	WRITE_ONCE(cpu->deep, nudge);
	do {
		WRITE_ONCE(cpu->rounds, cpu->rounds + 1);
		ras_fake_bow_out();
		if (ras_fake_takes(cpu) == RAS_HOW_NMI) {
			/* Before the NMI is gone: the CPU is about to see its orders. */
			WRITE_ONCE(cpu->deep, false);
			xchg(&cpu->nmi, 0);
			ras_stopped(&ras_fake_now->m, RAS_HOW_NMI, &cpu->regs);
			nudged = true;
		}
		ras_fake_run_job(ras_fake_now, cpu);
		usleep_range(20, 50);
	} while (READ_ONCE(cpu->stuck) || (READ_ONCE(cpu->asleep) && !nudged));
}

/* It cannot jump: what is abandoned sees that it has landed, and returns. */
static bool ras_fake_call(void (*fn)(void *arg), void *arg)
{
	struct ras_fake_cpu *cpu = ras_fake_this();
	struct ras_guard *guard = ras_guard_top(ras_fake_now->slot[cpu - ras_fake_now->cpu]);

	bool outer = cpu->inside, landed;

	cpu->landed = false;
	cpu->abandoned = RAS_FAILED_NOT;
	cpu->inside = true;
	fn(arg);
	/* abandon() has returned, which the core takes for a refusal. */
	if (cpu->abandoned)
		guard->failure.why = cpu->abandoned;
	landed = cpu->landed;
	cpu->inside = outer;
	/* The call that this one was made from can be left again. */
	if (outer) {
		cpu->landed = false;
		cpu->abandoned = RAS_FAILED_NOT;
	}
	return !landed;
}

static int ras_fake_need_stacks(void)
{
	return ras_fake_now->no_stacks ? -ENOMEM : 0;
}

static bool ras_fake_land(struct pt_regs *regs, unsigned long *ip)
{
	struct ras_fake_cpu *cpu = ras_fake_this();

	if (!cpu->inside)
		return false;
	cpu->inside = false;
	cpu->landed = true;
	*ip = instruction_pointer(regs);
	return true;
}

static void ras_fake_abandon(void)
{
	struct ras_fake_cpu *cpu = ras_fake_this();
	struct ras_guard *guard = ras_guard_top(ras_fake_now->slot[cpu - ras_fake_now->cpu]);

	if (!cpu->inside)
		return;
	cpu->inside = false;
	cpu->landed = true;
	cpu->abandoned = guard->failure.why;
}

static bool ras_fake_in_machine_check(void)
{
	return ras_fake_this()->machine_check;
}

static void ras_fake_retire(void)
{
	ras_fake_this()->retired++;
}

static void ras_fake_note(unsigned int cpu, const struct ras_cpu *record)
{
	ras_fake_now->cpu[cpu].note = record;
	ras_fake_now->cpu[cpu].noted = true;
}

static void ras_fake_crashed(int cpu)
{
	ras_fake_now->crashed = cpu;
}

static void ras_fake_forget(void)
{
	unsigned int cpu;

	ras_fake_now->crashed = -1;
	ras_fake_now->forgotten++;
	for (cpu = 0; cpu < ras_fake_now->nr; cpu++) {
		ras_fake_now->cpu[cpu].note = NULL;
		ras_fake_now->cpu[cpu].noted = false;
	}
}

static void ras_fake_stay(const struct pt_regs *frame, void (*fn)(void *arg),
			  void *arg)
{
	ras_fake_this()->frame = frame;
	fn(arg);
}

static void ras_fake_halt(void)
{
	/* Publishes the frame and what retire() wrote, for ras_fake_halted(). */
	smp_store_release(&ras_fake_this()->halted, true);
	while (!kthread_should_stop())
		usleep_range(500, 1000);
	kthread_exit(0);
}

const struct ras_arch_ops ras_fake_arch = {
	.this_cpu	= ras_fake_ask_cpu,
	.now_ns		= ras_fake_now_ns,
	.relax		= ras_fake_relax,
	.present	= ras_fake_present,
	.online		= ras_fake_online,
	.begin		= ras_fake_begin,
	.send_ipi	= ras_fake_send_ipi,
	.send_nmi	= ras_fake_send_nmi,
	.capture	= ras_fake_capture,
	.wait		= ras_fake_wait,
	.call		= ras_fake_call,
	.call_here	= ras_fake_call,
	.call_helper	= ras_fake_call,
	.need_stacks	= ras_fake_need_stacks,
	.land		= ras_fake_land,
	.abandon	= ras_fake_abandon,
	.in_machine_check = ras_fake_in_machine_check,
	.retire		= ras_fake_retire,
	.note		= ras_fake_note,
	.crashed	= ras_fake_crashed,
	.forget		= ras_fake_forget,
	.stay		= ras_fake_stay,
	.halt		= ras_fake_halt,
};
