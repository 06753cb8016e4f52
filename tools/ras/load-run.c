// SPDX-License-Identifier: GPL-2.0
/*
 * ras-netdump-load: all clients run until each has ended.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "descriptors.h"
#include "load-run.h"
#include "progress.h"
#include "say.h"
#include "stop.h"

/* How many clients are told of at a time. */
#define EVENTS	1024
/* How many turns there are before answers are looked at again. */
#define TURNS	8
/* How long to sleep at most: the progress goes on. */
#define SLEEP_NS	200000000ull

static bool open_clients(struct load *load)
{
	for (uint32_t i = 0; i < load->options->clients; i++) {
		char name[32];

		if (client_open(load, &load->clients[i], i))
			continue;
		snprintf(name, sizeof(name), "client %u", i);
		say_failed(name, "%s%s", strerror(errno), errno == EKEYREJECTED ?
			   ": --server-key is no good key" : errno == EADDRNOTAVAIL ?
			   ": --from is no address of this machine" : errno == EMFILE ?
			   ": see RLIMIT_NOFILE, ulimit -Hn" : "");
		return false;
	}
	return true;
}

static bool make_room(struct load *load, const struct load_options *options)
{
	load->clients = calloc(options->clients, sizeof(*load->clients));
	load->mail = mail_new(options, &load->way_counts);
	for (uint32_t i = 0; load->clients && i < options->clients; i++)
		load->clients[i].way.fd = -1;
	return timers_begin(&load->timers, options->clients) && load->clients && load->mail;
}

/**
 * load_open() - make all clients, which do nothing yet
 * @load: the clients, to be closed by load_close() whatever comes out
 * @options: what is asked for
 *
 * Return: they were made; otherwise the reason was said.
 */
bool load_open(struct load *load, const struct load_options *options)
{
	memset(load, 0, sizeof(*load));
	load->options = options;
	load->last_ready = &load->ready;
	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (load->epoll < 0 || !make_room(load, options)) {
		say_failed("clients", "%s", strerror(errno));
		return false;
	}
	descriptors_raise();
	return open_clients(load);
}

/**
 * load_close() - free all clients
 * @load: the clients
 */
void load_close(struct load *load)
{
	for (uint32_t i = 0; load->clients && i < load->options->clients; i++)
		client_close(&load->clients[i]);
	free(load->clients);
	mail_free(load->mail);
	timers_end(&load->timers);
	if (load->epoll >= 0)
		close(load->epoll);
}

/* How long nothing is to be done, if no answer comes. */
static uint64_t idle_ns(const struct load *load)
{
	const struct timer *first = timers_first(&load->timers);
	uint64_t until = load->now + SLEEP_NS;

	if (load->ready && load->free_at < until)
		until = load->free_at;
	if (load->ready && !load->options->rate)
		until = 0;
	if (first && first->due < until)
		until = first->due;
	return until > load->now ? until - load->now : 0;
}

/* epoll_wait() counts milliseconds, which is too coarse. */
static void sleep_until_answer(struct load *load)
{
	const uint64_t idle = idle_ns(load);
	const struct timespec time = {
		.tv_sec		= (time_t)(idle / CLOCK_SECOND),
		.tv_nsec	= (long)(idle % CLOCK_SECOND),
	};
	struct pollfd poll = { .fd = load->epoll, .events = POLLIN };

	if (idle)
		ppoll(&poll, 1, &time, NULL);
	load->now = clock_ns();
}

static void take_answers(struct load *load)
{
	struct epoll_event events[EVENTS];
	const int count = epoll_wait(load->epoll, events, EVENTS, 0);

	for (int i = 0; i < count; i++) {
		load->now = clock_ns();
		client_receive(load, events[i].data.ptr);
	}
}

static void fire_timers(struct load *load)
{
	struct timer *timer;

	load->now = clock_ns();
	while ((timer = timers_first(&load->timers)) && timer->due <= load->now)
		/* The timer is the first member of its client. */
		client_wake(load, (struct client *)timer);
}

static void take_turns(struct load *load)
{
	for (int i = 0; i < TURNS && load->ready; i++) {
		load->now = clock_ns();
		if (!client_turn(load))
			return;
	}
}

static void begin(struct load *load)
{
	load->now = clock_ns();
	load->begun = load->now;
	load->running = load->options->clients;
	for (uint32_t i = 0; i < load->options->clients; i++)
		client_start(load, &load->clients[i]);
}

/**
 * load_run() - have all clients run until each has ended, or a signal has come
 * @load: the clients
 */
void load_run(struct load *load)
{
	const uint64_t total = load->options->bytes * load->options->clients;
	struct progress progress;

	progress_begin(&progress, "clients", "sent", total, 0, !isatty(STDERR_FILENO));
	begin(load);
	while (load->running && !stop_reason()) {
		sleep_until_answer(load);
		take_answers(load);
		fire_timers(load);
		take_turns(load);
		progress_show(&progress, load->acked);
	}
	progress_end(&progress, load->acked);
	load->now = clock_ns();
	for (uint32_t i = 0; i < load->options->clients; i++)
		client_stop(load, &load->clients[i]);
}
