/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: in the second kernel, the memory of the first is saved.
 */
#ifndef RAS_IMAGE_WRITE_H
#define RAS_IMAGE_WRITE_H

#include "job.h"

/* The memory of the first kernel; in a kernel that restores, that to be restored. */
#define IMAGE_MEMORY	"/dev/ras_image"

bool image_write(const struct job *job, uint64_t entry, const char *root, bool is_dry);

#endif
