// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: all records of an image, one after the other.
 *
 * What is on the device may be anything: no number of it is used before it was checked.  One thread
 * reads and checks the records, in order; others decompress and visit them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "crc32.h"
#include "image-list.h"
#include "image-parcel.h"
#include "image-walk.h"
#include "pace.h"
#include "stream-read.h"

/**
 * struct walk - how far it is
 * @image: what the first block says
 * @map: the memory that there is
 * @visit: what is done with each record
 * @extents: the parts of the image on its device
 * @stream: the records
 * @parcels: the records that are worked on
 * @taken: how many were read
 * @end: of the last one's memory
 * @crc: of those that were read, without their contents
 * @is_over: no other record is read
 * @bytes: of memory whose records were done
 * @has_entry: there was a record with the place where the kernel goes on
 * @pace: how far it is
 * @why: set to the reason if they make no sense
 */
struct walk {
	const struct image		*image;
	const struct memory_map		*map;
	const struct image_visit	*visit;
	struct extents			extents;
	struct stream			stream;
	struct parcels			parcels;
	uint64_t			taken;
	uint64_t			end;
	uint32_t			crc;
	bool				is_over;
	uint64_t			bytes;
	bool				has_entry;
	struct pace			pace;
	struct why			*why;
};

static bool is_bad(const struct walk *walk, struct parcel *parcel, const char *what)
{
	return refuse(&parcel->why, "record %" PRIu64 " of %" PRIu64 ": %s", parcel->number,
		      walk->image->records, what);
}

static bool check_place(struct walk *walk, struct parcel *parcel)
{
	const struct image_record *record = &parcel->record;

	if (record->address % EXTENT_BLOCK || record->bytes % EXTENT_BLOCK || !record->bytes ||
	    record->bytes > IMAGE_PIECE || record->address > UINT64_MAX - IMAGE_PIECE)
		return is_bad(walk, parcel, "its address or size makes no sense");
	if (record->address < walk->image->memory_end)
		return is_bad(walk, parcel, "is of memory that the image does not have");
	if (record->address < walk->end)
		return is_bad(walk, parcel,
			      "is not in the order of addresses, or overlaps another");
	if (!memory_map_has(walk->map, record->address, record->address + record->bytes))
		return is_bad(walk, parcel, "is of what is no RAM");
	walk->end = record->address + record->bytes;
	return true;
}

static bool check_method(struct walk *walk, struct parcel *parcel)
{
	const uint32_t method = parcel->record.method;
	char what[80];

	if (method >= IMAGE_METHODS)
		return is_bad(walk, parcel, "is stored in a way that nobody knows");
	if (image_method_is_built_in(method))
		return true;
	snprintf(what, sizeof(what), "is compressed by %s, and this program was built without",
		 image_method_name(method));
	return is_bad(walk, parcel, what);
}

static bool check_content(struct walk *walk, struct parcel *parcel)
{
	const struct image_record *record = &parcel->record;

	if (!record->stored || record->stored > record->bytes ||
	    (record->method == IMAGE_PLAIN) != (record->stored == record->bytes))
		return is_bad(walk, parcel, "the size of its content makes no sense");
	if (record->stored > stream_left(&walk->stream))
		return is_bad(walk, parcel, "is longer than what is left");
	return true;
}

static bool read_head(struct walk *walk, struct parcel *parcel)
{
	struct image_record *record = &parcel->record;

	if (!stream_read(&walk->stream, record, sizeof(*record)))
		return is_bad(walk, parcel, walk->stream.is_broken ?
			      "the device cannot be read" : "is longer than what is left");
	walk->crc = crc32(walk->crc, record, sizeof(*record));
	image_record_read(record);
	return check_place(walk, parcel) && check_method(walk, parcel) &&
	       check_content(walk, parcel);
}

static bool read_record(struct walk *walk, struct parcel *parcel)
{
	if (!read_head(walk, parcel))
		return false;
	if (stream_read(&walk->stream, parcel->packer.stored, parcel->record.stored))
		return true;
	return is_bad(walk, parcel, "the device cannot be read");
}

/* In order: read it. */
static bool take_parcel(void *to, unsigned int place)
{
	struct walk *walk = to;
	struct parcel *parcel = walk->parcels.parcels + place;

	if (walk->is_over || walk->taken == walk->image->records)
		return false;
	parcel->number = walk->taken++;
	parcel->is_bad = !read_record(walk, parcel);
	walk->is_over = parcel->is_bad;
	return true;
}

static bool visit(struct walk *walk, struct parcel *parcel)
{
	const struct image_visit *visit = walk->visit;
	const struct image_record *record = &parcel->record;
	const uint8_t *memory = packer_unpack(&parcel->packer, record);

	if (!memory || crc32(0, memory, record->bytes) != record->crc)
		return is_bad(walk, parcel, "is damaged: its checksum is wrong");
	return !visit->memory || visit->memory(visit->to, record->address, memory, record->bytes,
					       &parcel->why);
}

/* At the same time as others: get the memory, and visit it. */
static void work_on_parcel(void *to, unsigned int place)
{
	struct walk *walk = to;
	struct parcel *parcel = walk->parcels.parcels + place;

	if (!parcel->is_bad)
		parcel->is_bad = !visit(walk, parcel);
}

/* In order: the first reason is the one that counts. */
static bool give_parcel(void *to, unsigned int place)
{
	struct walk *walk = to;
	const struct parcel *parcel = walk->parcels.parcels + place;
	const struct image_record *record = &parcel->record;
	const uint64_t entry = walk->image->entry;

	if (parcel->is_bad) {
		*walk->why = parcel->why;
		return false;
	}
	walk->bytes += record->bytes;
	walk->has_entry |= record->address <= entry && entry < record->address + record->bytes;
	pace_show(&walk->pace, walk->bytes);
	return true;
}

static bool read_records(struct walk *walk)
{
	const struct crew_work work = {
		.take = take_parcel, .work = work_on_parcel, .give = give_parcel, .to = walk,
	};
	const struct image *image = walk->image;

	pace_begin(&walk->pace, walk->visit->verb, image->bytes);
	if (!crew_run(&work, walk->parcels.count))
		return false;
	if (stream_left(&walk->stream))
		return refuse(walk->why, "has something behind its last record");
	if (walk->crc != image->crc || walk->bytes != image->bytes)
		return refuse(walk->why, "is damaged: the checksum of all records is wrong");
	if (!walk->has_entry)
		return refuse(walk->why, "has no record of %#" PRIx64 ", where the kernel goes on",
			      image->entry);
	pace_end(&walk->pace);
	return true;
}

static bool walk_all(struct walk *walk, const struct image_disk *disk)
{
	const uint64_t first = IMAGE_FIRST + image_list_bytes(walk->image->parts);
	bool good;

	if (!image_list_read(&walk->extents, disk, walk->image, walk->why))
		return false;
	if (walk->extents.size < first || walk->image->stored > walk->extents.size - first)
		return refuse(walk->why, "is larger than the %s",
			      walk->image->parts ? "parts that it has" : "device");
	good = stream_begin(&walk->stream, disk->fd, &walk->extents, first,
			    walk->image->stored) && parcels_begin_to_unpack(&walk->parcels);
	if (good)
		good = read_records(walk);
	else
		refuse(walk->why, "no memory");
	parcels_end(&walk->parcels);
	walk->stream.fd = -1;
	stream_close(&walk->stream);
	return good;
}

/**
 * image_walk() - read all records of an image
 * @disk: the device
 * @image: what its first block says
 * @map: the memory that there is
 * @visit: what is to be done with each record that makes sense
 * @why: set to the reason if they do not
 *
 * Return: all is as the first block says, and was done.
 */
bool image_walk(const struct image_disk *disk, const struct image *image,
		const struct memory_map *map, const struct image_visit *visit, struct why *why)
{
	struct walk *walk;
	bool good;

	walk = calloc(1, sizeof(*walk));
	if (!walk)
		return refuse(why, "no memory");
	walk->image = image;
	walk->map = map;
	walk->visit = visit;
	walk->why = why;
	good = walk_all(walk, disk);
	free(walk);
	return good;
}
