/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: threads that do tasks at the same time, which begin and end in order.
 */
#ifndef RAS_CREW_H
#define RAS_CREW_H

#include <stdbool.h>
#include <stddef.h>

/* No more threads than that, of those that work. */
#define CREW_WORKERS	16
/* One that was ended while the next is read or written, and one that waits. */
#define CREW_PLACES	(CREW_WORKERS + 2)

/**
 * struct crew_work - what there is to do
 * @take: get the next task ready, in a place.  Return: there is one
 * @work: do what can be done at the same time as that of other tasks
 * @give: end the task.  Return: it goes on
 * @to: for all of them
 *
 * @take and @give are called by the caller's own thread, in the order of the tasks.
 */
struct crew_work {
	bool	(*take)(void *to, unsigned int place);
	void	(*work)(void *to, unsigned int place);
	bool	(*give)(void *to, unsigned int place);
	void	*to;
};

unsigned int crew_places(size_t bytes);
bool crew_run(const struct crew_work *work, unsigned int places);

#endif
