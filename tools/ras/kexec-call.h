/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: the calls of the kernel that load another and start it.
 */
#ifndef RAS_KEXEC_CALL_H
#define RAS_KEXEC_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "layout.h"

bool kexec_call_load(const struct layout *layout, uint64_t entry);
bool kexec_call_load_way_back(uint64_t entry);
bool kexec_call_unload(void);
void kexec_call_start(void);
int kexec_call_power_off(void);

#endif
