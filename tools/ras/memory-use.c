// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: how much memory is in use.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "memory-map.h"
#include "memory-use.h"
#include "whole-file.h"

#define MEMINFO	"/proc/meminfo"

/* A line of meminfo, in bytes; 0 if there is none. */
static uint64_t field(const char *text, const char *name)
{
	const size_t length = strlen(name);
	uint64_t kib;

	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (!strncmp(text, name, length) && text[length] == ':')
			return sscanf(text + length + 1, " %" SCNu64, &kib) == 1 ? kib * 1024 : 0;
	}
	return 0;
}

static uint64_t without(uint64_t all, uint64_t part)
{
	return all > part ? all - part : 0;
}

/* All RAM, also what the kernel has taken before it began to count; 0 if nobody knows. */
static uint64_t all_memory(const char *root)
{
	struct memory_map *map = malloc(sizeof(*map));
	uint64_t bytes = 0;

	if (map && memory_map_read(map, root))
		for (size_t i = 0; i < map->count; i++)
			if (map->ranges[i].type == MEMORY_RAM)
				bytes += map->ranges[i].end - map->ranges[i].start;
	free(map);
	return bytes;
}

/**
 * memory_use_of_all() - the memory that is not free
 * @root: what is put before the names of the kernel's files
 *
 * Return: so many bytes, 0 if nobody knows.
 */
uint64_t memory_use_of_all(const char *root)
{
	char *text = whole_file_line(root, MEMINFO);
	uint64_t bytes = text ? without(all_memory(root), field(text, "MemFree")) : 0;

	free(text);
	return bytes;
}

/**
 * memory_use_of_kernel() - the memory that is not free, and neither a cache nor a process's
 * @root: what is put before the names of the kernel's files
 *
 * Return: so many bytes, 0 if nobody knows.
 */
uint64_t memory_use_of_kernel(const char *root)
{
	static const char * const others[] = { "MemFree", "Cached", "Buffers", "AnonPages" };
	char *text = whole_file_line(root, MEMINFO);
	uint64_t bytes = text ? all_memory(root) : 0;

	for (size_t i = 0; text && i < ARRAY_SIZE(others); i++)
		bytes = without(bytes, field(text, others[i]));
	free(text);
	return bytes;
}

/**
 * memory_use_available() - the memory that programs can have without swap
 * @root: what is put before the names of the kernel's files
 *
 * Return: so many bytes, 0 if nobody knows.
 */
uint64_t memory_use_available(const char *root)
{
	char *text = whole_file_line(root, MEMINFO);
	const uint64_t bytes = text ? field(text, "MemAvailable") : 0;

	free(text);
	return bytes;
}
