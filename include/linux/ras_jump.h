/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS stop framework: what an architecture does for the client that jumps to another kernel.
 */
#ifndef _LINUX_RAS_JUMP_H
#define _LINUX_RAS_JUMP_H

/**
 * ras_arch_stop_dma() - keep all devices from reading and writing memory
 *
 * For a kernel that gives up without suspending its devices.  What is on its way may still
 * arrive for some milliseconds.
 *
 * Context: A crash, no other CPU running; takes no lock.
 */
void ras_arch_stop_dma(void);

#endif /* _LINUX_RAS_JUMP_H */
