// SPDX-License-Identifier: GPL-2.0
/*
 * rasdumpd: threads that wait for the disk.
 *
 * A client belongs to them from syncer_give() until syncer_done() returns it.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "syncer.h"

/* Several, so that one commit of the file system's journal is for as many dumps. */
#define THREADS		8

/* First in, first out. */
struct queue {
	struct task	*first;
	struct task	**end;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t given = PTHREAD_COND_INITIALIZER;
/* Both under the lock. */
static struct queue waiting = { .end = &waiting.first };
static struct queue done = { .end = &done.first };
static void (*do_work)(struct client *client);
static int event = -1;

static void put(struct queue *queue, struct task *task)
{
	task->next = NULL;
	*queue->end = task;
	queue->end = &task->next;
}

static struct task *get(struct queue *queue)
{
	struct task *task = queue->first;

	if (task)
		queue->first = task->next;
	if (!queue->first)
		queue->end = &queue->first;
	return task;
}

static void *run(void *unused)
{
	const uint64_t one = 1;

	(void)unused;
	for (;;) {
		struct task *task;

		pthread_mutex_lock(&lock);
		while (!(task = get(&waiting)))
			pthread_cond_wait(&given, &lock);
		pthread_mutex_unlock(&lock);
		do_work(task->client);
		pthread_mutex_lock(&lock);
		put(&done, task);
		pthread_mutex_unlock(&lock);
		/* It cannot be full: it is read whenever it is not zero. */
		if (write(event, &one, sizeof(one)) != sizeof(one))
			continue;
	}
	return NULL;
}

/**
 * syncer_start() - start the threads
 * @work: what they do for a client
 * @fd: set to a descriptor that can be read when one is done
 * @why: set if that is not possible
 *
 * Return: they run.
 */
bool syncer_start(void (*work)(struct client *client), int *fd, struct why *why)
{
	unsigned int i;

	do_work = work;
	event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	*fd = event;
	for (i = 0; i < THREADS && event >= 0; i++) {
		pthread_t thread;
		int error = pthread_create(&thread, NULL, run, NULL);

		if (error)
			return refuse(why, "threads: %s", strerror(error));
		pthread_detach(thread);
	}
	return event >= 0 ? true : refuse(why, "no descriptor for an event");
}

/**
 * syncer_give() - have a dump made safe
 * @task: the task; the client is not to be used until it comes back
 */
void syncer_give(struct task *task)
{
	pthread_mutex_lock(&lock);
	put(&waiting, task);
	pthread_cond_signal(&given);
	pthread_mutex_unlock(&lock);
}

/**
 * syncer_done() - a client whose dump was made safe, or could not be
 *
 * Return: the client; %NULL: there is none.
 */
struct client *syncer_done(void)
{
	struct task *task;
	uint64_t count;

	pthread_mutex_lock(&lock);
	task = get(&done);
	/* The next one that is done makes it readable again. */
	if (!task && read(event, &count, sizeof(count)) < 0)
		count = 0;
	pthread_mutex_unlock(&lock);
	return task ? task->client : NULL;
}
