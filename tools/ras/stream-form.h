/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: the form of the file in which the second kernel leaves a dump.
 *
 * Its first block says what became of it, and is written last.  The stream of makedumpfile -F is
 * behind it.  Before that each extent of the file begins with such a block, so that the second
 * kernel knows that it has found the right places.
 */
#ifndef RAS_STREAM_FORM_H
#define RAS_STREAM_FORM_H

#include <stdbool.h>
#include <stdint.h>

#include "extents.h"

#define STREAM_MAGIC	"RASSNAP1"
/* Where the stream begins. */
#define STREAM_FIRST	EXTENT_BLOCK

/* What became of the stream. */
enum stream_state {
	STREAM_EMPTY,
	STREAM_DONE,
	STREAM_FAILED,
};

/**
 * struct stream_head - a block; numbers are little endian
 * @magic: %STREAM_MAGIC
 * @token: of this file, hexadecimal digits
 * @state: see enum stream_state
 * @crc: of the stream
 * @bytes: size of the stream
 * @at: where the block is in the file
 * @message: why it has failed
 * @unused: zeros
 * @head_crc: of what is before it
 */
struct stream_head {
	char		magic[8];
	char		token[EXTENT_TOKEN_BYTES - 1];
	uint32_t	state;
	uint32_t	crc;
	uint64_t	bytes;
	uint64_t	at;
	char		message[256];
	uint8_t		unused[EXTENT_BLOCK - 324];
	uint32_t	head_crc;
};

_Static_assert(sizeof(struct stream_head) == EXTENT_BLOCK, "it is a block");

/**
 * struct stream_end - what became of a stream
 * @state: of it
 * @crc: of it
 * @bytes: of it
 * @message: why it has failed
 */
struct stream_end {
	enum stream_state	state;
	uint32_t		crc;
	uint64_t		bytes;
	char			message[256];
};

void stream_head_make(struct stream_head *head, const char *token, uint64_t at,
		      const struct stream_end *end);
bool stream_head_read(const struct stream_head *head, const char *token, uint64_t at,
		      struct stream_end *end);

#endif
