/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-netdump-load: when which client is to be woken, for many clients.
 */
#ifndef RAS_LOAD_TIMERS_H
#define RAS_LOAD_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A time that never comes. */
#define TIMER_NEVER	UINT64_MAX

/**
 * struct timer - a time at which something is to be done
 * @due: the time, in nanoseconds
 * @place: where it is among the others, from 1; 0 if it is not set
 */
struct timer {
	uint64_t	due;
	size_t		place;
};

/**
 * struct timers - timers, in a binary heap
 * @heap: those that are set, from index 1; each is due no earlier than that of half its index
 * @count: how many are set
 */
struct timers {
	struct timer	**heap;
	size_t		count;
};

bool timers_begin(struct timers *timers, size_t most);
void timers_end(struct timers *timers);
void timer_set(struct timers *timers, struct timer *timer, uint64_t due);
void timer_cancel(struct timers *timers, struct timer *timer);
struct timer *timers_first(const struct timers *timers);

#endif
