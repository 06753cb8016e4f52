// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target block: virtio-blk over PCI, polled.
 *
 * Virtual I/O Device (VIRTIO) 1.2: 2.7 split virtqueues, 3.1.1 initialization, 4.1 PCI, 5.2
 * block device.  A device that has the legacy interface only is not supported.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/blkdev.h>
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/pci.h>
#include <linux/ras.h>
#include <linux/slab.h>
#include <linux/virtio.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>

#include "disk.h"

#define DUMP_VIRTIO_TRANSITIONAL	0x1001
#define DUMP_VIRTIO_MODERN		(0x1040 + VIRTIO_ID_BLOCK)

/* Descriptors of a command: header, data, status. */
#define DUMP_VIRTIO_CHAIN	3
/* A power of two that holds the chains of all tags. */
#define DUMP_VIRTIO_QUEUE	32
/* Nobody is to be interrupted. */
#define DUMP_VIRTIO_NO_VECTOR	0xffff

/* What the device reads and writes. */
struct dump_virtio_shared {
	struct vring_desc		desc[DUMP_VIRTIO_QUEUE];
	struct {
		__virtio16		flags;
		__virtio16		idx;
		__virtio16		ring[DUMP_VIRTIO_QUEUE];
		__virtio16		used_event;
	} avail;
	struct {
		__virtio16		flags;
		__virtio16		idx;
		struct vring_used_elem	ring[DUMP_VIRTIO_QUEUE];
		__virtio16		avail_event;
	} used __aligned(4);
	struct virtio_blk_outhdr	header[DUMP_DISK_TAGS];
	u8				status[DUMP_DISK_TAGS];
};

/**
 * struct dump_virtio - a virtio-blk device
 * @common: its common configuration
 * @notify: where the queues are notified
 * @notify_step: distance of two queues there, in bytes
 * @shared: see struct dump_virtio_shared
 * @addr: the same, as the device sees it
 * @doorbell: where the queue is notified, since the last start
 * @avail: commands that were given to the device since then
 * @used: those that it has ended
 * @busy: tags in flight
 * @done: tags that ended without the device
 * @flushes: the device has a cache, and takes the command to flush it
 */
struct dump_virtio {
	struct virtio_pci_common_cfg __iomem *common;
	void __iomem			*notify;
	u32				notify_step;
	struct dump_virtio_shared	*shared;
	dma_addr_t			addr;
	void __iomem			*doorbell;
	u16				avail;
	u16				used;
	unsigned long			busy;
	unsigned long			done;
	bool				flushes;
};

static bool dump_virtio_matches(const struct pci_dev *pdev)
{
	return pdev->vendor == PCI_VENDOR_ID_REDHAT_QUMRANET &&
	       (pdev->device == DUMP_VIRTIO_TRANSITIONAL || pdev->device == DUMP_VIRTIO_MODERN);
}

/*
 * Map the structure of @type that a capability tells of (4.1.4).  Leaves the number behind
 * the capability, which only that for notifications has, in *@extra.
 */
static void __iomem *dump_virtio_map(struct pci_dev *pdev, u8 type, size_t size, u32 *extra)
{
	int at;

	for (at = pci_find_capability(pdev, PCI_CAP_ID_VNDR); at;
	     at = pci_find_next_capability(pdev, at, PCI_CAP_ID_VNDR)) {
		u32 offset, length;
		u8 kind, bar;

		pci_read_config_byte(pdev, at + offsetof(struct virtio_pci_cap, cfg_type), &kind);
		pci_read_config_byte(pdev, at + offsetof(struct virtio_pci_cap, bar), &bar);
		pci_read_config_dword(pdev, at + offsetof(struct virtio_pci_cap, offset), &offset);
		pci_read_config_dword(pdev, at + offsetof(struct virtio_pci_cap, length), &length);
		/* A BAR of ports is left to a later capability of the same type. */
		if (kind != type || bar >= PCI_STD_NUM_BARS ||
		    !(pci_resource_flags(pdev, bar) & IORESOURCE_MEM) || length < size ||
		    offset > pci_resource_len(pdev, bar) ||
		    length > pci_resource_len(pdev, bar) - offset)
			continue;
		if (extra)
			pci_read_config_dword(pdev, at + sizeof(struct virtio_pci_cap), extra);
		return ioremap(pci_resource_start(pdev, bar) + offset, length);
	}
	return NULL;
}

static void dump_virtio_disarm(struct dump_disk *disk)
{
	struct dump_virtio *virtio = disk->priv;

	dump_disk_free(disk, sizeof(*virtio->shared), virtio->shared, virtio->addr);
	if (virtio->notify)
		iounmap(virtio->notify);
	if (virtio->common)
		iounmap(virtio->common);
	kfree(virtio);
}

static int dump_virtio_arm(struct dump_disk *disk, struct block_device *bdev)
{
	struct device *parent = disk_to_dev(bdev->bd_disk)->parent;
	struct dump_virtio *virtio = kzalloc(sizeof(*virtio), GFP_KERNEL);

	BUILD_BUG_ON(DUMP_DISK_TAGS * DUMP_VIRTIO_CHAIN > DUMP_VIRTIO_QUEUE);
	if (!virtio)
		return -ENOMEM;
	disk->priv = virtio;
	/*
	 * What the kernel's driver has agreed on, because asking the device disturbs it.
	 * virtio_has_feature() is not ours to call: it may be in a module.
	 */
	disk->bypasses_iommu = !__virtio_test_bit(dev_to_virtio(parent),
						  VIRTIO_F_ACCESS_PLATFORM);
	virtio->common = dump_virtio_map(disk->pdev, VIRTIO_PCI_CAP_COMMON_CFG,
					 sizeof(*virtio->common), NULL);
	virtio->notify = dump_virtio_map(disk->pdev, VIRTIO_PCI_CAP_NOTIFY_CFG, sizeof(u16),
					 &virtio->notify_step);
	if (!virtio->common || !virtio->notify) {
		pr_warn("%pg: the device has the legacy interface only\n", bdev);
		dump_virtio_disarm(disk);
		return -EOPNOTSUPP;
	}
	virtio->shared = dump_disk_alloc(disk, sizeof(*virtio->shared), &virtio->addr);
	if (!virtio->shared) {
		dump_virtio_disarm(disk);
		return -ENOMEM;
	}
	return 0;
}

static u8 dump_virtio_status(const struct dump_virtio *virtio)
{
	return ioread8(&virtio->common->device_status);
}

/* 3.1.1, 1: it reads 0 when the reset is done (4.1.4.3.2). */
static int dump_virtio_reset(struct dump_virtio *virtio)
{
	if (dump_virtio_status(virtio) == 0xff)
		return -ENODEV;
	iowrite8(0, &virtio->common->device_status);
	return ras_poll(!dump_virtio_status(virtio), DUMP_DISK_TIMEOUT_NS) ? 0 : -ETIMEDOUT;
}

/* 3.1.1, 3 to 6: take what is needed to transfer blocks, and nothing else. */
static int dump_virtio_negotiate(struct dump_disk *disk, struct dump_virtio *virtio)
{
	struct virtio_pci_common_cfg __iomem *common = virtio->common;
	u64 wanted = BIT_ULL(VIRTIO_F_VERSION_1) | BIT_ULL(VIRTIO_BLK_F_FLUSH);
	u8 status = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER;
	u64 features;

	if (!disk->bypasses_iommu)
		wanted |= BIT_ULL(VIRTIO_F_ACCESS_PLATFORM);
	iowrite8(status, &common->device_status);
	iowrite32(0, &common->device_feature_select);
	features = ioread32(&common->device_feature);
	iowrite32(1, &common->device_feature_select);
	features |= (u64)ioread32(&common->device_feature) << 32;
	features &= wanted;
	virtio->flushes = features & BIT_ULL(VIRTIO_BLK_F_FLUSH);
	iowrite32(0, &common->guest_feature_select);
	iowrite32(lower_32_bits(features), &common->guest_feature);
	iowrite32(1, &common->guest_feature_select);
	iowrite32(upper_32_bits(features), &common->guest_feature);
	iowrite8(status | VIRTIO_CONFIG_S_FEATURES_OK, &common->device_status);
	return dump_virtio_status(virtio) & VIRTIO_CONFIG_S_FEATURES_OK ? 0 : -EIO;
}

static void dump_virtio_write64(u64 value, __le32 __iomem *low, __le32 __iomem *high)
{
	iowrite32(lower_32_bits(value), low);
	iowrite32(upper_32_bits(value), high);
}

/* 4.1.5.1.3: one queue of our own. */
static int dump_virtio_queue(struct dump_virtio *virtio)
{
	struct virtio_pci_common_cfg __iomem *common = virtio->common;
	struct dump_virtio_shared *shared = virtio->shared;

	memset(shared, 0, sizeof(*shared));
	shared->avail.flags = __cpu_to_virtio16(true, VRING_AVAIL_F_NO_INTERRUPT);
	virtio->avail = 0;
	virtio->used = 0;
	virtio->busy = 0;
	virtio->done = 0;

	iowrite16(DUMP_VIRTIO_NO_VECTOR, &common->msix_config);
	iowrite16(0, &common->queue_select);
	if (ioread16(&common->queue_size) < DUMP_VIRTIO_QUEUE)
		return -EIO;
	iowrite16(DUMP_VIRTIO_QUEUE, &common->queue_size);
	iowrite16(DUMP_VIRTIO_NO_VECTOR, &common->queue_msix_vector);
	dump_virtio_write64(virtio->addr + offsetof(struct dump_virtio_shared, desc),
			    &common->queue_desc_lo, &common->queue_desc_hi);
	dump_virtio_write64(virtio->addr + offsetof(struct dump_virtio_shared, avail),
			    &common->queue_avail_lo, &common->queue_avail_hi);
	dump_virtio_write64(virtio->addr + offsetof(struct dump_virtio_shared, used),
			    &common->queue_used_lo, &common->queue_used_hi);
	virtio->doorbell = virtio->notify +
			   ioread16(&common->queue_notify_off) * virtio->notify_step;
	iowrite16(1, &common->queue_enable);
	return 0;
}

static int dump_virtio_start(struct dump_disk *disk)
{
	struct dump_virtio *virtio = disk->priv;
	int ret = dump_virtio_reset(virtio) ?: dump_virtio_negotiate(disk, virtio) ?:
		  dump_virtio_queue(virtio);

	if (!ret)
		iowrite8(dump_virtio_status(virtio) | VIRTIO_CONFIG_S_DRIVER_OK,
			 &virtio->common->device_status);
	return ret;
}

static void dump_virtio_desc(struct dump_virtio *virtio, unsigned int nr, u64 addr, u32 bytes,
			     u16 flags)
{
	struct vring_desc *desc = &virtio->shared->desc[nr];

	desc->addr = __cpu_to_virtio64(true, addr);
	desc->len = __cpu_to_virtio32(true, bytes);
	desc->flags = __cpu_to_virtio16(true, flags);
	desc->next = __cpu_to_virtio16(true, nr + 1);
}

/* 5.2.6: a command is a header, perhaps data, and a byte that tells how it ended. */
static void dump_virtio_chain(struct dump_virtio *virtio, unsigned int tag,
			      const struct dump_command *command)
{
	static const u32 types[] = {
		[DUMP_DISK_READ]	= VIRTIO_BLK_T_IN,
		[DUMP_DISK_WRITE]	= VIRTIO_BLK_T_OUT,
		[DUMP_DISK_FLUSH]	= VIRTIO_BLK_T_FLUSH,
	};
	struct virtio_blk_outhdr *header = &virtio->shared->header[tag];
	u64 header_at = offsetof(struct dump_virtio_shared, header) + tag * sizeof(*header);
	unsigned int nr = tag * DUMP_VIRTIO_CHAIN;

	header->type = __cpu_to_virtio32(true, types[command->op]);
	header->ioprio = 0;
	header->sector = __cpu_to_virtio64(true, command->op == DUMP_DISK_FLUSH ? 0 :
						command->sector);
	/* No status of the device's. */
	virtio->shared->status[tag] = 0xff;
	dump_virtio_desc(virtio, nr++, virtio->addr + header_at, sizeof(*header),
			 VRING_DESC_F_NEXT);
	if (command->op != DUMP_DISK_FLUSH)
		dump_virtio_desc(virtio, nr++, command->addr, command->bytes,
				 VRING_DESC_F_NEXT |
				 (command->op == DUMP_DISK_READ ? VRING_DESC_F_WRITE : 0));
	dump_virtio_desc(virtio, nr,
			 virtio->addr + offsetof(struct dump_virtio_shared, status) + tag, 1,
			 VRING_DESC_F_WRITE);
}

static int dump_virtio_submit(struct dump_disk *disk, unsigned int tag,
			      const struct dump_command *command)
{
	struct dump_virtio *virtio = disk->priv;
	struct dump_virtio_shared *shared = virtio->shared;

	if (virtio->busy & BIT(tag))
		return -EAGAIN;
	virtio->busy |= BIT(tag);
	if (command->op == DUMP_DISK_FLUSH && !virtio->flushes) {
		/* What the device has said to be written is durable. */
		virtio->done |= BIT(tag);
		return 0;
	}
	dump_virtio_chain(virtio, tag, command);
	shared->avail.ring[virtio->avail % DUMP_VIRTIO_QUEUE] =
		__cpu_to_virtio16(true, tag * DUMP_VIRTIO_CHAIN);
	/* The device sees the chain before the index... */
	dma_wmb();
	WRITE_ONCE(shared->avail.idx, __cpu_to_virtio16(true, ++virtio->avail));
	/* ...and the index before the doorbell. */
	wmb();
	iowrite16(0, virtio->doorbell);
	return 0;
}

static int dump_virtio_end(struct dump_virtio *virtio, unsigned int *tag, unsigned int ended,
			   int *error)
{
	virtio->busy &= ~BIT(ended);
	virtio->done &= ~BIT(ended);
	*tag = ended;
	*error = virtio->shared->status[ended] == VIRTIO_BLK_S_OK ? 0 : -EIO;
	return 0;
}

static int dump_virtio_poll(struct dump_disk *disk, unsigned int *tag, int *error)
{
	struct dump_virtio *virtio = disk->priv;
	struct dump_virtio_shared *shared = virtio->shared;

	if (virtio->done) {
		unsigned int ended = __ffs(virtio->done);

		shared->status[ended] = VIRTIO_BLK_S_OK;
		return dump_virtio_end(virtio, tag, ended, error);
	}
	while (__virtio16_to_cpu(true, READ_ONCE(shared->used.idx)) != virtio->used) {
		const struct vring_used_elem *elem =
			&shared->used.ring[virtio->used % DUMP_VIRTIO_QUEUE];
		u32 id;

		/* The element was written before the index. */
		dma_rmb();
		id = __virtio32_to_cpu(true, elem->id) / DUMP_VIRTIO_CHAIN;
		virtio->used++;
		/* Nonsense of a broken device is left alone; its command is missed by time. */
		if (id < DUMP_DISK_TAGS && virtio->busy & BIT(id))
			return dump_virtio_end(virtio, tag, id, error);
	}
	/* All ones, a device that is gone, has the bit as well. */
	return dump_virtio_status(virtio) & VIRTIO_CONFIG_S_NEEDS_RESET ? -ENODEV : -EAGAIN;
}

static void dump_virtio_stop(struct dump_disk *disk)
{
	dump_virtio_reset(disk->priv);
}

const struct dump_disk_ops dump_virtio_ops = {
	.name		= "virtio",
	.matches	= dump_virtio_matches,
	.arm		= dump_virtio_arm,
	.disarm		= dump_virtio_disarm,
	.start		= dump_virtio_start,
	.submit		= dump_virtio_submit,
	.poll		= dump_virtio_poll,
	.stop		= dump_virtio_stop,
};
