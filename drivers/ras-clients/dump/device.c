// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine: a PCI device that is taken from its driver in a crash, and
 * memory that it shares with the CPU.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/compiler.h>
#include <linux/container_of.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/printk.h>

#include "device.h"

/**
 * dump_device_pci() - the PCI device that a device is behind
 * @dev: the device
 *
 * Return: that, or %NULL.
 */
struct pci_dev *dump_device_pci(struct device *dev)
{
	for (; dev; dev = dev->parent)
		if (dev_is_pci(dev))
			return to_pci_dev(dev);
	return NULL;
}

/**
 * dump_device_take() - keep a device
 * @device: set up
 * @pdev: the device, which is kept out of runtime suspend: in D3 its registers are not there
 *
 * Context: Process context.
 * Return: 0 or an errno.
 */
int dump_device_take(struct dump_device *device, struct pci_dev *pdev)
{
	int ret = pm_runtime_resume_and_get(&pdev->dev);

	if (!ret)
		device->pdev = pci_dev_get(pdev);
	return ret;
}

/**
 * dump_device_drop() - undo dump_device_take()
 * @device: the device
 *
 * Context: Process context.
 */
void dump_device_drop(struct dump_device *device)
{
	pm_runtime_put(&device->pdev->dev);
	pci_dev_put(device->pdev);
}

/* The device is to lose its driver: its registers may go away. */
static int dump_device_notify(struct notifier_block *self, unsigned long action, void *data)
{
	struct dump_device *device = container_of(self, struct dump_device, notifier);

	if (action == BUS_NOTIFY_DEL_DEVICE && data == &device->pdev->dev)
		WRITE_ONCE(device->removed, true);
	if (action == BUS_NOTIFY_UNBIND_DRIVER && data == &device->pdev->dev &&
	    !READ_ONCE(device->gone)) {
		WRITE_ONCE(device->gone, true);
		pr_warn("%s: not armed any more: its device has lost its driver\n", device->name);
	}
	return NOTIFY_OK;
}

/**
 * dump_device_watch() - note when a device loses its driver
 * @device: the device
 * @name: what the log calls it
 *
 * Context: Process context.
 * Return: 0 or an errno.
 */
int dump_device_watch(struct dump_device *device, const char *name)
{
	device->name = name;
	device->gone = false;
	device->notifier.notifier_call = dump_device_notify;
	return bus_register_notifier(&pci_bus_type, &device->notifier);
}

/**
 * dump_device_unwatch() - undo dump_device_watch()
 * @device: the device
 *
 * Context: Process context.
 */
void dump_device_unwatch(struct dump_device *device)
{
	bus_unregister_notifier(&pci_bus_type, &device->notifier);
}

/* Has the device lost its driver?  In any context. */
bool dump_device_is_gone(const struct dump_device *device)
{
	return READ_ONCE(device->gone);
}

/**
 * dump_device_alloc() - allocate memory that the device and the CPU share
 * @device: the device
 * @size: how much, in bytes
 * @addr: set to the address that the device uses
 *
 * Context: Process context.
 * Return: the memory, zeroed, aligned to a page and contiguous for the device; or %NULL.
 */
void *dump_device_alloc(struct dump_device *device, size_t size, dma_addr_t *addr)
{
	void *memory;

	if (!device->bypasses_iommu)
		return dma_alloc_coherent(&device->pdev->dev, size, addr, GFP_KERNEL);
	memory = alloc_pages_exact(size, GFP_KERNEL | __GFP_ZERO);
	if (memory)
		*addr = virt_to_phys(memory);
	return memory;
}

/**
 * dump_device_free() - free memory of dump_device_alloc()
 * @device: the device
 * @size: as there
 * @memory: the memory, or %NULL
 * @addr: as there
 *
 * Context: Process context.
 */
void dump_device_free(struct dump_device *device, size_t size, void *memory, dma_addr_t addr)
{
	if (!memory)
		return;
	if (device->bypasses_iommu)
		free_pages_exact(memory, size);
	/* Its IOMMU has forgotten it by now: nobody can tell whose memory that is. */
	else if (READ_ONCE(device->removed))
		pr_warn("%s: %zu KiB are lost with the device\n", device->name, size >> 10);
	else
		dma_free_coherent(&device->pdev->dev, size, memory, addr);
}
