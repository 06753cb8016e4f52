// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: all records of an image, one after the other.
 *
 * What is on the device may be anything: no number of it is used before it was checked.
 */
#include <inttypes.h>

#include "crc32.h"
#include "image-pack.h"
#include "image-walk.h"
#include "pace.h"
#include "stream-read.h"

/**
 * struct walk - how far it is
 * @image: what the first block says
 * @map: the memory that there is
 * @visit: what is done with each record
 * @stream: the records
 * @packer: with what they are read
 * @memory: of the record that was read last
 * @records: how many were read
 * @bytes: of memory
 * @end: of the last record's memory
 * @crc: of the records without their contents
 * @has_entry: there was a record with the place where the kernel goes on
 * @pace: how far it is
 * @why: set to the reason if they make no sense
 */
struct walk {
	const struct image		*image;
	const struct memory_map		*map;
	const struct image_visit	*visit;
	struct stream			stream;
	struct packer			packer;
	const uint8_t			*memory;
	uint64_t			records;
	uint64_t			bytes;
	uint64_t			end;
	uint32_t			crc;
	bool				has_entry;
	struct pace			pace;
	struct why			*why;
};

static bool is_bad(struct walk *walk, const char *what)
{
	return refuse(walk->why, "record %" PRIu64 " of %" PRIu64 ": %s", walk->records,
		      walk->image->records, what);
}

static bool check_place(struct walk *walk, const struct image_record *record)
{
	if (record->address % EXTENT_BLOCK || record->bytes % EXTENT_BLOCK || !record->bytes ||
	    record->bytes > IMAGE_PIECE || record->address > UINT64_MAX - IMAGE_PIECE)
		return is_bad(walk, "its address or size makes no sense");
	if (record->address < walk->image->memory_end)
		return is_bad(walk, "is of memory that the image does not have");
	if (record->address < walk->end)
		return is_bad(walk, "is not in the order of addresses, or overlaps another");
	if (!memory_map_has(walk->map, record->address, record->address + record->bytes))
		return is_bad(walk, "is of what is no RAM");
	return true;
}

static bool check_content(struct walk *walk, const struct image_record *record)
{
	if (record->method >= IMAGE_METHODS)
		return is_bad(walk, "is stored in a way that nobody knows");
	if (!image_method_is_built_in(record->method))
		return refuse(walk->why, "record %" PRIu64 " of %" PRIu64 ": is compressed by %s, "
			      "and this program was built without", walk->records,
			      walk->image->records, image_method_name(record->method));
	if (!record->stored || record->stored > record->bytes ||
	    (record->method == IMAGE_PLAIN) != (record->stored == record->bytes))
		return is_bad(walk, "the size of its content makes no sense");
	if (record->stored > stream_left(&walk->stream))
		return is_bad(walk, "is longer than what is left");
	return true;
}

static bool read_head(struct walk *walk, struct image_record *record)
{
	if (!stream_read(&walk->stream, record, sizeof(*record)))
		return is_bad(walk, walk->stream.is_broken ? "the device cannot be read" :
			      "is longer than what is left");
	walk->crc = crc32(walk->crc, record, sizeof(*record));
	image_record_read(record);
	return check_place(walk, record) && check_content(walk, record);
}

static bool read_content(struct walk *walk, const struct image_record *record)
{
	if (!stream_read(&walk->stream, walk->packer.stored, record->stored))
		return is_bad(walk, "the device cannot be read");
	walk->memory = packer_unpack(&walk->packer, record);
	if (!walk->memory || crc32(0, walk->memory, record->bytes) != record->crc)
		return is_bad(walk, "is damaged: its checksum is wrong");
	return true;
}

static bool read_record(struct walk *walk)
{
	const uint64_t entry = walk->image->entry;
	struct image_record record;

	if (!read_head(walk, &record) || !read_content(walk, &record))
		return false;
	if (walk->visit->memory &&
	    !walk->visit->memory(walk->visit->to, record.address, walk->memory, record.bytes,
				 walk->why))
		return false;
	walk->end = record.address + record.bytes;
	walk->bytes += record.bytes;
	walk->has_entry |= record.address <= entry && entry < walk->end;
	walk->records++;
	pace_show(&walk->pace, walk->bytes);
	return true;
}

static bool read_records(struct walk *walk)
{
	const struct image *image = walk->image;

	pace_begin(&walk->pace, walk->visit->verb, image->bytes);
	while (walk->records < image->records)
		if (!read_record(walk))
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
	struct walk walk = { .image = image, .map = map, .visit = visit, .why = why };
	bool good;

	if (image->stored > disk->size - IMAGE_FIRST)
		return refuse(why, "is larger than the device");
	good = stream_begin(&walk.stream, disk->fd, IMAGE_FIRST, image->stored);
	if (packer_begin_to_unpack(&walk.packer) && good)
		good = read_records(&walk);
	else
		good = refuse(why, "no memory");
	packer_end(&walk.packer);
	walk.stream.fd = -1;
	stream_close(&walk.stream);
	return good;
}
