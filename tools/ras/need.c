// SPDX-License-Identifier: GPL-2.0
/*
 * rasctl: how large a dump would be now: an estimate from /proc/meminfo and the level.
 *
 * What the level leaves out is taken off the memory of the machine.  Of what is left, half is
 * counted if pages are compressed; they shrink to a third as a rule.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "need.h"
#include "policy-file.h"
#include "say.h"

/* The bits of the level. */
#define LEVEL_CACHE	(2 | 4)
#define LEVEL_USER	8
#define LEVEL_FREE	16

/* The kernel's image, which is not in MemTotal; nor are the struct pages, a part of it. */
#define IMAGE_BYTES	(32u << 20)
#define PAGES_PART	64

/* What /proc/meminfo says, in bytes. */
struct memory {
	uint64_t	total;
	uint64_t	free;
	uint64_t	cached;
	uint64_t	buffers;
	uint64_t	anonymous;
};

static void take_line(struct memory *memory, const char *line)
{
	const struct {
		const char	*name;
		uint64_t	*value;
	} fields[] = {
		{ "MemTotal", &memory->total }, { "MemFree", &memory->free },
		{ "Cached", &memory->cached }, { "Buffers", &memory->buffers },
		{ "AnonPages", &memory->anonymous },
	};
	char name[32];
	uint64_t kib;

	if (sscanf(line, "%31[^:]: %" SCNu64 " kB", name, &kib) != 2)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (!strcmp(name, fields[i].name))
			*fields[i].value = kib << 10;
}

static bool read_memory(const struct context *context, struct memory *memory)
{
	char path[4096], *line = NULL;
	size_t room = 0;
	FILE *file;

	memset(memory, 0, sizeof(*memory));
	snprintf(path, sizeof(path), "%s/meminfo", context->proc);
	file = fopen(path, "re");
	while (file && getline(&line, &room, file) > 0)
		take_line(memory, line);
	free(line);
	if (file)
		fclose(file);
	if (!memory->total)
		say_failed(path, "does not say how much memory there is");
	return memory->total;
}

/**
 * need_estimate() - about how large a dump would be now
 * @context: the context
 * @bytes: set to it
 *
 * Return: it is known; otherwise the reason was said.
 */
bool need_estimate(const struct context *context, uint64_t *bytes)
{
	uint64_t level, out = 0;
	struct memory memory;
	char *compression;

	if (!policy_read_number(context, "dump/level", &level) || !read_memory(context, &memory))
		return false;
	compression = policy_read(context, "dump/compression");
	if (!compression)
		return false;
	if ((level & LEVEL_CACHE) == LEVEL_CACHE)
		out += memory.cached + memory.buffers;
	if (level & LEVEL_USER)
		out += memory.anonymous;
	if (level & LEVEL_FREE)
		out += memory.free;
	*bytes = (memory.total > out ? memory.total - out : 0) + memory.total / PAGES_PART +
		 IMAGE_BYTES;
	if (strcmp(compression, "none"))
		*bytes /= 2;
	free(compression);
	return true;
}
