/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: what is where in the second kernel's memory.
 */
#ifndef RAS_LAYOUT_H
#define RAS_LAYOUT_H

#include "memory-map.h"

/* So many pieces have content, and so many segments does kexec_load(2) take. */
#define LAYOUT_PIECES	4
#define LAYOUT_SEGMENTS	16

/**
 * struct piece - what is to be somewhere
 * @name: of it
 * @data: its content
 * @size: of that, in bytes
 * @start: where it is
 * @room: what it needs there, in whole pages; at least @size
 */
struct piece {
	const char	*name;
	const void	*data;
	size_t		size;
	uint64_t	start;
	uint64_t	room;
};

/**
 * struct segment - a part of the memory
 * @piece: that it begins with, or %NULL
 * @start: where it begins
 * @end: where it ends
 */
struct segment {
	const struct piece	*piece;
	uint64_t		start;
	uint64_t		end;
};

/**
 * struct layout - the memory
 * @low: the RAM
 * @count: of the pieces
 * @pieces: in the order of their addresses
 * @segments_count: of the segments
 * @segments: which cover all of the RAM
 */
struct layout {
	struct memory_map	low;
	size_t			count;
	struct piece		pieces[LAYOUT_PIECES];
	size_t			segments_count;
	struct segment		segments[LAYOUT_SEGMENTS];
};

bool layout_find_low(const struct layout *layout, uint64_t least, uint64_t align, uint64_t room,
		     uint64_t *start);
bool layout_find_high(const struct layout *layout, uint64_t room, uint64_t *start);
void layout_add(struct layout *layout, const struct piece *piece);
bool layout_cover(struct layout *layout);

#endif
