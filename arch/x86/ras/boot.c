// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework, x86: what the boot of the next kernel does to memory.
 */
#include <linux/bitmap.h>
#include <linux/init.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/ras_boot.h>
#include <linux/sizes.h>

#include <asm/boot.h>
#include <asm/e820/api.h>
#include <asm/pci-direct.h>
#include <asm/sections.h>
#include <asm/setup.h>

bool ras_boot_ram(unsigned int nr, phys_addr_t *start, phys_addr_t *end)
{
	unsigned int i;

	for (i = 0; i < e820_table->nr_entries; i++) {
		const struct e820_entry *entry = &e820_table->entries[i];

		if (entry->type != E820_TYPE_RAM || nr--)
			continue;
		*start = entry->addr;
		*end = entry->addr + entry->size;
		return true;
	}
	return false;
}

static bool ras_overlaps(phys_addr_t start, phys_addr_t size, u64 other, u64 other_size)
{
	return start < other + other_size && other < start + size;
}

bool ras_boot_overwrites(phys_addr_t start, phys_addr_t size)
{
	const struct setup_header *hdr = &boot_params.hdr;
	u64 initrd = hdr->ramdisk_image | (u64)boot_params.ext_ramdisk_image << 32;
	u64 initrd_size = hdr->ramdisk_size | (u64)boot_params.ext_ramdisk_size << 32;

	/* Firmware and boot loader, and the compressed kernel at 1 MiB. */
	if (start < SZ_16M)
		return true;
	/* The kernel is decompressed to where it prefers to be; Documentation/x86/boot.rst. */
	return ras_overlaps(start, size, hdr->pref_address, hdr->init_size) ||
	       ras_overlaps(start, size, LOAD_PHYSICAL_ADDR, _end - _text) ||
	       ras_overlaps(start, size, initrd, initrd_size);
}

#ifdef CONFIG_PCI

/* By bus and function, as PCI_DEVID() has them.  Changed by set_bit() and clear_bit(). */
static DECLARE_BITMAP(ras_devices, SZ_64K);

static void ras_note_device(const struct pci_dev *pdev, bool is_there)
{
	if (pci_domain_nr(pdev->bus))
		return;
	if (is_there)
		set_bit(PCI_DEVID(pdev->bus->number, pdev->devfn), ras_devices);
	else
		clear_bit(PCI_DEVID(pdev->bus->number, pdev->devfn), ras_devices);
}

static int ras_device_changed(struct notifier_block *self, unsigned long action, void *arg)
{
	const struct pci_dev *pdev = to_pci_dev(arg);

	if (action == BUS_NOTIFY_ADD_DEVICE)
		ras_note_device(pdev, true);
	if (action == BUS_NOTIFY_REMOVED_DEVICE)
		ras_note_device(pdev, false);
	return NOTIFY_OK;
}

static struct notifier_block ras_device_notifier = { .notifier_call = ras_device_changed };

int ras_boot_quiet_init(void)
{
	struct pci_dev *pdev = NULL;
	int ret = bus_register_notifier(&pci_bus_type, &ras_device_notifier);

	if (ret)
		return ret;
	for_each_pci_dev(pdev)
		ras_note_device(pdev, true);
	return 0;
}

unsigned int ras_boot_quiet(void)
{
	unsigned int id, count = 0;
	u16 command;

	for_each_set_bit(id, ras_devices, SZ_64K) {
		const u8 bus = PCI_BUS_NUM(id), slot = PCI_SLOT(id), fn = PCI_FUNC(id);

		command = read_pci_config_16(bus, slot, fn, PCI_COMMAND);
		/* All ones: it is gone. */
		if (command == U16_MAX || !(command & PCI_COMMAND_MASTER))
			continue;
		write_pci_config_16(bus, slot, fn, PCI_COMMAND, command & ~PCI_COMMAND_MASTER);
		count++;
	}
	return count;
}

#else /* CONFIG_PCI */

int ras_boot_quiet_init(void)
{
	return 0;
}

unsigned int ras_boot_quiet(void)
{
	return 0;
}

#endif /* CONFIG_PCI */
