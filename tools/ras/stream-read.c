// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: the stream in a file that the second kernel has written.
 *
 * This kernel's cache does not know of it, so the file is read past the cache.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crc32.h"
#include "stream-read.h"

#define PIECE	((size_t)1024 * 1024)

/* Read the next piece.  Return: there is some. */
static bool fill(struct stream *stream)
{
	uint64_t at = stream->offset, length = PIECE;
	ssize_t got;

	if (stream->extents && stream->offset < stream->extents->size)
		at = extents_find(stream->extents, stream->offset, &length);
	else if (stream->extents)
		length = 0;
	if (length > PIECE)
		length = PIECE;
	do
		got = pread(stream->fd, stream->buffer, length, (off_t)at);
	while (got < 0 && errno == EINTR);
	stream->at = 0;
	stream->length = got > 0 ? (size_t)got : 0;
	stream->offset += stream->length;
	/* There has to be as much as the first block has said. */
	stream->is_broken = got <= 0;
	return got > 0;
}

static bool open_file(struct stream *stream, const char *path, struct why *why)
{
	int flags;

	stream->fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (stream->fd < 0)
		return refuse(why, "%s", strerror(errno));
	posix_fadvise(stream->fd, 0, 0, POSIX_FADV_DONTNEED);
	/* Some file systems cannot, as tmpfs; there nobody has written past the cache. */
	flags = fcntl(stream->fd, F_GETFL);
	if (flags >= 0)
		fcntl(stream->fd, F_SETFL, flags | O_DIRECT);
	stream->buffer = aligned_alloc(EXTENT_BLOCK, PIECE);
	if (!stream->buffer)
		return refuse(why, "no memory");
	if (!fill(stream) || stream->length < EXTENT_BLOCK)
		return refuse(why, "is too short");
	return true;
}

/**
 * stream_begin() - begin to read parts of a device that have checksums of their own
 * @stream: the stream, to be closed by stream_close() whatever comes out
 * @fd: of the device, past the cache
 * @extents: the parts, until the stream is closed
 * @offset: where the stream begins in them, a multiple of %EXTENT_BLOCK
 * @bytes: size of the stream
 *
 * Return: there is enough memory.
 */
bool stream_begin(struct stream *stream, int fd, const struct extents *extents, uint64_t offset,
		  uint64_t bytes)
{
	*stream = (struct stream){
		.fd = fd, .extents = extents, .offset = offset, .end = { .bytes = bytes },
		.has_own_sums = true, .buffer = aligned_alloc(EXTENT_BLOCK, PIECE),
	};
	return stream->buffer;
}

/**
 * stream_open() - open a file that the second kernel has written
 * @stream: the stream, to be closed by stream_close() whatever comes out
 * @path: of the file
 * @token: of the file; %NULL: any
 * @why: set to the reason if there is no stream in it
 *
 * Return: there is one.
 */
bool stream_open(struct stream *stream, const char *path, const char *token, struct why *why)
{
	memset(stream, 0, sizeof(*stream));
	if (!open_file(stream, path, why))
		return false;
	if (!stream_head_read((const void *)stream->buffer, token, 0, &stream->end))
		return refuse(why, "its first block is not one of a snapshot, or is damaged");
	if (stream->end.state == STREAM_FAILED)
		return refuse(why, "the second kernel: %.160s", stream->end.message);
	if (stream->end.state == STREAM_EMPTY)
		return refuse(why, "the second kernel has written nothing");
	stream->at = EXTENT_BLOCK;
	return true;
}

/**
 * stream_close() - close a stream
 * @stream: the stream
 */
void stream_close(struct stream *stream)
{
	if (stream->fd >= 0)
		close(stream->fd);
	free(stream->buffer);
}

/**
 * stream_left() - how much of a stream was not read yet
 * @stream: the stream
 */
uint64_t stream_left(const struct stream *stream)
{
	return stream->end.bytes - stream->given;
}

/**
 * stream_some() - the next bytes of a stream
 * @stream: the stream
 * @most: how many there may be, not 0
 * @size: set to how many there are
 *
 * Return: the bytes, until the next call; %NULL if there are none.
 */
const uint8_t *stream_some(struct stream *stream, size_t most, size_t *size)
{
	const uint8_t *some;

	if (most > stream_left(stream))
		most = (size_t)stream_left(stream);
	if (!most || (stream->at == stream->length && !fill(stream)))
		return NULL;
	some = stream->buffer + stream->at;
	*size = stream->length - stream->at < most ? stream->length - stream->at : most;
	stream->at += *size;
	stream->given += *size;
	if (!stream->has_own_sums)
		stream->crc = crc32(stream->crc, some, *size);
	return some;
}

/**
 * stream_read() - read bytes of a stream
 * @stream: the stream
 * @to: to where
 * @size: how many
 *
 * Return: there were so many.
 */
bool stream_read(struct stream *stream, void *to, size_t size)
{
	uint8_t *at = to;

	while (size) {
		size_t got;
		const uint8_t *some = stream_some(stream, size, &got);

		if (!some)
			return false;
		memcpy(at, some, got);
		at += got;
		size -= got;
	}
	return true;
}
