// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target block: which polled driver a disk has.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/pci.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include "disk.h"

static const struct dump_disk_ops * const dump_disk_kinds[] = {
	&dump_virtio_blk_ops,
	&dump_nvme_ops,
	&dump_ahci_ops,
};

static const struct dump_disk_ops *dump_disk_kind(const struct pci_dev *pdev)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dump_disk_kinds); i++)
		if (dump_disk_kinds[i]->matches(pdev))
			return dump_disk_kinds[i];
	return NULL;
}

/**
 * dump_disk_arm() - get ready to take a disk
 * @bdev: the disk, or a partition of it
 *
 * Context: Process context.
 * Return: the disk; %-ENODEV if it is not behind PCI, %-EOPNOTSUPP if it is of no kind that
 *	has a polled driver, or what the driver has refused with.  There is a line in the
 *	log then.
 */
struct dump_disk *dump_disk_arm(struct block_device *bdev)
{
	struct pci_dev *pdev = dump_device_pci(disk_to_dev(bdev->bd_disk));
	const struct dump_disk_ops *ops;
	struct dump_disk *disk;
	int ret;

	if (!pdev) {
		pr_warn("%pg: not a disk behind PCI\n", bdev);
		return ERR_PTR(-ENODEV);
	}
	ops = dump_disk_kind(pdev);
	if (!ops) {
		pr_warn("%pg: no polled driver for %s (virtio, NVMe and AHCI have one)\n", bdev,
			pci_name(pdev));
		return ERR_PTR(-EOPNOTSUPP);
	}
	disk = kzalloc(sizeof(*disk), GFP_KERNEL);
	if (!disk)
		return ERR_PTR(-ENOMEM);
	disk->ops = ops;
	disk->max_bytes = DUMP_DISK_BYTES;
	ret = dump_device_take(&disk->device, pdev);
	if (!ret) {
		ret = ops->arm(disk, bdev);
		if (!ret)
			return disk;
		dump_device_drop(&disk->device);
	}
	pr_warn("%pg: %s refuses: %d\n", bdev, ops->name, ret);
	kfree(disk);
	return ERR_PTR(ret);
}

/**
 * dump_disk_disarm() - undo dump_disk_arm()
 * @disk: the disk
 *
 * Context: Process context.
 */
void dump_disk_disarm(struct dump_disk *disk)
{
	disk->ops->disarm(disk);
	dump_device_drop(&disk->device);
	kfree(disk);
}
