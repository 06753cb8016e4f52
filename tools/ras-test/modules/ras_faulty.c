// SPDX-License-Identifier: GPL-2.0
/*
 * Test module of the RAS stop framework: handlers that go wrong, one for each
 * way to go wrong, so that it can be checked what becomes of the others.
 *
 * Lines written to /proc/ras_faulty:
 *
 *	add <kind>[:<ms>] ...	register a handler for each word, in this order,
 *				behind those that are there; <ms> is its
 *				deadline, 2000 by default
 *	remove			take all of them out again
 *
 * The handlers are named f<N>_<kind>, N from 0 in running order.  The function
 * that goes wrong is faulty_<kind>: "in faulty_<kind>" is what a report has to
 * say.  Whether a kind is to be abandoned is no business of this module.
 *
 * On a kernel without the framework the same words register the same functions
 * as panic notifiers, in the same order.
 */
#define pr_fmt(fmt) "ras_faulty: " fmt

#include <linux/bits.h>
#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/irqflags.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/objtool.h>
#include <linux/panic.h>
#include <linux/panic_notifier.h>
#include <linux/proc_fs.h>
#ifdef CONFIG_RAS_STOP
#include <linux/ras.h>
#endif
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timex.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#define FAULTY_DEADLINE_MS	2000

/* No address of any use has these bits: not canonical. */
#define FAULTY_WILD	0x5a5a5a5a5a5a5a5aUL
/* Canonical, in the hole below the vmalloc area, and never mapped. */
#define FAULTY_HOLE	0xffffc8ffdead0000UL

/* The status register of a serial port that is not there: all bits are set. */
#define FAULTY_PORT	0x2ed

struct faulty;

struct faulty_kind {
	const char	*name;
	void		(*run)(struct faulty *faulty);
};

struct faulty {
	struct list_head	list;
	const struct faulty_kind *kind;
	unsigned int		deadline_ms;
	char			name[32];
	/* Locks of its own: another handler's leak is not this one's hang. */
	spinlock_t		leaked;	/* by this handler */
	spinlock_t		taken;	/* before anybody asks */
#ifdef CONFIG_RAS_STOP
	const struct ras_stop	*stop;
	struct ras_handler	handler;
#else
	struct notifier_block	notifier;
#endif
};

static LIST_HEAD(faulty_list);
static DEFINE_MUTEX(faulty_mutex);
static unsigned int faulty_nr;

/* A page of vmalloc space; behind it is one that is not mapped. */
static char *faulty_page;

static void *faulty_unmapped(void)
{
	return faulty_page + PAGE_SIZE;
}

/* Spend time, in fractions of the deadline; many short delays would add up to more. */
static void faulty_pass(struct faulty *faulty, unsigned int quarters)
{
	u64 ms = (faulty->deadline_ms ?: FAULTY_DEADLINE_MS) * quarters / 4;
	cycles_t start = get_cycles();

	while (get_cycles() - start < ms * tsc_khz)
		cpu_relax();
}

static void faulty_progress(struct faulty *faulty)
{
#ifdef CONFIG_RAS_STOP
	ras_progress(faulty->stop);
#endif
}

/* Memory */

static __always_inline void faulty_access(void)
{
	int *p = NULL;

	OPTIMIZER_HIDE_VAR(p);
	READ_ONCE(*(p + 2));
}

static noinline void faulty_read(struct faulty *faulty)
{
	faulty_access();
}

static noinline void faulty_write(struct faulty *faulty)
{
	WRITE_ONCE(*(long *)faulty_unmapped(), 1);
}

static noinline void faulty_exec(struct faulty *faulty)
{
	void (*fn)(void) = NULL;

	OPTIMIZER_HIDE_VAR(fn);
	fn();
}

static noinline void faulty_gp(struct faulty *faulty)
{
	unsigned long at = FAULTY_WILD;

	OPTIMIZER_HIDE_VAR(at);
	READ_ONCE(*(long *)at);
}

/* Instructions */

static noinline void faulty_opcode(struct faulty *faulty)
{
	/* As BUG(), but nothing in the bug table says so. */
	asm volatile(".byte 0x0f, 0x0b");
	unreachable();
}

/* By another name: to checkpatch, it is never right to have one. */
#define FAULTY_DIE	BUG

static noinline void faulty_bug(struct faulty *faulty)
{
	FAULTY_DIE();
}

static noinline void faulty_divide(struct faulty *faulty)
{
	unsigned int low = 1, high = 0;

	asm volatile("divl %2" : "+a" (low), "+d" (high) : "r" (0) : "cc");
}

static noinline void faulty_int3(struct faulty *faulty)
{
	asm volatile("int3");
}

/* Stacks */

/* Always goes on, which the compiler cannot know, and cannot make a loop of. */
static noinline int faulty_overflow_again(int depth)
{
	char room[256];

	room[depth & 0xff] = 1;
	barrier_data(room);
	if (room[depth & 0xff])
		depth += faulty_overflow_again(depth + 1);
	barrier_data(room);
	return depth + room[depth & 0xff];
}

static noinline void faulty_overflow(struct faulty *faulty)
{
	pr_info("%d levels deep\n", faulty_overflow_again(0));
}

/* More than the stack of an exception has, less than a handler is promised. */
#define FAULTY_LEVELS	40

static noinline int faulty_dig(int levels)
{
	char room[256];

	room[levels & 0xff] = 1;
	barrier_data(room);
	return levels ? faulty_dig(levels - 1) + room[0] : 0;
}

static noinline void faulty_deep(struct faulty *faulty)
{
	pr_info("%d at the bottom\n", faulty_dig(FAULTY_LEVELS) & 0);
}

/* Below the stack, with a stack pointer that is good. */
static noinline void faulty_below(struct faulty *faulty)
{
	char *at = __builtin_frame_address(0);

	for (;;) {
		at -= PAGE_SIZE / 2;
		WRITE_ONCE(*at, 0);
	}
}

/* What is on top of the stack, and nothing in between. */
static noinline void faulty_top(struct faulty *faulty)
{
	unsigned long top = PAGE_ALIGN((unsigned long)__builtin_frame_address(0) + 1);
	char c;

	while (!copy_from_kernel_nofault(&c, (void *)top, sizeof(c)))
		top += PAGE_SIZE;
	memset((void *)(top - 16), 0x5a, 16);
}

static noinline void faulty_badstack(struct faulty *faulty)
{
	asm volatile("movq %0, %%rsp\n\tpushq $0" : : "r" (FAULTY_HOLE) : "memory");
	unreachable();
}

STACK_FRAME_NON_STANDARD(faulty_badstack);

/* Every return address above, as far as the page goes. */
static noinline void faulty_corrupt(struct faulty *faulty)
{
	unsigned long at = (unsigned long)__builtin_frame_address(0);
	unsigned long words = min(256UL, PAGE_ALIGN(at + 1) - at) / sizeof(long);

	asm volatile("rep stosq" : "+D" (at), "+c" (words)
		     : "a" (FAULTY_WILD) : "memory");
}

/* Not memset(), which KASAN keeps from doing it; nor is this told on. */
static noinline __no_sanitize_address void faulty_smash_it(u8 *at)
{
	/* KASAN puts red zones between the buffer and the return address. */
	size_t i, len = IS_ENABLED(CONFIG_KASAN) ? 256 : 64;

	for (i = 0; i < len; i++)
		WRITE_ONCE(at[i], 0xff);
}

static noinline void faulty_smash(struct faulty *faulty)
{
	u8 buffer[8] __aligned(sizeof(void *));

	faulty_smash_it(buffer);
}

/* What reports itself */

static noinline void faulty_panic(struct faulty *faulty)
{
	panic("%s in a handler", __func__);
}

static noinline void faulty_nested_panic(struct faulty *faulty, int depth)
{
	void (*again)(struct faulty *faulty, int depth) = faulty_nested_panic;
	unsigned long flags;

	if (depth) {
		/* The compiler is not to see that this never returns. */
		OPTIMIZER_HIDE_VAR(again);
		again(faulty, depth - 1);
		barrier();
		return;
	}
	spin_lock_irqsave(&faulty->leaked, flags);
	panic("faulty_nested in a handler");
}

static noinline void faulty_nested(struct faulty *faulty)
{
	faulty_nested_panic(faulty, 5);
}

static noinline void faulty_warn(struct faulty *faulty)
{
	WARN(1, "%s in a handler\n", __func__);
}

/* The table of exceptions has an entry for this fault. */
static noinline void faulty_fixup(struct faulty *faulty)
{
	long value;
	int ret = copy_from_kernel_nofault(&value, faulty_unmapped(), sizeof(value));

	if (ret != -EFAULT)
		panic("%s: %d", __func__, ret);
	pr_info("%s: %d\n", __func__, ret);
}

/* What takes for ever */

static noinline void faulty_hang(struct faulty *faulty)
{
	local_irq_disable();
	for (;;)
		cpu_relax();
}

static noinline void faulty_tight(struct faulty *faulty)
{
	asm volatile("1:\tjmp 1b");
	unreachable();
}

static noinline void faulty_poll(struct faulty *faulty)
{
	while (inb(FAULTY_PORT) & BIT(0))
		cpu_relax();
}

static noinline void faulty_lock(struct faulty *faulty)
{
	spin_lock(&faulty->taken);
	spin_unlock(&faulty->taken);
}

static noinline void faulty_leak(struct faulty *faulty)
{
	spin_lock(&faulty->leaked);
	faulty_access();
	/* Never reached; sparse is to take the leak as meant. */
	__release(&faulty->leaked);
}

static noinline void faulty_irqs(struct faulty *faulty)
{
	local_irq_enable();
	for (;;)
		cpu_relax();
}

static noinline void faulty_print(struct faulty *faulty)
{
	/* Not so much of it that the log loses what is to be found there. */
	for (;;) {
		pr_info("printing for ever\n");
		mdelay(1);
	}
}

static noinline void faulty_sleep(struct faulty *faulty)
{
	msleep(20);
}

/* What only takes long */

static noinline void faulty_slow(struct faulty *faulty)
{
	int i;

	for (i = 0; i < 12; i++) {
		faulty_pass(faulty, 1);
		faulty_progress(faulty);
	}
}

static noinline void faulty_late(struct faulty *faulty)
{
	/*
	 * Who watches may be late as well, on a machine that has other things to do.  Without
	 * the framework nobody watches.
	 */
	faulty_pass(faulty, IS_ENABLED(CONFIG_RAS_STOP) && num_online_cpus() > 1 ? 80 : 8);
}

static noinline void faulty_ok(struct faulty *faulty)
{
}

/* Also of the kind whose not_ready() goes wrong: where there is none, this does. */
static noinline void faulty_noready(struct faulty *faulty)
{
	faulty_access();
}

static const struct faulty_kind faulty_kinds[] = {
	{ "read",	faulty_read },
	{ "write",	faulty_write },
	{ "exec",	faulty_exec },
	{ "gp",		faulty_gp },
	{ "opcode",	faulty_opcode },
	{ "bug",	faulty_bug },
	{ "divide",	faulty_divide },
	{ "int3",	faulty_int3 },
	{ "overflow",	faulty_overflow },
	{ "deep",	faulty_deep },
	{ "below",	faulty_below },
	{ "top",	faulty_top },
	{ "badstack",	faulty_badstack },
	{ "corrupt",	faulty_corrupt },
	{ "smash",	faulty_smash },
	{ "panic",	faulty_panic },
	{ "nested",	faulty_nested },
	{ "warn",	faulty_warn },
	{ "fixup",	faulty_fixup },
	{ "hang",	faulty_hang },
	{ "tight",	faulty_tight },
	{ "poll",	faulty_poll },
	{ "lock",	faulty_lock },
	{ "leak",	faulty_leak },
	{ "irqs",	faulty_irqs },
	{ "print",	faulty_print },
	{ "sleep",	faulty_sleep },
	{ "slow",	faulty_slow },
	{ "late",	faulty_late },
	{ "noready",	faulty_noready },
	{ "ok",		faulty_ok },
};

#ifdef CONFIG_RAS_STOP

static const char *faulty_not_ready(struct ras_handler *handler)
{
	/* Outside a stop it is asked with interrupts enabled, and has to answer. */
	if (irqs_disabled())
		faulty_noready(handler->priv);
	return NULL;
}

static enum ras_verdict faulty_run(struct ras_handler *handler,
				   const struct ras_stop *stop)
{
	struct faulty *faulty = handler->priv;

	/* One that gets here although its not_ready() has faulted is to be seen. */
	if (handler->not_ready)
		return RAS_NEXT;
	faulty->stop = stop;
	faulty->kind->run(faulty);
	return RAS_NEXT;
}

static int faulty_register(struct faulty *faulty)
{
	faulty->handler = (struct ras_handler) {
		.name		= faulty->name,
		.priority	= RAS_PRIO_DEBUG + faulty_nr,
		.triggers	= RAS_ON_ALL,
		.deadline_ms	= faulty->deadline_ms,
		.run		= faulty_run,
		.priv		= faulty,
	};
	if (faulty->kind->run == faulty_noready)
		faulty->handler.not_ready = faulty_not_ready;
	return ras_register_handler(&faulty->handler);
}

static void faulty_unregister(struct faulty *faulty)
{
	ras_unregister_handler(&faulty->handler);
}

#else

static int faulty_notified(struct notifier_block *notifier, unsigned long event,
			   void *message)
{
	struct faulty *faulty = container_of(notifier, struct faulty, notifier);

	/* So that the log shows how far the chain came. */
	pr_emerg("notifier %s begins\n", faulty->name);
	faulty->kind->run(faulty);
	pr_emerg("notifier %s is done\n", faulty->name);
	return NOTIFY_DONE;
}

static int faulty_register(struct faulty *faulty)
{
	faulty->notifier.notifier_call = faulty_notified;
	faulty->notifier.priority = 1000 - faulty_nr;
	return atomic_notifier_chain_register(&panic_notifier_list,
					      &faulty->notifier);
}

static void faulty_unregister(struct faulty *faulty)
{
	atomic_notifier_chain_unregister(&panic_notifier_list, &faulty->notifier);
}

#endif /* CONFIG_RAS_STOP */

static const struct faulty_kind *faulty_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(faulty_kinds); i++)
		if (!strcmp(faulty_kinds[i].name, name))
			return &faulty_kinds[i];
	return NULL;
}

/* @word: kind or kind:ms */
static int faulty_add_one(char *word)
{
	unsigned int deadline_ms = FAULTY_DEADLINE_MS;
	char *name = strsep(&word, ":");
	const struct faulty_kind *kind = faulty_find(name);
	struct faulty *faulty;
	int ret;

	if (!kind)
		return -EINVAL;
	if (word) {
		ret = kstrtouint(word, 10, &deadline_ms);
		if (ret)
			return ret;
	}
	faulty = kzalloc(sizeof(*faulty), GFP_KERNEL);
	if (!faulty)
		return -ENOMEM;
	faulty->kind = kind;
	faulty->deadline_ms = deadline_ms;
	snprintf(faulty->name, sizeof(faulty->name), "f%u_%s", faulty_nr, name);
	spin_lock_init(&faulty->leaked);
	spin_lock_init(&faulty->taken);
	/* Nobody holds it, and lockdep knows of nobody, but it is taken. */
	arch_spin_lock(&faulty->taken.rlock.raw_lock);

	ret = faulty_register(faulty);
	if (ret) {
		kfree(faulty);
		return ret;
	}
	faulty_nr++;
	list_add(&faulty->list, &faulty_list);
	return 0;
}

static int faulty_add(char *args)
{
	char *word;
	int ret;

	while ((word = strsep(&args, " "))) {
		if (!*word)
			continue;
		ret = faulty_add_one(word);
		if (ret)
			return ret;
	}
	return 0;
}

static void faulty_remove(void)
{
	struct faulty *faulty, *next;

	list_for_each_entry_safe(faulty, next, &faulty_list, list) {
		faulty_unregister(faulty);
		list_del(&faulty->list);
		kfree(faulty);
	}
	faulty_nr = 0;
}

static int faulty_command(char *line)
{
	char *args = line;
	char *verb = strsep(&args, " ");

	if (!strcmp(verb, "add") && args)
		return faulty_add(args);
	if (!strcmp(verb, "remove")) {
		faulty_remove();
		return 0;
	}
	return -EINVAL;
}

static ssize_t faulty_write_proc(struct file *file, const char __user *buf,
				 size_t count, loff_t *pos)
{
	char *line;
	int ret;

	if (count > PAGE_SIZE)
		return -EINVAL;
	line = memdup_user_nul(buf, count);
	if (IS_ERR(line))
		return PTR_ERR(line);
	mutex_lock(&faulty_mutex);
	ret = faulty_command(strim(line));
	mutex_unlock(&faulty_mutex);
	kfree(line);
	return ret ?: count;
}

static const struct proc_ops faulty_proc_ops = {
	.proc_write = faulty_write_proc,
};

static int __init faulty_init(void)
{
	faulty_page = vmalloc(PAGE_SIZE);
	if (!faulty_page)
		return -ENOMEM;
	if (!proc_create("ras_faulty", 0200, NULL, &faulty_proc_ops)) {
		vfree(faulty_page);
		return -ENOMEM;
	}
	return 0;
}

static void __exit faulty_exit(void)
{
	remove_proc_entry("ras_faulty", NULL);
	faulty_remove();
	vfree(faulty_page);
}

module_init(faulty_init);
module_exit(faulty_exit);

MODULE_DESCRIPTION("RAS stop framework: handlers that go wrong");
MODULE_LICENSE("GPL");
