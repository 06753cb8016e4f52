/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: the way from the second kernel back to the first.
 */
#ifndef RAS_GO_BACK_H
#define RAS_GO_BACK_H

#include <stdbool.h>

bool go_back_load(const char *root, bool is_dry);

#endif
