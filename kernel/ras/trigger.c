// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: the triggers, from the kernel's hooks to a stop.
 */
#define pr_fmt(fmt) "ras: " fmt

#include <linux/console.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/irq_work.h>
#include <linux/irqflags.h>
#include <linux/kdebug.h>
#include <linux/kernel.h>
#include <linux/notifier.h>
#include <linux/panic.h>
#include <linux/printk.h>
#include <linux/reboot.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sysrq.h>
#include <linux/uaccess.h>

#include <asm/irq_regs.h>

#include "guard.h"
#include "kernel.h"
#include "machine.h"
#include "park.h"
#include "plan.h"
#include "policy.h"
#include "registry.h"
#include "stop.h"
#include "trigger.h"

/* The key of sysrq; the lower-case ones are all taken on some architecture. */
#define RAS_SYSRQ_KEY	'T'

static bool ras_started(void)
{
	/* Pairs with the release in ras_machine_init(). */
	return smp_load_acquire(&ras_machine.state) != RAS_OFF;
}

/**
 * ras_stop_by() - stop the machine by any trigger that it survives
 * @request: what the trigger asks for; registers are added if there are none
 *
 * Context: Any.
 * Return: as ras_machine_stop().
 */
int ras_stop_by(struct ras_request *request)
{
	unsigned long flags;
	int ret;

	if (!ras_started())
		return -ENODEV;
	local_irq_save(flags);
	/*
	 * What is printed goes into the log, and to the consoles once interrupts
	 * are back: while the others are parked one of them may hold the lock of
	 * a console.  Only a panic busts those.
	 */
	printk_deferred_enter();
	if (!request->regs && !ras_owned_here(&ras_machine)) {
		request->regs = &ras_this_slot(&ras_machine)->here;
		ras_arch_here(&ras_this_slot(&ras_machine)->here);
	}
	ret = ras_machine_stop(&ras_machine, request);
	printk_deferred_exit();
	local_irq_restore(flags);
	return ret;
}

/* A stop by ras_stop() needs no handler: its caller may only want a quiet moment. */
static int ras_stop_and_go(enum ras_trigger trigger, bool rehearsal,
			   const char *message, struct pt_regs *regs)
{
	struct ras_request request = {
		.trigger	= trigger,
		.rehearsal	= rehearsal,
		.needs_handler	= !rehearsal && trigger != RAS_TRIGGER_API,
		.message	= message,
		.regs		= regs,
		.live		= regs,
	};

	return ras_stop_by(&request);
}

int ras_stop(const char *message)
{
	return ras_stop_and_go(RAS_TRIGGER_API, false, message, NULL);
}
EXPORT_SYMBOL_GPL(ras_stop);

/* Stop for @entry, which is kept from being unregistered. */
static int ras_stop_for_entry(struct ras_handler *handler, struct ras_entry *entry,
			      enum ras_trigger trigger, const char *message, void *arg,
			      struct ras_outcome *outcome)
{
	struct ras_request request = {
		.trigger	= trigger,
		.needs_handler	= true,
		.message	= message,
		.only		= entry,
		.arg		= arg,
		.outcome	= outcome,
	};
	int ret;

	/* It is not enabled or disabled while it is held. */
	if (ras_entry_off(&ras_machine, entry, trigger))
		return -ENOENT;
	ret = handler->prepare ? handler->prepare(handler, arg) : 0;
	if (ret)
		return ret;
	ret = ras_stop_by(&request);
	/* The handler hung here, and another CPU has finished the stop: @outcome says so. */
	if (ret == -ECANCELED)
		ret = 0;
	if (handler->complete)
		handler->complete(handler, arg, ret, outcome);
	return ret;
}

int ras_stop_for(struct ras_handler *handler, const char *message, void *arg,
		 struct ras_outcome *outcome)
{
	struct ras_outcome unasked;
	struct ras_entry *entry;
	int ret;

	if (!outcome)
		outcome = &unasked;
	memset(outcome, 0, sizeof(*outcome));
	entry = ras_hold_entry(handler);
	if (!entry)
		return -ENOENT;
	ret = ras_stop_for_entry(handler, entry, RAS_TRIGGER_API, message, arg, outcome);
	ras_let_go_entry(entry);
	return ret;
}
EXPORT_SYMBOL_GPL(ras_stop_for);

int ras_stop_at(const char *message, struct pt_regs *regs)
{
	return ras_stop_and_go(RAS_TRIGGER_DEBUG, false, message, regs);
}
EXPORT_SYMBOL_GPL(ras_stop_at);

/**
 * ras_user_stop() - the stop that an administrator asks for
 * @rehearsal: stop every CPU, run no handler, release
 *
 * Context: Process context.
 * Return: as ras_stop(); %-ENOENT if no handler is armed for it.
 */
int ras_user_stop(bool rehearsal)
{
	return ras_stop_and_go(RAS_TRIGGER_USER, rehearsal,
			       rehearsal ? "rehearsal" : "asked for by the user",
			       NULL);
}

/**
 * ras_user_call() - have a handler run that an administrator names
 * @name: the name of a handler with %RAS_HANDLER_BY_NAME
 *
 * Context: Process context.
 * Return: 0; %-EINVAL if there is no such handler; %-EPERM if policy has switched off the
 *	trigger user; %-EIO if it was abandoned, or said that it has failed; as ras_stop_for().
 */
int ras_user_call(const char *name)
{
	struct ras_outcome outcome = { };
	struct ras_entry *entry;
	int ret;

	entry = ras_hold_named_entry(&ras_machine, name);
	if (!entry)
		return -EINVAL;
	/* Before prepare(), which may take long. */
	ret = ras_trigger_enabled(RAS_TRIGGER_USER) ?
	      ras_stop_for_entry(entry->handler, entry, RAS_TRIGGER_USER,
				 "asked for by the user", NULL, &outcome) : -EPERM;
	ras_let_go_entry(entry);
	if (!ret && (!outcome.ran || outcome.why.why || outcome.verdict == RAS_NEXT))
		ret = -EIO;
	return ret;
}

/* What the die notifier has kept, if this panic is about that oops. */
static const struct pt_regs *ras_oops_regs(const struct ras_slot *slot)
{
	/*
	 * No task survives its oops, so one that panics after it does so
	 * because of it.
	 */
	if (slot->oops_task != current ||
	    slot->oops_task_start != current->start_time)
		return NULL;
	return &slot->oops_regs;
}

/* A panic is not lost because some other CPU's stop was first. */
static int ras_panic_stop(const char *message, const struct pt_regs *regs)
{
	struct ras_request request = {
		.trigger	= RAS_TRIGGER_PANIC,
		.message	= message,
		.regs		= regs,
	};
	int ret;

	do
		ret = ras_machine_stop(&ras_machine, &request);
	while (ret == -EBUSY);
	return ret;
}

/**
 * ras_panic() - the hook in panic()
 * @message: the panic's text
 *
 * Context: panic(), interrupts disabled.
 * Return: RAS_DID_* mask of the steps that panic() is to leave out; 0 if there
 *	was no stop.
 */
unsigned int ras_panic(const char *message)
{
	const struct pt_regs *regs;
	struct ras_slot *slot;
	int ret;

	if (!ras_started())
		return 0;

	if (!ras_owned_here(&ras_machine)) {
		slot = ras_this_slot(&ras_machine);
		regs = ras_oops_regs(slot);
		if (!regs) {
			/* Here and not deeper: this frame stays. */
			ras_arch_here(&slot->here);
			regs = &slot->here;
		}
		ret = ras_panic_stop(message, regs);
	} else {
		/* crash_kexec() was here before, or a handler has panicked. */
		ret = READ_ONCE(ras_machine.state) == RAS_ENDED ? 0 : -EDEADLK;
	}
	return ret ? 0 : RAS_DID_STOP | ras_provided(&ras_machine);
}

/**
 * ras_panic_in_handler() - the hook at the beginning of panic()
 * @fmt: format of the panic's text
 * @args: arguments of @fmt
 *
 * A panic in a handler abandons the handler: it does not return then.
 *
 * Context: Any.
 */
void ras_panic_in_handler(const char *fmt, va_list args)
{
	if (unlikely(atomic_read(&ras_guards)))
		ras_guard_panic(&ras_machine, fmt, args);
}

/**
 * ras_panic_lost() - the hook in panic() for a CPU that is not the first
 * @fmt: format of the panic's text
 * @args: arguments of @fmt
 *
 * Returns at once if the framework is off; the caller then waits on its own.
 *
 * Context: panic(), interrupts disabled.
 * Return: true if this CPU is to go on as if it were the first, because it owns
 *	the stop that the first one is parked in.
 */
bool ras_panic_lost(const char *fmt, va_list args)
{
	char message[RAS_REASON_LEN];
	struct ras_slot *slot;

	if (!ras_started() || !READ_ONCE(ras_machine.policy.enabled))
		return false;
	if (ras_owned_here(&ras_machine))
		return true;
	slot = ras_this_slot(&ras_machine);
	vsnprintf(message, sizeof(message), fmt, args);
	ras_arch_here(&slot->here);
	/*
	 * Until the first one has got as far as its stop, or for good if it
	 * makes none; then its shutdown finds this CPU by IPI or NMI, as it
	 * would have in panic_smp_self_stop().
	 */
	for (;;) {
		ras_note_reason(&ras_machine, RAS_TRIGGER_PANIC, message);
		ras_park_here(&ras_machine, RAS_HOW_SELF,
			      ras_oops_regs(slot) ?: &slot->here, true);
		cpu_relax();
	}
}

/**
 * ras_crash_kexec() - the hook in crash_kexec()
 * @regs: registers of the oops
 *
 * An oops that is fatal goes to the crash kernel before it gets to panic().  If
 * the chain comes back, this goes on to panic() itself: on the way there through
 * the oops code interrupts would be enabled, with every other CPU parked.
 *
 * Returns only if there was no stop; crash_kexec() is to go on.
 *
 * Context: crash_kexec(), interrupts disabled.
 */
void ras_crash_kexec(struct pt_regs *regs)
{
	const struct ras_slot *slot;
	const char *message = "fatal exception";

	if (!ras_started() || !(ras_provided(&ras_machine) & RAS_DID_KEXEC))
		return;
	/* Without a crash kernel panic() is next, and has the better message. */
	if (!ras_crash_kernel_loaded() || ras_owned_here(&ras_machine))
		return;

	slot = ras_this_slot(&ras_machine);
	if (ras_oops_regs(slot))
		message = slot->oops_message;
	if (!ras_panic_stop(message, regs))
		panic("%s", message);
}

/**
 * ras_nmi_poll() - the hook where a CPU waits in NMI context for its shutdown
 * @regs: the context that the NMI interrupted
 *
 * Such a CPU takes no NMI, so it looks for itself whether it is to park.
 *
 * Context: NMI.
 */
void ras_nmi_poll(struct pt_regs *regs)
{
	/* The NMI may have interrupted ras_park(), to which it will not return. */
	if (ras_started())
		ras_park_here(&ras_machine, RAS_HOW_NMI, regs, true);
}

bool ras_arch_stopped(enum ras_how how, struct pt_regs *regs)
{
	return ras_stopped(&ras_machine, how, regs);
}

int ras_arch_handover(void)
{
	int cpu = ras_machine_handover(&ras_machine);

	/*
	 * A CPU that could not be stopped goes on with whatever it does.  Should it
	 * print, at least it does not overwrite the log while the next kernel saves it.
	 */
	if (cpu >= 0 && !cpumask_empty(&ras_machine.stop.cpus[RAS_HOW_MISSING]))
		suppress_printk = 1;
	return cpu;
}

bool ras_arch_fault(struct pt_regs *regs, const char *fault,
		    const unsigned long *address, bool as_nmi)
{
	return ras_guard_fault(&ras_machine, regs, fault, address, as_nmi);
}

bool ras_arch_nmi_button(struct pt_regs *regs)
{
	int ret = ras_stop_and_go(RAS_TRIGGER_NMI, false, "unclaimed NMI", regs);

	/* The owner's own: pressing again does not make it faster. */
	return ret == 0 || ret == -EBUSY || ret == -EDEADLK;
}

/* Called by die() with the registers, before it decides what to do. */
static int ras_die(struct notifier_block *nb, unsigned long val, void *data)
{
	struct die_args *args = data;
	struct ras_slot *slot;

	if (val != DIE_OOPS || !args->regs || !ras_started() ||
	    ras_owned_here(&ras_machine))
		return NOTIFY_DONE;

	slot = ras_this_slot(&ras_machine);
	slot->oops_regs = *args->regs;
	slot->oops_task = current;
	slot->oops_task_start = current->start_time;
	strscpy(slot->oops_message, args->str ?: "oops", sizeof(slot->oops_message));
	ras_stop_and_go(RAS_TRIGGER_OOPS, false, slot->oops_message, args->regs);
	return NOTIFY_DONE;
}

static struct notifier_block ras_die_notifier = {
	.notifier_call	= ras_die,
	/* Before those that stop the chain, which is why it is kept. */
	.priority	= INT_MAX - 1,
};

static void ras_sysrq(int key)
{
	if (ras_stop_and_go(RAS_TRIGGER_SYSRQ, false, "sysrq", get_irq_regs()) == -ENOENT)
		pr_info("sysrq: no stop: no handler is armed for it\n");
}

static const struct sysrq_key_op ras_sysrq_op = {
	.handler	= ras_sysrq,
	.help_msg	= "ras-sTop(T)",
	.action_msg	= "RAS stop",
	.enable_mask	= SYSRQ_ENABLE_DUMP,
};

static struct ras_slot **ras_alloc_slots(void)
{
	struct ras_slot **slot;
	unsigned int cpu;

	slot = kcalloc(nr_cpu_ids, sizeof(*slot), GFP_KERNEL);
	if (!slot)
		return NULL;
	for_each_possible_cpu(cpu) {
		slot[cpu] = kzalloc_node(sizeof(**slot), GFP_KERNEL,
					 cpu_to_node(cpu));
		if (!slot[cpu])
			goto free;
	}
	return slot;

free:
	for_each_possible_cpu(cpu)
		kfree(slot[cpu]);
	kfree(slot);
	return NULL;
}

static int __init ras_start(void)
{
	struct ras_slot **slot = ras_alloc_slots();
	int ret;

	if (!slot) {
		pr_err("not started: out of memory\n");
		return -ENOMEM;
	}
	ret = ras_arch_init();
	if (ret) {
		pr_err("not started: the architecture refused with %d\n", ret);
		return ret;
	}
	ras_machine_init(&ras_machine, &ras_arch, &ras_kernel, slot);
	mutex_lock(&ras_machine.lock);
	ras_boot_policy(&ras_machine, NULL, NULL);
	mutex_unlock(&ras_machine.lock);

	register_die_notifier(&ras_die_notifier);
	if (IS_ENABLED(CONFIG_MAGIC_SYSRQ) &&
	    register_sysrq_key(RAS_SYSRQ_KEY, &ras_sysrq_op))
		pr_warn("sysrq key %c is taken: no sysrq trigger\n", RAS_SYSRQ_KEY);
	return 0;
}

/* The earliest level at which kernel/ksysfs.c has made its directory. */
postcore_initcall(ras_start);
