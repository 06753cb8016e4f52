/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: the memory of this machine, as its firmware has told the kernel.
 */
#ifndef RAS_MEMORY_MAP_H
#define RAS_MEMORY_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As many as boot parameters have room for. */
#define MEMORY_RANGES	128

#define MEMORY_PAGE	4096u

/* The types that matter here, as boot parameters have them. */
#define MEMORY_RAM	1
#define MEMORY_RESERVED	2

/**
 * struct memory_range - a range of addresses
 * @start: the first
 * @end: the first behind it
 * @type: as boot parameters have it
 */
struct memory_range {
	uint64_t	start;
	uint64_t	end;
	uint32_t	type;
};

/**
 * struct memory_map - the ranges, in the order of their addresses; none overlap
 * @count: how many
 * @ranges: of them
 */
struct memory_map {
	size_t			count;
	struct memory_range	ranges[MEMORY_RANGES];
};

bool memory_map_read(struct memory_map *map, const char *root);
bool memory_map_of_firmware(struct memory_map *map, const char *root);
bool memory_map_of_kernel(struct memory_map *map, const char *root);
uint32_t memory_map_crc(const struct memory_map *map);
bool memory_map_has(const struct memory_map *map, uint64_t start, uint64_t end);
bool memory_map_below(struct memory_map *low, const struct memory_map *map, uint64_t end);
bool memory_map_for_second(struct memory_map *second, const struct memory_map *map,
			   uint64_t end);

#endif
