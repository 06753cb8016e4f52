// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the RAS stop framework: deadlines, and the CPU on watch.
 */
#include <linux/ptrace.h>
#include <linux/string.h>

#include "../../printk/internal.h"
#include "fake_guard.h"

/* Ends by itself, before the deadline. */
#define ALMOST_NS	(RAS_FAKE_DEADLINE_NS - RAS_FAKE_STEP_NS)

/* Until it is told to stop, or forever. */
static void hook_hang(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->ret = ras_fake_hang(h->fake, RAS_FAKE_FOREVER_NS);
}

static void asked_hang(struct ras_fake_handler *h)
{
	hook_hang(h, NULL);
}

static void expect_overran(struct kunit *test, struct ras_fake *fake, unsigned int i,
			   unsigned int deadline_ms, u64 at_ns)
{
	const struct ras_failure expected = {
		.why		= RAS_OVERRAN,
		.ip		= 0x1000,
		.deadline_ms	= deadline_ms,
	};

	ras_fake_expect_failure(test, &fake->m.result[i].failure, &expected);
	KUNIT_EXPECT_GT(test, fake->m.result[i].ns, at_ns);
	KUNIT_EXPECT_LE(test, fake->m.result[i].ns, at_ns + RAS_FAKE_SLACK_NS);
}

static void ras_watch_deadline(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *bad = ras_fake_add_hook(test, "bad", 1, hook_hang,
							 RAS_FAKE_DEADLINE_MS);
	struct ras_fake_handler *good = ras_fake_add(test, "good", 2);

	bad->verdict = RAS_END;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_TRUE(test, bad->ret);
	KUNIT_EXPECT_EQ(test, good->ran, 2);
	expect_overran(test, fake, 0, RAS_FAKE_DEADLINE_MS, RAS_FAKE_DEADLINE_NS);
	KUNIT_EXPECT_EQ(test, bad->handler.entry->last_ns, fake->m.result[0].ns);
	/* The owner was asked, and nobody else. */
	KUNIT_EXPECT_EQ(test, fake->nmis, 0x1UL);
	KUNIT_EXPECT_EQ(test, fake->m.stop.owner, 0);
	KUNIT_EXPECT_EQ(test, fake->slot[0]->nmi_sent, 0);
	KUNIT_EXPECT_EQ(test, ras_fake_kernel.tainted, 1);
	ras_fake_expect_counts(test, bad, 1, 0, 1);
	ras_fake_expect_idle(test, fake);
}

/* A CPU that does not notice the command to watch is nudged, and stays awake from then on. */
static void ras_watch_nudge(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *bad, *worse;

	bad = ras_fake_add_hook(test, "bad", 1, hook_hang, RAS_FAKE_DEADLINE_MS);
	worse = ras_fake_add_hook(test, "worse", 2, hook_hang, RAS_FAKE_DEADLINE_MS);
	fake->cpu[1].asleep = true;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_TRUE(test, bad->ret);
	KUNIT_EXPECT_TRUE(test, worse->ret);
	KUNIT_EXPECT_EQ(test, fake->nmis, 0x3UL);
	expect_overran(test, fake, 0, RAS_FAKE_DEADLINE_MS, RAS_FAKE_DEADLINE_NS);
	expect_overran(test, fake, 1, RAS_FAKE_DEADLINE_MS, RAS_FAKE_DEADLINE_NS);
	ras_fake_expect_idle(test, fake);
}

static void hook_hang_almost(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	h->ret = ras_fake_hang(h->fake, ALMOST_NS);
}

/* A deadline is each handler's own: neither what it took, nor that it had one. */
static void ras_watch_deadline_each(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *slow[3];

	slow[0] = ras_fake_add_hook(test, "slow0", 1, hook_hang_almost,
				    RAS_FAKE_DEADLINE_MS);
	slow[1] = ras_fake_add_hook(test, "slow1", 2, hook_hang_almost,
				    RAS_FAKE_DEADLINE_MS);
	ras_fake_add_hook(test, "bad", 3, hook_hang, 2 * RAS_FAKE_DEADLINE_MS);
	slow[2] = ras_fake_add_hook(test, "slow2", 4, hook_hang_almost,
				    RAS_FAKE_DEADLINE_MS);
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	ras_fake_expect_counts(test, slow[0], 1, 0, 0);
	ras_fake_expect_counts(test, slow[1], 1, 0, 0);
	expect_overran(test, fake, 2, 2 * RAS_FAKE_DEADLINE_MS,
		       2 * RAS_FAKE_DEADLINE_NS);
	ras_fake_expect_counts(test, slow[2], 1, 0, 0);
	KUNIT_EXPECT_GE(test, fake->m.result[0].ns, ALMOST_NS);
	ras_fake_expect_idle(test, fake);
}

#define RENEWALS	5

static void hook_renew(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	unsigned int i;

	for (i = 0; i < RENEWALS && !h->ret; i++) {
		h->ret = ras_fake_hang(h->fake, ALMOST_NS);
		ras_progress(stop);
	}
}

static void ras_watch_deadline_renewed(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_renew,
						       RAS_FAKE_DEADLINE_MS);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_FALSE(test, h->ret);
	KUNIT_EXPECT_GE(test, fake->m.result[0].ns, RENEWALS * ALMOST_NS);
	ras_fake_expect_counts(test, h, 1, 0, 0);
}

static void hook_renew_then_hang(struct ras_fake_handler *h,
				 const struct ras_stop *stop)
{
	hook_renew(h, stop);
	hook_hang(h, stop);
}

/* Renewed is not lifted. */
static void ras_watch_deadline_after_renewal(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);

	ras_fake_add_hook(test, "h", 1, hook_renew_then_hang, RAS_FAKE_DEADLINE_MS);
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_OVERRAN);
	KUNIT_EXPECT_GT(test, fake->m.result[0].ns,
			RENEWALS * ALMOST_NS + RAS_FAKE_DEADLINE_NS);
	/* A step for each renewal that the clock went on before it was seen. */
	KUNIT_EXPECT_LE(test, fake->m.result[0].ns,
			RENEWALS * RAS_FAKE_DEADLINE_NS + RAS_FAKE_DEADLINE_NS +
			RAS_FAKE_SLACK_NS);
}

/* Is anybody on watch? */
static void hook_see_watch(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	u64 watch = RAS_COMMAND_NR(stop->sequence, RAS_WATCH, h->fake->m.calls);
	unsigned int cpu;

	h->ret = h->fake->m.watch.cpu;
	h->seen = 0;
	for (cpu = 0; cpu < h->fake->nr; cpu++)
		if (READ_ONCE(h->fake->slot[cpu]->command) == watch)
			h->seen |= BIT(cpu);
}

/* What waits for a person has no deadline, also behind one that has. */
static void ras_watch_deadline_none(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 3);
	struct ras_fake_handler *first = ras_fake_add_hook(test, "first", 1,
							   hook_see_watch,
							   RAS_FAKE_DEADLINE_MS);
	struct ras_fake_handler *second = ras_fake_add_hook(test, "second", 2,
							    hook_see_watch, 0);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, first->ret, 1);
	KUNIT_EXPECT_EQ(test, first->seen, 0x2UL);
	KUNIT_EXPECT_EQ(test, second->ret, RAS_NOBODY);
	KUNIT_EXPECT_EQ(test, second->seen, 0UL);
}

/* Asking a handler has a deadline that is nobody's to choose. */
static void ras_watch_deadline_of_not_ready(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *bad = ras_fake_add(test, "bad", 1);
	struct ras_fake_handler *good = ras_fake_add(test, "good", 2);

	bad->asked = asked_hang;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	expect_overran(test, fake, 0, RAS_CORE_DEADLINE_MS,
		       RAS_CORE_DEADLINE_MS * (u64)NSEC_PER_MSEC);
	ras_fake_expect_counts(test, bad, 0, 0, 1);
	KUNIT_EXPECT_EQ(test, good->ran, 2);
	ras_fake_expect_idle(test, fake);
}

/* An NMI on the owner, @after_ns after its call began. */
struct strike_param {
	const char *desc;
	unsigned int deadline_ms;
	u64 after_ns;
	bool renewed;
	bool watched;
	bool struck;
	int strike;
	bool leaves;
};

static const struct strike_param strike_params[] = {
	{ "alone, not late",	RAS_FAKE_DEADLINE_MS, RAS_FAKE_DEADLINE_NS },
	{ "alone, late",	RAS_FAKE_DEADLINE_MS, RAS_FAKE_DEADLINE_NS + 1,
	  .leaves = true },
	{ "alone, renewed",	RAS_FAKE_DEADLINE_MS, RAS_FAKE_DEADLINE_NS + 1,
	  .renewed = true },
	{ "alone, no deadline",	0,		      100 * RAS_FAKE_DEADLINE_NS },
	{ "watched, late",	RAS_FAKE_DEADLINE_MS, 100 * RAS_FAKE_DEADLINE_NS,
	  .watched = true },
	{ "watched, struck",	RAS_FAKE_DEADLINE_MS, 0,
	  .watched = true, .struck = true, .leaves = true },
	{ "watched, stale",	RAS_FAKE_DEADLINE_MS, 100 * RAS_FAKE_DEADLINE_NS,
	  .watched = true, .struck = true, .strike = -1 },
};

static void strike_desc(const struct strike_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(strike, strike_params, strike_desc);

static void hook_strike(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	const struct strike_param *p = (void *)h->seen;
	struct ras_watch *watch = &h->fake->m.watch;

	if (p->watched)
		watch->cpu = 0;
	if (p->struck)
		watch->strike = h->fake->m.calls + p->strike;
	atomic64_add(p->after_ns, &h->fake->clock);
	if (p->renewed)
		ras_progress(stop);
	/* As an NMI of whatever origin comes, the button's for one. */
	h->ret = ras_stopped(&h->fake->m, RAS_HOW_NMI,
			     &ras_fake_here(h->fake)->regs);
	watch->cpu = RAS_NOBODY;
}

static void ras_watch_strikes(struct kunit *test)
{
	const struct strike_param *p = test->param_value;
	struct ras_fake *fake = ras_fake_new_guarded(test, 1);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_strike,
						       p->deadline_ms);
	enum ras_failing why = p->leaves ? RAS_OVERRAN : RAS_FAILED_NOT;

	h->seen = (unsigned long)p;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	/* Taken for the core's only if it was. */
	KUNIT_EXPECT_EQ(test, h->ret, p->leaves);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, why);
	ras_fake_expect_counts(test, h, 1, 0, p->leaves);
}

/* Hang where the log must not be left; the guard puts the counter right. */
static void hook_hang_in_printk(struct ras_fake_handler *h, const struct ras_stop *stop)
{
#ifdef CONFIG_PRINTK
	this_cpu_inc(printk_count);
	h->ret = ras_fake_hang(h->fake, RAS_FAKE_FOREVER_NS);
	h->seen = READ_ONCE(h->fake->m.watch.put_off);
#endif
}

/* A record that is being written is finished, unless that never happens. */
static void ras_watch_strike_put_off(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1,
						       hook_hang_in_printk,
						       RAS_FAKE_DEADLINE_MS);

	if (!IS_ENABLED(CONFIG_PRINTK))
		kunit_skip(test, "needs PRINTK");
	/* Shorter than all that the owner answers: it does answer. */
	fake->m.policy.nmi_timeout_ms = 100;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_TRUE(test, h->ret);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_OVERRAN);
	KUNIT_EXPECT_GE(test, h->seen, 10UL);
	KUNIT_EXPECT_LE(test, h->seen, 1000UL);
	ras_fake_expect_idle(test, fake);
}

/* Who watches: the CPUs by how they were stopped, and who has left since. */
struct watcher_param {
	const char *desc;
	unsigned long ipi, self, nmi, missing, offline;
	unsigned long unparked;
	enum ras_state state;
	bool no_deadline;
	int watcher;
};

static const struct watcher_param watcher_params[] = {
	{ "ipi",		.ipi = 0xe, .watcher = 1 },
	{ "ipi before nmi",	.nmi = 0x6, .ipi = 0x8, .watcher = 3 },
	{ "ipi before self",	.self = 0x6, .ipi = 0x8, .watcher = 3 },
	{ "self before nmi",	.nmi = 0x6, .self = 0x8, .watcher = 3 },
	{ "nmi",		.nmi = 0xc, .missing = 0x2, .watcher = 2 },
	{ "self",		.self = 0x8, .missing = 0x6, .watcher = 3 },
	{ "missing",		.missing = 0xe, .watcher = RAS_NOBODY },
	{ "offline",		.offline = 0xe, .watcher = RAS_NOBODY },
	{ "alone",		.watcher = RAS_NOBODY },
	{ "not parked",		.ipi = 0x6, .nmi = 0x8, .unparked = 0x2, .watcher = 2 },
	{ "no ipi parked",	.ipi = 0x6, .nmi = 0x8, .unparked = 0x6, .watcher = 3 },
	{ "none parked",	.ipi = 0xe, .unparked = 0xe, .watcher = RAS_NOBODY },
	{ "no deadline",	.ipi = 0xe, .no_deadline = true, .watcher = RAS_NOBODY },
	{ "stopping",		.ipi = 0xe, .state = RAS_STOPPING,
	  .watcher = RAS_NOBODY },
	{ "handed over",	.ipi = 0xe, .state = RAS_HANDED_OVER,
	  .watcher = RAS_NOBODY },
};

static void watcher_desc(const struct watcher_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(watcher, watcher_params, watcher_desc);

static void set_cpus(struct ras_fake *fake, enum ras_how how, unsigned long bits,
		     bool parked)
{
	unsigned int cpu;

	for_each_set_bit(cpu, &bits, fake->nr) {
		cpumask_set_cpu(cpu, &fake->m.stop.cpus[how]);
		if (parked)
			fake->slot[cpu]->parked = fake->m.stop.sequence;
		/* These CPUs do not run, and nobody is to wait for them. */
		fake->slot[cpu]->awake = true;
	}
}

/* The number of the watched call. */
#define CALL		5
#define WATCH_COMMAND	RAS_COMMAND_NR(7, RAS_WATCH, CALL)

static void expect_commands(struct kunit *test, struct ras_fake *fake, int watcher,
			    u64 command)
{
	int cpu;

	for (cpu = 0; cpu < fake->nr; cpu++)
		KUNIT_EXPECT_EQ_MSG(test, fake->slot[cpu]->command,
				    cpu == watcher ? command : 0ULL, "CPU %d", cpu);
}

static void ras_watch_who(struct kunit *test)
{
	const struct watcher_param *p = test->param_value;
	struct ras_fake *fake = ras_fake_new(test, 4, false);
	unsigned int deadline_ms = p->no_deadline ? 0 : RAS_FAKE_DEADLINE_MS;
	unsigned long cpu;

	fake->m.stop.sequence = 7;
	fake->m.state = p->state ?: RAS_STOPPED;
	set_cpus(fake, RAS_HOW_OWNER, 0x1, false);
	set_cpus(fake, RAS_HOW_IPI, p->ipi, true);
	set_cpus(fake, RAS_HOW_SELF, p->self, true);
	set_cpus(fake, RAS_HOW_NMI, p->nmi, true);
	set_cpus(fake, RAS_HOW_MISSING, p->missing, false);
	set_cpus(fake, RAS_HOW_OFFLINE, p->offline, false);
	for_each_set_bit(cpu, &p->unparked, fake->nr)
		fake->slot[cpu]->parked = 6;
	ras_watch_begin(&fake->m, CALL, true, deadline_ms * (u64)NSEC_PER_MSEC,
			deadline_ms);
	KUNIT_EXPECT_EQ(test, fake->m.watch.cpu, p->watcher);
	KUNIT_EXPECT_EQ(test, fake->m.watch.budget_ns, deadline_ms * (u64)NSEC_PER_MSEC);
	expect_commands(test, fake, p->watcher, WATCH_COMMAND);
	ras_watch_end(&fake->m);
	KUNIT_EXPECT_EQ(test, fake->m.watch.cpu, RAS_NOBODY);
	expect_commands(test, fake, p->watcher, RAS_COMMAND(7, RAS_STAY));
}

/* A call that has handed the machine over has given other commands. */
static void ras_watch_end_handed_over(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 2, false);

	fake->m.stop.sequence = 7;
	fake->m.state = RAS_STOPPED;
	set_cpus(fake, RAS_HOW_IPI, 0x2, true);
	ras_watch_begin(&fake->m, CALL, true, RAS_FAKE_DEADLINE_MS * (u64)NSEC_PER_MSEC,
			RAS_FAKE_DEADLINE_MS);
	/* As ras_machine_handover() does. */
	fake->m.state = RAS_HANDED_OVER;
	fake->slot[1]->command = RAS_COMMAND(7, RAS_HANDOVER);
	ras_watch_end(&fake->m);
	expect_commands(test, fake, 1, RAS_COMMAND(7, RAS_HANDOVER));
}

static int job_watch(struct ras_fake *fake, unsigned int cpu, void *arg)
{
	ras_watch(&fake->m, fake->slot[cpu], WATCH_COMMAND);
	return 0;
}

/* A machine in which CPU 1 is to watch CPU 0. */
static struct ras_fake *new_watch(struct kunit *test, unsigned int deadline_ms)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_machine *m = &fake->m;

	m->stop.sequence = 7;
	atomic64_set(&m->claim, RAS_CLAIM(0, CALL));
	m->watch.cpu = 1;
	m->watch.deadline_ms = deadline_ms;
	m->watch.budget_ns = deadline_ms * (u64)NSEC_PER_MSEC;
	fake->slot[1]->command = WATCH_COMMAND;
	return fake;
}

static void ras_watch_leaves(struct kunit *test)
{
	struct ras_fake *fake = new_watch(test, RAS_FAKE_DEADLINE_MS);

	ras_fake_start(fake, 1, job_watch, NULL);
	/* With a call running and without one. */
	usleep_range(1000, 2000);
	atomic64_set(&fake->m.claim, RAS_CLAIM(0, 0));
	usleep_range(1000, 2000);
	KUNIT_EXPECT_FALSE(test, try_wait_for_completion(&fake->cpu[1].done));
	WRITE_ONCE(fake->slot[1]->command, RAS_COMMAND(7, RAS_RELEASE));
	KUNIT_EXPECT_EQ(test, ras_fake_finish(fake, 1), 0);
	KUNIT_EXPECT_EQ(test, fake->nmis, 0UL);
	KUNIT_EXPECT_EQ(test, fake->m.watch.strike, 0);
}

/* The owner is at the next call already, which has no deadline. */
static void begin_next_call(struct ras_fake *fake)
{
	ras_watch_begin(&fake->m, CALL + 1, true, 0, 0);
	atomic64_set(&fake->m.claim, RAS_CLAIM(0, CALL + 1));
	WRITE_ONCE(fake->slot[1]->command, RAS_COMMAND(7, RAS_STAY));
	/* A clock does not stand still between two looks at it. */
	atomic64_add(1, &fake->clock);
}

/* The first look is for when the call began. */
static void begin_next_call_next(struct ras_fake *fake)
{
	fake->at_watch = begin_next_call;
}

/* The CPU on watch is slow, and strikes none but the call that it has watched. */
static void ras_watch_late(struct kunit *test)
{
	struct ras_fake *fake = new_watch(test, RAS_FAKE_DEADLINE_MS);

	fake->at_watch = begin_next_call_next;
	KUNIT_ASSERT_EQ(test, ras_fake_do(fake, 1, job_watch, NULL), 0);
	KUNIT_EXPECT_NULL(test, (void *)fake->at_watch);
	KUNIT_EXPECT_FALSE(test, ras_overdue(&fake->m, CALL + 1));
	KUNIT_EXPECT_EQ(test, fake->nmis, 0UL);
	KUNIT_EXPECT_EQ(test, fake->m.watch.strike, 0);
	KUNIT_EXPECT_EQ(test, ras_running(&fake->m), CALL + 1);
	KUNIT_EXPECT_EQ(test, ras_owner(&fake->m), 0);
}

/* Or it gets to its command when that call is over. */
static void ras_watch_too_late(struct kunit *test)
{
	struct ras_fake *fake = new_watch(test, 0);

	atomic64_set(&fake->m.claim, RAS_CLAIM(0, CALL + 1));
	ras_fake_start(fake, 1, job_watch, NULL);
	usleep_range(1000, 2000);
	atomic64_add(NSEC_PER_SEC, &fake->clock);
	usleep_range(1000, 2000);
	WRITE_ONCE(fake->slot[1]->command, RAS_COMMAND(7, RAS_STAY));
	KUNIT_EXPECT_EQ(test, ras_fake_finish(fake, 1), 0);
	KUNIT_EXPECT_EQ(test, fake->nmis, 0UL);
	KUNIT_EXPECT_EQ(test, fake->m.watch.strike, 0);
}

/* A CPU whose clock is ahead has renewed it last, and nobody watches. */
static void ras_watch_clock_ahead(struct kunit *test)
{
	struct ras_fake *fake = new_watch(test, RAS_FAKE_DEADLINE_MS);
	struct ras_watch *watch = &fake->m.watch;

	watch->cpu = RAS_NOBODY;
	watch->begin_ns = atomic64_read(&fake->clock) + NSEC_PER_MSEC;
	KUNIT_EXPECT_FALSE(test, ras_overdue(&fake->m, CALL));
	atomic64_add(2 * NSEC_PER_MSEC + watch->budget_ns, &fake->clock);
	KUNIT_EXPECT_TRUE(test, ras_overdue(&fake->m, CALL));
}

/* The first NMI finds the owner where it cannot be taken out; the next one does not. */
static void allow_strike(struct ras_fake *fake)
{
	struct ras_slot *slot = fake->slot[0];

	if (!(fake->nmis & 1) || READ_ONCE(slot->nmi_sent))
		fake->at_watch = allow_strike;
	else
		WRITE_ONCE(slot->guard[0].task, fake->cpu[0].task);
}

static void hook_hang_elsewhere(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	WRITE_ONCE(h->fake->slot[0]->guard[0].task, NULL);
	h->fake->at_watch = allow_strike;
	h->ret = ras_fake_hang(h->fake, RAS_FAKE_FOREVER_NS);
}

static void ras_watch_asks_again(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 2);
	struct ras_fake_handler *h = ras_fake_add_hook(test, "h", 1, hook_hang_elsewhere,
						       RAS_FAKE_DEADLINE_MS);

	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	/* Asked once only, it would hang to the end of the test. */
	KUNIT_ASSERT_TRUE(test, ras_fake_until(fake, completion_done(&fake->cpu[0].done)));
	KUNIT_EXPECT_EQ(test, ras_fake_finish(fake, 0), 0);
	KUNIT_EXPECT_NULL(test, (void *)fake->at_watch);
	KUNIT_EXPECT_TRUE(test, h->ret);
	KUNIT_EXPECT_EQ(test, fake->m.result[0].failure.why, RAS_OVERRAN);
	KUNIT_EXPECT_EQ(test, fake->m.stop.owner, 0);
	ras_fake_expect_idle(test, fake);
}

/* The order to take over counts once, also if the call is over by then. */
static void ras_watch_take_over_once(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 2, false);
	struct ras_slot *slot = fake->slot[0];

	fake->m.stop.sequence = 7;
	slot->parked = 7;
	slot->take_over = CALL;
	atomic64_set(&fake->m.claim, RAS_CLAIM(1, CALL + 1));
	KUNIT_EXPECT_FALSE(test, ras_take_over_if_due(&fake->m, slot));
	KUNIT_EXPECT_EQ(test, slot->take_over, 0);
	KUNIT_EXPECT_EQ(test, ras_owner(&fake->m), 1);
}

/* A CPU that parks while the owner prints looks for its orders, and has none. */
static void report_awaits_latecomer(struct ras_fake *fake)
{
	struct ras_fake_cpu *cpu = &fake->cpu[2];
	unsigned int rounds = READ_ONCE(cpu->rounds);

	ras_fake_wake(fake, 2);
	ras_fake_until(fake, READ_ONCE(cpu->rounds) != rounds || ras_owner(&fake->m) != 0);
}

/* It has not been told to take over, not even from the first call of all. */
static void ras_watch_latecomer(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 3);

	fake->cpu[2].answer = RAS_FAKE_LATE;
	fake->at_report = report_awaits_latecomer;
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_ASSERT_TRUE(test, ras_fake_until(fake, completion_done(&fake->cpu[0].done)));
	KUNIT_EXPECT_EQ(test, ras_fake_finish(fake, 0), 0);
	KUNIT_EXPECT_NULL(test, (void *)fake->at_report);
	KUNIT_EXPECT_EQ(test, fake->m.stop.owner, 0);
	KUNIT_EXPECT_EQ(test, fake->m.failures, 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_NMI, 0x4);
	ras_fake_expect_idle(test, fake);
}

static struct kunit_case ras_watch_cases[] = {
	KUNIT_CASE(ras_watch_deadline),
	KUNIT_CASE(ras_watch_nudge),
	KUNIT_CASE(ras_watch_deadline_each),
	KUNIT_CASE(ras_watch_deadline_renewed),
	KUNIT_CASE(ras_watch_deadline_after_renewal),
	KUNIT_CASE(ras_watch_deadline_none),
	KUNIT_CASE(ras_watch_deadline_of_not_ready),
	KUNIT_CASE_PARAM(ras_watch_strikes, strike_gen_params),
	KUNIT_CASE(ras_watch_strike_put_off),
	KUNIT_CASE_PARAM(ras_watch_who, watcher_gen_params),
	KUNIT_CASE(ras_watch_end_handed_over),
	KUNIT_CASE(ras_watch_leaves),
	KUNIT_CASE(ras_watch_late),
	KUNIT_CASE(ras_watch_too_late),
	KUNIT_CASE(ras_watch_clock_ahead),
	KUNIT_CASE(ras_watch_asks_again),
	KUNIT_CASE(ras_watch_take_over_once),
	KUNIT_CASE(ras_watch_latecomer),
	{}
};

static struct kunit_suite ras_watch_suite = {
	.name		= "ras_watch",
	.init		= ras_fake_guard_init,
	.exit		= ras_fake_guard_exit,
	.test_cases	= ras_watch_cases,
};

kunit_test_suite(ras_watch_suite);
