// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework, x86: the table of operations, the clock and waiting.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/init.h>
#include <linux/math64.h>
#include <linux/smp.h>
#include <linux/uaccess.h>

#include <asm/cpufeature.h>
#include <asm/msr.h>
#include <asm/mwait.h>
#include <asm/tsc.h>

#include "ras.h"

/* Of the PIT, which calibrates udelay(), when there is no TSC: see below. */
#define RAS_RELAX_US	1

/* Time as counted by ras_x86_relax(), where no counter tells it. */
static u64 ras_relaxed_ns;

static bool ras_x86_has_tsc(void)
{
	return boot_cpu_has(X86_FEATURE_TSC) && tsc_khz;
}

static unsigned int ras_x86_this_cpu(void)
{
	return raw_smp_processor_id();
}

/*
 * Not sched_clock(): that may be jiffies, which do not advance while every CPU
 * has its interrupts off, and then no wait would end.
 */
static u64 ras_x86_now_ns(void)
{
	if (!ras_x86_has_tsc())
		return READ_ONCE(ras_relaxed_ns);
	return mul_u64_u64_div_u64(rdtsc(), USEC_PER_SEC, tsc_khz);
}

static void ras_x86_relax(void)
{
	cpu_relax();
	if (ras_x86_has_tsc())
		return;
	/* Losers wait here, too; what one of them adds or loses is no harm. */
	udelay(RAS_RELAX_US);
	WRITE_ONCE(ras_relaxed_ns,
		   ras_relaxed_ns + RAS_RELAX_US * NSEC_PER_USEC);
}

static const struct cpumask *ras_x86_present(void)
{
	return cpu_present_mask;
}

static const struct cpumask *ras_x86_online(void)
{
	return cpu_online_mask;
}

/*
 * Wait for a store to *@word.  The order of MONITOR, check, MWAIT loses none:
 * after a store that follows MONITOR MWAIT does not wait (Intel SDM vol. 2, MWAIT).
 * ECX is 0: with interrupts disabled only the store, an NMI or an SMI wakes.
 *
 * There are processors on which a store does not always wake, and some were found years
 * after their kernels: so no MWAIT where no NMI would.
 */
static void ras_x86_wait(const u64 *word, u64 old, bool nudge)
{
	/* The bugs: a store may not wake, without a flush, or at all. */
	if (!nudge || !boot_cpu_has(X86_FEATURE_MWAIT) ||
	    boot_cpu_has_bug(X86_BUG_MONITOR) ||
	    boot_cpu_has_bug(X86_BUG_CLFLUSH_MONITOR)) {
		cpu_relax();
		return;
	}
	__monitor(word, 0, 0);
	if (READ_ONCE(*word) == old)
		__mwait(0, 0);
}

/**
 * ras_x86_copy() - copy kernel memory of which nothing need be true
 * @dst: where to
 * @src: a kernel address
 * @size: how much, in bytes
 *
 * With ERMS copy_mc_to_kernel() copies by REP MOVSB, which has a fix-up for page faults
 * and for machine checks; without it may be a memcpy(), which has none.
 *
 * Context: Any.
 * Return: false if not all of it can be read.
 */
bool ras_x86_copy(void *dst, const void *src, size_t size)
{
#ifdef CONFIG_ARCH_HAS_COPY_MC
	unsigned long left;

	if (boot_cpu_has(X86_FEATURE_ERMS)) {
		if (!copy_from_kernel_nofault_allowed(src, size))
			return false;
		pagefault_disable();
		left = copy_mc_to_kernel(dst, src, size);
		pagefault_enable();
		return !left;
	}
#endif
	return !copy_from_kernel_nofault(dst, src, size);
}

const struct ras_arch_ops ras_arch = {
	.this_cpu	= ras_x86_this_cpu,
	.now_ns		= ras_x86_now_ns,
	.relax		= ras_x86_relax,
	.present	= ras_x86_present,
	.online		= ras_x86_online,
	.begin		= ras_x86_begin,
	.send_ipi	= ras_x86_send_ipi,
	.send_nmi	= ras_x86_send_nmi,
	.capture	= ras_x86_capture,
	.wait		= ras_x86_wait,
	.call		= ras_x86_call,
	.call_here	= ras_x86_call_here,
	.call_helper	= ras_x86_call_helper,
	.need_stacks	= ras_x86_need_stacks,
	.land		= ras_x86_land,
	.abandon	= ras_x86_abandon,
	.in_machine_check = ras_x86_in_machine_check,
	.retire		= ras_x86_retire,
	.note		= ras_x86_note,
	.crashed	= ras_x86_crashed,
	.forget		= ras_x86_forget,
	.stay		= ras_x86_stay,
	.copy		= ras_x86_copy,
	.halt		= ras_x86_halt,
};

int __init ras_arch_init(void)
{
	int ret = ras_x86_stack_init();

	if (ret)
		return ret;
	ret = ras_x86_stop_init();
	if (ret)
		return ret;
	ras_x86_kexec_init();
	return 0;
}
