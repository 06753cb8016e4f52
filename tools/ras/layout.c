// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: what is where in the second kernel's memory.
 *
 * All RAM of the range has to be in a segment: what is in none, the second kernel overwrites and
 * nobody puts back.
 */
#include "layout.h"
#include "say.h"

/* The first piece that has memory between these addresses, or NULL. */
static const struct piece *meets(const struct layout *layout, uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < layout->count; i++) {
		const struct piece *piece = layout->pieces + i;

		if (piece->start < end && start < piece->start + piece->room)
			return piece;
	}
	return NULL;
}

/**
 * layout_find_low() - the lowest place for a piece
 * @layout: what has its place
 * @least: the lowest address that it may have
 * @align: what its address has to be a multiple of, a power of 2
 * @room: how much memory it needs
 * @start: set to the place
 *
 * Return: there is one.
 */
bool layout_find_low(const struct layout *layout, uint64_t least, uint64_t align, uint64_t room,
		     uint64_t *start)
{
	for (size_t i = 0; i < layout->low.count; i++) {
		const struct memory_range *range = layout->low.ranges + i;
		uint64_t at = range->start > least ? range->start : least;
		const struct piece *other = NULL;

		do {
			if (other)
				at = other->start + other->room;
			at = (at + align - 1) & ~(align - 1);
			if (at >= range->end || range->end - at < room)
				break;
			other = meets(layout, at, at + room);
		} while (other);
		if (at < range->end && range->end - at >= room) {
			*start = at;
			return true;
		}
	}
	return false;
}

/**
 * layout_find_high() - the highest place for a piece, in whole pages
 * @layout: what has its place
 * @room: how much memory it needs
 * @start: set to the place
 *
 * Return: there is one.
 */
bool layout_find_high(const struct layout *layout, uint64_t room, uint64_t *start)
{
	for (size_t i = layout->low.count; i--;) {
		const struct memory_range *range = layout->low.ranges + i;
		const struct piece *other = NULL;
		uint64_t end = range->end;

		do {
			if (other)
				end = other->start;
			if (end < range->start || end - range->start < room)
				break;
			other = meets(layout, end - room, end);
		} while (other);
		if (end >= range->start && end - range->start >= room) {
			*start = end - room;
			return true;
		}
	}
	return false;
}

/**
 * layout_add() - a piece has its place
 * @layout: what has its place already, at most %LAYOUT_PIECES - 1
 * @piece: the piece, which meets none of them
 */
void layout_add(struct layout *layout, const struct piece *piece)
{
	size_t at = layout->count++;

	for (; at && layout->pieces[at - 1].start > piece->start; at--)
		layout->pieces[at] = layout->pieces[at - 1];
	layout->pieces[at] = *piece;
}

static bool add_segment(struct layout *layout, const struct piece *piece, uint64_t start,
			uint64_t end)
{
	if (start == end)
		return true;
	if (layout->segments_count == LAYOUT_SEGMENTS) {
		say_failed("memory", "is in too many parts: more than %d segments would be needed",
			   LAYOUT_SEGMENTS);
		return false;
	}
	layout->segments[layout->segments_count++] = (struct segment){ piece, start, end };
	return true;
}

/* A segment goes on until the next piece begins: behind its content there are zeros. */
static bool cover_range(struct layout *layout, const struct memory_range *range)
{
	const struct piece *last = NULL;
	uint64_t from = range->start;

	for (size_t i = 0; i < layout->count; i++) {
		const struct piece *piece = layout->pieces + i;

		if (piece->start < range->start || piece->start >= range->end)
			continue;
		if (!add_segment(layout, last, from, piece->start))
			return false;
		last = piece;
		from = piece->start;
	}
	return add_segment(layout, last, from, range->end);
}

/**
 * layout_cover() - make the segments, when all pieces have their places
 * @layout: the layout
 *
 * Return: they are not too many; otherwise it was said.
 */
bool layout_cover(struct layout *layout)
{
	layout->segments_count = 0;
	for (size_t i = 0; i < layout->low.count; i++)
		if (!cover_range(layout, layout->low.ranges + i))
			return false;
	return true;
}
