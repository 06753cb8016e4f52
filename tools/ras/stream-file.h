/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: a file that the second kernel can write without its file system.
 */
#ifndef RAS_STREAM_FILE_H
#define RAS_STREAM_FILE_H

#include "job.h"

bool stream_file_make(const char *path, uint64_t size, bool is_quiet, const char *root,
		      struct job *job);

#endif
