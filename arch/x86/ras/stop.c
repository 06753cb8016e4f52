// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework, x86: getting at the other CPUs, by IPI and by NMI.
 */
#define pr_fmt(fmt) "ras: " fmt

#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/panic.h>
#include <linux/preempt.h>
#include <linux/smp.h>

#include <asm/apic.h>
#include <asm/hw_irq.h>
#include <asm/irq.h>
#include <asm/irq_regs.h>
#include <asm/nmi.h>

#include "ras.h"

/* The IPI's vector is ours; otherwise every CPU is stopped by NMI. */
static bool ras_have_ipi __ro_after_init;

/* The emergency NMI handler is installed: a crash, so for good. */
static bool ras_crashed;

/*
 * This CPU may have come by an NMI that hit between the two writes which send an
 * IPI through the memory-mapped APIC.  Sending one of our own overwrites the first
 * of them, the destination, and after the release the interrupted IPI would go to
 * the wrong CPU.  The x2APIC has one register for both.
 */
static bool ras_must_save_icr(void)
{
	return in_nmi() && boot_cpu_has(X86_FEATURE_APIC) && !x2apic_enabled();
}

static u32 ras_save_icr(void)
{
	return ras_must_save_icr() ? apic_read(APIC_ICR2) : 0;
}

static void ras_restore_icr(u32 icr2)
{
	if (!ras_must_save_icr())
		return;
	safe_apic_wait_icr_idle();
	apic_write(APIC_ICR2, icr2);
}

/* Send one interrupt to one CPU, unless the APIC stays busy; 100 ms at most. */
static bool ras_send(unsigned int cpu, int vector)
{
	/*
	 * Only NMIs get a bounded wait inside send_IPI(); other vectors find
	 * the APIC idle because of this one.
	 */
	if (safe_apic_wait_icr_idle())
		return false;
	apic->send_IPI(cpu, vector);
	return true;
}

/* Called in the interrupt that ras_x86_send_ipi() sends. */
static void ras_ipi(void)
{
	ras_arch_stopped(RAS_HOW_IPI, get_irq_regs());
}

/*
 * X86_PLATFORM_IPI_VECTOR has a handler on SGI UV and Numascale machines only.
 * Elsewhere it is a vector that needs no new entry in the IDT.
 */
static void __init ras_ipi_init(void)
{
	if (cmpxchg(&x86_platform_ipi_callback, NULL, ras_ipi)) {
		pr_notice("the platform IPI is taken: stopping by NMI only\n");
		return;
	}
	ras_have_ipi = true;
}

static int ras_nmi(unsigned int type, struct pt_regs *regs)
{
	return ras_arch_stopped(RAS_HOW_NMI, regs) ? NMI_HANDLED : NMI_DONE;
}

NOKPROBE_SYMBOL(ras_nmi);

/* In place of all other handlers, once the machine will not be released. */
static int ras_crash_nmi(unsigned int type, struct pt_regs *regs)
{
	ras_arch_stopped(RAS_HOW_NMI, regs);
	return NMI_HANDLED;
}

NOKPROBE_SYMBOL(ras_crash_nmi);

static int ras_unknown_nmi(unsigned int type, struct pt_regs *regs)
{
	/* The administrator wants a panic; that is a stop of its own. */
	if (unknown_nmi_panic || panic_on_unrecovered_nmi)
		return NMI_DONE;
	return ras_arch_nmi_button(regs) ? NMI_HANDLED : NMI_DONE;
}

NOKPROBE_SYMBOL(ras_unknown_nmi);

/*
 * A CPU may be parked inside its handler for as long as a stop lasts; the high
 * max_duration keeps nmi_check_duration() from calling that a slow handler.
 */
static struct nmiaction ras_nmi_action = {
	.list		= LIST_HEAD_INIT(ras_nmi_action.list),
	.handler	= ras_nmi,
	.max_duration	= U64_MAX,
	.flags		= NMI_FLAG_FIRST,
	.name		= "ras",
};

static struct nmiaction ras_unknown_nmi_action = {
	.list		= LIST_HEAD_INIT(ras_unknown_nmi_action.list),
	.handler	= ras_unknown_nmi,
	.max_duration	= U64_MAX,
	.name		= "ras_button",
};

void ras_x86_begin(bool crash)
{
	/* Ahead of handlers that a crash may have broken; also for late CPUs. */
	if (crash && !ras_crashed) {
		ras_crashed = true;
		set_emergency_nmi_handler(NMI_LOCAL, ras_crash_nmi);
	}
}

bool ras_x86_send_ipi(const struct cpumask *mask)
{
	unsigned int cpu;
	u32 icr2;

	/* Numascale machines take the vector after us, without looking. */
	if (!ras_have_ipi || READ_ONCE(x86_platform_ipi_callback) != ras_ipi)
		return false;
	icr2 = ras_save_icr();
	for_each_cpu(cpu, mask)
		ras_send(cpu, X86_PLATFORM_IPI_VECTOR);
	ras_restore_icr(icr2);
	return true;
}

bool ras_x86_send_nmi(unsigned int cpu)
{
	u32 icr2 = ras_save_icr();
	bool sent = ras_send(cpu, NMI_VECTOR);

	ras_restore_icr(icr2);
	return sent;
}

int __init ras_x86_stop_init(void)
{
	int ret;

	ras_ipi_init();
	/* For good: a late CPU may arrive at any time. */
	ret = __register_nmi_handler(NMI_LOCAL, &ras_nmi_action);
	if (ret)
		return ret;
	return __register_nmi_handler(NMI_UNKNOWN, &ras_unknown_nmi_action);
}
