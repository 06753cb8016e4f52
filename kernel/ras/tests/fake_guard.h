/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS stop framework: handlers that go wrong, on fake CPUs.
 *
 * The fake architecture cannot jump out of a handler: here a handler that is
 * abandoned returns, and what it returns must not count.
 */
#ifndef _KERNEL_RAS_FAKE_GUARD_H
#define _KERNEL_RAS_FAKE_GUARD_H

#include "fake_arch.h"

#define RAS_FAKE_DEADLINE_MS	100
#define RAS_FAKE_DEADLINE_NS	(RAS_FAKE_DEADLINE_MS * NSEC_PER_MSEC)
#define RAS_FAKE_FOREVER_NS	U64_MAX
/* What it may take from the deadline to where the call is left. */
#define RAS_FAKE_SLACK_NS	(4 * RAS_FAKE_STEP_NS)

/**
 * struct ras_fake_kernel - the kernel around the machine
 * @tainted: calls of tainted()
 * @console_left: the argument of the last
 * @went_on: calls of go_on()
 * @rebooted: calls of reboot()
 * @printed: what printed() returns
 * @reboot_in_ms: what reboot_ms() returns
 * @reboot_once: reboot_ms() returns that once, and 0 from then on
 */
struct ras_fake_kernel {
	unsigned int		tainted;
	bool			console_left;
	unsigned int		went_on;
	unsigned int		rebooted;
	u64			printed;
	u64			reboot_in_ms;
	bool			reboot_once;
};

/* The callbacks of ras_machine have no way to the test but this. */
extern struct ras_fake_kernel ras_fake_kernel;

struct ras_fake *ras_fake_new_guarded(struct kunit *test, unsigned int cpus);
int ras_fake_guard_init(struct kunit *test);
void ras_fake_guard_exit(struct kunit *test);

struct ras_fake_handler *ras_fake_add_hook(struct kunit *test, const char *name,
					   int priority, ras_fake_hook hook,
					   unsigned int deadline_ms);
struct ras_fake_handler *ras_fake_add_last(struct kunit *test, ras_fake_hook hook);

bool ras_fake_fault(struct ras_machine *m, const char *fault, unsigned long ip,
		    const unsigned long *address);
void ras_fake_hook_fault_no_address(struct ras_fake_handler *h,
				    const struct ras_stop *stop);
void ras_fake_hook_fault(struct ras_fake_handler *h, const struct ras_stop *stop);

void ras_fake_wedge(struct ras_fake *fake, enum ras_fake_answer answer);
void ras_fake_hook_wedge(struct ras_fake_handler *h, const struct ras_stop *stop);
void ras_fake_unwedge(struct ras_fake *fake, unsigned int cpu);
void ras_fake_unwedged(struct ras_fake *fake, unsigned int nr);
void ras_fake_hook_wake_owner(struct ras_fake_handler *h, const struct ras_stop *stop);

void ras_fake_expect_failure(struct kunit *test, const struct ras_failure *failure,
			     const struct ras_failure *expected);
void ras_fake_expect_hung(struct kunit *test, struct ras_fake *fake, unsigned int i,
			  int from, int to, unsigned int deadline_ms);
void ras_fake_expect_trigger(struct kunit *test, struct ras_fake *fake,
			     enum ras_how how);
void ras_fake_expect_counts(struct kunit *test, struct ras_fake_handler *h,
			    unsigned long runs, unsigned long faults,
			    unsigned long timeouts);

#endif /* _KERNEL_RAS_FAKE_GUARD_H */
