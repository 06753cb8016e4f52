// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: what makedumpfile -F writes, put in order.
 *
 * A pipe has no places, so each part of the dump comes with its own.
 */
#include <endian.h>
#include <inttypes.h>
#include <string.h>

#include "flattened.h"

#define SIGNATURE	"makedumpfile"
#define TYPE		1
#define VERSION		1
#define HEADER_BYTES	4096
/* The end of the stream, where offset and size have it. */
#define LAST		UINT64_MAX
/* No dump is larger: 64 TiB. */
#define MOST		(UINT64_C(1) << 46)

/* What the stream begins with; numbers are big endian. */
struct header {
	char		signature[16];
	uint64_t	type;
	uint64_t	version;
	uint8_t		unused[HEADER_BYTES - 32];
};

/* What each part begins with. */
struct part {
	uint64_t	offset;
	uint64_t	size;
};

static enum flattened bad(const struct stream *stream, struct why *why, const char *what)
{
	refuse(why, "%s, at byte %" PRIu64 " of the stream",
	       stream->is_broken ? "the file cannot be read" : what, stream->given);
	return FLATTENED_BAD;
}

static bool is_header(const struct header *header)
{
	static const char signature[16] = SIGNATURE;

	return !memcmp(header->signature, signature, sizeof(signature)) &&
	       be64toh(header->type) == TYPE && be64toh(header->version) == VERSION;
}

static enum flattened copy(struct stream *stream, struct new_file *file, uint64_t offset,
			   uint64_t size, struct why *why)
{
	while (size) {
		size_t got;
		const size_t most = size < SIZE_MAX ? (size_t)size : SIZE_MAX;
		const uint8_t *some = stream_some(stream, most, &got);

		if (!some)
			return bad(stream, why, "it ends in a part");
		if (!new_file_write(file, some, got, offset))
			return FLATTENED_FAILED;
		offset += got;
		size -= got;
	}
	return FLATTENED_GOOD;
}

/**
 * flattened_order() - put a stream in order
 * @stream: the stream
 * @file: where to
 * @why: set to the reason if the stream makes no sense
 *
 * Return: what became of it.  All of the stream was read if it is good.
 */
enum flattened flattened_order(struct stream *stream, struct new_file *file, struct why *why)
{
	enum flattened result = FLATTENED_GOOD;
	struct header header;

	if (!stream_read(stream, &header, sizeof(header)) || !is_header(&header))
		return bad(stream, why, "it is not of makedumpfile -F");
	while (result == FLATTENED_GOOD) {
		struct part part;

		if (!stream_read(stream, &part, sizeof(part)))
			return bad(stream, why, "it ends without a last part");
		part.offset = be64toh(part.offset);
		part.size = be64toh(part.size);
		if (part.offset == LAST && part.size == LAST)
			break;
		if (part.size > stream_left(stream))
			return bad(stream, why, "a part is longer than what is left");
		if (part.offset > MOST || part.size > MOST - part.offset)
			return bad(stream, why, "a part has no place in a dump");
		result = copy(stream, file, part.offset, part.size, why);
	}
	if (result == FLATTENED_GOOD && stream_left(stream))
		return bad(stream, why, "there is something behind its end");
	return result;
}
