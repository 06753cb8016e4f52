// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: a dump is taken from where the second kernel has left it.
 */
#include <stdbool.h>
#include <stddef.h>

#include "flattened.h"
#include "new-file.h"
#include "say.h"
#include "stream-read.h"
#include "stream-take.h"

static enum taken nothing(const char *from, const char *reason)
{
	say_failed(from, "%s", reason);
	return TAKEN_NOTHING;
}

static enum taken order(struct stream *stream, const char *from, struct new_file *file)
{
	struct why why;

	switch (flattened_order(stream, file, &why)) {
	case FLATTENED_FAILED:
		return TAKEN_FAILED;
	case FLATTENED_BAD:
		return nothing(from, why.text);
	case FLATTENED_GOOD:
		break;
	}
	if (stream->crc != stream->end.crc)
		return nothing(from, "is damaged: its checksum is wrong");
	return new_file_finish(file) ? TAKEN : TAKEN_FAILED;
}

/**
 * stream_take() - make a dump of what the second kernel has left
 * @from: the file that it has written
 * @to: the dump, which must not exist
 * @token: of the file; %NULL: any
 * @bytes: set to the size of the dump
 *
 * Return: what became of it.
 */
enum taken stream_take(const char *from, const char *to, const char *token, uint64_t *bytes)
{
	enum taken taken = TAKEN_FAILED;
	struct new_file file;
	struct stream stream;
	struct why why;

	if (!stream_open(&stream, from, token, &why)) {
		stream_close(&stream);
		return nothing(from, why.text);
	}
	if (new_file_open(&file, to))
		taken = order(&stream, from, &file);
	*bytes = file.size;
	new_file_close(&file);
	stream_close(&stream);
	return taken;
}
