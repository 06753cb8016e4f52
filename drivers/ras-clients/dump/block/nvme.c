// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target block: the polled driver for NVMe.
 *
 * It resets the controller, which makes it forget the kernel's queues, and gives it two pairs
 * of its own: the admin queue, and one queue for I/O.
 *
 * "Spec" is the NVM Express Base Specification, revision 1.4.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/blk-integrity.h>
#include <linux/blkdev.h>
#include <linux/io.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/log2.h>
#include <linux/nvme.h>
#include <linux/nvme_ioctl.h>
#include <linux/pci.h>
#include <linux/printk.h>
#include <linux/ras.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "disk.h"

/* The page of the device, whatever the CPU's is: CC.MPS = 0, spec 3.1.5. */
#define DUMP_NVME_PAGE		SZ_4K
/* Entries of a queue; one stays empty, or a full queue looks like an empty one (spec 4.1.2). */
#define DUMP_NVME_DEPTH		(2 * DUMP_DISK_TAGS)
/* The queue for I/O; 0 is the admin queue. */
#define DUMP_NVME_QUEUE		1
/* The registers and the doorbells of two queues at the widest stride end before it. */
#define DUMP_NVME_BAR		SZ_1M
/* Every so many looks in vain, dump_nvme_poll() reads a register, which is slow. */
#define DUMP_NVME_LOOKS		1024
/* What may fail without harm gets half the time, so that what comes after it has some. */
#define DUMP_NVME_HALF_NS	(DUMP_DISK_TIMEOUT_NS / 2)

/* What the device reads and writes.  Queues begin at a page (spec 3.1.9, 3.1.10, 5.3, 5.4). */
struct dump_nvme_memory {
	struct nvme_command	admin_sq[DUMP_NVME_DEPTH] __aligned(DUMP_NVME_PAGE);
	struct nvme_completion	admin_cq[DUMP_NVME_DEPTH] __aligned(DUMP_NVME_PAGE);
	struct nvme_command	sq[DUMP_NVME_DEPTH] __aligned(DUMP_NVME_PAGE);
	struct nvme_completion	cq[DUMP_NVME_DEPTH] __aligned(DUMP_NVME_PAGE);
	struct nvme_id_ns	id __aligned(DUMP_NVME_PAGE);
	/* For each tag, the pages of its buffer but the first. */
	__le64			prps[DUMP_DISK_TAGS][DUMP_NVME_PAGE / sizeof(__le64)]
					__aligned(DUMP_NVME_PAGE);
};

static_assert(sizeof(struct nvme_command) == 1 << NVME_NVM_IOSQES);
static_assert(sizeof(struct nvme_completion) == 1 << NVME_NVM_IOCQES);
static_assert(DUMP_NVME_DEPTH * sizeof(struct nvme_command) <= DUMP_NVME_PAGE);
static_assert(DUMP_NVME_PAGE * (DUMP_NVME_PAGE / sizeof(__le64)) >= DUMP_DISK_BYTES);

/**
 * struct dump_nvme_queue - a submission queue and its completion queue
 * @sq: the commands
 * @cq: and how they ended
 * @tail_bell: the doorbell where the device is told @tail
 * @head_bell: and @head
 * @depth: entries of each
 * @tail: the entry of @sq that the next command goes to
 * @head: the entry of @cq that the device writes next
 * @phase: the phase bit of an entry that is new
 */
struct dump_nvme_queue {
	struct nvme_command	*sq;
	struct nvme_completion	*cq;
	void __iomem		*tail_bell;
	void __iomem		*head_bell;
	u16			depth;
	u16			tail;
	u16			head;
	u16			phase;
};

/**
 * struct dump_nvme - a controller and the namespace that is dumped to
 * @pdev: its PCI device
 * @bar: its registers
 * @cap: the register CAP
 * @nsid: the namespace
 * @block_shift: size of its blocks, as a power of two
 * @memory: see there
 * @addr: where the device sees @memory
 * @admin: the admin queue
 * @io: the queue for I/O
 * @in_flight: a bit for each tag that is
 * @looks: how often dump_nvme_poll() has found nothing
 * @began_ns: when the start or stop in progress began
 */
struct dump_nvme {
	struct pci_dev		*pdev;
	void __iomem		*bar;
	u64			cap;
	u32			nsid;
	unsigned int		block_shift;
	struct dump_nvme_memory	*memory;
	dma_addr_t		addr;
	struct dump_nvme_queue	admin;
	struct dump_nvme_queue	io;
	unsigned long		in_flight;
	unsigned int		looks;
	u64			began_ns;
};

/* Where the device sees a part of its memory. */
static u64 dump_nvme_addr(const struct dump_nvme *nvme, const void *part)
{
	return nvme->addr + (part - (const void *)nvme->memory);
}

/* CAP.DSTRD: how far a doorbell is from the next one, in bytes (spec 3.1.1). */
static u32 dump_nvme_stride(const struct dump_nvme *nvme)
{
	return 4 << NVME_CAP_STRIDE(nvme->cap);
}

/* What is left of the time for the start or stop in progress. */
static u64 dump_nvme_left_ns(const struct dump_nvme *nvme)
{
	u64 spent = ras_clock_ns() - nvme->began_ns;

	return spent < DUMP_DISK_TIMEOUT_NS ? DUMP_DISK_TIMEOUT_NS - spent : 0;
}

/*
 * CAP.TO: how long CSTS.RDY may take to follow CC.EN, in units of 500 ms (spec 3.1.1).  Like
 * the kernel's driver, allow for one unit more: some devices say 0.
 */
static u64 dump_nvme_ready_ns(const struct dump_nvme *nvme)
{
	return (NVME_CAP_TIMEOUT(nvme->cap) + 1) * 500 * (u64)NSEC_PER_MSEC;
}

/*
 * Does CSTS (spec 3.1.6) have @value in @mask?  Return: 0; -EAGAIN if not; -ENODEV; -EIO.
 * Nothing but a reset clears a fatal status: whoever waits for that, with 0, must not mind it.
 */
static int dump_nvme_look(const struct dump_nvme *nvme, u32 mask, u32 value)
{
	u32 csts = readl(nvme->bar + NVME_REG_CSTS);

	if (csts == U32_MAX)
		return -ENODEV;
	if (value && (csts & NVME_CSTS_CFS))
		return -EIO;
	return (csts & mask) == value ? 0 : -EAGAIN;
}

/* Wait until CSTS has @value in @mask.  Return: as dump_nvme_look(), but -ETIMEDOUT if not. */
static int dump_nvme_wait(const struct dump_nvme *nvme, u32 mask, u32 value, u64 limit_ns)
{
	int ret;
	bool met = ras_poll((ret = dump_nvme_look(nvme, mask, value)) != -EAGAIN,
			    min(limit_ns, dump_nvme_left_ns(nvme)));

	return met ? ret : -ETIMEDOUT;
}

/* Reset the controller; it does not touch memory afterwards (spec 7.3.2). */
static int dump_nvme_reset(const struct dump_nvme *nvme)
{
	u32 csts = readl(nvme->bar + NVME_REG_CSTS);
	u32 cc = readl(nvme->bar + NVME_REG_CC);

	if (cc == U32_MAX)
		return -ENODEV;
	/*
	 * To clear CC.EN before CSTS.RDY has followed it has undefined results (spec 3.1.5).
	 * The kernel may have been enabling the controller: let that end, if it does.
	 */
	if ((cc & NVME_CC_ENABLE) &&
	    !(csts & (NVME_CSTS_RDY | NVME_CSTS_CFS | NVME_CSTS_SHST_MASK)))
		dump_nvme_wait(nvme, NVME_CSTS_RDY, NVME_CSTS_RDY,
			       min(dump_nvme_ready_ns(nvme), DUMP_NVME_HALF_NS));
	writel(cc & ~(NVME_CC_ENABLE | NVME_CC_SHN_MASK), nvme->bar + NVME_REG_CC);
	return dump_nvme_wait(nvme, NVME_CSTS_RDY, 0, dump_nvme_ready_ns(nvme));
}

static void dump_nvme_rewind(struct dump_nvme_queue *queue)
{
	queue->tail = 0;
	queue->head = 0;
	/* The first round of the device sets the bit in entries that were zero (spec 4.6). */
	queue->phase = 1;
}

/* Enable the controller, which has been reset, with the admin queue (spec 7.6.1). */
static int dump_nvme_enable(struct dump_nvme *nvme)
{
	u32 last = nvme->admin.depth - 1;
	u32 cc = NVME_CC_AMS_RR | NVME_CC_SHN_NONE | NVME_CC_IOSQES | NVME_CC_IOCQES;

	/* The same command set as the kernel's driver has found to work here. */
	cc |= NVME_CAP_CSS(nvme->cap) & NVME_CAP_CSS_CSI ? NVME_CC_CSS_CSI : NVME_CC_CSS_NVM;
	memset(nvme->memory, 0, sizeof(*nvme->memory));
	nvme->in_flight = 0;
	dump_nvme_rewind(&nvme->admin);
	dump_nvme_rewind(&nvme->io);
	/* The zeroes are there before the device is. */
	dma_wmb();

	/*
	 * Keep it from interrupting by pin or MSI.  With MSI-X the register must not be
	 * accessed (spec 3.1.3); there the admin queue, which can do no other, sends vector 0.
	 */
	if (!nvme->pdev->msix_enabled)
		writel(U32_MAX, nvme->bar + NVME_REG_INTMS);
	/* Sizes are one less than the number of entries (spec 3.1.8). */
	writel(last << 16 | last, nvme->bar + NVME_REG_AQA);
	lo_hi_writeq(dump_nvme_addr(nvme, nvme->admin.sq), nvme->bar + NVME_REG_ASQ);
	lo_hi_writeq(dump_nvme_addr(nvme, nvme->admin.cq), nvme->bar + NVME_REG_ACQ);
	/* Set up first, then enable. */
	writel(cc, nvme->bar + NVME_REG_CC);
	writel(cc | NVME_CC_ENABLE, nvme->bar + NVME_REG_CC);
	return dump_nvme_wait(nvme, NVME_CSTS_RDY, NVME_CSTS_RDY, dump_nvme_ready_ns(nvme));
}

/* Give the device a command; the caller sees to it that there is room. */
static void dump_nvme_issue(struct dump_nvme_queue *queue, const struct nvme_command *entry)
{
	queue->sq[queue->tail] = *entry;
	queue->tail = (queue->tail + 1) % queue->depth;
	/* The device reads the command, and the list it points to, once it is told. */
	dma_wmb();
	writel(queue->tail, queue->tail_bell);
}

/* Take the next completion, if there is one (spec 4.6); *@status is 0 for success. */
static bool dump_nvme_reap(struct dump_nvme_queue *queue, u16 *id, u16 *status)
{
	const struct nvme_completion *entry = &queue->cq[queue->head];
	u16 word = le16_to_cpu(READ_ONCE(entry->status));

	if ((word & 1) != queue->phase)
		return false;
	/* The phase is written with or after the rest, so it has to be read before it. */
	dma_rmb();
	*id = READ_ONCE(entry->command_id);
	/* Code and type of the status; the bits above tell of retries and logs. */
	*status = (word >> 1) & 0x7ff;
	if (++queue->head == queue->depth) {
		queue->head = 0;
		queue->phase ^= 1;
	}
	writel(queue->head, queue->head_bell);
	return true;
}

/* Have an admin command done; do not wait on if the controller breaks. */
static int dump_nvme_admin(struct dump_nvme *nvme, struct nvme_command *entry)
{
	u16 own = nvme->admin.tail, id = 0, status = 0;
	bool done = false;
	int look = 0;

	entry->common.command_id = own;
	dump_nvme_issue(&nvme->admin, entry);
	ras_poll((done = dump_nvme_reap(&nvme->admin, &id, &status) && id == own) ||
		 (look = dump_nvme_look(nvme, NVME_CSTS_RDY, NVME_CSTS_RDY)),
		 dump_nvme_left_ns(nvme));
	if (!done && !look)
		return -ETIMEDOUT;
	if (!done)
		return look == -ENODEV ? -ENODEV : -EIO;
	if (!status)
		return 0;
	pr_err("%s: admin command %#x fails: status %#x\n", pci_name(nvme->pdev),
	       entry->common.opcode, status);
	return -EIO;
}

/*
 * Is the namespace what dump_nvme_arm() took it for?  If not, all would be written to the wrong
 * place.  Without CONFIG_BLK_DEV_INTEGRITY, this alone finds out that blocks have metadata.
 */
static int dump_nvme_identify(struct dump_nvme *nvme)
{
	const struct nvme_id_ns *id = &nvme->memory->id;
	struct nvme_command entry = { };
	const struct nvme_lbaf *format;
	int ret;

	/* Spec 5.15. */
	entry.identify.opcode = nvme_admin_identify;
	entry.identify.cns = NVME_ID_CNS_NS;
	entry.identify.nsid = cpu_to_le32(nvme->nsid);
	entry.identify.dptr.prp1 = cpu_to_le64(dump_nvme_addr(nvme, id));
	ret = dump_nvme_admin(nvme, &entry);
	if (ret)
		return ret;
	format = &id->lbaf[nvme_lbaf_index(id->flbas)];
	if (format->ds == nvme->block_shift && !format->ms)
		return 0;
	pr_err("%s: namespace %u has blocks of 2^%u bytes with %u of metadata, not of 2^%u\n",
	       pci_name(nvme->pdev), nvme->nsid, format->ds, le16_to_cpu(format->ms),
	       nvme->block_shift);
	return -EIO;
}

/* Create the queue for I/O: the completion queue first, as the other refers to it. */
static int dump_nvme_create_queue(struct dump_nvme *nvme)
{
	struct nvme_command count = { }, cq = { }, sq = { };
	int ret;

	/*
	 * Spec 7.6.1 wants the number of queues negotiated first (5.21.1.7); 0 is one of each.
	 * A device that refuses has some by default.
	 */
	count.features.opcode = nvme_admin_set_features;
	count.features.fid = cpu_to_le32(NVME_FEAT_NUM_QUEUES);
	ret = dump_nvme_admin(nvme, &count);
	if (ret && ret != -EIO)
		return ret;

	/* Spec 5.3: contiguous, no interrupts. */
	cq.create_cq.opcode = nvme_admin_create_cq;
	cq.create_cq.prp1 = cpu_to_le64(dump_nvme_addr(nvme, nvme->io.cq));
	cq.create_cq.cqid = cpu_to_le16(DUMP_NVME_QUEUE);
	cq.create_cq.qsize = cpu_to_le16(nvme->io.depth - 1);
	cq.create_cq.cq_flags = cpu_to_le16(NVME_QUEUE_PHYS_CONTIG);
	ret = dump_nvme_admin(nvme, &cq);
	if (ret)
		return ret;

	/* Spec 5.4. */
	sq.create_sq.opcode = nvme_admin_create_sq;
	sq.create_sq.prp1 = cpu_to_le64(dump_nvme_addr(nvme, nvme->io.sq));
	sq.create_sq.sqid = cpu_to_le16(DUMP_NVME_QUEUE);
	sq.create_sq.qsize = cpu_to_le16(nvme->io.depth - 1);
	sq.create_sq.sq_flags = cpu_to_le16(NVME_QUEUE_PHYS_CONTIG);
	sq.create_sq.cqid = cpu_to_le16(DUMP_NVME_QUEUE);
	return dump_nvme_admin(nvme, &sq);
}

static int dump_nvme_start(struct dump_disk *disk)
{
	struct dump_nvme *nvme = disk->priv;
	int ret;

	nvme->began_ns = ras_clock_ns();
	ret = dump_nvme_reset(nvme);
	if (!ret)
		ret = dump_nvme_enable(nvme);
	if (!ret)
		ret = dump_nvme_identify(nvme);
	if (!ret)
		ret = dump_nvme_create_queue(nvme);
	if (ret)
		pr_err("%s: NVMe does not start: %d, CSTS %#x\n", pci_name(nvme->pdev), ret,
		       readl(nvme->bar + NVME_REG_CSTS));
	return ret;
}

/* A flush was done before: should the shutdown (spec 7.6.2) not end in time, nothing is lost. */
static void dump_nvme_stop(struct dump_disk *disk)
{
	struct dump_nvme *nvme = disk->priv;
	u32 cc = readl(nvme->bar + NVME_REG_CC);

	nvme->began_ns = ras_clock_ns();
	if (cc != U32_MAX && (cc & NVME_CC_ENABLE)) {
		writel((cc & ~NVME_CC_SHN_MASK) | NVME_CC_SHN_NORMAL, nvme->bar + NVME_REG_CC);
		dump_nvme_wait(nvme, NVME_CSTS_SHST_MASK, NVME_CSTS_SHST_CMPLT,
			       DUMP_NVME_HALF_NS);
	}
	dump_nvme_reset(nvme);
}

/*
 * Tell where the data is (spec 4.3): the first page, and the second one or, if there are more,
 * a list of them.  Pages after the first have no offset: the buffer begins at a page.
 */
static void dump_nvme_set_data(struct dump_nvme *nvme, unsigned int tag,
			       const struct dump_command *command, union nvme_data_ptr *data)
{
	unsigned int i, pages = DIV_ROUND_UP(command->bytes, DUMP_NVME_PAGE);
	__le64 *list = nvme->memory->prps[tag];

	for (i = 1; i < pages; i++)
		list[i - 1] = cpu_to_le64(command->addr + i * DUMP_NVME_PAGE);
	data->prp1 = cpu_to_le64(command->addr);
	if (pages == 2)
		data->prp2 = list[0];
	else if (pages > 2)
		data->prp2 = cpu_to_le64(dump_nvme_addr(nvme, list));
}

/* Would the device take it as it is meant?  A part of a block would be rounded off silently. */
static bool dump_nvme_is_proper(const struct dump_disk *disk, const struct dump_command *command)
{
	const struct dump_nvme *nvme = disk->priv;
	u64 parts = command->sector * DUMP_SECTOR | command->bytes;

	return command->bytes && command->bytes <= disk->max_bytes &&
	       !(parts & (BIT(nvme->block_shift) - 1)) && !(command->addr % DUMP_NVME_PAGE);
}

static int dump_nvme_submit(struct dump_disk *disk, unsigned int tag,
			    const struct dump_command *command)
{
	struct dump_nvme *nvme = disk->priv;
	struct nvme_command entry = { };

	if (tag >= DUMP_DISK_TAGS)
		return -EIO;
	/* As few as one command fits, should the device have but short queues. */
	if ((nvme->in_flight & BIT(tag)) || hweight_long(nvme->in_flight) >= nvme->io.depth - 1)
		return -EAGAIN;
	entry.rw.command_id = tag;
	entry.rw.nsid = cpu_to_le32(nvme->nsid);
	/* Spec 6.8, 6.9, 6.15. */
	if (command->op == DUMP_DISK_FLUSH) {
		entry.rw.opcode = nvme_cmd_flush;
	} else {
		if (!dump_nvme_is_proper(disk, command))
			return -EIO;
		entry.rw.opcode = command->op == DUMP_DISK_READ ? nvme_cmd_read : nvme_cmd_write;
		entry.rw.slba = cpu_to_le64(command->sector * DUMP_SECTOR >> nvme->block_shift);
		/* One less than the number of blocks. */
		entry.rw.length = cpu_to_le16((command->bytes >> nvme->block_shift) - 1);
		dump_nvme_set_data(nvme, tag, command, &entry.rw.dptr);
	}
	nvme->in_flight |= BIT(tag);
	dump_nvme_issue(&nvme->io, &entry);
	return 0;
}

static int dump_nvme_poll(struct dump_disk *disk, unsigned int *tag, int *error)
{
	struct dump_nvme *nvme = disk->priv;
	u16 id, status;

	if (!dump_nvme_reap(&nvme->io, &id, &status)) {
		if (++nvme->looks % DUMP_NVME_LOOKS)
			return -EAGAIN;
		/* Gone, broken, or no longer ready: none will come any more. */
		return dump_nvme_look(nvme, NVME_CSTS_RDY, NVME_CSTS_RDY) ? -ENODEV : -EAGAIN;
	}
	if (id >= DUMP_DISK_TAGS || !(nvme->in_flight & BIT(id)))
		return -EAGAIN;
	nvme->in_flight &= ~BIT(id);
	if (status)
		pr_err("%s: a command fails: status %#x\n", pci_name(nvme->pdev), status);
	*tag = id;
	*error = status ? -EIO : 0;
	return 0;
}

/*
 * Find the namespace.  Only the kernel's driver knows, and only a disk of its own may be asked:
 * that is a child of the controller (nvme_alloc_ns()), while one that has several paths is a
 * child of the subsystem (nvme_mpath_set_live()).
 */
static int dump_nvme_find(struct dump_disk *disk, struct block_device *bdev)
{
	const struct block_device_operations *fops = bdev->bd_disk->fops;
	const struct device *ctrl = disk_to_dev(bdev->bd_disk)->parent;
	struct dump_nvme *nvme = disk->priv;
	int nsid;

	if (!ctrl || ctrl->parent != &disk->device.pdev->dev || !ctrl->class ||
	    strcmp(ctrl->class->name, "nvme") || !fops->ioctl)
		return -EOPNOTSUPP;
	nsid = fops->ioctl(bdev, FMODE_READ, NVME_IOCTL_ID, 0);
	if (nsid <= 0)
		return -EOPNOTSUPP;
	nvme->nsid = nsid;
	return 0;
}

/* Learn how the namespace is to be used from what the kernel's driver has told the block layer. */
static int dump_nvme_measure(struct dump_disk *disk, struct block_device *bdev)
{
	struct dump_nvme *nvme = disk->priv;
	unsigned int sectors = queue_max_hw_sectors(bdev_get_queue(bdev));

	/*
	 * A namespace with metadata has an integrity profile, if only an empty one, or no
	 * capacity (nvme_update_disk_info()); see also dump_nvme_identify().
	 */
	if (blk_get_integrity(bdev->bd_disk) || !get_capacity(bdev->bd_disk) ||
	    bdev_is_zoned(bdev) || bdev_logical_block_size(bdev) > DUMP_NVME_PAGE)
		return -EOPNOTSUPP;
	nvme->block_shift = ilog2(bdev_logical_block_size(bdev));
	/* MDTS (spec 5.15) is in there. */
	if (sectors < PAGE_SIZE / DUMP_SECTOR)
		return -EOPNOTSUPP;
	sectors = min_t(unsigned int, sectors, DUMP_DISK_BYTES / DUMP_SECTOR);
	disk->max_bytes = rounddown_pow_of_two(sectors) * DUMP_SECTOR;
	return 0;
}

/* Map the registers.  CAP is the only one that is read while the kernel's driver is at work. */
static int dump_nvme_map(struct dump_nvme *nvme)
{
	size_t size = min_t(resource_size_t, pci_resource_len(nvme->pdev, 0), DUMP_NVME_BAR);

	if (!(pci_resource_flags(nvme->pdev, 0) & IORESOURCE_MEM) || size <= NVME_REG_DBS)
		return -ENODEV;
	nvme->bar = ioremap(pci_resource_start(nvme->pdev, 0), size);
	if (!nvme->bar)
		return -ENOMEM;
	nvme->cap = lo_hi_readq(nvme->bar + NVME_REG_CAP);
	if (nvme->cap == U64_MAX)
		return -ENODEV;
	if (NVME_CAP_MPSMIN(nvme->cap) ||
	    size < NVME_REG_DBS + 2 * (DUMP_NVME_QUEUE + 1) * dump_nvme_stride(nvme))
		return -EOPNOTSUPP;
	return 0;
}

/* Where the doorbells of a queue are: spec 3.1, SQyTDBL and CQyHDBL. */
static void dump_nvme_set_bells(struct dump_nvme *nvme, struct dump_nvme_queue *queue,
				unsigned int id)
{
	queue->tail_bell = nvme->bar + NVME_REG_DBS + 2 * id * dump_nvme_stride(nvme);
	queue->head_bell = queue->tail_bell + dump_nvme_stride(nvme);
}

static int dump_nvme_allocate(struct dump_disk *disk)
{
	struct dump_nvme *nvme = disk->priv;

	nvme->memory = dump_device_alloc(&disk->device, sizeof(*nvme->memory), &nvme->addr);
	if (!nvme->memory)
		return -ENOMEM;
	nvme->admin.sq = nvme->memory->admin_sq;
	nvme->admin.cq = nvme->memory->admin_cq;
	nvme->admin.depth = DUMP_NVME_DEPTH;
	dump_nvme_set_bells(nvme, &nvme->admin, 0);
	nvme->io.sq = nvme->memory->sq;
	nvme->io.cq = nvme->memory->cq;
	/* CAP.MQES (spec 3.1.1) is 0-based and at least 1; some devices say 0 and mean more. */
	nvme->io.depth = clamp_t(u32, NVME_CAP_MQES(nvme->cap) + 1, 2, DUMP_NVME_DEPTH);
	dump_nvme_set_bells(nvme, &nvme->io, DUMP_NVME_QUEUE);
	return 0;
}

static void dump_nvme_disarm(struct dump_disk *disk)
{
	struct dump_nvme *nvme = disk->priv;

	dump_device_free(&disk->device, sizeof(*nvme->memory), nvme->memory, nvme->addr);
	if (nvme->bar)
		iounmap(nvme->bar);
	kfree(nvme);
	disk->priv = NULL;
}

static int dump_nvme_arm(struct dump_disk *disk, struct block_device *bdev)
{
	struct dump_nvme *nvme = kzalloc(sizeof(*nvme), GFP_KERNEL);
	int ret;

	if (!nvme)
		return -ENOMEM;
	disk->priv = nvme;
	nvme->pdev = disk->device.pdev;
	ret = dump_nvme_find(disk, bdev);
	if (!ret)
		ret = dump_nvme_measure(disk, bdev);
	if (!ret)
		ret = dump_nvme_map(nvme);
	if (!ret)
		ret = dump_nvme_allocate(disk);
	if (ret)
		dump_nvme_disarm(disk);
	return ret;
}

static bool dump_nvme_matches(const struct pci_dev *pdev)
{
	return pdev->class == PCI_CLASS_STORAGE_EXPRESS;
}

const struct dump_disk_ops dump_nvme_ops = {
	.name		= "NVMe",
	.matches	= dump_nvme_matches,
	.arm		= dump_nvme_arm,
	.disarm		= dump_nvme_disarm,
	.start		= dump_nvme_start,
	.submit		= dump_nvme_submit,
	.poll		= dump_nvme_poll,
	.stop		= dump_nvme_stop,
};
