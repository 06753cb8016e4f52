/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: the stream in a file that the second kernel has written.
 */
#ifndef RAS_STREAM_READ_H
#define RAS_STREAM_READ_H

#include "stream-form.h"
#include "why.h"

/**
 * struct stream - a stream that is being read
 * @fd: of the file
 * @extents: the parts of it that are read; %NULL: all
 * @end: what its first block says
 * @offset: how much was read from the file, or from the parts
 * @crc: of what was given out
 * @given: how much that was
 * @buffer: what was read
 * @at: the next byte of it
 * @length: of it
 * @is_broken: the file could not be read
 * @has_own_sums: what is in it has checksums of its own, and @crc is not counted
 */
struct stream {
	int			fd;
	const struct extents	*extents;
	struct stream_end	end;
	uint64_t		offset;
	uint32_t		crc;
	uint64_t		given;
	uint8_t			*buffer;
	size_t			at;
	size_t			length;
	bool			is_broken;
	bool			has_own_sums;
};

bool stream_begin(struct stream *stream, int fd, const struct extents *extents, uint64_t offset,
		  uint64_t bytes);
bool stream_open(struct stream *stream, const char *path, const char *token, struct why *why);
void stream_close(struct stream *stream);
uint64_t stream_left(const struct stream *stream);
const uint8_t *stream_some(struct stream *stream, size_t most, size_t *size);
bool stream_read(struct stream *stream, void *to, size_t size);

#endif
