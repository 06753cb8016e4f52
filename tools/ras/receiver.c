// SPDX-License-Identifier: GPL-2.0
/*
 * rasdumpd: the loop.
 *
 * One thread takes heralds, and a batch of packets of each client in turn.  Others wait for the
 * disk (syncer.c).
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "client.h"
#include "clock.h"
#include "heralds.h"
#include "hook.h"
#include "receiver.h"
#include "say.h"

#define EVENTS		64
#define METRICS_NS	(10 * CLOCK_SECOND)
/* If nothing was looked at for so long, it is not the clients that were silent. */
#define STALL_NS	(2 * CLOCK_SECOND)
/* How long the disk may take when rasdumpd is ended. */
#define LEAVE_NS	(20 * CLOCK_SECOND)

static struct reception the_reception;
static int signal_fd;
static bool is_ended;

static void synced_ready(struct reception *reception, struct source *source)
{
	struct client *client;

	(void)source;
	while ((client = syncer_done()))
		client_synced(reception, client);
}

static void signal_ready(struct reception *reception, struct source *source)
{
	struct signalfd_siginfo info;

	(void)reception;
	(void)source;
	while (read(signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			hook_reap();
		else
			is_ended = true;
	}
}

static void write_metrics(const struct reception *reception)
{
	const char *path = reception->options->metrics;
	struct why why;

	if (path && !tally_write(&reception->tally, reception->store, path, &why))
		say_failed(path, "%s", why.text);
}

/* What is to be done every second, and every ten. */
static void tick(struct reception *reception, uint64_t now_ns)
{
	static uint64_t seen, swept, written;

	/* The disk was slow, or the machine was paused. */
	if (seen && now_ns - seen > STALL_NS)
		clients_forgive(now_ns - seen);
	seen = now_ns;
	if (now_ns - swept >= CLOCK_SECOND) {
		swept = now_ns;
		clients_sweep(reception, now_ns, false);
	}
	if (now_ns - written >= METRICS_NS) {
		written = now_ns;
		reception->store->ops->refresh(reception->store);
		write_metrics(reception);
	}
}

static bool serve(struct reception *reception, int timeout_ms, struct why *why)
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(reception->epoll, events, EVENTS, timeout_ms), i;

	if (count < 0 && errno != EINTR)
		return refuse(why, "epoll: %s", strerror(errno));
	for (i = 0; i < count; i++) {
		struct source *source = events[i].data.ptr;

		source->ready(reception, source);
	}
	return true;
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	/* Before there are threads, which inherit that. */
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/**
 * receiver_open() - get ready to receive
 * @options: what the administrator wants; is kept
 * @store: where dumps are kept
 * @why: set if that is not possible
 *
 * Return: it is ready.
 */
bool receiver_open(const struct receiver_options *options, struct store *store,
		   struct why *why)
{
	static struct source synced = { synced_ready }, signals = { signal_ready };
	struct reception *reception = &the_reception;
	int event_fd;

	reception->options = options;
	reception->store = store;
	signal_fd = open_signals();
	reception->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (signal_fd < 0 || reception->epoll < 0 ||
	    getrandom(&reception->seed, sizeof(reception->seed), 0) != sizeof(reception->seed))
		return refuse(why, "%s", strerror(errno));
	if (!heralds_open(reception, why) || !syncer_start(client_sync, &event_fd, why))
		return false;
	if (!reception_watch(reception, event_fd, &synced) ||
	    !reception_watch(reception, signal_fd, &signals))
		return refuse(why, "epoll: %s", strerror(errno));
	return true;
}

/**
 * receiver_run() - receive until a signal comes
 * @why: set if that goes wrong
 *
 * What is not complete then is kept, and goes on when its client finds this receiver again.
 *
 * Return: a signal came.
 */
bool receiver_run(struct why *why)
{
	struct reception *reception = &the_reception;
	uint64_t begun_ns;

	while (!is_ended) {
		if (!serve(reception, 1000, why))
			return false;
		tick(reception, clock_ns());
		clients_free_gone();
	}
	begun_ns = clock_ns();
	while (clients_are_busy() && clock_ns() - begun_ns < LEAVE_NS)
		if (!serve(reception, 100, why))
			return false;
	clients_sweep(reception, clock_ns(), true);
	clients_free_gone();
	write_metrics(reception);
	return true;
}
