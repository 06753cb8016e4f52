// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the RAS stop framework: jobs that parked CPUs do for a handler.
 */
#include <linux/atomic.h>
#include <linux/string.h>

#include "fake_guard.h"

#define PIECE_MS	100

/*
 * A job and what came of it: how many pieces each CPU is to do, how many it has begun, which
 * CPU goes wrong and how, and what the handler has done and seen.
 */
static struct {
	struct ras_fake	*fake;
	int		pieces;
	atomic_t	done[RAS_FAKE_CPUS];
	atomic_t	inside;
	int		bad;
	void		(*wrong)(void);
	bool		tried;
	int		started;
	int		ended;
	enum ras_helper	state[RAS_FAKE_CPUS];
	int		watcher;
} job;

static bool work(void *arg)
{
	unsigned int cpu = ras_fake_here(job.fake) - job.fake->cpu;
	int done = atomic_inc_return(&job.done[cpu]);

	/* It takes its time. */
	job.fake->m.arch->relax();
	if (job.bad == (int)cpu)
		job.wrong();
	return done < job.pieces;
}

static void faults(void)
{
	ras_fake_fault(&job.fake->m, "divide error", 0x4711, NULL);
}

/* An NMI takes it out. */
static void hangs(void)
{
	ras_fake_hang(job.fake, RAS_FAKE_FOREVER_NS);
}

/* No NMI reaches it. */
static void is_stuck(void)
{
	ras_fake_wedge(job.fake, RAS_FAKE_DEAF);
}

static const struct ras_job work_job = { .work = work, .deadline_ms = PIECE_MS };

static bool over(const struct ras_stop *stop)
{
	unsigned int cpu;
	bool ret = true;

	for (cpu = 1; cpu < job.fake->nr; cpu++) {
		job.state[cpu] = ras_help_state(stop, cpu);
		if (job.state[cpu] == RAS_HELPER_RUNS)
			ret = false;
	}
	return ret;
}

static void hook_job(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	struct ras_machine *m = &h->fake->m;

	job.watcher = m->watch.cpu;
	job.started = ras_help_start(stop, &work_job);
	while (!over(stop)) {
		ras_progress(stop);
		m->arch->relax();
	}
	job.ended = ras_help_end(stop);
	over(stop);
	if (job.bad >= 0)
		ras_fake_wake(h->fake, job.bad);
}

static struct ras_fake *new_job(struct kunit *test, unsigned int cpus,
				struct ras_fake_handler **h, unsigned int deadline_ms)
{
	memset(&job, 0, sizeof(job));
	job.pieces = 3;
	job.bad = -1;
	job.fake = ras_fake_new_guarded(test, cpus);
	*h = ras_fake_handler(test, "h", 1);
	(*h)->handler.flags = RAS_HANDLER_HELPED;
	(*h)->handler.deadline_ms = deadline_ms;
	(*h)->hook = hook_job;
	KUNIT_ASSERT_EQ(test, ras_add_handler(&job.fake->m, &(*h)->handler), 0);
	return job.fake;
}

/* The CPU that watches stays out of it, and the others do all their pieces. */
static void ras_job_all(struct kunit *test)
{
	struct ras_fake_handler *h;
	struct ras_fake *fake = new_job(test, 4, &h, 10 * PIECE_MS);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, job.watcher, 1);
	KUNIT_EXPECT_EQ(test, job.started, 2);
	KUNIT_EXPECT_EQ(test, job.ended, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&job.done[1]), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&job.done[2]), 3);
	KUNIT_EXPECT_EQ(test, atomic_read(&job.done[3]), 3);
	KUNIT_EXPECT_EQ(test, job.state[1], RAS_HELPER_NONE);
	KUNIT_EXPECT_EQ(test, job.state[2], RAS_HELPER_DONE);
	ras_fake_expect_counts(test, h, 1, 0, 0);
	ras_fake_expect_idle(test, fake);
}

/* On two CPUs the one that watches also helps. */
static void ras_job_of_the_watcher(struct kunit *test)
{
	struct ras_fake_handler *h;
	struct ras_fake *fake = new_job(test, 2, &h, 10 * PIECE_MS);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, job.watcher, 1);
	KUNIT_EXPECT_EQ(test, job.started, 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&job.done[1]), 3);
	KUNIT_EXPECT_EQ(test, job.state[1], RAS_HELPER_DONE);
	ras_fake_expect_idle(test, fake);
}

/* A CPU that does not notice its work is nudged. */
static void ras_job_nudge(struct kunit *test)
{
	struct ras_fake_handler *h;
	struct ras_fake *fake = new_job(test, 3, &h, 0);

	fake->cpu[2].asleep = true;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, job.started, 2);
	KUNIT_EXPECT_EQ(test, atomic_read(&job.done[2]), 3);
	KUNIT_EXPECT_EQ(test, job.state[2], RAS_HELPER_DONE);
	KUNIT_EXPECT_EQ(test, fake->nmis, BIT(2));
	ras_fake_expect_idle(test, fake);
}

static void fn_sees_watcher(void *arg)
{
	job.watcher = job.fake->m.watch.cpu;
}

/* Until the handler has tried something. */
static void is_busy(void)
{
	ras_fake_until(job.fake, READ_ONCE(job.tried));
}

static void hook_tries(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	job.started = ras_help_start(stop, &work_job);
	h->seen = ras_fake_until(h->fake, atomic_read(&job.done[1]));
	h->ret = ras_try(stop, fn_sees_watcher, NULL, PIECE_MS, NULL);
	WRITE_ONCE(job.tried, true);
	while (!over(stop))
		h->fake->m.arch->relax();
	job.ended = ras_help_end(stop);
}

/* In a piece it is on watch still: it looks at its clock in a moment. */
static void ras_job_of_the_watcher_goes_on(struct kunit *test)
{
	struct ras_fake_handler *h;
	struct ras_fake *fake = new_job(test, 2, &h, 10 * PIECE_MS);

	h->hook = hook_tries;
	job.bad = 1;
	job.wrong = is_busy;
	job.watcher = -2;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_TRUE(test, h->seen);
	KUNIT_EXPECT_EQ(test, h->ret, 0);
	KUNIT_EXPECT_EQ(test, job.started, 1);
	KUNIT_EXPECT_EQ(test, job.watcher, 1);
	KUNIT_EXPECT_EQ(test, job.ended, 0);
	KUNIT_EXPECT_EQ(test, job.state[1], RAS_HELPER_DONE);
	ras_fake_expect_idle(test, fake);
}

static void hook_start_then_wedge(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	job.started = ras_help_start(stop, &work_job);
	ras_fake_hook_wedge(h, stop);
	/* Another CPU has taken over. */
	job.state[1] = ras_help_state(stop, 1);
}

/* And it takes over if the owner hangs meanwhile: nobody helps any more. */
static void ras_job_owner_hangs(struct kunit *test)
{
	struct ras_fake_handler *h, *next;
	struct ras_fake *fake = new_job(test, 2, &h, PIECE_MS);

	h->hook = hook_start_then_wedge;
	job.pieces = INT_MAX;
	next = ras_fake_add_hook(test, "next", 2, ras_fake_hook_wake_owner, 0);
	KUNIT_EXPECT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), -ECANCELED);
	KUNIT_ASSERT_TRUE(test, ras_fake_until(fake, ras_owner(&fake->m) == RAS_NOBODY));
	KUNIT_EXPECT_EQ(test, job.started, 1);
	KUNIT_EXPECT_GT(test, atomic_read(&job.done[1]), 0);
	KUNIT_EXPECT_EQ(test, next->ran, 2);
	KUNIT_EXPECT_FALSE(test, fake->m.help.active);
	KUNIT_EXPECT_EQ(test, fake->slot[1]->work, 0);
	ras_fake_expect_hung(test, fake, 0, 0, 1, PIECE_MS);
	ras_fake_unwedged(fake, 0);
	/* Who has lost the handler has no helpers any more. */
	KUNIT_EXPECT_EQ(test, job.state[1], RAS_HELPER_LOST);
	ras_fake_expect_idle(test, fake);
}

struct bad_param {
	const char	*desc;
	void		(*wrong)(void);
	enum ras_helper	state;
	int		ended;
};

static const struct bad_param bad_params[] = {
	{ "faults",	faults,		RAS_HELPER_ABANDONED,	0 },
	{ "hangs",	hangs,		RAS_HELPER_ABANDONED,	0 },
	{ "is stuck",	is_stuck,	RAS_HELPER_LOST,	-ETIMEDOUT },
};

static void bad_desc(const struct bad_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(bad, bad_params, bad_desc);

/* A helper that goes wrong costs itself; the handler and the other helper go on. */
static void ras_job_goes_wrong(struct kunit *test)
{
	const struct bad_param *p = test->param_value;
	struct ras_fake_handler *h;
	struct ras_fake *fake = new_job(test, 4, &h, 0);

	job.bad = 2;
	job.wrong = p->wrong;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, job.started, 3);
	KUNIT_EXPECT_EQ(test, job.ended, p->ended);
	KUNIT_EXPECT_EQ(test, atomic_read(&job.done[1]), 3);
	KUNIT_EXPECT_EQ(test, atomic_read(&job.done[2]), 1);
	KUNIT_EXPECT_EQ(test, job.state[1], RAS_HELPER_DONE);
	KUNIT_EXPECT_EQ(test, job.state[2], p->state);
	ras_fake_expect_counts(test, h, 1, 0, 0);
	ras_fake_expect_idle(test, fake);
}

static void finish_job(const struct ras_stop *stop)
{
	while (!over(stop))
		job.fake->m.arch->relax();
	job.ended = ras_help_end(stop);
}

static void hook_two_jobs(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	u64 begin;

	ras_help_start(stop, &work_job);
	finish_job(stop);
	h->ret = job.ended;
	begin = atomic64_read(&h->fake->clock);
	job.started = ras_help_start(stop, &work_job);
	finish_job(stop);
	h->seen = atomic64_read(&h->fake->clock) - begin;
	ras_fake_wake(h->fake, job.bad);
}

/* A helper that is lost in one job is none of the next, and nobody waits for it. */
static void ras_job_after_lost(struct kunit *test)
{
	struct ras_fake_handler *h;
	struct ras_fake *fake = new_job(test, 4, &h, 0);

	h->hook = hook_two_jobs;
	job.bad = 2;
	job.wrong = is_stuck;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, h->ret, -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, job.started, 2);
	KUNIT_EXPECT_EQ(test, job.ended, 0);
	KUNIT_EXPECT_EQ(test, job.state[2], RAS_HELPER_NONE);
	KUNIT_EXPECT_LT(test, h->seen, ras_nmi_timeout_ns(&fake->m));
	ras_fake_expect_idle(test, fake);
}

static bool work_forever(void *arg)
{
	work(arg);
	return true;
}

static void hook_forgets(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	static const struct ras_job forever = { .work = work_forever, .deadline_ms = PIECE_MS };

	job.started = ras_help_start(stop, &forever);
	h->ret = ras_help_start(stop, &forever);
}

/* What a handler has forgotten to end is over when the next one runs. */
static void ras_job_forgotten(struct kunit *test)
{
	struct ras_fake_handler *h;
	struct ras_fake *fake = new_job(test, 3, &h, 0);

	h->hook = hook_forgets;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, job.started, 2);
	KUNIT_EXPECT_EQ(test, h->ret, -EBUSY);
	KUNIT_EXPECT_FALSE(test, fake->m.help.active);
	ras_fake_expect_idle(test, fake);
}

/* It does not park after that: nobody is to wait for it. */
static void hangs_then_retires(void)
{
	hangs();
	WRITE_ONCE(ras_fake_here(job.fake)->serving, false);
}

/* Not later: the end of the chain would take the helper out of its piece. */
static void fn_leaves(void *arg)
{
	job.tried = READ_ONCE(job.fake->cpu[1].retired) && READ_ONCE(job.fake->cpu[2].retired);
}

static void hook_leaves(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	job.started = ras_help_start(stop, &work_job);
	h->seen = ras_fake_until(h->fake, atomic_read(&job.done[2]));
	h->ret = ras_leave(stop, fn_leaves, NULL);
}

/* A handler that leaves this kernel takes the helpers out of their pieces: all CPUs retire. */
static void ras_job_left(struct kunit *test)
{
	struct ras_fake_handler *h;
	struct ras_fake *fake = new_job(test, 3, &h, 0);

	if (ras_crash_kernel_loaded())
		kunit_skip(test, "a crash kernel is loaded");
	h->hook = hook_leaves;
	job.bad = 2;
	job.wrong = hangs_then_retires;
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_PANIC);
	KUNIT_ASSERT_EQ(test, ras_fake_finish(fake, 0), 0);
	KUNIT_EXPECT_EQ(test, job.started, 2);
	KUNIT_EXPECT_TRUE(test, h->seen);
	KUNIT_EXPECT_EQ(test, h->ret, 0);
	KUNIT_EXPECT_TRUE(test, job.tried);
}

static struct cpumask chosen;

static void hook_chooses(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	const struct ras_job third = {
		.work = work, .deadline_ms = PIECE_MS, .cpus = &chosen,
	};

	cpumask_clear(&chosen);
	cpumask_set_cpu(3, &chosen);
	job.started = ras_help_start(stop, &third);
	while (!over(stop))
		h->fake->m.arch->relax();
	job.ended = ras_help_end(stop);
}

static void ras_job_on_chosen_cpus(struct kunit *test)
{
	struct ras_fake_handler *h;
	struct ras_fake *fake = new_job(test, 4, &h, 0);

	h->hook = hook_chooses;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, job.started, 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&job.done[1]) + atomic_read(&job.done[2]), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&job.done[3]), 3);
	ras_fake_expect_idle(test, fake);
}

static void hook_refused(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	static const struct ras_job no_deadline = { .work = work };
	static const struct ras_job no_work = { .deadline_ms = PIECE_MS };

	h->ret = ras_help_start(stop, &no_deadline);
	h->seen = ras_help_start(stop, &no_work);
	job.started = ras_help_start(stop, &work_job);
}

/* Without the flag there are no stacks. */
static void ras_job_refused(struct kunit *test)
{
	struct ras_fake_handler *h;
	struct ras_fake *fake = new_job(test, 2, &h, 0);

	ras_remove_handler(&fake->m, &h->handler);
	h->handler.flags = 0;
	h->hook = hook_refused;
	KUNIT_ASSERT_EQ(test, ras_add_handler(&fake->m, &h->handler), 0);
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, h->ret, -EINVAL);
	KUNIT_EXPECT_EQ(test, (int)h->seen, -EINVAL);
	KUNIT_EXPECT_EQ(test, job.started, -EPERM);
}

static void ras_job_without_stacks(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new_guarded(test, 1);
	struct ras_fake_handler *h = ras_fake_handler(test, "h", 1);

	h->handler.flags = RAS_HANDLER_HELPED;
	fake->no_stacks = true;
	KUNIT_EXPECT_EQ(test, ras_add_handler(&fake->m, &h->handler), -ENOMEM);
	KUNIT_EXPECT_EQ(test, h->arms, 0);
}

static void hook_asks_for_the_stuck(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	job.started = ras_help_start(stop, &work_job);
	while (!over(stop))
		h->fake->m.arch->relax();
	h->seen = h->fake->slot[2]->work;
	job.ended = ras_help_end(stop);
}

/* A CPU that does not join in the time of a piece is not asked any more. */
static void ras_job_not_joined(struct kunit *test)
{
	struct ras_fake_handler *h;
	struct ras_fake *fake = new_job(test, 3, &h, 0);

	fake->cpu[2].stuck = true;
	h->hook = hook_asks_for_the_stuck;
	ras_fake_start_stop(fake, 0, RAS_TRIGGER_API);
	KUNIT_ASSERT_TRUE(test, ras_fake_until(fake, RAS_OP_OF(READ_ONCE(fake->slot[2]->command)) ==
						     RAS_RELEASE));
	WRITE_ONCE(fake->cpu[2].stuck, false);
	KUNIT_ASSERT_EQ(test, ras_fake_finish(fake, 0), 0);
	KUNIT_EXPECT_EQ(test, job.started, 2);
	KUNIT_EXPECT_EQ(test, job.ended, 0);
	KUNIT_EXPECT_EQ(test, job.state[1], RAS_HELPER_DONE);
	KUNIT_EXPECT_EQ(test, job.state[2], RAS_HELPER_NONE);
	KUNIT_EXPECT_EQ(test, h->seen, 0UL);
	KUNIT_EXPECT_EQ(test, atomic_read(&job.done[2]), 0);
	ras_fake_expect_idle(test, fake);
}

/* It comes back by itself, when half of its time is over. */
static bool long_work(void *arg)
{
	atomic_inc(&job.inside);
	ras_fake_hang(job.fake, PIECE_MS / 2 * NSEC_PER_MSEC);
	return true;
}

static const struct ras_job long_job = { .work = long_work, .deadline_ms = PIECE_MS };

static void hook_cut(struct ras_fake_handler *h, const struct ras_stop *stop)
{
	job.started = ras_help_start(stop, &long_job);
	h->ret = ras_fake_until(h->fake, atomic_read(&job.inside) == job.started);
	job.ended = ras_help_end(stop);
	job.tried = over(stop);
}

/* When a job has been ended, nobody is in a piece any more: its memory may be used again. */
static void ras_job_cut(struct kunit *test)
{
	struct ras_fake_handler *h;
	struct ras_fake *fake = new_job(test, 4, &h, 10 * PIECE_MS);

	h->hook = hook_cut;
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, job.started, 2);
	KUNIT_EXPECT_TRUE(test, h->ret);
	KUNIT_EXPECT_EQ(test, job.ended, 0);
	KUNIT_EXPECT_TRUE(test, job.tried);
	ras_fake_expect_idle(test, fake);
}

static struct kunit_case ras_job_cases[] = {
	KUNIT_CASE(ras_job_all),
	KUNIT_CASE(ras_job_cut),
	KUNIT_CASE(ras_job_nudge),
	KUNIT_CASE(ras_job_of_the_watcher),
	KUNIT_CASE(ras_job_of_the_watcher_goes_on),
	KUNIT_CASE(ras_job_owner_hangs),
	KUNIT_CASE_PARAM(ras_job_goes_wrong, bad_gen_params),
	KUNIT_CASE(ras_job_after_lost),
	KUNIT_CASE(ras_job_forgotten),
	KUNIT_CASE(ras_job_left),
	KUNIT_CASE(ras_job_not_joined),
	KUNIT_CASE(ras_job_on_chosen_cpus),
	KUNIT_CASE(ras_job_refused),
	KUNIT_CASE(ras_job_without_stacks),
	{}
};

static struct kunit_suite ras_job_suite = {
	.name		= "ras_job",
	.init		= ras_fake_guard_init,
	.exit		= ras_fake_guard_exit,
	.test_cases	= ras_job_cases,
};

kunit_test_suite(ras_job_suite);
