// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: the memory of this machine, as its firmware has told the kernel.
 *
 * /sys/firmware/memmap has it as the firmware gave it.  A kernel without CONFIG_FIRMWARE_MEMMAP
 * shows in /proc/iomem what it has made of that.
 */
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "array.h"
#include "crc32.h"
#include "memory-map.h"
#include "say.h"
#include "whole-file.h"

#define MEMMAP	"/sys/firmware/memmap"
#define IOMEM	"/proc/iomem"

/* What the kernel calls the types.  All other names are not memory of the firmware's map. */
static const struct {
	const char	*name;
	uint32_t	type;
} types[] = {
	{ "System RAM",			MEMORY_RAM },
	{ "Reserved",			MEMORY_RESERVED },
	{ "reserved",			MEMORY_RESERVED },
	{ "ACPI Tables",		3 },
	{ "ACPI Non-volatile Storage",	4 },
	{ "Unusable memory",		5 },
	{ "Persistent Memory",		7 },
	{ "Persistent Memory (legacy)",	12 },
	{ "Soft Reserved",		MEMORY_RESERVED },
};

static uint32_t type_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(types[i].name, name))
			return types[i].type;
	return 0;
}

static bool add(struct memory_map *map, const char *from, uint64_t start, uint64_t end,
		uint32_t type)
{
	if (map->count == MEMORY_RANGES) {
		say_failed(from, "has more than %d ranges", MEMORY_RANGES);
		return false;
	}
	map->ranges[map->count++] = (struct memory_range){ start, end, type };
	return true;
}

static int compare(const void *left, const void *right)
{
	const struct memory_range *one = left, *two = right;

	return one->start < two->start ? -1 : one->start > two->start;
}

/* Sort them, and see that they make sense. */
static bool order(struct memory_map *map, const char *from)
{
	qsort(map->ranges, map->count, sizeof(map->ranges[0]), compare);
	for (size_t i = 0; i < map->count; i++) {
		const struct memory_range *range = map->ranges + i;

		if (range->start >= range->end || (i && range->start < range[-1].end)) {
			say_failed(from, "the range at %#" PRIx64 " is empty or overlaps another",
				   range->start);
			return false;
		}
	}
	if (map->count)
		return true;
	say_failed(from, "shows no memory%s", geteuid() ? ": this needs root" : "");
	return false;
}

/* Return: it is there.  A range of the firmware's is a directory with three files. */
static bool read_number(const char *root, size_t number, const char *name, uint64_t *value)
{
	char path[64], *text, *end;
	bool good;

	snprintf(path, sizeof(path), MEMMAP "/%zu/%s", number, name);
	text = whole_file_line(root, path);
	if (!text)
		return false;
	errno = 0;
	*value = strtoull(text, &end, 16);
	good = end != text && !*end && !errno;
	if (!good)
		say_failed(path, "\"%s\" is no address", text);
	free(text);
	return good;
}

static bool read_range(struct memory_map *map, const char *root, size_t number)
{
	uint64_t start, last;
	char path[64], *name;
	uint32_t type;

	snprintf(path, sizeof(path), MEMMAP "/%zu/type", number);
	name = whole_file_line(root, path);
	if (!name || !read_number(root, number, "start", &start) ||
	    !read_number(root, number, "end", &last)) {
		free(name);
		say_failed(MEMMAP, "range %zu cannot be read", number);
		return false;
	}
	/* What nobody knows must not be used. */
	type = type_of(name) ? type_of(name) : MEMORY_RESERVED;
	free(name);
	return add(map, MEMMAP, start, last + 1, type);
}

static bool read_memmap(struct memory_map *map, const char *root)
{
	for (size_t number = 0;; number++) {
		char path[64], *text;

		snprintf(path, sizeof(path), MEMMAP "/%zu/start", number);
		text = whole_file_line(root, path);
		free(text);
		if (!text)
			return order(map, MEMMAP);
		if (!read_range(map, root, number))
			return false;
	}
}

/* One line; those that are indented are parts of others. */
static bool read_line(struct memory_map *map, const char *line)
{
	uint64_t start, last;
	int length = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " : %n", &start, &last, &length) != 2 || !length ||
	    *line == ' ' || !type_of(line + length))
		return true;
	/* Others than root see zeros. */
	if (!last)
		return true;
	return add(map, IOMEM, start, last + 1, type_of(line + length));
}

static bool read_iomem(struct memory_map *map, const char *root)
{
	char *text = whole_file_line(root, IOMEM), *rest = text, *line;
	bool good = true;

	if (!text) {
		say_failed(IOMEM, "cannot be read: %s", strerror(errno));
		return false;
	}
	while (good && (line = strsep(&rest, "\n")))
		good = read_line(map, line);
	free(text);
	return good && order(map, IOMEM);
}

/**
 * memory_map_read() - read the map
 * @map: set to it
 * @root: what is put before the names of the kernel's files
 *
 * Return: it was read; otherwise the reason was said.
 */
bool memory_map_read(struct memory_map *map, const char *root)
{
	char *first = whole_file_line(root, MEMMAP "/0/start");

	map->count = 0;
	free(first);
	return first ? read_memmap(map, root) : read_iomem(map, root);
}

/**
 * memory_map_of_firmware() - read the map, as nothing but the firmware has given it
 * @map: set to it
 * @root: what is put before the names of the kernel's files
 *
 * Return: it was read; otherwise the reason was said.
 */
bool memory_map_of_firmware(struct memory_map *map, const char *root)
{
	char *first = whole_file_line(root, MEMMAP "/0/start");

	map->count = 0;
	free(first);
	if (first)
		return read_memmap(map, root);
	say_failed(MEMMAP, "is not there: this kernel has no CONFIG_FIRMWARE_MEMMAP");
	return false;
}

/**
 * memory_map_of_kernel() - read what the kernel has made of the map: with mem= it has less RAM
 * @map: set to it
 * @root: what is put before the names of the kernel's files
 *
 * Return: it was read; otherwise the reason was said.
 */
bool memory_map_of_kernel(struct memory_map *map, const char *root)
{
	map->count = 0;
	return read_iomem(map, root);
}

/**
 * memory_map_crc() - a checksum that is the same for the same map
 * @map: the map
 */
uint32_t memory_map_crc(const struct memory_map *map)
{
	uint32_t crc = 0;

	for (size_t i = 0; i < map->count; i++) {
		const struct memory_range *range = map->ranges + i;
		const uint64_t numbers[] = {
			htole64(range->start), htole64(range->end), htole64(range->type),
		};

		crc = crc32(crc, numbers, sizeof(numbers));
	}
	return crc;
}

/**
 * memory_map_has() - is all of it RAM?
 * @map: the map
 * @start: the first address
 * @end: the first behind it
 */
bool memory_map_has(const struct memory_map *map, uint64_t start, uint64_t end)
{
	/* The ranges are sorted; what begins in one may end in the next. */
	for (size_t i = 0; i < map->count && start < end; i++) {
		const struct memory_range *range = map->ranges + i;

		if (range->type == MEMORY_RAM && range->start <= start && start < range->end)
			start = range->end;
	}
	return start >= end;
}

/**
 * memory_map_below() - the pages of RAM that the second kernel gets
 * @low: set to them: whole pages, without the first of all, which the kernel keeps out of
 * @map: the map
 * @end: where the second kernel's memory ends
 *
 * Return: there are some; otherwise it was said.
 */
bool memory_map_below(struct memory_map *low, const struct memory_map *map, uint64_t end)
{
	low->count = 0;
	for (size_t i = 0; i < map->count; i++) {
		struct memory_range range = map->ranges[i];

		if (range.type != MEMORY_RAM)
			continue;
		range.start = (range.start + MEMORY_PAGE - 1) & ~(uint64_t)(MEMORY_PAGE - 1);
		range.end &= ~(uint64_t)(MEMORY_PAGE - 1);
		if (range.start < MEMORY_PAGE)
			range.start = MEMORY_PAGE;
		if (range.end > end)
			range.end = end;
		if (range.start < range.end)
			low->ranges[low->count++] = range;
	}
	if (low->count && low->ranges[low->count - 1].end == end)
		return true;
	say_failed("memory", "this machine has no RAM right below %#" PRIx64, end);
	return false;
}

/**
 * memory_map_for_second() - the map that the second kernel is given
 * @second: set to it: RAM that is not for it is reserved, lest it puts a device's window there
 * @map: the map
 * @end: where the second kernel's memory ends
 *
 * Return: it fits; otherwise it was said.
 */
bool memory_map_for_second(struct memory_map *second, const struct memory_map *map, uint64_t end)
{
	second->count = 0;
	for (size_t i = 0; i < map->count; i++) {
		struct memory_range range = map->ranges[i];
		const uint64_t last = range.end;

		if (range.type == MEMORY_RAM && range.start < end && end < last) {
			range.end = end;
			if (!add(second, "memory", range.start, end, MEMORY_RAM))
				return false;
			range.start = end;
			range.end = last;
		}
		if (range.type == MEMORY_RAM && range.start >= end)
			range.type = MEMORY_RESERVED;
		if (!add(second, "memory", range.start, range.end, range.type))
			return false;
	}
	return true;
}
