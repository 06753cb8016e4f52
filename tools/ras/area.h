/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-savecore: what the stamps of an area say, and where the bytes of its dump are.
 *
 * Nothing here does I/O: the stamps may have been written by anybody, and the fuzzer feeds
 * the same functions from memory.
 */
#ifndef RAS_AREA_H
#define RAS_AREA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/ras_dump.h>

#include "why.h"

/* The last second of the year 9999: a later one has no name of a file. */
#define AREA_TIME_MAX	253402300799u

/**
 * struct area - what the stamp of extent 0 says, checked
 * @state: see enum ras_dump_state
 * @extents: how many
 * @uuid: of the area
 * @armed: how often it was made a target
 * @bytes: size of the dump, at most what the extents hold
 * @time: of the dump, at most %AREA_TIME_MAX
 * @start: where each extent begins in the device or file, in bytes; and where the last ends
 */
struct area {
	uint32_t	state;
	uint32_t	extents;
	uint8_t		uuid[16];
	uint64_t	armed;
	uint64_t	bytes;
	uint64_t	time;
	uint64_t	start[RAS_DUMP_EXTENTS + 1];
};

bool area_parse(struct area *area, const struct ras_dump_stamp *stamp, uint64_t size,
		uint32_t max_extents, struct why *why);
bool area_check_extent(const struct area *area, uint32_t number,
		       const struct ras_dump_stamp *stamp, struct why *why);
uint64_t area_find(const struct area *area, uint64_t offset, uint64_t *length);
bool area_holds_dump(uint32_t state);
const char *area_state_name(uint32_t state);
uint32_t area_crc(const struct ras_dump_stamp *stamp);
void area_time_text(uint64_t time, char *text, size_t size);
void area_file_name(uint64_t time, char *name, size_t size);

#endif
