/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: in the second kernel, a dump of the first goes to the extents of a file.
 */
#ifndef RAS_STREAM_WRITE_H
#define RAS_STREAM_WRITE_H

#include "job.h"

bool stream_write(const struct job *job, const char *root);

#endif
