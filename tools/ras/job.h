/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: what the second kernel is to do.
 */
#ifndef RAS_JOB_H
#define RAS_JOB_H

#include "image-form.h"
#include "image-method.h"
#include "mounts.h"

/* What there is to do. */
enum job_do {
	JOB_REHEARSE,
	JOB_SNAPSHOT,
	JOB_SAVE,
};

/**
 * struct job - a job
 * @what: there is to do
 * @disk: for a snapshot and a save, the name of the block device
 * @major: @minor: its numbers
 * @token: that stands in the first block of each extent
 * @extents: where to write
 * @is_staying: for a save, go back afterwards
 * @has_method: for a save, the first kernel has chosen how contents are stored
 * @method: how, if @has_method
 * @memory_end: for a save, where the second kernel's memory ends
 * @levels: for a save, of the first kernel's page tables
 * @map_crc: for a save, of the firmware's memory map
 * @release: for a save, of the first kernel
 * @version: for a save, of the first kernel
 * @mounts: for a save, the first kernel's file systems, without checksums
 */
struct job {
	enum job_do	what;
	char		disk[64];
	unsigned int	major;
	unsigned int	minor;
	char		token[EXTENT_TOKEN_BYTES];
	struct extents	extents;
	bool		is_staying;
	bool		has_method;
	enum image_method method;
	uint64_t	memory_end;
	uint32_t	levels;
	uint32_t	map_crc;
	char		release[IMAGE_NAME];
	char		version[IMAGE_NAME];
	struct mounts	mounts;
};

char *job_read_text(const char *path);
bool job_parse(struct job *job, const char *name, const char *text);
char *job_text(const struct job *job);

#endif
