/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: the way from the second kernel back to the first.
 */
#ifndef RAS_GO_BACK_H
#define RAS_GO_BACK_H

#include <stdbool.h>
#include <stdint.h>

bool go_back_find(const char *root, uint64_t *entry);
bool go_back_load(uint64_t entry, bool is_dry);

#endif
