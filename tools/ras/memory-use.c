// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: how much memory is in use.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/**
 * memory_use_of_all() - the memory that is not free
 * @root: what is put before the names of the kernel's files
 *
 * Return: so many bytes, 0 if nobody knows.
 */
uint64_t memory_use_of_all(const char *root)
{
	char *text = whole_file_line(root, MEMINFO);
	uint64_t bytes = 0;

	if (text)
		bytes = without(field(text, "MemTotal"), field(text, "MemFree"));
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
	char *text = whole_file_line(root, MEMINFO);
	uint64_t bytes = memory_use_of_all(root);

	if (text) {
		bytes = without(bytes, field(text, "Cached"));
		bytes = without(bytes, field(text, "Buffers"));
		bytes = without(bytes, field(text, "AnonPages"));
	}
	free(text);
	return bytes;
}
