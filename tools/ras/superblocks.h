/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: has anybody mounted a file system of a kernel that was saved?
 */
#ifndef RAS_SUPERBLOCKS_H
#define RAS_SUPERBLOCKS_H

#include "mounts.h"
#include "why.h"

/* What of a file system is looked at: so much of its beginning. */
#define SUPERBLOCKS_BYTES	((size_t)128 * 1024)

void superblocks_note(struct mounts *mounts, const char *root);
bool superblocks_check(const struct mounts *mounts, const char *root, bool *has_changed,
		       struct why *why);

#endif
