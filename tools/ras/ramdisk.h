/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: the second kernel's initial file system, with the job in it.
 */
#ifndef RAS_RAMDISK_H
#define RAS_RAMDISK_H

#include "whole-file.h"

/* The file of the job, in the second kernel. */
#define RAMDISK_JOB	"/ras-hibernate.job"

bool ramdisk_add_job(struct whole_file *ramdisk, const char *job);

#endif
