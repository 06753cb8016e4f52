/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS stop framework: what the architecture knows of the way from this kernel to the next.
 * For the dump engine, which leaves something in memory for that kernel.
 */
#ifndef _LINUX_RAS_BOOT_H
#define _LINUX_RAS_BOOT_H

#include <linux/types.h>

/**
 * ras_boot_ram() - memory, as the firmware tells of it
 * @nr: which range, from 0 on
 * @start: set to its first address, in bytes
 * @end: set to the first address behind it, in bytes
 *
 * Without memory that was added later.
 *
 * Context: Any, from when early parameters are parsed on; memblock knows no memory then.
 * Return: true; false if there is no such range.
 */
bool ras_boot_ram(unsigned int nr, phys_addr_t *start, phys_addr_t *end);

/**
 * ras_boot_overwrites() - does the boot overwrite some memory before the next kernel can tell?
 * @start: the first address, in bytes
 * @size: how much, in bytes
 *
 * Assumes that the next kernel is as large as this one, and is loaded to the same place.
 *
 * Context: Any.
 * Return: true if firmware, boot loader or the kernel's own decompression use it.
 */
bool ras_boot_overwrites(phys_addr_t start, phys_addr_t size);

/**
 * ras_boot_quiet_init() - have ras_boot_quiet() know the devices
 *
 * Context: Process context; may sleep.
 * Return: 0 or an errno.
 */
int ras_boot_quiet_init(void);

/**
 * ras_boot_quiet() - no device writes to memory any more
 *
 * Clears bus mastering of the PCI devices of segment 0.  Takes no lock: the CPU that holds
 * that of the configuration registers may be stopped for good.
 *
 * Context: The owner of a stop that is not released.
 * Return: how many devices could write until now.
 */
unsigned int ras_boot_quiet(void);

#endif /* _LINUX_RAS_BOOT_H */
