/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS stop framework: what a stop does to the kernel around it.
 */
#ifndef _KERNEL_RAS_KERNEL_H
#define _KERNEL_RAS_KERNEL_H

#include "state.h"

extern const struct ras_kernel_ops ras_kernel;

#endif /* _KERNEL_RAS_KERNEL_H */
