/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: the initial file system of a second kernel, as this program makes it.
 */
#ifndef RAS_INITRD_H
#define RAS_INITRD_H

#include "modules.h"

/* Where its modules are. */
#define INITRD_MODULES	"/modules"

bool initrd_make(const char *path, const char *program, const struct modules *modules);

#endif
