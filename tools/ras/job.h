/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: what the second kernel is to do.
 */
#ifndef RAS_JOB_H
#define RAS_JOB_H

#include "extents.h"

/* What there is to do. */
enum job_do {
	JOB_REHEARSE,
	JOB_SNAPSHOT,
};

/**
 * struct job - a job
 * @what: there is to do
 * @disk: for a snapshot, the name of the block device
 * @major: @minor: its numbers
 * @token: that stands in the first block of each extent
 * @extents: where to write
 */
struct job {
	enum job_do	what;
	char		disk[64];
	unsigned int	major;
	unsigned int	minor;
	char		token[EXTENT_TOKEN_BYTES];
	struct extents	extents;
};

char *job_read_text(const char *path);
bool job_parse(struct job *job, const char *name, const char *text);
char *job_text(const struct job *job);

#endif
