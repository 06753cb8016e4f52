/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS stop framework: an architecture for the KUnit suites.
 *
 * Its CPUs are kthreads that run jobs for the test and answer "interrupts"
 * between two jobs.  Its clock stands still while a CPU is about to do what the
 * owner, or the CPU that watches it, waits for, so a timeout strikes exactly those
 * that would never answer, however slow the real machine is.
 */
#ifndef _KERNEL_RAS_FAKE_ARCH_H
#define _KERNEL_RAS_FAKE_ARCH_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/jiffies.h>

#include "../chain.h"
#include "../deadline.h"
#include "../guard.h"
#include "../helper.h"
#include "../job.h"
#include "../machine.h"
#include "../park.h"
#include "../plan.h"
#include "../policy.h"
#include "../registry.h"
#include "../report.h"
#include "../stop.h"
#include "../watch.h"

#define RAS_FAKE_CPUS	8

/* What the clock advances while nobody is about to answer. */
#define RAS_FAKE_STEP_NS	(10 * NSEC_PER_MSEC)

/* Room for all of them also where NR_CPUS is 1. */
#if NR_CPUS > RAS_FAKE_CPUS
#define RAS_FAKE_SLOTS	NR_CPUS
#else
#define RAS_FAKE_SLOTS	RAS_FAKE_CPUS
#endif

/**
 * enum ras_fake_answer - what a fake CPU does when it is to stop
 * @RAS_FAKE_ANY: answers the IPI, and the NMI
 * @RAS_FAKE_NMI: has interrupts disabled: answers the NMI only
 * @RAS_FAKE_DEAF: answers nothing
 * @RAS_FAKE_LATE: answers the NMI, but only after ras_fake_wake()
 * @RAS_FAKE_UNPLUG: goes offline instead
 */
enum ras_fake_answer {
	RAS_FAKE_ANY,
	RAS_FAKE_NMI,
	RAS_FAKE_DEAF,
	RAS_FAKE_LATE,
	RAS_FAKE_UNPLUG,
};

struct ras_fake;

/* What a test has a fake CPU do. */
typedef int (*ras_fake_job)(struct ras_fake *fake, unsigned int cpu, void *arg);

/**
 * struct ras_fake_cpu - a fake CPU
 * @task: the kthread that plays it
 * @answer: how it takes a request to stop
 * @ipi: an interrupt that has not been taken
 * @nmi: an NMI that has not been taken
 * @serving: it is in its interrupt handler
 * @awake: a late CPU may answer now
 * @stuck: while parked, it does not see its orders
 * @asleep: while parked, it does not notice a store: only an NMI wakes it
 * @deep: it waits in a way that needs a nudge then
 * @rounds: how often it has waited for one
 * @regs: the "interrupted" context; the instruction pointer tells the CPU
 * @job: what to do, or NULL
 * @arg: argument of @job
 * @result: what @job returned
 * @done: @job has returned
 * @trigger: what a stop is started with
 * @retired: how often retire() was called
 * @note: the record that its ELF note was written from
 * @noted: it has an ELF note
 * @inside: it is in a call that can be abandoned
 * @landed: the call that it is in has been abandoned
 * @abandoned: by abandon(), for this reason
 * @machine_check: it is in a machine check
 * @hang_until: by the fake clock, when the handler goes on that hangs here; 0: none
 *	hangs
 * @frame: what stay() was called with
 * @halted: halt() was called
 */
struct ras_fake_cpu {
	struct task_struct	*task;
	enum ras_fake_answer	answer;
	int			ipi;
	int			nmi;
	bool			serving;
	bool			awake;
	bool			stuck;
	bool			asleep;
	bool			deep;
	unsigned int		rounds;
	struct pt_regs		regs;

	ras_fake_job		job;
	void			*arg;
	int			result;
	struct completion	done;
	enum ras_trigger	trigger;

	unsigned int		retired;
	const struct ras_cpu	*note;
	bool			noted;
	bool			inside;
	bool			landed;
	enum ras_failing	abandoned;
	bool			machine_check;
	u64			hang_until;
	const struct pt_regs	*frame;
	bool			halted;
};

/**
 * struct ras_fake - a machine of fake CPUs
 * @m: the machine under test
 * @slot: its slots
 * @present: what present() returns
 * @online: what online() returns
 * @nr: number of CPUs
 * @clock: what now_ns() returns
 * @view: what the other CPUs were doing when the owner last looked
 * @patience: when to give up waiting, in jiffies; far more than a test takes
 * @no_ipi: send_ipi() fails
 * @no_nmi: send_nmi() fails
 * @no_stacks: need_stacks() fails
 * @ipis: CPUs that were sent an IPI, since the machine was made
 * @nmis: CPUs that were sent an NMI
 * @begins: calls of begin()
 * @crash: the argument of the last
 * @crashed: the argument of crashed()
 * @forgotten: calls of forget()
 * @at_end: called once on the owner, when all have left and it is the owner still
 * @at_report: called once on the owner, while it prints a part of the report of a
 *	crash
 * @at_watch: called once on the CPU on watch, when it looks at its clock
 * @racers: CPUs that have not come to the start of a race yet
 * @cpu: the CPUs
 */
struct ras_fake {
	struct ras_machine	m;
	struct ras_slot		*slot[RAS_FAKE_SLOTS];
	struct cpumask		present;
	struct cpumask		online;
	unsigned int		nr;
	atomic64_t		clock;
	u64			view;
	unsigned long		patience;

	bool			no_ipi;
	bool			no_nmi;
	bool			no_stacks;
	unsigned long		ipis;
	unsigned long		nmis;
	unsigned int		begins;
	bool			crash;
	int			crashed;
	unsigned int		forgotten;
	void			(*at_end)(struct ras_fake *fake);
	void			(*at_report)(struct ras_fake *fake);
	void			(*at_watch)(struct ras_fake *fake);
	atomic_t		racers;
	struct ras_fake_cpu	cpu[RAS_FAKE_CPUS];
};

/* What a stop does to the kernel around it: noted in ras_fake_kernel. */
extern const struct ras_kernel_ops ras_fake_kernel_ops;

struct ras_fake_handler;

/* What a test has a handler do. */
typedef void (*ras_fake_hook)(struct ras_fake_handler *h, const struct ras_stop *stop);

/**
 * struct ras_fake_handler - a handler that a test can look into
 * @handler: as registered
 * @fake: its machine
 * @verdict: what run() returns
 * @hook: called by run(), may be NULL
 * @ran: its place among the handlers of the last stop, from 1; 0: never ran
 * @arms: calls of arm()
 * @arm_error: what arm() returns
 * @disarms: calls of disarm()
 * @asked: called by not_ready(), may be NULL
 * @reason: what not_ready() returns
 * @seen: what the hook wants to tell the test
 * @ret: likewise
 */
struct ras_fake_handler {
	struct ras_handler	handler;
	struct ras_fake		*fake;
	enum ras_verdict	verdict;
	ras_fake_hook		hook;
	unsigned int		ran;
	unsigned int		arms;
	int			arm_error;
	unsigned int		disarms;
	void			(*asked)(struct ras_fake_handler *h);
	const char		*reason;
	unsigned long		seen;
	int			ret;
};

/* Wait for what another fake CPU does; false if it never does. */
#define ras_fake_until(fake, condition)					\
({									\
	unsigned long __end = (fake)->patience;				\
	bool __met;							\
									\
	for (;;) {							\
		__met = (condition);					\
		if (__met || time_after(jiffies, __end))		\
			break;						\
		usleep_range(50, 100);					\
	}								\
	__met;								\
})

struct ras_fake *ras_fake_new(struct kunit *test, unsigned int nr, bool threads);
int ras_fake_init(struct kunit *test);
void ras_fake_exit(struct kunit *test);

void ras_fake_start(struct ras_fake *fake, unsigned int cpu, ras_fake_job job,
		    void *arg);
int ras_fake_finish(struct ras_fake *fake, unsigned int cpu);
int ras_fake_do(struct ras_fake *fake, unsigned int cpu, ras_fake_job job, void *arg);
int ras_fake_stop(struct ras_fake *fake, unsigned int cpu, enum ras_trigger trigger);
void ras_fake_start_stop(struct ras_fake *fake, unsigned int cpu,
			 enum ras_trigger trigger);
int ras_fake_stop_irqs_off(struct ras_fake *fake);

struct ras_fake_cpu *ras_fake_here(struct ras_fake *fake);
bool ras_fake_hang(struct ras_fake *fake, u64 ns);
void ras_fake_wake(struct ras_fake *fake, unsigned int cpu);
bool ras_fake_parked(struct ras_fake *fake, unsigned int cpu);
bool ras_fake_halted(struct ras_fake *fake, unsigned int cpu);

struct ras_fake_handler *ras_fake_handler(struct kunit *test, const char *name,
					  int priority);
struct ras_fake_handler *ras_fake_add(struct kunit *test, const char *name,
				      int priority);

int ras_fake_enable(struct ras_fake_handler *h, bool on);

/* Why a handler would not run, whatever the trigger; empty if it would. */
static inline const char *ras_fake_skipped(struct ras_fake_handler *h)
{
	return ras_entry_skipped(&h->fake->m, h->handler.entry, RAS_NR_TRIGGERS) ?: "";
}

bool ras_fake_only_noreturn(struct ras_fake *fake, enum ras_trigger trigger);
void ras_fake_expect_idle(struct kunit *test, struct ras_fake *fake);
void ras_fake_expect_record(struct kunit *test, struct ras_fake *fake,
			    unsigned int cpu, enum ras_how how);

/* A mask as a word, so that a failed expectation shows which CPUs it had. */
static inline unsigned long ras_fake_bits(const struct cpumask *mask)
{
	return cpumask_bits(mask)[0] & GENMASK(RAS_FAKE_CPUS - 1, 0);
}

#define RAS_FAKE_EXPECT_CPUS(test, fake, how, bits)			\
	KUNIT_EXPECT_EQ(test, ras_fake_bits(&(fake)->m.stop.cpus[how]),	\
			(unsigned long)(bits))

/* Between fake_arch.c and fake_machine.c; no suite uses these. */
extern struct ras_fake *ras_fake_now;
extern const struct ras_arch_ops ras_fake_arch;

struct ras_fake_cpu *ras_fake_this(void);
enum ras_how ras_fake_takes(const struct ras_fake_cpu *cpu);
bool ras_fake_hung_enough(const struct ras_fake *fake, const struct ras_fake_cpu *cpu);
void ras_fake_run_job(struct ras_fake *fake, struct ras_fake_cpu *cpu);

#endif /* _KERNEL_RAS_FAKE_ARCH_H */
