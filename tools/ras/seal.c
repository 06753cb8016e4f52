// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump: a sealed dump: its header, and its segments one after the other.
 *
 * Who has the public key can seal anything: a segment that is what was sealed may still say
 * anything.
 */
#include <endian.h>
#include <inttypes.h>
#include <string.h>

#include "seal.h"
#include "stop.h"
#include "when.h"

#define HEAD_BYTES	sizeof(struct ras_seal_segment)

_Static_assert(RAS_SEAL_KEY_BYTES == CRYPT_KEY_BYTES && RAS_SEAL_TAG_BYTES == CRYPT_TAG_BYTES &&
	       RAS_SEAL_SALT_BYTES == CRYPT_SALT_BYTES,
	       "sizes of the format");

/* A read has failed.  Return: SEAL_OTHER, for callers that end with it. */
static enum seal_is not_read(const struct bytes *bytes, struct why *why)
{
	refuse(why, "cannot be read: %s", strerror(bytes->error));
	return SEAL_OTHER;
}

/**
 * seal_is_magic() - does a file that begins so look like a sealed dump?
 * @start: its first bytes
 * @size: how many
 */
bool seal_is_magic(const void *start, size_t size)
{
	return size >= 8 && !memcmp(start, RAS_SEAL_MAGIC, 8);
}

static enum seal_is check_header(const struct ras_seal_header *header, struct why *why)
{
	static const uint8_t zeros[sizeof(header->reserved)];

	if (!seal_is_magic(header, sizeof(*header))) {
		refuse(why, "is no sealed dump: it does not begin with \"" RAS_SEAL_MAGIC "\"");
		return SEAL_OTHER;
	}
	if (le32toh(header->version) != RAS_SEAL_VERSION) {
		refuse(why, "is a sealed dump of version %" PRIu32 "; version %d is read",
		       le32toh(header->version), RAS_SEAL_VERSION);
		return SEAL_OTHER;
	}
	if (!memcmp(header->reserved, zeros, sizeof(zeros)))
		return SEAL_GOOD;
	refuse(why, "the header was changed: what is reserved in it is not 0");
	return SEAL_CHANGED;
}

/**
 * seal_header() - read the header of a sealed dump
 * @seal: the dump, which has nothing else then
 * @bytes: the file
 * @why: set to the reason if it is not good
 */
enum seal_is seal_header(struct seal *seal, struct bytes *bytes, struct why *why)
{
	const size_t size = bytes->size < sizeof(seal->header) ? (size_t)bytes->size :
								 sizeof(seal->header);

	memset(&seal->header, 0, sizeof(seal->header));
	seal->bytes = bytes;
	seal->at = RAS_SEAL_BEGIN;
	if (!bytes_read(bytes, &seal->header, size, 0))
		return not_read(bytes, why);
	if (seal_is_magic(&seal->header, size) && bytes->size < RAS_SEAL_BEGIN) {
		refuse(why, "the file ends in the header, after %" PRIu64 " bytes", bytes->size);
		return SEAL_CHANGED;
	}
	return check_header(&seal->header, why);
}

/**
 * seal_describe() - for whom a dump is sealed, and since when
 * @seal: the dump, of which the header was read
 * @why: set to that, and what to do about it
 */
void seal_describe(const struct seal *seal, struct why *why)
{
	char key[KEY_TEXT], when[WHEN_TEXT];
	const bool has_time = when_text((int64_t)le64toh(seal->header.time), when);

	key_text(key, seal->header.recipient);
	refuse(why, "is sealed for the key %s%s%s; \"ras-dump unseal\" makes an ordinary dump of "
	       "it", key, has_time ? " since " : "", when);
}

/* The rest of the header's block is not sealed; but it is known. */
static enum seal_is check_rest(struct seal *seal, struct why *why)
{
	const size_t size = RAS_SEAL_BEGIN - sizeof(seal->header);

	if (!bytes_read(seal->bytes, seal->sealed, size, sizeof(seal->header)))
		return not_read(seal->bytes, why);
	if (!seal->sealed[0] && !memcmp(seal->sealed, seal->sealed + 1, size - 1))
		return SEAL_GOOD;
	refuse(why, "the block of the header was changed: what is behind it there is not 0");
	return SEAL_CHANGED;
}

static enum seal_is check_recipient(const struct seal *seal, const uint8_t *secret,
				    struct why *why)
{
	uint8_t public[CRYPT_KEY_BYTES];
	char key[KEY_TEXT];

	if (crypt_public(public, secret) &&
	    !memcmp(public, seal->header.recipient, sizeof(public)))
		return SEAL_GOOD;
	key_text(key, seal->header.recipient);
	refuse(why, "is sealed for another key: %s", key);
	return SEAL_OTHER;
}

/**
 * seal_open() - get ready to read the segments of a sealed dump
 * @seal: the dump, of which the header is good; to be closed by seal_close()
 * @secret: the secret key
 * @why: set to the reason if it is not good
 */
enum seal_is seal_open(struct seal *seal, const uint8_t *secret, struct why *why)
{
	enum seal_is is = check_recipient(seal, secret, why);

	if (is == SEAL_GOOD)
		is = check_rest(seal, why);
	if (is == SEAL_GOOD && !crypt_shared(seal->key, seal->header.ephemeral, secret,
						seal->header.salt)) {
		refuse(why, "the header was changed: the key of the dump is none");
		is = SEAL_CHANGED;
	}
	return is;
}

/**
 * seal_close() - forget the key of the dump
 * @seal: the dump
 */
void seal_close(struct seal *seal)
{
	crypt_forget(seal->key, sizeof(seal->key));
}

/**
 * seal_end() - where the next segment begins in the file
 * @segment: the segment
 */
uint64_t seal_end(const struct segment *segment)
{
	return segment->offset + HEAD_BYTES + segment->length + RAS_SEAL_TAG_BYTES;
}

/* The name of a segment, for people. */
static bool say_changed(const struct segment *segment, struct why *why)
{
	static const char * const kinds[] = {
		[RAS_SEAL_PAGES]	= "pages",
		[RAS_SEAL_RECORDS]	= "records",
		[RAS_SEAL_END]		= "end",
	};
	const bool has_name = segment->kind && segment->kind <= RAS_SEAL_END;

	return refuse(why, "segment %" PRIu64 " (%s), bytes %" PRIu64 " to %" PRIu64
		      ": was changed", segment->number, has_name ? kinds[segment->kind] : "unknown",
		      segment->offset, seal_end(segment));
}

/* Where the id of the dump is in the file, at or behind a place; the size, if it is not. */
static uint64_t find_id(struct seal *seal, uint64_t at)
{
	struct bytes *bytes = seal->bytes;

	while (bytes->size > at && bytes->size - at >= RAS_SEAL_ID_BYTES) {
		const uint64_t data = bytes->ops->next_data(bytes, at);
		const uint8_t *found;
		size_t size;

		/* It may begin in a hole, with zeros. */
		if (data > at + RAS_SEAL_ID_BYTES)
			at = data - RAS_SEAL_ID_BYTES;
		size = sizeof(seal->sealed);
		if (size > bytes->size - at)
			size = (size_t)(bytes->size - at);
		if (stop_reason() || !bytes_read(bytes, seal->sealed, size, at))
			break;
		found = memmem(seal->sealed, size, seal->header.ephemeral, RAS_SEAL_ID_BYTES);
		if (found)
			return at + (uint64_t)(found - seal->sealed);
		if (size < RAS_SEAL_ID_BYTES)
			break;
		at += size - RAS_SEAL_ID_BYTES + 1;
	}
	return bytes->size;
}

/*
 * There is no whole segment.  The log ends here, unless there is more of it: then it
 * is not what it was.
 */
static enum seal_is end_here(struct seal *seal, const char *reason, struct why *why)
{
	const uint64_t next = find_id(seal, seal->at + 1);

	if (stop_reason()) {
		refuse(why, "%s", stop_reason());
		return SEAL_OTHER;
	}
	if (seal->bytes->error)
		return not_read(seal->bytes, why);
	if (next < seal->bytes->size) {
		refuse(why, "bytes %" PRIu64 " to %" PRIu64 ": were changed: there is no segment, "
		       "and behind them there is more of the dump", seal->at, next);
		return SEAL_CHANGED;
	}
	refuse(why, "is cut off at byte %" PRIu64 ": %s", seal->at, reason);
	return SEAL_CUT;
}

/* Read the head of a segment. */
static void parse_head(const uint8_t *data, uint64_t offset, struct segment *segment)
{
	struct ras_seal_segment head;

	memcpy(&head, data, sizeof(head));
	segment->offset = offset;
	segment->number = le64toh(head.number);
	segment->kind = le32toh(head.kind);
	segment->length = le32toh(head.length);
}

/* Is the segment, which was read to @seal->sealed, what was sealed?  And what is in it? */
static bool open_segment(struct seal *seal, const struct segment *segment, uint8_t *out)
{
	const size_t number = offsetof(struct ras_seal_segment, number);
	uint8_t with[sizeof(seal->header) + HEAD_BYTES], nonce[CRYPT_NONCE_BYTES];
	const struct sealed sealed = {
		.head		= with,
		.head_size	= sizeof(with),
		.nonce		= nonce,
		.text		= seal->sealed + HEAD_BYTES,
		.size		= segment->length,
	};

	memcpy(with, &seal->header, sizeof(seal->header));
	memcpy(with + sizeof(seal->header), seal->sealed, HEAD_BYTES);
	memcpy(nonce, &seal->header.attempt, sizeof(seal->header.attempt));
	memcpy(nonce + sizeof(seal->header.attempt), seal->sealed + number, sizeof(uint64_t));
	return crypt_open(&sealed, seal->key, out);
}

/**
 * seal_next() - go to the next segment
 * @seal: the dump, which is open
 * @segment: set to the segment, which is what was sealed
 * @why: set to the reason if there is none
 */
enum seal_is seal_next(struct seal *seal, struct segment *segment, struct why *why)
{
	struct bytes *bytes = seal->bytes;

	if (!bytes_has(bytes, seal->at, HEAD_BYTES))
		return end_here(seal, "the file ends there", why);
	if (!bytes_read(bytes, seal->sealed, HEAD_BYTES, seal->at))
		return not_read(bytes, why);
	if (memcmp(seal->sealed, seal->header.ephemeral, RAS_SEAL_ID_BYTES))
		return end_here(seal, "what is there is not of this dump", why);
	parse_head(seal->sealed, seal->at, segment);
	if (segment->length > RAS_SEAL_LENGTH_MAX) {
		say_changed(segment, why);
		return SEAL_CHANGED;
	}
	if (!bytes_has(bytes, seal->at, seal_end(segment) - seal->at))
		return end_here(seal, "the file ends in a segment", why);
	if (!bytes_read(bytes, seal->sealed, (size_t)(seal_end(segment) - seal->at), seal->at))
		return not_read(bytes, why);
	if (!open_segment(seal, segment, NULL)) {
		say_changed(segment, why);
		return SEAL_CHANGED;
	}
	seal->at = seal_end(segment);
	return SEAL_GOOD;
}

/**
 * seal_head() - what a segment is that was there before
 * @seal: the dump
 * @offset: where the segment is
 * @segment: set to the segment, which is not looked at
 *
 * Return: it was read; otherwise the error of the file is set.
 */
bool seal_head(struct seal *seal, uint64_t offset, struct segment *segment)
{
	uint8_t head[HEAD_BYTES];

	if (!bytes_read(seal->bytes, head, sizeof(head), offset))
		return false;
	parse_head(head, offset, segment);
	return true;
}

/**
 * seal_read() - what is in a segment
 * @seal: the dump
 * @segment: the segment, by seal_next()
 * @out: set to it, of %RAS_SEAL_LENGTH_MAX
 * @why: set to the reason if it was not read: the segment was good before
 */
bool seal_read(struct seal *seal, const struct segment *segment, uint8_t *out, struct why *why)
{
	const size_t size = (size_t)(seal_end(segment) - segment->offset);
	struct segment again;

	if (!bytes_read(seal->bytes, seal->sealed, size, segment->offset)) {
		not_read(seal->bytes, why);
		return false;
	}
	parse_head(seal->sealed, segment->offset, &again);
	if (again.number == segment->number && again.kind == segment->kind &&
	    again.length == segment->length && open_segment(seal, segment, out))
		return true;
	return refuse(why, "the file is being changed");
}
