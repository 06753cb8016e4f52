// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the RAS stop framework: requests for a stop.
 *
 * The core grants a request, or refuses it and leaves no trace of it.  Of several at a
 * time it grants one, and notes why the others had come.
 */
#include <linux/string.h>

#include "fake_arch.h"

/* @arg: the request, without the context. */
static int job_request(struct ras_fake *fake, unsigned int cpu, void *arg)
{
	struct ras_request request = *(const struct ras_request *)arg;

	request.regs = &fake->cpu[cpu].regs;
	return ras_machine_stop(&fake->m, &request);
}

static void hook_recurse(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	struct ras_request request = {
		.trigger	= RAS_TRIGGER_SYSRQ,
		.message	= "recursion",
		.regs		= stop->regs,
	};

	h->ret = ras_machine_stop(&h->fake->m, &request);
}

/* The owner coming back is refused, and its stop is not touched. */
static void ras_stop_recursion(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 2, true);
	struct ras_fake_handler *first = ras_fake_add(test, "first", 1);
	struct ras_fake_handler *second = ras_fake_add(test, "second", 2);

	first->hook = hook_recurse;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, first->ret, -EDEADLK);
	KUNIT_EXPECT_EQ(test, second->ran, 2);
	KUNIT_EXPECT_EQ(test, fake->m.stop.sequence, 1);
	KUNIT_EXPECT_EQ(test, fake->m.stop.trigger, RAS_TRIGGER_API);
	KUNIT_EXPECT_STREQ(test, fake->m.stop.message, "test");
	ras_fake_expect_idle(test, fake);
}

/* What each CPU of a race comes with. */
static struct ras_request racer[] = {
	{ .trigger = RAS_TRIGGER_OOPS,	.message = "oops on 0" },
	{ .trigger = RAS_TRIGGER_NMI,	.message = "nmi on 1" },
	{ .trigger = RAS_TRIGGER_SYSRQ,	.message = "100%s of %n on 2" },
	{ .trigger = RAS_TRIGGER_API,	.message = "api on 3 %p%c" },
};

/* All are in their jobs before one stops, so nobody can be sent an IPI first. */
static int job_race(struct ras_fake *fake, unsigned int cpu, void *arg)
{
	unsigned int spins = 0;

	atomic_dec(&fake->racers);
	/* Tight, for a close finish; the racers may have to share a CPU. */
	while (atomic_read(&fake->racers) && time_before(jiffies, fake->patience))
		if (++spins % 1024 == 0)
			cond_resched();
		else
			cpu_relax();
	return job_request(fake, cpu, &racer[cpu]);
}

/* One wins; the others park themselves, and say why they had come. */
static void race_once(struct kunit *test, struct ras_fake *fake)
{
	unsigned int cpu, winner = fake->nr;
	int ret;

	atomic_set(&fake->racers, fake->nr);
	for (cpu = 0; cpu < fake->nr; cpu++)
		ras_fake_start(fake, cpu, job_race, NULL);
	for (cpu = 0; cpu < fake->nr; cpu++) {
		ret = ras_fake_finish(fake, cpu);
		if (ret == 0 && winner == fake->nr)
			winner = cpu;
		else
			KUNIT_ASSERT_EQ_MSG(test, ret, -EBUSY, "CPU %u", cpu);
	}
	KUNIT_ASSERT_LT(test, winner, fake->nr);

	KUNIT_EXPECT_EQ(test, fake->m.stop.owner, winner);
	KUNIT_EXPECT_EQ(test, fake->m.stop.trigger, racer[winner].trigger);
	KUNIT_EXPECT_STREQ(test, fake->m.stop.message, racer[winner].message);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_OWNER, BIT(winner));
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_SELF,
			     GENMASK(fake->nr - 1, 0) & ~BIT(winner));
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_MISSING, 0);
	for (cpu = 0; cpu < fake->nr; cpu++) {
		const struct ras_cpu *record = &fake->slot[cpu]->record;

		if (cpu == winner)
			continue;
		ras_fake_expect_record(test, fake, cpu, RAS_HOW_SELF);
		KUNIT_EXPECT_EQ(test, record->lost, racer[cpu].trigger);
		KUNIT_EXPECT_STREQ(test, record->lost_message, racer[cpu].message);
	}
	ras_fake_expect_idle(test, fake);
}

static void ras_stop_race(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 4, true);
	unsigned int i;

	fake->m.policy.triggers = RAS_ON_ALL;
	for (i = 0; i < 100; i++)
		race_once(test, fake);

	/* Reasons that have been recorded are not recorded again. */
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 1, RAS_TRIGGER_API), 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_SELF, 0);
}

static struct ras_request sysrq = {
	.trigger	= RAS_TRIGGER_SYSRQ,
	.message	= "too late",
};

/* CPU 1 has left, and wants a stop before the owner has given up ownership. */
static void end_meets_loser(struct ras_fake *fake)
{
	ras_fake_start(fake, 1, job_request, &sysrq);
	ras_fake_until(fake, READ_ONCE(fake->slot[1]->lost_pending));
}

/* A reason that came too late for one stop is not that of the next. */
static void ras_stop_lost_during_release(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 2, true);

	fake->at_end = end_meets_loser;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_NULL(test, (void *)fake->at_end);
	KUNIT_EXPECT_EQ(test, ras_fake_finish(fake, 1), -EBUSY);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_SELF, 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_IPI, 0x2);
	ras_fake_expect_record(test, fake, 1, RAS_HOW_IPI);
	KUNIT_EXPECT_STREQ(test, fake->slot[1]->record.lost_message, "");
}

static int job_note(struct ras_fake *fake, unsigned int cpu, void *arg)
{
	ras_note_reason(&fake->m, sysrq.trigger, sysrq.message);
	return 0;
}

/* A CPU that wants a stop of its own may be parked by the owner's NMI before it parks itself. */
static void ras_stop_loser_is_parked(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 3, true);

	fake->m.policy.ipi_grace_us = 0;
	KUNIT_ASSERT_EQ(test, ras_fake_do(fake, 1, job_note, NULL), 0);
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_SELF, 0x2);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_NMI, 0x4);
	ras_fake_expect_record(test, fake, 1, RAS_HOW_SELF);
	KUNIT_EXPECT_EQ(test, fake->slot[1]->record.lost, RAS_TRIGGER_SYSRQ);
	KUNIT_EXPECT_STREQ(test, fake->slot[1]->record.lost_message, "too late");
	ras_fake_expect_idle(test, fake);
}

static void expect_nothing_stopped(struct kunit *test, struct ras_fake *fake,
				   struct ras_fake_handler *h)
{
	KUNIT_EXPECT_EQ(test, h->ran, 0);
	KUNIT_EXPECT_EQ(test, fake->m.stop.sequence, 0);
	KUNIT_EXPECT_EQ(test, fake->begins, 0);
	KUNIT_EXPECT_EQ(test, fake->ipis | fake->nmis, 0UL);
	KUNIT_EXPECT_EQ(test, ras_owner(&fake->m), RAS_NOBODY);
}

static void ras_stop_refused_by_policy(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 2, true);
	struct ras_fake_handler *h = ras_fake_add(test, "h", 1);

	fake->m.policy.enabled = false;
	KUNIT_EXPECT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), -EPERM);
	KUNIT_EXPECT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_PANIC), -EPERM);
	expect_nothing_stopped(test, fake, h);

	fake->m.policy.enabled = true;
	fake->m.policy.triggers = RAS_ON_ALL & ~RAS_ON(API);
	KUNIT_EXPECT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), -EPERM);
	expect_nothing_stopped(test, fake, h);
	KUNIT_EXPECT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_USER), 0);
	KUNIT_EXPECT_EQ(test, h->ran, 1);
}

/* An oops that the machine survives stops it only if somebody wants that. */
static void ras_stop_oops_is_off_by_default(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 1, true);
	enum ras_trigger trigger;

	for (trigger = 0; trigger < RAS_NR_TRIGGERS; trigger++)
		KUNIT_EXPECT_EQ(test, !(fake->m.policy.triggers & BIT(trigger)),
				trigger == RAS_TRIGGER_OOPS);
	KUNIT_EXPECT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_OOPS), -EPERM);
}

static void ras_stop_before_start(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 2, true);
	struct ras_fake_handler *h = ras_fake_add(test, "h", 1);

	fake->m.state = RAS_OFF;
	KUNIT_EXPECT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), -ENODEV);
	KUNIT_EXPECT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_PANIC), -ENODEV);
	KUNIT_EXPECT_FALSE(test, ras_stopped(&fake->m, RAS_HOW_NMI,
					     &fake->cpu[0].regs));
	expect_nothing_stopped(test, fake, h);
}

/* A rehearsal is a stop but for the handlers. */
static struct ras_request rehearsal = {
	.trigger	= RAS_TRIGGER_USER,
	.rehearsal	= true,
	.message	= "rehearsal",
};

static void ras_stop_rehearsal(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 3, true);
	struct ras_fake_handler *h = ras_fake_add(test, "h", 1);

	KUNIT_ASSERT_EQ(test, ras_fake_do(fake, 0, job_request, &rehearsal), 0);
	KUNIT_EXPECT_EQ(test, h->ran, 0);
	KUNIT_EXPECT_EQ(test, h->handler.entry->runs, 0UL);
	KUNIT_EXPECT_EQ(test, fake->m.nr_results, 0);
	KUNIT_EXPECT_TRUE(test, fake->m.stop.rehearsal);
	KUNIT_EXPECT_TRUE(test, fake->m.last.rehearsal);
	RAS_FAKE_EXPECT_CPUS(test, fake, RAS_HOW_IPI, 0x6);
	ras_fake_expect_idle(test, fake);
}

static void hook_parked_wants_stop(struct ras_fake_handler *h,
				   const struct ras_stop *stop)
{
	h->ret = ras_fake_do(h->fake, 1, job_request, &sysrq);
	h->seen = ras_fake_parked(h->fake, 1);
}

/* A trigger in NMI context on a parked CPU leads back to where that waits. */
static void ras_stop_parked_cpu_loses(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 2, true);
	struct ras_fake_handler *h = ras_fake_add(test, "h", 1);

	h->hook = hook_parked_wants_stop;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, h->ret, -EBUSY);
	KUNIT_EXPECT_TRUE(test, h->seen);
	ras_fake_expect_record(test, fake, 1, RAS_HOW_IPI);
	KUNIT_EXPECT_STREQ(test, fake->slot[1]->record.lost_message, "");
	ras_fake_expect_idle(test, fake);

	/* Nor is its reason kept for the next stop. */
	h->hook = NULL;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	ras_fake_expect_record(test, fake, 1, RAS_HOW_IPI);
}

/* A message that does not fit is cut, and one that ends a line is trimmed. */
static void ras_stop_message(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 1, true);
	char *text = kunit_kzalloc(test, 2 * RAS_MESSAGE_LEN, GFP_KERNEL);
	struct ras_request request = {
		.trigger	= RAS_TRIGGER_API,
		.message	= text,
		.regs		= &fake->cpu[0].regs,
	};

	KUNIT_ASSERT_NOT_NULL(test, text);
	memset(text, '%', 2 * RAS_MESSAGE_LEN - 1);
	/* This thread is not bound to a CPU, as those of the fake CPUs are. */
	migrate_disable();
	KUNIT_EXPECT_EQ(test, ras_machine_stop(&fake->m, &request), 0);
	KUNIT_EXPECT_EQ(test, strlen(fake->m.stop.message), RAS_MESSAGE_LEN - 1UL);

	/* The report ends its lines itself. */
	request.message = "boom\n";
	KUNIT_EXPECT_EQ(test, ras_machine_stop(&fake->m, &request), 0);
	KUNIT_EXPECT_STREQ(test, fake->m.stop.message, "boom");
	migrate_enable();
}

static struct ras_request for_handler = {
	.trigger	= RAS_TRIGGER_NMI,
	.needs_handler	= true,
	.message	= "test",
};

/* A stop in which nothing would run is not made, and leaves no trace. */
static void ras_stop_needs_handler(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 2, true);
	struct ras_fake_handler *h;

	/* Before any handler was registered there is no order at all. */
	KUNIT_EXPECT_EQ(test, ras_fake_do(fake, 0, job_request, &for_handler), -ENOENT);
	h = ras_fake_add(test, "h", 1);
	h->handler.entry->triggers = RAS_ON(PANIC);
	KUNIT_EXPECT_EQ(test, ras_fake_do(fake, 0, job_request, &for_handler), -ENOENT);
	h->handler.entry->triggers = RAS_ON_ALL;
	h->reason = "not now";
	KUNIT_EXPECT_EQ(test, ras_fake_do(fake, 0, job_request, &for_handler), -ENOENT);
	h->reason = NULL;
	KUNIT_EXPECT_EQ(test, ras_fake_enable(h, false), 0);
	KUNIT_EXPECT_EQ(test, ras_fake_do(fake, 0, job_request, &for_handler), -ENOENT);
	KUNIT_EXPECT_EQ(test, fake->begins, 0);
	KUNIT_EXPECT_EQ(test, fake->m.stop.sequence, 0);
	KUNIT_EXPECT_EQ(test, fake->ipis, 0UL);
	ras_fake_expect_idle(test, fake);

	KUNIT_EXPECT_EQ(test, ras_fake_enable(h, true), 0);
	KUNIT_EXPECT_EQ(test, ras_fake_do(fake, 0, job_request, &for_handler), 0);
	KUNIT_EXPECT_EQ(test, h->ran, 1);
	KUNIT_EXPECT_EQ(test, fake->begins, 1);
	ras_fake_expect_idle(test, fake);
}

static struct kunit_case ras_request_cases[] = {
	KUNIT_CASE(ras_stop_needs_handler),
	KUNIT_CASE(ras_stop_recursion),
	KUNIT_CASE(ras_stop_race),
	KUNIT_CASE(ras_stop_lost_during_release),
	KUNIT_CASE(ras_stop_loser_is_parked),
	KUNIT_CASE(ras_stop_refused_by_policy),
	KUNIT_CASE(ras_stop_oops_is_off_by_default),
	KUNIT_CASE(ras_stop_before_start),
	KUNIT_CASE(ras_stop_rehearsal),
	KUNIT_CASE(ras_stop_parked_cpu_loses),
	KUNIT_CASE(ras_stop_message),
	{}
};

static struct kunit_suite ras_request_suite = {
	.name		= "ras_request",
	.init		= ras_fake_init,
	.exit		= ras_fake_exit,
	.test_cases	= ras_request_cases,
};

kunit_test_suite(ras_request_suite);
