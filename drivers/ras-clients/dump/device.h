/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS client: the dump engine: a PCI device that is taken from its driver in a crash.
 */
#ifndef _RAS_DUMP_DEVICE_H
#define _RAS_DUMP_DEVICE_H

#include <linux/notifier.h>
#include <linux/types.h>

struct device;
struct pci_dev;

/**
 * struct dump_device - a device
 * @pdev: the device
 * @bypasses_iommu: it takes physical addresses whatever the platform has; to be set before
 *	dump_device_alloc()
 * @notifier: tells when the device loses its driver
 * @name: of the target, for messages
 * @gone: it has lost it
 * @removed: and is not there any more
 */
struct dump_device {
	struct pci_dev		*pdev;
	bool			bypasses_iommu;
	struct notifier_block	notifier;
	const char		*name;
	bool			gone;
	bool			removed;
};

struct pci_dev *dump_device_pci(struct device *dev);
int dump_device_take(struct dump_device *device, struct pci_dev *pdev);
void dump_device_drop(struct dump_device *device);
int dump_device_watch(struct dump_device *device, const char *name);
void dump_device_unwatch(struct dump_device *device);
bool dump_device_is_gone(const struct dump_device *device);
void *dump_device_alloc(struct dump_device *device, size_t size, dma_addr_t *addr);
void dump_device_free(struct dump_device *device, size_t size, void *memory, dma_addr_t addr);

#endif /* _RAS_DUMP_DEVICE_H */
