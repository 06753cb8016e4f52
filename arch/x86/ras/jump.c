// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework, x86: what a kernel needs that gives up, and goes back to another one.
 */
#include <linux/bits.h>
#include <linux/io.h>
#include <linux/pci.h>
#include <linux/ras_jump.h>

#include <asm/msr.h>

/* Configuration mechanism #1 (PCI Local Bus Specification 3.0, 3.2.2.3.2). */
#define RAS_PCI_ADDRESS	0xcf8
#define RAS_PCI_DATA	0xcfc

/*
 * Not by the kernel's functions: they take a lock, which a CPU that is stopped may hold.  As that
 * CPU may be between address and data, it must not go on afterwards.
 */
static void ras_pci_select(unsigned int bus, unsigned int devfn, unsigned int reg)
{
	outl(BIT(31) | bus << 16 | devfn << 8 | reg, RAS_PCI_ADDRESS);
}

static u16 ras_pci_read(unsigned int bus, unsigned int devfn, unsigned int reg)
{
	ras_pci_select(bus, devfn, reg & ~3);
	return inw(RAS_PCI_DATA + (reg & 2));
}

/* Every function of a device.  Bridges as well: they pass on what is behind them. */
static void ras_stop_dma_of(unsigned int bus, unsigned int slot)
{
	unsigned int fn, devfn;
	u16 command;

	for (fn = 0; fn < 8; fn++) {
		devfn = PCI_DEVFN(slot, fn);
		if (ras_pci_read(bus, devfn, PCI_VENDOR_ID) == (u16)PCI_ANY_ID) {
			/* A device has a function 0. */
			if (!fn)
				return;
			continue;
		}
		command = ras_pci_read(bus, devfn, PCI_COMMAND);
		if (command == U16_MAX || !(command & PCI_COMMAND_MASTER))
			continue;
		ras_pci_select(bus, devfn, PCI_COMMAND);
		outw(command & ~PCI_COMMAND_MASTER, RAS_PCI_DATA);
	}
}

void ras_arch_stop_dma(void)
{
	unsigned int bus, slot;

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
