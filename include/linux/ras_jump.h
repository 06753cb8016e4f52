/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS stop framework: what an architecture does for the client that jumps to another kernel.
 */
#ifndef _LINUX_RAS_JUMP_H
#define _LINUX_RAS_JUMP_H

#include <linux/types.h>

/**
 * ras_arch_quiesce() - keep all devices from reading and writing memory
 *
 * For a kernel that gives up without suspending its devices, before machine_kexec().  What is
 * on its way may still arrive for some milliseconds.  A lock that machine_kexec() takes is free
 * afterwards, whoever had it.
 *
 * Context: A crash, no other CPU running, and none to run again; takes no lock.
 */
void ras_arch_quiesce(void);

/**
 * ras_arch_on_boot_cpu() - is this the processor that the firmware has started?
 *
 * A kernel that has jumped away goes on there, with the other CPUs offline.
 *
 * Context: Any.
 * Return: true if so.
 */
bool ras_arch_on_boot_cpu(void);

/**
 * ras_arch_ram() - a part of the RAM that the firmware has told of, whatever mem= says
 * @i: which, from 0 on; they are in the order of their addresses
 * @start: set to its first byte
 * @end: set to the first byte behind it
 *
 * Context: Process context.
 * Return: true; false if there are not so many.
 */
bool ras_arch_ram(unsigned int i, u64 *start, u64 *end);

#endif /* _LINUX_RAS_JUMP_H */
