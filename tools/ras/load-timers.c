// SPDX-License-Identifier: GPL-2.0
/*
 * ras-netdump-load: when which client is to be woken, for many clients.
 */
#include <stdlib.h>

#include "load-timers.h"

/**
 * timers_begin() - make room for timers
 * @timers: the timers, none of which is set; to be ended by timers_end()
 * @most: how many may be set at a time
 *
 * Return: there is memory.
 */
bool timers_begin(struct timers *timers, size_t most)
{
	timers->count = 0;
	timers->heap = calloc(most + 1, sizeof(*timers->heap));
	return timers->heap;
}

/**
 * timers_end() - forget all timers
 * @timers: the timers
 */
void timers_end(struct timers *timers)
{
	free(timers->heap);
}

static void put(struct timers *timers, struct timer *timer, size_t place)
{
	timers->heap[place] = timer;
	timer->place = place;
}

/* Move a timer towards the first place, as far as it is due before those on its way. */
static void raise(struct timers *timers, struct timer *timer)
{
	size_t place = timer->place;

	for (; place > 1 && timers->heap[place / 2]->due > timer->due; place /= 2)
		put(timers, timers->heap[place / 2], place);
	put(timers, timer, place);
}

/* Move a timer away from the first place, as far as it is due after those on its way. */
static void sink(struct timers *timers, struct timer *timer)
{
	size_t place = timer->place, below;

	for (; (below = 2 * place) <= timers->count; place = below) {
		if (below < timers->count &&
		    timers->heap[below + 1]->due < timers->heap[below]->due)
			below++;
		if (timers->heap[below]->due >= timer->due)
			break;
		put(timers, timers->heap[below], place);
	}
	put(timers, timer, place);
}

/**
 * timer_set() - set a timer, whether it was set or not
 * @timers: the timers
 * @timer: the timer
 * @due: its time; %TIMER_NEVER cancels it
 */
void timer_set(struct timers *timers, struct timer *timer, uint64_t due)
{
	if (due == TIMER_NEVER) {
		timer_cancel(timers, timer);
		return;
	}
	timer->due = due;
	if (!timer->place)
		put(timers, timer, ++timers->count);
	raise(timers, timer);
	sink(timers, timer);
}

/**
 * timer_cancel() - have a timer no longer set
 * @timers: the timers
 * @timer: the timer, which may be set or not
 */
void timer_cancel(struct timers *timers, struct timer *timer)
{
	struct timer *last;

	if (!timer->place)
		return;
	last = timers->heap[timers->count--];
	if (last != timer) {
		put(timers, last, timer->place);
		raise(timers, last);
		sink(timers, last);
	}
	timer->place = 0;
}

/**
 * timers_first() - which timer is due first
 * @timers: the timers
 *
 * Return: it, or %NULL if none is set.
 */
struct timer *timers_first(const struct timers *timers)
{
	return timers->count ? timers->heap[1] : NULL;
}
