// SPDX-License-Identifier: GPL-2.0
/*
 * ras-savecore: what the stamps of an area say, and where the bytes of its dump are.
 */
#include <assert.h>
#include <endian.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "area.h"
#include "crc32.h"

static_assert(sizeof(struct ras_dump_stamp) == RAS_DUMP_BLOCK, "a stamp is a block");

static const char * const state_names[] = {
	[RAS_DUMP_EMPTY]	= "empty",
	[RAS_DUMP_BEGUN]	= "interrupted",
	[RAS_DUMP_CUT]		= "cut off",
	[RAS_DUMP_WHOLE]	= "whole",
	[RAS_DUMP_TAKEN]	= "taken",
};

/**
 * area_crc() - the checksum that a stamp should have
 * @stamp: the stamp
 *
 * Return: the CRC-32 of the block with its field crc 0, which nothing has to be copied for.
 */
uint32_t area_crc(const struct ras_dump_stamp *stamp)
{
	static const __le32 zero;
	const size_t before = offsetof(struct ras_dump_stamp, crc);
	const size_t after = before + sizeof(zero);
	uint32_t crc = crc32(0, stamp, before);

	crc = crc32(crc, &zero, sizeof(zero));
	return crc32(crc, (const uint8_t *)stamp + after, sizeof(*stamp) - after);
}

/* What every stamp has to have. */
static bool check_stamp(const struct ras_dump_stamp *stamp, uint32_t number, struct why *why)
{
	const uint32_t version = le32toh(stamp->version);
	const uint32_t crc = le32toh(stamp->crc), real = area_crc(stamp);
	const uint32_t extent = le32toh(stamp->extent);

	if (memcmp(stamp->magic, RAS_DUMP_MAGIC, sizeof(stamp->magic)))
		return refuse(why, "extent %" PRIu32 " has no stamp: its first block does not "
			      "begin with " RAS_DUMP_MAGIC, number);
	if (version != RAS_DUMP_VERSION)
		return refuse(why, "the stamp of extent %" PRIu32 " has version %" PRIu32
			      ", not %d", number, version, RAS_DUMP_VERSION);
	if (crc != real)
		return refuse(why, "the stamp of extent %" PRIu32 " is damaged: its CRC is %08"
			      PRIx32 ", that of the block %08" PRIx32, number, crc, real);
	if (extent != number)
		return refuse(why, "the stamp of extent %" PRIu32 " says that it is of extent %"
			      PRIu32, number, extent);
	if (stamp->reserved)
		return refuse(why, "the stamp of extent %" PRIu32 " has %" PRIu32
			      " in a reserved field", number, le32toh(stamp->reserved));
	return true;
}

/* Where the extents are.  A sum of 992 numbers of 32 bits, times 4096, fits 64 bits. */
static bool find_extents(struct area *area, const struct ras_dump_stamp *stamp, uint64_t size,
			 struct why *why)
{
	uint64_t end = 0;

	for (uint32_t i = 0; i < area->extents; i++) {
		const uint32_t blocks = le32toh(stamp->blocks[i]);

		if (blocks < 2)
			return refuse(why, "extent %" PRIu32 " has %" PRIu32 " blocks: no room for "
				      "a stamp and a dump", i, blocks);
		area->start[i] = end;
		end += (uint64_t)blocks * RAS_DUMP_BLOCK;
	}
	area->start[area->extents] = end;
	if (end > size)
		return refuse(why, "the extents have %" PRIu64 " bytes, of which %" PRIu64
			      " are there", end, size);
	return true;
}

/* What else counts in extent 0 only. */
static bool check_dump(const struct area *area, struct why *why)
{
	const uint64_t room = area->start[area->extents] -
			      (uint64_t)area->extents * RAS_DUMP_BLOCK;

	if (area->state > RAS_DUMP_TAKEN)
		return refuse(why, "state %" PRIu32 " is not known", area->state);
	if (area->bytes > room)
		return refuse(why, "the dump is said to have %" PRIu64 " bytes, the area has "
			      "room for %" PRIu64, area->bytes, room);
	if (area->time > AREA_TIME_MAX)
		return refuse(why, "the dump is said to be of second %" PRIu64
			      ", after the year 9999", area->time);
	return true;
}

/**
 * area_parse() - read the stamp of extent 0
 * @area: set to what it says, and only of use if it is not refused
 * @stamp: the first block of the device or file
 * @size: of the device or file, in bytes
 * @max_extents: how many the area can have: 1 on a device
 * @why: set to the reason if the stamp is refused
 *
 * Return: the stamp is sound, and all that it says is inside of the device or file.
 */
bool area_parse(struct area *area, const struct ras_dump_stamp *stamp, uint64_t size,
		uint32_t max_extents, struct why *why)
{
	memset(area, 0, sizeof(*area));
	if (!check_stamp(stamp, 0, why))
		return false;
	area->state = le32toh(stamp->state);
	area->extents = le32toh(stamp->extents);
	area->armed = le64toh(stamp->armed);
	area->bytes = le64toh(stamp->bytes);
	area->time = le64toh(stamp->time);
	memcpy(area->uuid, stamp->uuid, sizeof(area->uuid));
	if (max_extents > RAS_DUMP_EXTENTS)
		max_extents = RAS_DUMP_EXTENTS;
	if (!area->extents || area->extents > max_extents)
		return refuse(why, "the area is said to have %" PRIu32 " extents; it can have "
			      "1 to %" PRIu32, area->extents, max_extents);
	return find_extents(area, stamp, size, why) && check_dump(area, why);
}

/**
 * area_check_extent() - check the stamp of a further extent
 * @area: what the stamp of extent 0 says
 * @number: of the extent
 * @stamp: the first block of it
 * @why: set to the reason if the stamp is refused
 *
 * Return: it belongs to the area.
 */
bool area_check_extent(const struct area *area, uint32_t number,
		       const struct ras_dump_stamp *stamp, struct why *why)
{
	if (!check_stamp(stamp, number, why))
		return false;
	if (memcmp(stamp->uuid, area->uuid, sizeof(area->uuid)))
		return refuse(why, "the stamp of extent %" PRIu32 " has the UUID of another area",
			      number);
	if (le64toh(stamp->armed) != area->armed)
		return refuse(why, "the stamp of extent %" PRIu32 " was written when the area was "
			      "armed for the %" PRIu64 ". time, that of extent 0 for the %" PRIu64
			      ".", number, (uint64_t)le64toh(stamp->armed), area->armed);
	return true;
}

/**
 * area_find() - find a byte of the dump
 * @area: the area
 * @offset: in the dump, less than @area->bytes
 * @length: set to how many bytes of the dump follow one another there, at least 1
 *
 * Return: where the byte is in the device or file.
 */
uint64_t area_find(const struct area *area, uint64_t offset, uint64_t *length)
{
	const uint64_t left = area->bytes - offset;
	uint64_t room = 0;
	uint32_t i;

	for (i = 0; i < area->extents; i++) {
		room = area->start[i + 1] - area->start[i] - RAS_DUMP_BLOCK;
		if (offset < room)
			break;
		offset -= room;
	}
	*length = room - offset < left ? room - offset : left;
	return area->start[i] + RAS_DUMP_BLOCK + offset;
}

/**
 * area_holds_dump() - is there a dump that nobody has taken?
 * @state: of the area, one that is known
 */
bool area_holds_dump(uint32_t state)
{
	return state != RAS_DUMP_EMPTY && state != RAS_DUMP_TAKEN;
}

/**
 * area_state_name() - a state in words, as /sys/kernel/ras/dump/memory/state has them
 * @state: the state
 *
 * Return: the words, or %NULL if the state is not known.
 */
const char *area_state_name(uint32_t state)
{
	return state <= RAS_DUMP_TAKEN ? state_names[state] : NULL;
}

/* The parts of a time that area_parse() lets pass. */
static struct tm time_parts(uint64_t time)
{
	const time_t seconds = (time_t)time;
	struct tm parts = { .tm_mday = 1 };

	gmtime_r(&seconds, &parts);
	return parts;
}

/**
 * area_time_text() - write a time as text, in UTC
 * @time: seconds since 1970, at most %AREA_TIME_MAX
 * @text: where to write it
 * @size: of @text
 */
void area_time_text(uint64_t time, char *text, size_t size)
{
	const struct tm parts = time_parts(time);

	strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

/**
 * area_file_name() - name the file of a dump
 * @time: of the dump, at most %AREA_TIME_MAX
 * @name: where to write it
 * @size: of @name
 */
void area_file_name(uint64_t time, char *name, size_t size)
{
	const struct tm parts = time_parts(time);

	strftime(name, size, "vmcore-%Y-%m-%d-%H-%M-%S", &parts);
}
