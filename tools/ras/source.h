/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-savecore: where a dump comes from: an area of a disk, or a region of memory.
 */
#ifndef RAS_SOURCE_H
#define RAS_SOURCE_H

#include <stdbool.h>
#include <sys/types.h>

#include "area.h"
#include "say.h"

#define MEMORY_DIRECTORY "/sys/kernel/ras/dump/memory"

struct source;

/**
 * struct source_ops - what can be done with a source
 * @read: read some bytes of the dump from an offset less than its size.  Return: how many, at
 *	least 1; or -1, and the reason was said
 * @mark: mark the dump as taken, if it still is the one that was opened.  Return: %DONE; or
 *	%FAILED, and the reason was said
 */
struct source_ops {
	ssize_t		(*read)(struct source *source, void *buffer, size_t size, uint64_t offset);
	enum outcome	(*mark)(struct source *source);
};

/**
 * struct source - a source that is open
 * @ops: what can be done with it
 * @name: as the user gave it
 * @kind: "device", "file" or "memory"
 * @fd: of the area, or the file of the region
 * @directory: of the region's files; -1 if this is an area
 * @area: what there is.  Of a region of memory only @area.state, @area.bytes, @area.time,
 *	which is that of the boot, and @area.armed, see memory.c
 * @stamp: of extent 0 as it was read; of an area only
 */
struct source {
	const struct source_ops	*ops;
	const char		*name;
	const char		*kind;
	int			fd;
	int			directory;
	struct area		area;
	struct ras_dump_stamp	stamp;
};

enum outcome disk_open(struct source *source, const char *name, bool for_mark);
enum outcome memory_open(struct source *source, const char *directory);
void source_close(struct source *source);

#endif
