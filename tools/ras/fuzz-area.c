// SPDX-License-Identifier: GPL-2.0
/*
 * ras-savecore: a fuzzer of what reads the stamps.  The input is the content of an area.
 *
 * Each input is tried as it is, and with the checksums put right, which no fuzzer guesses.
 * Of the latter the area is as large as the input, and as large as a file can be.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "area.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The checks must not go with NDEBUG. */
static void must(bool condition)
{
	if (!condition)
		abort();
}

/* The block at an offset; beyond the input, what @beyond has. */
static struct ras_dump_stamp block_at(const uint8_t *data, size_t size, uint64_t offset,
				      const struct ras_dump_stamp *beyond)
{
	struct ras_dump_stamp stamp = *beyond;

	if (offset < size && size - offset >= sizeof(stamp))
		memcpy(&stamp, data + offset, sizeof(stamp));
	return stamp;
}

/* Each byte of the dump has one place, behind that of the byte before, and in no stamp. */
static void check_places(const struct area *area, uint64_t size)
{
	uint64_t offset = 0, end = 0, pieces = 0;

	while (offset < area->bytes) {
		uint64_t length = 0, same = 0;
		const uint64_t where = area_find(area, offset, &length);

		must(length && length <= area->bytes - offset);
		must(where >= end + RAS_DUMP_BLOCK && where < size && length <= size - where);
		must(area_find(area, offset + length - 1, &same) == where + length - 1);
		must(same == 1 || offset + length < area->bytes);
		must(where % RAS_DUMP_BLOCK == 0 && ++pieces <= area->extents);
		end = where + length;
		offset += length;
	}
}

static void check_extents(const struct area *area, const uint8_t *data, size_t size, bool repair)
{
	struct ras_dump_stamp first, stamp;
	struct why why = { "" };

	memcpy(&first, data, sizeof(first));
	for (uint32_t i = 1; i < area->extents; i++) {
		first.extent = htole32(i);
		stamp = block_at(data, size, area->start[i], &first);
		if (repair)
			stamp.crc = htole32(area_crc(&stamp));
		if (!area_check_extent(area, i, &stamp, &why)) {
			must(why.text[0]);
			break;
		}
	}
}

static void try_area(const uint8_t *data, size_t size, uint64_t claimed, uint32_t max_extents,
		     bool repair)
{
	static struct area area;
	struct ras_dump_stamp stamp;
	struct why why = { "" };
	char text[32];

	memcpy(&stamp, data, sizeof(stamp));
	if (repair) {
		memcpy(stamp.magic, RAS_DUMP_MAGIC, sizeof(stamp.magic));
		stamp.crc = htole32(area_crc(&stamp));
	}
	if (!area_parse(&area, &stamp, claimed, max_extents, &why)) {
		must(why.text[0]);
		return;
	}
	must(area_state_name(area.state) && area.extents >= 1 && area.extents <= max_extents);
	area_file_name(area.time, text, sizeof(text));
	must(strlen(text) == strlen("vmcore-2026-11-22-07-00-00"));
	check_places(&area, claimed);
	check_extents(&area, data, size, repair);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < RAS_DUMP_BLOCK)
		return 0;
	try_area(data, size, size, RAS_DUMP_EXTENTS, false);
	try_area(data, size, size, RAS_DUMP_EXTENTS, true);
	try_area(data, size, INT64_MAX, RAS_DUMP_EXTENTS, true);
	try_area(data, size, INT64_MAX, 1, true);
	return 0;
}
