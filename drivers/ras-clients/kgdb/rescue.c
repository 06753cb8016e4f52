// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client kdb and kgdb: what is to be put right when a CPU was taken out of the
 * debugger in the middle.
 *
 * debug_core has no way out but its own.  Left as it is, its locks would hold every CPU
 * for ever that meets a breakpoint, and its NMI handler every CPU that takes an NMI.
 */
#include <linux/console.h>
#include <linux/kdb.h>
#include <linux/kernel.h>
#include <linux/kgdb.h>
#include <linux/printk.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/trace.h>

#include "../../../kernel/debug/debug_core.h"
#include "kgdb.h"

static void ras_kgdb_forget(int cpu)
{
	struct debuggerinfo_struct *info = &kgdb_info[cpu];

	info->debuggerinfo = NULL;
	info->task = NULL;
	info->enter_kgdb = 0;
	/* Last: the master waits for the answer to DCPU_WANT_BT. */
	smp_store_release(&info->exception_state, 0);
}

/* What @cpu has left of kdb_printf(), where the next one would wait for it. */
static void ras_kgdb_forget_print(int cpu)
{
#ifdef CONFIG_KGDB_KDB
	cmpxchg(&kdb_printf_cpu, cpu, -1);
#endif
}

/* Or printk() would go to kdb, also when that is left. */
static void ras_kgdb_untrap_printk(void)
{
#ifdef CONFIG_KGDB_KDB
	kdb_trap_printk = 0;
#endif
	console_loglevel = ras_kgdb_session.loglevel;
}

/**
 * ras_kgdb_left() - a parked CPU was taken out of the debugger
 * @arg: the session
 *
 * It shows as unresponsive from here on.  If it was in control, because the person had
 * gone there by kdb's cpu command, the CPU where the session began gets that back.
 *
 * Context: That CPU.
 */
void ras_kgdb_left(void *arg)
{
	int cpu = raw_smp_processor_id(), first = atomic_read(&kgdb_active);

	this_cpu_write(ras_kgdb_joining, false);
	if (!kgdb_info[cpu].enter_kgdb)
		return;
	ras_kgdb_forget_print(cpu);
	ras_kgdb_forget(cpu);
	atomic_dec(&slaves_in_kgdb);
	if (first < 0 || first == cpu || dbg_switch_cpu != cpu)
		return;
	ras_kgdb_untrap_printk();
	/* Pairs with the loop of the first CPU in kgdb_cpu_enter(). */
	smp_mb();
	kgdb_info[first].exception_state |= DCPU_NEXT_MASTER;
}

/* Of a CPU that will not do it. */
static void ras_kgdb_unlock(raw_spinlock_t *lock)
{
	if (!raw_spin_is_locked(lock))
		return;
	__acquire(lock);
	raw_spin_unlock(lock);
}

static void ras_kgdb_rescue_kdb(void)
{
#ifdef CONFIG_KGDB_KDB
	kdb_printf_cpu = -1;
	KDB_FLAG_CLEAR(CATASTROPHIC);
	KDB_FLAG_CLEAR(CMD_INTERRUPT);
	kdb_common_deinit_state();
#endif
}

/**
 * ras_kgdb_rescue() - the owner was taken out of the debugger
 * @stop: the stop
 *
 * Context: Owner, in a handler's abandoned().
 */
void ras_kgdb_rescue(const struct ras_stop *stop)
{
	struct ras_kgdb_session *session = &ras_kgdb_session;
	unsigned int cpu;

	if (!session->stop)
		return;
	/* The slaves leave by themselves. */
	atomic_set(&session->ready, -1);
	ras_kgdb_unlock(&dbg_slave_lock);
	ras_call_parked_end(stop, RAS_KGDB_LEAVE_MS);

	for_each_online_cpu(cpu)
		ras_kgdb_forget(cpu);
	atomic_set(&slaves_in_kgdb, 0);
	atomic_set(&masters_in_kgdb, 0);
	exception_level = 0;
	kgdb_connected = 0;
	kgdb_single_step = 0;
	atomic_set(&kgdb_cpu_doing_single_step, -1);
	atomic_set(&kgdb_setting_breakpoint, session->setting_breakpoint);
	ras_kgdb_rescue_kdb();
	ras_kgdb_untrap_printk();
	atomic_set(&ignore_console_lock_warning, session->lock_warnings);
	if (session->tracing)
		tracing_on();
	atomic_set(&kgdb_active, -1);
	ras_kgdb_unlock(&dbg_master_lock);
}
