// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine: which pages are in the dump, and in which pass each goes.
 *
 * Memory is classified in *stretches*, by the helpers and by the owner.  Whoever takes a
 * stretch writes to memory of its own, which the owner copies to the arena: a helper that is
 * lost may go on, but it cannot change a dump whose layout is frozen.
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/ras.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "dump.h"

/* Decide about the page frames of a block that are memory: a word of the bitmaps. */
static void dump_classify_block(struct dump_stretch *to, unsigned long left, unsigned int word,
				bool readable)
{
	unsigned long pages[DUMP_NR_CLASSES] = { };
	unsigned long start = to->start + word * BITS_PER_LONG;
	enum dump_class class;

	if (!readable) {
		pages[DUMP_OF_KERNEL] = left;
		left = 0;
	}
	for (; left; left &= left - 1) {
		unsigned int bit = __ffs(left);

		pages[dump_class_of(&to->look, start + bit)] |= BIT(bit);
	}
	for (class = 0; class < DUMP_NR_CLASSES; class++) {
		if (dump_level_keeps(to->level, class)) {
			to->keep[word] |= pages[class];
			to->pages[class] += hweight_long(pages[class]);
		} else {
			to->left_out[class] += hweight_long(pages[class]);
		}
	}
	to->slab[word] = to->keep[word] & pages[DUMP_OF_SLAB];
	to->kernel[word] = to->keep[word] & pages[DUMP_OF_KERNEL];
}

/* How many words of the bitmaps are about a stretch: the last one may be shorter. */
static unsigned int dump_stretch_words(const struct dump_arena *arena, unsigned long start)
{
	return min_t(unsigned long, BITS_TO_LONGS(arena->nr_pfns - start), DUMP_STRETCH_WORDS);
}

static bool dump_look_at(struct dump_look *look, unsigned long start)
{
	return !ras_copy(look->block, pfn_to_page(start), sizeof(look->block));
}

/* A page of 1 GiB, the largest there is, may have begun before the stretch. */
static void dump_look_back(const struct dump_arena *arena, struct dump_stretch *to)
{
	unsigned long head = round_down(to->start, BIT(PUD_SHIFT - PAGE_SHIFT));

	if (head != to->start && test_bit(head, arena->ram) && dump_look_at(&to->look, head))
		dump_class_of(&to->look, head);
}

/**
 * dump_classify_stretch() - decide about a stretch of memory
 * @arena: the arena
 * @to: the result
 * @start: the first page frame, a multiple of %DUMP_STRETCH_PAGES
 * @level: which pages are left out, DUMP_*
 *
 * A block whose struct pages cannot be read is in the dump as a whole.
 *
 * Context: Any.
 */
void dump_classify_stretch(const struct dump_arena *arena, struct dump_stretch *to,
			   unsigned long start, unsigned int level)
{
	const unsigned long *ram = arena->ram + start / BITS_PER_LONG;
	unsigned int word, words = dump_stretch_words(arena, start);

	/* A word of the bitmap is a block. */
	BUILD_BUG_ON(DUMP_BLOCK_PAGES != BITS_PER_LONG);
	memset(to, 0, sizeof(*to));
	to->start = start;
	to->level = level;
	dump_look_back(arena, to);
	for (word = 0; word < words; word++)
		/* Nothing to do where there is no memory. */
		if (ram[word])
			dump_classify_block(to, ram[word], word,
					    dump_look_at(&to->look,
							 start + word * BITS_PER_LONG));
}

/* A lot's work, on any CPU. */
static void dump_lot_classify(struct dump_pipe *pipe, struct dump_lot *lot)
{
	BUILD_BUG_ON(sizeof(struct dump_stretch) > DUMP_LOT_PAGES * PAGE_SIZE);
	dump_classify_stretch(container_of(pipe, struct dump_arena, pipe), lot->data, lot->start,
			      lot->level);
}

/*
 * Take over what was found about the stretch at @start.  That number is the lot's; @from was
 * written by another CPU.
 */
static void dump_classified(struct dump_session *s, const struct dump_stretch *from,
			    unsigned long start)
{
	struct dump_arena *arena = s->arena;
	const unsigned long word = start / BITS_PER_LONG;
	const size_t bytes = dump_stretch_words(arena, start) * sizeof(long);
	enum dump_class class;

	memcpy(arena->keep + word, from->keep, bytes);
	memcpy(arena->slab + word, from->slab, bytes);
	memcpy(arena->kernel + word, from->kernel, bytes);
	for (class = 0; class < DUMP_NR_CLASSES; class++) {
		s->result->pages[class] += from->pages[class];
		s->result->left_out[class] += from->left_out[class];
	}
	if (s->stop)
		ras_progress(s->stop);
	else
		cond_resched();
}

/* Go to the next stretch with memory, from @start on; false if there is none. */
static bool dump_next_stretch(const struct dump_arena *arena, unsigned long *start)
{
	unsigned long pfn = find_next_bit(arena->ram, arena->nr_pfns, *start);

	*start = round_down(pfn, DUMP_STRETCH_PAGES);
	return pfn < arena->nr_pfns;
}

/* Hand out stretches, as long as there are lots for them; false if there are no more. */
static bool dump_fill_stretches(struct dump_session *s, unsigned long *start)
{
	struct dump_lot *lot;

	while ((lot = dump_pipe_free(&s->arena->pipe))) {
		if (!dump_next_stretch(s->arena, start))
			return false;
		lot->nr_items = 0;
		lot->start = *start;
		lot->level = s->policy.level;
		dump_lot_filled(lot, NULL);
		*start += DUMP_STRETCH_PAGES;
	}
	return true;
}

/* Classify with help; false if that is not possible. */
static bool dump_classify_helped(struct dump_session *s)
{
	struct dump_pipe *pipe = &s->arena->pipe;
	unsigned long start = 0;
	bool more = true;

	if (dump_pipe_begin(pipe, s->stop, s->policy.helpers, dump_lot_classify))
		return false;
	while (more || !dump_pipe_is_empty(pipe)) {
		struct dump_lot *lot;

		if (more)
			more = dump_fill_stretches(s, &start);
		lot = dump_pipe_packed(pipe);
		if (lot) {
			dump_classified(s, lot->data, lot->start);
			dump_lot_stored(lot);
		} else {
			dump_pipe_work(pipe, s->stop, NULL);
		}
		/* After a takeover the lots belong to the new owner. */
		if (!ras_owns_stop())
			return true;
	}
	dump_pipe_end(pipe, s->stop);
	return true;
}

static void dump_classify_alone(struct dump_session *s)
{
	struct dump_stretch *to = s->arena->stretch;
	unsigned long start = 0;

	for (; dump_next_stretch(s->arena, &start); start += DUMP_STRETCH_PAGES) {
		dump_classify_stretch(s->arena, to, start, s->policy.level);
		dump_classified(s, to, start);
	}
}

/**
 * dump_classify() - decide which pages are in the dump, and in which pass each goes
 * @s: the session
 *
 * Parked CPUs help if the arena has lots.
 *
 * Context: A handler, with %RAS_HANDLER_HELPED if the arena has lots; process context without
 *	@s->stop, as an estimate.
 */
void dump_classify(struct dump_session *s)
{
	struct dump_arena *arena = s->arena;
	u64 begin_ns = ras_clock_ns();

	bitmap_zero(arena->keep, arena->nr_pfns);
	bitmap_zero(arena->first, arena->nr_pfns);
	bitmap_zero(arena->slab, arena->nr_pfns);
	bitmap_zero(arena->kernel, arena->nr_pfns);
	if (!s->stop || !dump_classify_helped(s))
		dump_classify_alone(s);
	dump_leave_out_arena(arena);
	s->result->classify_ns = ras_clock_ns() - begin_ns;
}
