// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target block: virtio-blk over PCI, polled.
 *
 * Virtual I/O Device (VIRTIO) 1.2, 5.2 block device.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/blkdev.h>
#include <linux/errno.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_ids.h>

#include "../virtio.h"
#include "disk.h"

#define DUMP_VIRTIO_TRANSITIONAL	0x1001
#define DUMP_VIRTIO_MODERN		(0x1040 + VIRTIO_ID_BLOCK)

/* Descriptors of a command: header, data, status. */
#define DUMP_VIRTIO_CHAIN	3
/* A power of two that holds the chains of all tags. */
#define DUMP_VIRTIO_QUEUE	32

/* What the device reads and writes, besides the queue. */
struct dump_virtio_blk_shared {
	struct virtio_blk_outhdr	header[DUMP_DISK_TAGS];
	u8				status[DUMP_DISK_TAGS];
};

/**
 * struct dump_virtio_blk - a virtio-blk device
 * @virtio: the device
 * @queue: its only queue
 * @shared: see struct dump_virtio_blk_shared
 * @addr: the same, as the device sees it
 * @busy: tags in flight
 * @done: tags that ended without the device
 * @flushes: the device has a cache, and takes the command to flush it
 */
struct dump_virtio_blk {
	struct dump_virtio		virtio;
	struct dump_virtqueue		queue;
	struct dump_virtio_blk_shared	*shared;
	dma_addr_t			addr;
	unsigned long			busy;
	unsigned long			done;
	bool				flushes;
};

static bool dump_virtio_blk_matches(const struct pci_dev *pdev)
{
	return pdev->vendor == PCI_VENDOR_ID_REDHAT_QUMRANET &&
	       (pdev->device == DUMP_VIRTIO_TRANSITIONAL || pdev->device == DUMP_VIRTIO_MODERN);
}

static void dump_virtio_blk_disarm(struct dump_disk *disk)
{
	struct dump_virtio_blk *blk = disk->priv;

	dump_device_free(&disk->device, sizeof(*blk->shared), blk->shared, blk->addr);
	dump_virtqueue_free(&blk->virtio, &blk->queue);
	dump_virtio_disarm(&blk->virtio);
	kfree(blk);
}

static int dump_virtio_blk_arm(struct dump_disk *disk, struct block_device *bdev)
{
	struct dump_virtio_blk *blk = kzalloc(sizeof(*blk), GFP_KERNEL);
	int ret;

	BUILD_BUG_ON(DUMP_DISK_TAGS * DUMP_VIRTIO_CHAIN > DUMP_VIRTIO_QUEUE);
	BUILD_BUG_ON(DUMP_VIRTIO_QUEUE > DUMP_VIRTQUEUE_MAX);
	if (!blk)
		return -ENOMEM;
	ret = dump_virtio_arm(&blk->virtio, &disk->device, disk_to_dev(bdev->bd_disk)->parent);
	if (ret) {
		pr_warn("%pg: the device has the legacy interface only\n", bdev);
		kfree(blk);
		return ret;
	}
	disk->priv = blk;
	blk->shared = dump_device_alloc(&disk->device, sizeof(*blk->shared), &blk->addr);
	if (blk->shared && !dump_virtqueue_alloc(&blk->virtio, &blk->queue, DUMP_VIRTIO_QUEUE))
		return 0;
	dump_virtio_blk_disarm(disk);
	return -ENOMEM;
}

/* Take what is needed to transfer blocks, and nothing else. */
static int dump_virtio_blk_start(struct dump_disk *disk)
{
	struct dump_virtio_blk *blk = disk->priv;
	u64 features = BIT_ULL(VIRTIO_BLK_F_FLUSH);
	int ret = dump_virtio_reset(&blk->virtio, DUMP_DISK_TIMEOUT_NS) ?:
		  dump_virtio_negotiate(&blk->virtio, &features);

	if (ret)
		return ret;
	blk->flushes = features & BIT_ULL(VIRTIO_BLK_F_FLUSH);
	blk->busy = 0;
	blk->done = 0;
	ret = dump_virtqueue_start(&blk->virtio, &blk->queue, 0);
	if (!ret)
		dump_virtio_go(&blk->virtio);
	return ret;
}

/* 5.2.6: a command is a header, perhaps data, and a byte that tells how it ended. */
static void dump_virtio_blk_chain(struct dump_virtio_blk *blk, unsigned int tag,
				  const struct dump_command *command)
{
	static const u32 types[] = {
		[DUMP_DISK_READ]	= VIRTIO_BLK_T_IN,
		[DUMP_DISK_WRITE]	= VIRTIO_BLK_T_OUT,
		[DUMP_DISK_FLUSH]	= VIRTIO_BLK_T_FLUSH,
	};
	struct virtio_blk_outhdr *header = &blk->shared->header[tag];
	u64 header_at = offsetof(struct dump_virtio_blk_shared, header) + tag * sizeof(*header);
	unsigned int nr = tag * DUMP_VIRTIO_CHAIN;

	header->type = __cpu_to_virtio32(true, types[command->op]);
	header->ioprio = 0;
	header->sector = __cpu_to_virtio64(true, command->op == DUMP_DISK_FLUSH ? 0 :
						command->sector);
	/* No status of the device's. */
	blk->shared->status[tag] = 0xff;
	dump_virtqueue_desc(&blk->queue, nr++, blk->addr + header_at, sizeof(*header),
			    VRING_DESC_F_NEXT);
	if (command->op != DUMP_DISK_FLUSH)
		dump_virtqueue_desc(&blk->queue, nr++, command->addr, command->bytes,
				    VRING_DESC_F_NEXT |
				    (command->op == DUMP_DISK_READ ? VRING_DESC_F_WRITE : 0));
	dump_virtqueue_desc(&blk->queue, nr,
			    blk->addr + offsetof(struct dump_virtio_blk_shared, status) + tag,
			    1, VRING_DESC_F_WRITE);
}

static int dump_virtio_blk_submit(struct dump_disk *disk, unsigned int tag,
				  const struct dump_command *command)
{
	struct dump_virtio_blk *blk = disk->priv;

	if (blk->busy & BIT(tag))
		return -EAGAIN;
	blk->busy |= BIT(tag);
	if (command->op == DUMP_DISK_FLUSH && !blk->flushes) {
		/* What the device has said to be written is durable. */
		blk->done |= BIT(tag);
		return 0;
	}
	dump_virtio_blk_chain(blk, tag, command);
	dump_virtqueue_add(&blk->queue, tag * DUMP_VIRTIO_CHAIN);
	dump_virtqueue_kick(&blk->queue);
	return 0;
}

static int dump_virtio_blk_end(struct dump_virtio_blk *blk, unsigned int *tag, unsigned int ended,
			       int *error)
{
	blk->busy &= ~BIT(ended);
	blk->done &= ~BIT(ended);
	*tag = ended;
	*error = blk->shared->status[ended] == VIRTIO_BLK_S_OK ? 0 : -EIO;
	return 0;
}

static int dump_virtio_blk_poll(struct dump_disk *disk, unsigned int *tag, int *error)
{
	struct dump_virtio_blk *blk = disk->priv;
	u32 head, bytes;

	if (blk->done) {
		unsigned int ended = __ffs(blk->done);

		blk->shared->status[ended] = VIRTIO_BLK_S_OK;
		return dump_virtio_blk_end(blk, tag, ended, error);
	}
	while (dump_virtqueue_get(&blk->queue, &head, &bytes)) {
		head /= DUMP_VIRTIO_CHAIN;
		/* Nonsense of a broken device is left alone; its command is missed by time. */
		if (head < DUMP_DISK_TAGS && blk->busy & BIT(head))
			return dump_virtio_blk_end(blk, tag, head, error);
	}
	return dump_virtio_is_broken(&blk->virtio) ? -ENODEV : -EAGAIN;
}

static void dump_virtio_blk_stop(struct dump_disk *disk)
{
	struct dump_virtio_blk *blk = disk->priv;

	dump_virtio_reset(&blk->virtio, DUMP_DISK_TIMEOUT_NS);
}

const struct dump_disk_ops dump_virtio_blk_ops = {
	.name		= "virtio",
	.matches	= dump_virtio_blk_matches,
	.arm		= dump_virtio_blk_arm,
	.disarm		= dump_virtio_blk_disarm,
	.start		= dump_virtio_blk_start,
	.submit		= dump_virtio_blk_submit,
	.poll		= dump_virtio_blk_poll,
	.stop		= dump_virtio_blk_stop,
};
