/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: in the second kernel, the memory of the first is saved.
 */
#ifndef RAS_IMAGE_WRITE_H
#define RAS_IMAGE_WRITE_H

#include "job.h"

bool image_write(const struct job *job, uint64_t entry, const char *root, bool is_dry);

#endif
