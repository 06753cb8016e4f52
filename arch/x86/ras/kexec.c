// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework, x86: giving the CPUs to a crash kernel.
 *
 * machine_crash_shutdown() stops the CPUs through smp_ops, and that is where
 * this file sits: when a stop has parked them already, each prepares itself and
 * there is no second shootdown; in any other case the kernel does what it did.
 */
#include <linux/crash_core.h>
#include <linux/elfcore.h>
#include <linux/init.h>
#include <linux/kexec.h>
#include <linux/objtool.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <linux/string.h>

#include <asm/apic.h>
#include <asm/cpu.h>
#include <asm/intel_pt.h>
#include <asm/reboot.h>

#include "ras.h"

/*
 * What a CPU that is missing runs.  Not cpu_curr_snapshot(), which takes the lock of the CPU's
 * run queue: that CPU may hold it for good.
 */
static const struct task_struct *ras_current_of(unsigned int cpu)
{
	return READ_ONCE(per_cpu(current_task, cpu));
}

/**
 * ras_x86_note() - write the ELF note of a CPU from its record
 * @cpu: the CPU, which may be another one
 * @record: its record; NULL if it is missing
 *
 * As crash_save_cpu(), which knows the calling CPU's task only.
 *
 * Context: Any.
 */
void ras_x86_note(unsigned int cpu, const struct ras_cpu *record)
{
#ifdef CONFIG_KEXEC_CORE
	u32 *buf;
	struct elf_prstatus prstatus;
	pid_t pid;

	if (!crash_notes)
		return;
	buf = (u32 *)per_cpu_ptr(crash_notes, cpu);
	memset(&prstatus, 0, sizeof(prstatus));
	if (record) {
		prstatus.common.pr_pid = record->pid;
		elf_core_copy_regs(&prstatus.pr_reg,
				   (struct pt_regs *)&record->arch.regs);
	} else if (ras_x86_copy(&pid, &ras_current_of(cpu)->pid, sizeof(pid))) {
		prstatus.common.pr_pid = pid;
	}
	buf = append_elf_note(buf, KEXEC_CORE_NOTE_NAME, NT_PRSTATUS, &prstatus,
			      sizeof(prstatus));
	final_note(buf);
#endif
}

/**
 * ras_x86_crashed() - have readers of a dump take a CPU for the one that has crashed
 * @cpu: the CPU
 *
 * crash(8) finds the task that has crashed by this number.
 *
 * Context: Any.
 */
void ras_x86_crashed(int cpu)
{
#if defined(CONFIG_SMP) && defined(CONFIG_KEXEC_CORE)
	crashing_cpu = cpu;
#endif
}

/**
 * ras_x86_forget() - undo ras_x86_note() and ras_x86_crashed()
 *
 * Context: Any.
 */
void ras_x86_forget(void)
{
#ifdef CONFIG_KEXEC_CORE
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		if (crash_notes)
			memset(per_cpu_ptr(crash_notes, cpu), 0,
			       sizeof(note_buf_t));
#endif
	ras_x86_crashed(-1);
}

/**
 * ras_x86_retire() - make this CPU harmless to the next kernel, or to a reset
 *
 * The steps of kdump_nmi_callback() and crash_nmi_callback(): a CPU in VMX or
 * SVM operation would block INIT, a running Intel PT writes to memory.
 *
 * Context: Parked CPU, interrupts disabled; NMI.
 */
void ras_x86_retire(void)
{
	cpu_emergency_disable_virtualization();
	cpu_emergency_stop_pt();
	disable_local_APIC();
}

/*
 * crash(8) finds out where a CPU was by looking on its stacks for a return into
 * a function of this name, the kernel's own for stopped CPUs, and takes the
 * interrupted context from there; version 8.0.2 gives up if there is none.  The
 * barrier keeps the call from becoming a jump.
 */
static noinline void __used crash_nmi_callback(void (*fn)(void *arg), void *arg)
{
	fn(arg);
	barrier();
}

/**
 * ras_x86_stay() - what a CPU does that will not go on where it was interrupted
 * @frame: if an interrupt brought it here, that interrupt's frame, where the
 *	entry code has put it; otherwise NULL
 * @fn: does it, and does not return
 * @arg: its argument
 *
 * Drops the frames between an interrupt's entry and here, as if that had called
 * crash_nmi_callback() itself: crash(8) does not find the interrupted context
 * behind the change of stacks that lies between.  Below @frame is the return
 * address of the entry code's call, and nothing there is needed any more.
 *
 * Context: Interrupts disabled; NMI.  Does not return.
 */
void ras_x86_stay(const struct pt_regs *frame, void (*fn)(void *arg), void *arg)
{
	if (frame)
		asm volatile("movq %0, %%rsp\n\t"
			     "jmp crash_nmi_callback"
			     : : "r" ((unsigned long *)frame - 1), "D" (fn), "S" (arg)
			     : "memory");
	crash_nmi_callback(fn, arg);
	barrier();
}

STACK_FRAME_NON_STANDARD(ras_x86_stay);

/**
 * ras_x86_halt() - wait for what does not come
 *
 * Context: Interrupts disabled; NMI.
 */
void ras_x86_halt(void)
{
	native_halt();
}

#if defined(CONFIG_SMP) && defined(CONFIG_KEXEC_CORE)
static void (*ras_former_crash_stop)(void) __ro_after_init;

static void ras_crash_stop_other_cpus(void)
{
	int cpu = ras_arch_handover();

	if (cpu < 0) {
		ras_former_crash_stop();
		return;
	}
	/*
	 * As kdump_nmi_shootdown_cpus() leaves the crashing CPU, whose number
	 * tells crash(8) which task has crashed.
	 */
	ras_x86_crashed(cpu);
	disable_local_APIC();
}

void __init ras_x86_kexec_init(void)
{
	ras_former_crash_stop = smp_ops.crash_stop_other_cpus ?: smp_send_stop;
	smp_ops.crash_stop_other_cpus = ras_crash_stop_other_cpus;
}
#else
void __init ras_x86_kexec_init(void) { }
#endif
