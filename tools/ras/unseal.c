// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump unseal: what is in a sealed dump, written to where its records say.
 *
 * A segment that was sealed with the right key may have been sealed by anybody: the records are
 * not trusted.  No byte of the sealed dump is written twice, so a dump takes no more room than
 * the sealed one but for the holes.
 */
#include <endian.h>
#include <inttypes.h>
#include <string.h>

#include "stop.h"
#include "unseal.h"

/* Of places of segments: no record is to name it any more. */
#define USED	(1ull << 63)

/* Records of one segment, and the one that is looked at. */
struct records {
	const uint8_t	*data;
	size_t		size;
	uint64_t	offset;
	uint64_t	number;
	uint32_t	what;
	uint32_t	length;
	const uint8_t	*bytes;
};

/* Note what is wrong with a segment.  Return: UNSEALED_CHANGED, for callers that end with it. */
static enum unsealed wrong(const struct segment *segment, struct why *why, const char *what)
{
	refuse(why, "segment %" PRIu64 " (records), bytes %" PRIu64 " to %" PRIu64 ": %s",
	       segment->number, segment->offset, seal_end(segment), what);
	return UNSEALED_CHANGED;
}

/* Go to the next record.  Return: what is wrong with it, or NULL; then there is one. */
static const char *next_record(struct records *records)
{
	struct ras_seal_record record;

	if (records->size < sizeof(record))
		return "a record is not whole";
	memcpy(&record, records->data, sizeof(record));
	records->data += sizeof(record);
	records->size -= sizeof(record);
	records->offset = le64toh(record.offset);
	records->number = le64toh(record.number);
	records->what = le32toh(record.what);
	records->length = le32toh(record.length);
	records->bytes = records->data;
	if (records->offset > UNSEAL_FILE_MAX ||
	    records->length > UNSEAL_FILE_MAX - records->offset)
		return "a record is of a place that no dump has";
	if (records->what == RAS_SEAL_SEGMENT)
		return NULL;
	if (records->what != RAS_SEAL_BYTES || records->number)
		return "a record is of no known kind";
	if (records->length > records->size)
		return "the bytes of a record are not whole";
	records->data += records->length;
	records->size -= records->length;
	return NULL;
}

/* A record names a segment.  Return: what is wrong with that, or NULL; then it is used. */
static const char *use(struct unseal *unseal, const struct records *records)
{
	struct place_of *place = numbers_find(&unseal->numbers, records->number);
	struct segment segment;

	if (!place)
		return "a record names a segment that was not there before";
	if (place->offset & USED)
		return "a record names a segment that is used, or has no pages";
	if (!seal_head(&unseal->seal, place->offset, &segment))
		return "a segment that a record names cannot be read";
	if (segment.length != records->length)
		return "a record names a segment of another length";
	place->offset |= USED;
	return NULL;
}

/* Is all that the records say possible?  Only then any of it is written. */
static const char *check_records(struct unseal *unseal, struct records records)
{
	while (records.size) {
		const char *reason = next_record(&records);

		if (!reason && records.what == RAS_SEAL_SEGMENT)
			reason = use(unseal, &records);
		if (reason)
			return reason;
	}
	return NULL;
}

static enum unsealed write_pages(struct unseal *unseal, const struct records *records,
				 struct why *why)
{
	const struct place_of *place = numbers_find(&unseal->numbers, records->number);
	const struct segment segment = {
		.offset = place->offset & ~USED,
		.number = records->number,
		.kind	= RAS_SEAL_PAGES,
		.length	= records->length,
	};

	if (!seal_read(&unseal->seal, &segment, unseal->pages, why))
		return UNSEALED_FAILED;
	if (new_file_write(&unseal->file, unseal->pages, segment.length, records->offset))
		return UNSEALED_WHOLE;
	*why->text = '\0';
	return UNSEALED_FAILED;
}

static enum unsealed write_records(struct unseal *unseal, struct records records,
				   struct why *why)
{
	while (records.size) {
		enum unsealed result = UNSEALED_WHOLE;

		next_record(&records);
		if (records.what == RAS_SEAL_SEGMENT) {
			result = write_pages(unseal, &records, why);
		} else if (!new_file_write(&unseal->file, records.bytes, records.length,
					   records.offset)) {
			*why->text = '\0';
			result = UNSEALED_FAILED;
		}
		if (result != UNSEALED_WHOLE)
			return result;
	}
	return UNSEALED_WHOLE;
}

static enum unsealed do_records(struct unseal *unseal, const struct segment *segment,
				struct why *why)
{
	struct records records = { .data = unseal->records, .size = segment->length };
	const char *reason;
	uint64_t counter;

	if (!seal_read(&unseal->seal, segment, unseal->records, why))
		return UNSEALED_FAILED;
	if (records.size < sizeof(counter))
		return wrong(segment, why, "it has no place in the order");
	memcpy(&counter, records.data, sizeof(counter));
	records.data += sizeof(counter);
	records.size -= sizeof(counter);
	if (le64toh(counter) != unseal->counter)
		return wrong(segment, why, le64toh(counter) > unseal->counter ?
			     "segments before it are not there" : "it was there before");
	reason = check_records(unseal, records);
	if (reason) {
		wrong(segment, why, reason);
		return unseal->seal.bytes->error ? UNSEALED_FAILED : UNSEALED_CHANGED;
	}
	unseal->counter++;
	return write_records(unseal, records, why);
}

/* A segment that was sealed: is it in its place, and what does it say? */
static enum unsealed do_segment(struct unseal *unseal, const struct segment *segment,
				struct why *why)
{
	const bool is_pages = segment->kind == RAS_SEAL_PAGES;

	if (segment->kind < RAS_SEAL_PAGES || segment->kind > RAS_SEAL_END)
		return wrong(segment, why, "it is of no known kind");
	if (numbers_find(&unseal->numbers, segment->number))
		return wrong(segment, why, "its number was used before");
	if (!numbers_add(&unseal->numbers, segment->number,
			 segment->offset | (is_pages ? 0 : USED), why))
		return UNSEALED_FAILED;
	unseal->segments++;
	return is_pages ? UNSEALED_WHOLE : do_records(unseal, segment, why);
}

static enum unsealed next_segment(struct unseal *unseal, struct segment *segment,
				  struct why *why)
{
	if (stop_reason()) {
		refuse(why, "%s", stop_reason());
		return UNSEALED_FAILED;
	}
	switch (seal_next(&unseal->seal, segment, why)) {
	case SEAL_GOOD:
		return do_segment(unseal, segment, why);
	case SEAL_CUT:
		return UNSEALED_CUT;
	case SEAL_CHANGED:
		return UNSEALED_CHANGED;
	default:
		return UNSEALED_FAILED;
	}
}

/**
 * unseal_all() - write what is in a sealed dump
 * @unseal: the dump, with its first three fields set, and the others 0
 * @why: set to the reason if it is not whole; empty if the reason was said
 *
 * Return: what came of it.  The file has what came before.
 */
enum unsealed unseal_all(struct unseal *unseal, struct why *why)
{
	struct segment segment = { 0 };
	enum unsealed result;

	numbers_begin(&unseal->numbers);
	do {
		result = next_segment(unseal, &segment, why);
		progress_show(&unseal->progress, unseal->seal.at);
	} while (result == UNSEALED_WHOLE && segment.kind != RAS_SEAL_END);
	numbers_end(&unseal->numbers);
	return result;
}
