// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: threads that do tasks at the same time, which begin and end in order.
 *
 * The tasks are numbered from 0.  Task n is in the place n modulo the number of places from when
 * it is taken until it is given.  One thread takes and gives, which may wait for a disk; others
 * work.  Where there can be no others, it works as well.
 */
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <unistd.h>

#include "crew.h"

/**
 * struct crew - a crew at work
 * @work: what there is to do
 * @places: for tasks
 * @workers: threads that run
 * @threads: each of them
 * @lock: for what follows
 * @can_begin: there is a task to begin with, or the end
 * @can_end: a task was done
 * @taken: how many tasks were taken
 * @begun: how many of them somebody has begun with
 * @is_done: the task in this place was done
 * @is_over: nobody begins with another
 */
struct crew {
	const struct crew_work	*work;
	unsigned int		places;
	unsigned int		workers;
	pthread_t		threads[CREW_WORKERS];
	pthread_mutex_t		lock;
	pthread_cond_t		can_begin;
	pthread_cond_t		can_end;
	uint64_t		taken;
	uint64_t		begun;
	bool			is_done[CREW_PLACES];
	bool			is_over;
};

/* The CPUs that this program may use. */
static unsigned int cpus(void)
{
	cpu_set_t set;
	int count;

	/* It fails on a machine with more CPUs than a set has. */
	if (sched_getaffinity(0, sizeof(set), &set))
		return CREW_WORKERS;
	count = CPU_COUNT(&set);
	return count < CREW_WORKERS ? (unsigned int)count : CREW_WORKERS;
}

/* The memory that nobody uses; in a second kernel there is no cache to be had back. */
static uint64_t free_memory(void)
{
	const long pages = sysconf(_SC_AVPHYS_PAGES), size = sysconf(_SC_PAGESIZE);

	return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
}

/**
 * crew_places() - how many places are good
 * @bytes: of memory that each takes
 *
 * All of them take half of the free memory at most.
 *
 * Return: from 1 to %CREW_PLACES.
 */
unsigned int crew_places(size_t bytes)
{
	const uint64_t fit = free_memory() / 2 / bytes;
	const unsigned int most = cpus() + CREW_PLACES - CREW_WORKERS;

	if (fit >= most)
		return most;
	return fit ? (unsigned int)fit : 1;
}

/* Do the next task.  The lock is held, and is free meanwhile. */
static void work_on_next(struct crew *crew)
{
	const unsigned int place = (unsigned int)(crew->begun++ % crew->places);

	pthread_mutex_unlock(&crew->lock);
	crew->work->work(crew->work->to, place);
	pthread_mutex_lock(&crew->lock);
	crew->is_done[place] = true;
	pthread_cond_signal(&crew->can_end);
}

static void *run_worker(void *of)
{
	struct crew *crew = of;

	pthread_mutex_lock(&crew->lock);
	for (;;) {
		while (!crew->is_over && crew->begun == crew->taken)
			pthread_cond_wait(&crew->can_begin, &crew->lock);
		if (crew->is_over)
			break;
		work_on_next(crew);
	}
	pthread_mutex_unlock(&crew->lock);
	return NULL;
}

/* As many as there can be; one place is for the thread that takes and gives. */
static void start_workers(struct crew *crew)
{
	const unsigned int most = cpus();

	while (crew->workers < most && crew->workers + 1 < crew->places &&
	       !pthread_create(crew->threads + crew->workers, NULL, run_worker, crew))
		crew->workers++;
}

static void end_workers(struct crew *crew)
{
	pthread_mutex_lock(&crew->lock);
	crew->is_over = true;
	pthread_cond_broadcast(&crew->can_begin);
	pthread_mutex_unlock(&crew->lock);
	while (crew->workers)
		pthread_join(crew->threads[--crew->workers], NULL);
}

static void announce(struct crew *crew, unsigned int place)
{
	pthread_mutex_lock(&crew->lock);
	crew->is_done[place] = false;
	crew->taken++;
	pthread_cond_signal(&crew->can_begin);
	pthread_mutex_unlock(&crew->lock);
}

/* Have the task in this place done. */
static void await(struct crew *crew, unsigned int place)
{
	pthread_mutex_lock(&crew->lock);
	while (!crew->is_done[place]) {
		if (crew->workers)
			pthread_cond_wait(&crew->can_end, &crew->lock);
		else
			work_on_next(crew);
	}
	pthread_mutex_unlock(&crew->lock);
}

/* Take and give, until there are no more tasks.  Return: each could be given. */
static bool take_and_give(struct crew *crew)
{
	const struct crew_work *work = crew->work;
	uint64_t taken = 0, given = 0;
	bool has_more = true;

	for (;;) {
		unsigned int place = (unsigned int)(taken % crew->places);

		if (has_more && taken - given < crew->places) {
			has_more = work->take(work->to, place);
			if (has_more) {
				announce(crew, place);
				taken++;
			}
			continue;
		}
		if (given == taken)
			return true;
		place = (unsigned int)(given++ % crew->places);
		await(crew, place);
		if (!work->give(work->to, place))
			return false;
	}
}

/**
 * crew_run() - do all there is to do
 * @work: what
 * @places: for how many tasks at a time, at most %CREW_PLACES
 *
 * When it returns, nobody works any more.
 *
 * Return: all was done; otherwise a task could not be given, and tasks behind it may have been
 *	taken and worked on.
 */
bool crew_run(const struct crew_work *work, unsigned int places)
{
	struct crew crew = {
		.work = work, .places = places, .lock = PTHREAD_MUTEX_INITIALIZER,
		.can_begin = PTHREAD_COND_INITIALIZER, .can_end = PTHREAD_COND_INITIALIZER,
	};
	bool good;

	start_workers(&crew);
	good = take_and_give(&crew);
	end_workers(&crew);
	return good;
}
