// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework, x86: what a kernel needs that gives up, and goes back to another one.
 */
#include <linux/io.h>
#include <linux/pci.h>
#include <linux/ras_jump.h>

#include <asm/apic.h>
#include <asm/e820/api.h>
#include <asm/msr.h>
#include <asm/pci-direct.h>

/*
 * By the functions for the early boot, because the others take a lock, which a CPU that is
 * stopped may hold.  As that CPU may be between address and data, it must not go on afterwards.
 */
static void ras_stop_dma_of(unsigned int bus, unsigned int slot)
{
	unsigned int fn;
	u16 command;

	/* Bridges as well: they pass on what is behind them. */
	for (fn = 0; fn < 8; fn++) {
		if (read_pci_config_16(bus, slot, fn, PCI_VENDOR_ID) == (u16)PCI_ANY_ID) {
			/* A device has a function 0. */
			if (!fn)
				return;
			continue;
		}
		command = read_pci_config_16(bus, slot, fn, PCI_COMMAND);
		if (command != U16_MAX && command & PCI_COMMAND_MASTER)
			write_pci_config_16(bus, slot, fn, PCI_COMMAND,
					    command & ~PCI_COMMAND_MASTER);
	}
}

void ras_arch_quiesce(void)
{
	unsigned int bus, slot;

	/* machine_kexec() masks interrupts in it, and a CPU that is stopped may hold its lock. */
	if (IS_ENABLED(CONFIG_X86_IO_APIC))
		ioapic_zap_locks();
	if (!IS_ENABLED(CONFIG_PCI))
		return;
	/* Those of other domains than 0 cannot be reached in this way. */
	for (bus = 0; bus < 256; bus++)
		for (slot = 0; slot < 32; slot++)
			ras_stop_dma_of(bus, slot);
}

bool ras_arch_on_boot_cpu(void)
{
	u64 base;

	return !rdmsrl_safe(MSR_IA32_APICBASE, &base) && base & MSR_IA32_APICBASE_BSP;
}

bool ras_arch_ram(unsigned int i, u64 *start, u64 *end)
{
	const struct e820_entry *entry = e820_table_firmware->entries;
	unsigned int k;

	for (k = 0; k < e820_table_firmware->nr_entries; k++, entry++) {
		if (entry->type != E820_TYPE_RAM || i--)
			continue;
		*start = entry->addr;
		*end = entry->addr + entry->size;
		return true;
	}
	return false;
}
