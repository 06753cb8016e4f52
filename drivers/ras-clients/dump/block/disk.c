// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target block: which polled driver a disk has.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include "disk.h"

static const struct dump_disk_ops * const dump_disk_kinds[] = {
	&dump_virtio_ops,
	&dump_nvme_ops,
	&dump_ahci_ops,
};

/* The PCI device that a disk is behind, or NULL. */
static struct pci_dev *dump_disk_pci(struct block_device *bdev)
{
	struct device *dev;

	for (dev = disk_to_dev(bdev->bd_disk); dev; dev = dev->parent)
		if (dev_is_pci(dev))
			return to_pci_dev(dev);
	return NULL;
}

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
 * The device is kept out of runtime suspend: in D3 its registers are not there.
 *
 * Context: Process context.
 * Return: the disk; %-ENODEV if it is not behind PCI, %-EOPNOTSUPP if it is of no kind that
 *	has a polled driver, or what the driver has refused with.  There is a line in the
 *	log then.
 */
struct dump_disk *dump_disk_arm(struct block_device *bdev)
{
	struct pci_dev *pdev = dump_disk_pci(bdev);
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
	disk->pdev = pci_dev_get(pdev);
	disk->max_bytes = DUMP_DISK_BYTES;
	ret = pm_runtime_resume_and_get(&pdev->dev);
	if (ret)
		goto put;
	ret = ops->arm(disk, bdev);
	if (!ret)
		return disk;
	pm_runtime_put(&pdev->dev);
put:
	pr_warn("%pg: %s refuses: %d\n", bdev, ops->name, ret);
	pci_dev_put(pdev);
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
	pm_runtime_put(&disk->pdev->dev);
	pci_dev_put(disk->pdev);
	kfree(disk);
}
