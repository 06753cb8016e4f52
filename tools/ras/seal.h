/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-dump: a sealed dump: its header, and its segments one after the other.
 */
#ifndef RAS_SEAL_H
#define RAS_SEAL_H

#include <linux/ras_seal.h>

#include "bytes.h"
#include "key.h"

/* The bytes of a segment in the file. */
#define SEAL_SEGMENT_MAX \
	(sizeof(struct ras_seal_segment) + RAS_SEAL_LENGTH_MAX + RAS_SEAL_TAG_BYTES)

/**
 * enum seal_is - what a sealed dump, or what comes next in it, turned out to be
 * @SEAL_GOOD: what it should be
 * @SEAL_CUT: the end of the log
 * @SEAL_CHANGED: not what was sealed
 * @SEAL_OTHER: nothing that can be read, or nothing for this program or this key
 */
enum seal_is {
	SEAL_GOOD,
	SEAL_CUT,
	SEAL_CHANGED,
	SEAL_OTHER,
};

/**
 * struct seal - a sealed dump
 * @bytes: its file
 * @header: as it is in the file
 * @key: of the dump
 * @at: where its next segment is in the file
 * @sealed: the segment that was read last, with what is encrypted with it: @header
 */
struct seal {
	struct bytes		*bytes;
	struct ras_seal_header	header;
	uint8_t			key[CRYPT_KEY_BYTES];
	uint64_t		at;
	uint8_t			sealed[SEAL_SEGMENT_MAX];
};

/**
 * struct segment - a segment of a sealed dump
 * @offset: where it is in the file
 * @number: of it
 * @kind: see enum ras_seal_kind; any number
 * @length: of what is in it, in bytes
 */
struct segment {
	uint64_t	offset;
	uint64_t	number;
	uint32_t	kind;
	uint32_t	length;
};

bool seal_is_magic(const void *start, size_t size);
enum seal_is seal_header(struct seal *seal, struct bytes *bytes, struct why *why);
void seal_describe(const struct seal *seal, struct why *why);
enum seal_is seal_open(struct seal *seal, const uint8_t *secret, struct why *why);
enum seal_is seal_next(struct seal *seal, struct segment *segment, struct why *why);
bool seal_head(struct seal *seal, uint64_t offset, struct segment *segment);
bool seal_read(struct seal *seal, const struct segment *segment, uint8_t *out,
	       struct why *why);
uint64_t seal_end(const struct segment *segment);
void seal_close(struct seal *seal);

#endif
