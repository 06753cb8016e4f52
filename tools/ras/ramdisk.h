/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: the second kernel's initial file system.
 */
#ifndef RAS_RAMDISK_H
#define RAS_RAMDISK_H

#include "whole-file.h"

/* The file of the job, in the second kernel. */
#define RAMDISK_JOB	"/ras-hibernate.job"

bool ramdisk_add_file(struct whole_file *ramdisk, const char *name, unsigned int mode,
		      const void *data, size_t size);
bool ramdisk_add_directory(struct whole_file *ramdisk, const char *name);
bool ramdisk_add_console(struct whole_file *ramdisk);
bool ramdisk_end(struct whole_file *ramdisk);
bool ramdisk_add_job(struct whole_file *ramdisk, const char *job);

#endif
