/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: how much memory is in use.
 */
#ifndef RAS_MEMORY_USE_H
#define RAS_MEMORY_USE_H

#include <stdint.h>

uint64_t memory_use_of_all(const char *root);
uint64_t memory_use_of_kernel(const char *root);
uint64_t memory_use_available(const char *root);

#endif
