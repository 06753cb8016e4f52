// SPDX-License-Identifier: GPL-2.0
/*
 * Test module: the state in which a machine may die: locks that nobody will release, the
 * memory map broken; and CPUs that hang or fault in a function of the dump engine.
 *
 * Written into /sys/module/ras_spoil/parameters/do:
 *
 *	zone		CPU 1 takes the locks of all zones, and spins with interrupts off
 *	console		CPU 1 takes the lock of the consoles, and spins
 *	disk <device>	CPU 1 takes the locks of the disk's queues, and spins
 *	net <interface>	CPU 1 takes the locks of the interface's queues, and spins
 *	queue		CPU 1 takes the lock of its run queue, and spins in an NMI
 *			(with each of these, the writing CPU panics when the locks are taken)
 *	pages		panic, with every other struct page of a range overwritten at random
 *	hole		panic, with the struct pages of 128 MiB of memory not mapped
 *	borrowed	a page is overwritten of the last block of a dump that the boot has kept
 *	hang <function> <cpu>
 *			that CPU does not come back from the function
 *	fault <function> <cpu>
 *			that CPU has a fault in it, each time
 *	panic <function>
 *			panic, when a CPU comes to the function
 *	late <text>	say the text, and panic five seconds later; interrupts are off meanwhile
 *
 * For "pages" and "hole" there are pages to look for in the dump, which begin with
 * "ras_spoil_intact": those whose struct page was left alone, or is in the hole.
 */
#define pr_fmt(fmt) "ras_spoil: " fmt

#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/console.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/page-flags.h>
#include <linux/random.h>
#include <linux/ras.h>
#include <linux/string.h>

#include <asm/apic.h>
#include <asm/nmi.h>
#include <asm/pgtable.h>
#include <asm/tlbflush.h>
#include <net/net_namespace.h>

/* Pages to look for, and as many between them. */
#define SPOIL_PAGES	256
#define SPOIL_READY_MS	5000
#define SPOIL_LATE_MS	5000

static struct block_device *spoil_disk;
/* The CPU that takes locks is there; it may take them; it has them. */
static bool spoil_ready, spoil_go, spoil_held;
/* The CPU whose next NMI is its last. */
static int spoil_in_nmi = -1;

/*
 * Wait until the CPU that is to panic has its interrupts off.  This CPU answers IPIs until then.
 * No other task may run here any more: it could wait for the other CPU, for good.
 */
static void spoil_meet(void)
{
	preempt_disable();
	WRITE_ONCE(spoil_ready, true);
	while (!READ_ONCE(spoil_go))
		cpu_relax();
}

static noinline void spoil_spin(void)
{
	WRITE_ONCE(spoil_held, true);
	for (;;)
		cpu_relax();
}

static int spoil_hold_zones(void *arg)
{
	struct zone *zones = NODE_DATA(first_online_node)->node_zones;
	unsigned int i;

	spoil_meet();
	local_irq_disable();
	for (i = 0; i < MAX_NR_ZONES; i++)
		if (populated_zone(&zones[i]))
			spin_lock(&zones[i].lock);
	spoil_spin();
	return 0;
}

static int spoil_hold_console(void *arg)
{
	console_lock();
	spoil_meet();
	spoil_spin();
	return 0;
}

static int spoil_hold_disk(void *arg)
{
	struct request_queue *q = bdev_get_queue(spoil_disk);
	struct blk_mq_hw_ctx *hctx;
	unsigned long i;

	spoil_meet();
	local_irq_disable();
	spin_lock(&q->queue_lock);
	queue_for_each_hw_ctx(q, hctx, i)
		spin_lock(&hctx->lock);
	spoil_spin();
	return 0;
}

static int spoil_hold_net(void *arg)
{
	struct net_device *dev = arg;
	unsigned int i;

	spoil_meet();
	/* As the framework of the network does before it calls the driver. */
	local_irq_disable();
	for (i = 0; i < dev->real_num_tx_queues; i++)
		__netif_tx_lock(netdev_get_tx_queue(dev, i), smp_processor_id());
	spoil_spin();
	return 0;
}

/* Of this CPU only, and after that it does not come back. */
static int spoil_nmi(unsigned int type, struct pt_regs *regs)
{
	if (READ_ONCE(spoil_in_nmi) != raw_smp_processor_id())
		return NMI_DONE;
	spoil_spin();
	return NMI_HANDLED;
}

static int spoil_hold_queue(void *arg)
{
	void *(*lock)(struct task_struct *p, void *flags) = arg;
	/* struct rq_flags, and more than that. */
	u64 flags[8];

	spoil_meet();
	lock(current, flags);
	WRITE_ONCE(spoil_in_nmi, raw_smp_processor_id());
	apic->send_IPI(raw_smp_processor_id(), NMI_VECTOR);
	spoil_spin();
	return 0;
}

static void *spoil_find_function(const char *name)
{
	struct kprobe probe = { .symbol_name = name };
	int ret = register_kprobe(&probe);

	if (ret)
		return ERR_PTR(ret);
	unregister_kprobe(&probe);
	return probe.addr;
}

/* Wait for what another CPU does, for a bounded time. */
static bool spoil_wait(const bool *what)
{
	unsigned int ms;

	for (ms = 0; ms < SPOIL_READY_MS && !READ_ONCE(*what); ms++)
		mdelay(1);
	return READ_ONCE(*what);
}

/*
 * The panic is here, and interrupts are off before the first lock is taken: this CPU would wait
 * for such a lock for good, if it allocated a page or woke a task.
 */
static int spoil_hold(const char *what, int (*hold)(void *arg), void *arg)
{
	struct task_struct *task = kthread_create_on_cpu(hold, arg, 1, "ras_marker/%u");

	if (IS_ERR(task))
		return PTR_ERR(task);
	wake_up_process(task);
	if (!spoil_wait(&spoil_ready))
		return -ETIMEDOUT;
	local_irq_disable();
	WRITE_ONCE(spoil_go, true);
	if (spoil_wait(&spoil_held))
		panic("ras_spoil: %s", what);
	local_irq_enable();
	return -ETIMEDOUT;
}

static int spoil_hold_disk_of(const char *name)
{
	spoil_disk = blkdev_get_by_path(name, FMODE_READ, NULL);
	if (IS_ERR(spoil_disk))
		return PTR_ERR(spoil_disk);
	return spoil_hold("disk", spoil_hold_disk, NULL);
}

static int spoil_hold_net_of(const char *name)
{
	struct net_device *dev = dev_get_by_name(&init_net, name);

	return dev ? spoil_hold("net", spoil_hold_net, dev) : -ENODEV;
}

static int spoil_queue(void)
{
	void *lock = spoil_find_function("task_rq_lock");
	int ret = IS_ERR(lock) ? PTR_ERR(lock) : 0;

	ret = ret ?: register_nmi_handler(NMI_LOCAL, spoil_nmi, NMI_FLAG_FIRST, "ras_spoil");
	return ret ?: spoil_hold("queue", spoil_hold_queue, lock);
}

/* Pages that are alike but for what they begin with. */
static void *spoil_make_pages(void)
{
	u8 *pages = alloc_pages_exact(2 * SPOIL_PAGES * PAGE_SIZE, GFP_KERNEL);
	unsigned int i;

	if (!pages)
		return NULL;
	get_random_bytes(pages, 2 * SPOIL_PAGES * PAGE_SIZE);
	for (i = 0; i < 2 * SPOIL_PAGES; i++)
		strcpy(pages + i * PAGE_SIZE, i % 2 ? "ras_spoil_broken" : "ras_spoil_intact");
	return pages;
}

static int spoil_pages(void)
{
	u8 *pages = spoil_make_pages();
	unsigned int i;

	if (!pages)
		return -ENOMEM;
	local_irq_disable();
	for (i = 1; i < 2 * SPOIL_PAGES; i += 2)
		get_random_bytes(virt_to_page(pages + i * PAGE_SIZE), sizeof(struct page));
	panic("ras_spoil: pages");
}

/* The entry of the page tables that maps the struct page of a page, with its neighbours'. */
static pmd_t *spoil_find_entry(const void *page)
{
	unsigned long address = (unsigned long)virt_to_page(page);
	pgd_t *pgd = pgd_offset_pgd(__va(read_cr3_pa()), address);
	p4d_t *p4d = pgd_none(*pgd) ? NULL : p4d_offset(pgd, address);
	pud_t *pud = !p4d || p4d_none(*p4d) ? NULL : pud_offset(p4d, address);

	return !pud || pud_none(*pud) ? NULL : pmd_offset(pud, address);
}

static int spoil_hole(void)
{
	u8 *pages = spoil_make_pages();
	pmd_t *entry = pages ? spoil_find_entry(pages) : NULL;

	if (!entry)
		return -ENOMEM;
	pr_info("the hole is of %lu MiB\n", PMD_SIZE / sizeof(struct page) * PAGE_SIZE >> 20);
	local_irq_disable();
	native_set_pmd(entry, native_make_pmd(0));
	/* Of this CPU: the one that panics, and dumps. */
	native_write_cr3(__native_read_cr3());
	panic("ras_spoil: hole");
}

/* The head of such a block. */
struct spoil_head {
	char	magic[8];
	u32	version;
	u32	block;
	u32	index;
};

#define SPOIL_BLOCK_PAGES	512UL

static int spoil_borrowed(void)
{
	unsigned long pfn, end = node_end_pfn(0);
	struct spoil_head head, *last = NULL;
	u32 index = 0;

	for (pfn = SPOIL_BLOCK_PAGES; pfn < end; pfn += SPOIL_BLOCK_PAGES) {
		if (!pfn_valid(pfn) || !PageReserved(pfn_to_page(pfn)) ||
		    ras_copy(&head, __va(PFN_PHYS(pfn)), sizeof(head)) ||
		    memcmp(head.magic, "RASDUMPB", sizeof(head.magic)) || head.index < index)
			continue;
		last = __va(PFN_PHYS(pfn));
		index = head.index;
	}
	if (!last)
		return -ENOENT;
	pr_info("block %u of the dump\n", index);
	memset((void *)last + PAGE_SIZE, 0x55, PAGE_SIZE);
	return 0;
}

static char spoil_function[KSYM_NAME_LEN];
static unsigned int spoil_cpu;

enum spoil_how { SPOIL_HANG, SPOIL_FAULT, SPOIL_PANIC };

static enum spoil_how spoil_how;

static int spoil_reached(struct kprobe *probe, struct pt_regs *regs)
{
	if (spoil_how == SPOIL_PANIC)
		panic("ras_spoil: %s", spoil_function);
	if (raw_smp_processor_id() != spoil_cpu)
		return 0;
	if (spoil_how == SPOIL_FAULT)
		WRITE_ONCE(*(int *)8UL, 1);
	for (;;)
		cpu_relax();
}

NOKPROBE_SYMBOL(spoil_reached);

static struct kprobe spoil_probe = {
	.symbol_name	= spoil_function,
	.pre_handler	= spoil_reached,
};

/* "<function> <cpu>", or for a panic "<function>" */
static int spoil_probe_at(const char *words, enum spoil_how how)
{
	char number[8];

	BUILD_BUG_ON(sizeof(spoil_function) < 128);
	if (how == SPOIL_PANIC)
		strscpy(spoil_function, words, sizeof(spoil_function));
	else if (sscanf(words, "%127s %7s", spoil_function, number) != 2 ||
		 kstrtouint(number, 10, &spoil_cpu))
		return -EINVAL;
	spoil_how = how;
	return register_kprobe(&spoil_probe);
}

/* The lab does what the text asks for, and the kernel does not get to know of it. */
static int spoil_late(const char *text)
{
	local_irq_disable();
	pr_info("RT: %s\n", text);
	mdelay(SPOIL_LATE_MS);
	panic("ras_spoil: late");
}

static int spoil_do(const char *text, const struct kernel_param *param)
{
	char word[64], *name;
	int ret;

	strscpy(word, text, sizeof(word));
	name = strim(word);
	if (!strcmp(name, "zone"))
		ret = spoil_hold("zone", spoil_hold_zones, NULL);
	else if (!strcmp(name, "console"))
		ret = spoil_hold("console", spoil_hold_console, NULL);
	else if (strstarts(name, "disk "))
		ret = spoil_hold_disk_of(name + strlen("disk "));
	else if (strstarts(name, "net "))
		ret = spoil_hold_net_of(name + strlen("net "));
	else if (strstarts(name, "late "))
		ret = spoil_late(name + strlen("late "));
	else if (!strcmp(name, "queue"))
		ret = spoil_queue();
	else if (!strcmp(name, "pages"))
		ret = spoil_pages();
	else if (!strcmp(name, "hole"))
		ret = spoil_hole();
	else if (!strcmp(name, "borrowed"))
		ret = spoil_borrowed();
	else if (strstarts(name, "hang "))
		ret = spoil_probe_at(name + strlen("hang "), SPOIL_HANG);
	else if (strstarts(name, "fault "))
		ret = spoil_probe_at(name + strlen("fault "), SPOIL_FAULT);
	else if (strstarts(name, "panic "))
		ret = spoil_probe_at(name + strlen("panic "), SPOIL_PANIC);
	else
		ret = -EINVAL;
	pr_info("%s: %d\n", name, ret);
	return ret;
}

static const struct kernel_param_ops spoil_ops = { .set = spoil_do };

module_param_cb(do, &spoil_ops, NULL, 0200);
MODULE_PARM_DESC(do, "what to spoil");

MODULE_DESCRIPTION("Spoils what a dump should not need");
MODULE_LICENSE("GPL");
