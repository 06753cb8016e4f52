// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: in the second kernel, where the bytes of a job go.
 *
 * The disk may have a file system that the first kernel has mounted: only the extents of the job
 * are written, past all caches, and only after each was found to have the mark of the first
 * kernel.  The first block is for what became of the rest.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block-name.h"
#include "clock.h"
#include "say.h"
#include "sink.h"
#include "stream-form.h"

#define PIECE		((size_t)256 * 1024)
/* So long may the disk take to be there. */
#define WAIT_NS		(20 * CLOCK_SECOND)

/* Does each extent begin with its mark? */
static bool has_marks(const struct sink *sink)
{
	struct stream_end end;
	uint64_t at = 0;

	for (size_t i = 0; i < sink->job->extents.count; i++) {
		const struct extent *extent = sink->job->extents.extents + i;

		if (pread(sink->disk, sink->buffer, EXTENT_BLOCK, (off_t)extent->physical) !=
		    EXTENT_BLOCK ||
		    !stream_head_read((const void *)sink->buffer, sink->job->token, at, &end))
			return false;
		at += extent->length;
	}
	return true;
}

/* Return: it is the disk, and sink->disk is it. */
static bool try_disk(struct sink *sink, const char *root, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/dev/%s", root, name);
	sink->disk = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (sink->disk >= 0 && has_marks(sink))
		return true;
	if (sink->disk >= 0)
		close(sink->disk);
	sink->disk = -1;
	return false;
}

/* By its numbers, if its name is another's here. */
static bool try_numbers(struct sink *sink, const char *root)
{
	char name[sizeof(sink->job->disk)];

	return block_name(root, sink->job->major, sink->job->minor, name, sizeof(name)) &&
	       try_disk(sink, root, name);
}

static bool find_disk(struct sink *sink, const char *root, uint64_t wait_ns)
{
	const uint64_t begun = clock_ns();

	for (;;) {
		if (try_disk(sink, root, sink->job->disk) || try_numbers(sink, root))
			return true;
		if (clock_ns() - begun > wait_ns)
			break;
		usleep(100000);
	}
	/* Nobody can be told but who reads the console. */
	say_failed(sink->job->disk, "is not there, or has not the marks of the file");
	return false;
}

/**
 * sink_open() - find the disk of a job
 * @sink: set to it
 * @job: the job
 * @root: what is put before the names of the kernel's files
 *
 * Return: it is there, and has the marks; otherwise the reason was said.
 */
bool sink_open(struct sink *sink, const struct job *job, const char *root)
{
	*sink = (struct sink){ .job = job, .disk = -1, .offset = EXTENT_BLOCK };
	sink->buffer = aligned_alloc(EXTENT_BLOCK, PIECE);
	if (!sink->buffer) {
		say_failed(job->disk, "no memory");
		return false;
	}
	if (find_disk(sink, root, *root ? 0 : WAIT_NS))
		return true;
	sink_close(sink);
	return false;
}

/**
 * sink_close() - close a disk that was opened
 * @sink: of the disk
 */
void sink_close(struct sink *sink)
{
	if (sink->disk >= 0)
		close(sink->disk);
	free(sink->buffer);
}

/* Write whole blocks of the buffer to where they belong. */
static bool write_blocks(struct sink *sink, uint64_t offset, size_t size)
{
	const uint8_t *from = sink->buffer;

	while (size) {
		uint64_t length, at = extents_find(&sink->job->extents, offset, &length);
		const size_t piece = size < length ? size : (size_t)length;
		const ssize_t done = pwrite(sink->disk, from, piece, (off_t)at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0 || done % EXTENT_BLOCK)
			return refuse(&sink->why, "cannot be written at byte %" PRIu64 ": %s", at,
				      done < 0 ? strerror(errno) : "it takes no whole blocks");
		from += done;
		offset += (uint64_t)done;
		size -= (size_t)done;
	}
	return true;
}

/* Write what is in the buffer; what its last block lacks is zeros. */
static bool empty(struct sink *sink)
{
	const size_t whole = (sink->length + EXTENT_BLOCK - 1) / EXTENT_BLOCK * EXTENT_BLOCK;

	if (whole > sink->job->extents.size - sink->offset) {
		sink->is_full = true;
		return refuse(&sink->why, "is full");
	}
	memset(sink->buffer + sink->length, 0, whole - sink->length);
	if (!write_blocks(sink, sink->offset, whole))
		return false;
	sink->offset += whole;
	sink->length = 0;
	return true;
}

/**
 * sink_room() - where the next bytes can be put
 * @sink: the sink
 * @room: set to how many, not 0
 *
 * Return: the place, for sink_took().
 */
uint8_t *sink_room(struct sink *sink, size_t *room)
{
	*room = PIECE - sink->length;
	return sink->buffer + sink->length;
}

/**
 * sink_took() - bytes were put where sink_room() has said
 * @sink: the sink
 * @size: how many
 *
 * Return: it goes on; otherwise @sink.why is the reason.
 */
bool sink_took(struct sink *sink, size_t size)
{
	sink->length += size;
	sink->bytes += size;
	return sink->length < PIECE || empty(sink);
}

/**
 * sink_put() - write bytes
 * @sink: to where
 * @data: the bytes
 * @size: how many
 *
 * Return: it goes on; otherwise @sink.why is the reason.
 */
bool sink_put(struct sink *sink, const void *data, size_t size)
{
	const uint8_t *from = data;

	while (size) {
		size_t room;
		uint8_t *to = sink_room(sink, &room);

		if (room > size)
			room = size;
		memcpy(to, from, room);
		if (!sink_took(sink, room))
			return false;
		from += room;
		size -= room;
	}
	return true;
}

static bool settle(struct sink *sink)
{
	if (!fsync(sink->disk))
		return true;
	return refuse(&sink->why, "cannot be written: %s", strerror(errno));
}

/**
 * sink_finish() - that was all: have it on the disk
 * @sink: the sink
 *
 * Return: it is; otherwise @sink.why is the reason.
 */
bool sink_finish(struct sink *sink)
{
	return empty(sink) && settle(sink);
}

/**
 * sink_first() - write the first block, and have it on the disk
 * @sink: the sink, to which nothing is put any more
 * @block: the block
 *
 * Return: it is; otherwise @sink.why is the reason.
 */
bool sink_first(struct sink *sink, const void *block)
{
	memcpy(sink->buffer, block, EXTENT_BLOCK);
	return write_blocks(sink, 0, EXTENT_BLOCK) && settle(sink);
}
