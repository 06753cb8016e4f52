// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target block: memory that a device and the CPU share.
 */
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/pci.h>

#include "disk.h"

/**
 * dump_disk_alloc() - allocate memory that the device and the CPU share
 * @disk: the disk
 * @size: how much, in bytes
 * @addr: set to the address that the device uses
 *
 * Context: Process context.
 * Return: the memory, zeroed, aligned to a page and contiguous for the device; or %NULL.
 */
void *dump_disk_alloc(struct dump_disk *disk, size_t size, dma_addr_t *addr)
{
	void *memory;

	if (!disk->bypasses_iommu)
		return dma_alloc_coherent(&disk->pdev->dev, size, addr, GFP_KERNEL);
	memory = alloc_pages_exact(size, GFP_KERNEL | __GFP_ZERO);
	if (memory)
		*addr = virt_to_phys(memory);
	return memory;
}

/**
 * dump_disk_free() - free memory of dump_disk_alloc()
 * @disk: the disk
 * @size: as there
 * @memory: the memory, or %NULL
 * @addr: as there
 *
 * Context: Process context.
 */
void dump_disk_free(struct dump_disk *disk, size_t size, void *memory, dma_addr_t addr)
{
	if (!memory)
		return;
	if (disk->bypasses_iommu)
		free_pages_exact(memory, size);
	else
		dma_free_coherent(&disk->pdev->dev, size, memory, addr);
}
