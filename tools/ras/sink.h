/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: in the second kernel, where the bytes of a job go.
 */
#ifndef RAS_SINK_H
#define RAS_SINK_H

#include "job.h"
#include "why.h"

/**
 * struct sink - blocks of a disk that are written one after the other
 * @job: that says which
 * @disk: the block device
 * @buffer: what was not written yet, aligned
 * @length: of it
 * @offset: where it goes, as if all blocks were one file
 * @bytes: how many there were, with those in the buffer
 * @is_full: there is no place for more
 * @why: the reason if it has failed
 */
struct sink {
	const struct job	*job;
	int			disk;
	uint8_t			*buffer;
	size_t			length;
	uint64_t		offset;
	uint64_t		bytes;
	bool			is_full;
	struct why		why;
};

bool sink_open(struct sink *sink, const struct job *job, const char *root);
void sink_close(struct sink *sink);
uint8_t *sink_room(struct sink *sink, size_t *room);
bool sink_took(struct sink *sink, size_t size);
bool sink_put(struct sink *sink, const void *data, size_t size);
bool sink_finish(struct sink *sink);
bool sink_first(struct sink *sink, const void *block);

#endif
