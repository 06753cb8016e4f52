/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: has anybody mounted a file system of a kernel that was saved?
 */
#ifndef RAS_SUPERBLOCKS_H
#define RAS_SUPERBLOCKS_H

#include "mounts.h"
#include "why.h"

void superblocks_note(struct mounts *mounts, const char *root);
bool superblocks_check(const struct mounts *mounts, const char *root, bool *has_changed,
		       struct why *why);

#endif
