/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rasctl: what Documentation/ABI/testing/sysfs-kernel-ras says of a file.
 */
#ifndef RAS_ABI_H
#define RAS_ABI_H

const char *abi_values(const char *path);
const char *abi_meaning(const char *path, int error);

#endif
