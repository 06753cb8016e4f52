// SPDX-License-Identifier: GPL-2.0
/*
 * rasdumpd: sockets, and the clients behind them.
 *
 * Heralds come to one socket.  Each client gets a socket of its own, connected to it: the
 * kernel drops what others send there, and holds no more of a client than fits into its buffer,
 * so that a fast one takes nothing from a slow one.  One thread takes a batch of each socket in
 * turn; others wait for the disk (syncer.c).
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "hook.h"
#include "receiver.h"
#include "say.h"
#include "session.h"
#include "syncer.h"

#define NS		1000000000ULL
/* Packets that are taken from a client before it is the turn of the next. */
#define BATCH		32
#define PACKET_BYTES	(sizeof(struct ras_netdump_head) + RAS_NETDUMP_BYTES_MAX)
#define BUCKETS		4096
/* What the kernel is to hold of a client, in bytes; it may allow less. */
#define BUFFER		(1 << 20)
/* A dump of a client whose last packet is older than that may be replaced by a new one. */
#define QUIET_NS	(5 * NS)
/* How long the answer to the end of a dump can be had again. */
#define LINGER_NS	(30 * NS)
#define METRICS_NS	(10 * NS)
/* If nothing was looked at for so long, it is not the clients that were silent. */
#define STALL_NS	(2 * NS)
/* How long the disk may take when rasdumpd is ended. */
#define LEAVE_NS	(20 * NS)
#define WINDOW_MIN	4
#define WINDOW_MAX	64

/**
 * struct source - something that can be read
 * @ready: called when it can
 */
struct source {
	void	(*ready)(struct source *source);
};

/**
 * struct client - a client
 * @source: its socket, for epoll
 * @next: with the same hash
 * @address: of it
 * @text: the same, for people
 * @fd: its socket
 * @window: how many packets it may have on their way
 * @session: see struct session
 * @task: for the threads that wait for the disk
 * @is_busy: it belongs to them
 * @is_told: the end of its dump was told
 * @told_ns: when
 * @finished: the number of the packet that has ended it
 *
 * One that is gone is freed when epoll's events are through, among which it may be: @fd is -1.
 */
struct client {
	struct source		source;
	struct client		*next;
	struct sockaddr_in6	address;
	char			text[INET6_ADDRSTRLEN];
	int			fd;
	uint32_t		window;
	struct session		session;
	struct task		task;
	bool			is_busy;
	bool			is_told;
	uint64_t		told_ns;
	uint32_t		finished;
};

/**
 * struct rate - heralds of the addresses that share a hash
 * @second: in which they came
 * @count: how many
 */
struct rate {
	uint64_t	second;
	unsigned int	count;
};

static const struct receiver_options *options;
static struct store *store;
static struct tally tally;
static struct client *clients[BUCKETS];
static struct client *gone;
/* How many clients there are, those as well whose dumps have ended. */
static unsigned int entries;
/* So that nobody can choose an address with the hash of another one. */
static uint32_t hash_seed;
static struct rate rates[BUCKETS];
static int epoll, herald_fd, event_fd, signal_fd;
static bool is_ended;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS + (uint64_t)now.tv_nsec;
}

static bool watch(int fd, struct source *source, uint32_t events, int operation)
{
	struct epoll_event event = { .events = events, .data.ptr = source };

	return !epoll_ctl(epoll, operation, fd, &event);
}

/* FNV-1a, over the address and, if it is part of the key, the port. */
static unsigned int hash_of(const struct sockaddr_in6 *address, bool with_port)
{
	uint32_t hash = 2166136261U ^ hash_seed;
	unsigned int i;

	for (i = 0; i < sizeof(address->sin6_addr); i++)
		hash = (hash ^ address->sin6_addr.s6_addr[i]) * 16777619U;
	if (with_port)
		hash = (hash ^ address->sin6_port) * 16777619U;
	return hash % BUCKETS;
}

static void address_text(const struct sockaddr_in6 *address, char *text, size_t size)
{
	const struct in6_addr *in6 = &address->sin6_addr;

	if (IN6_IS_ADDR_V4MAPPED(in6))
		inet_ntop(AF_INET, &in6->s6_addr[12], text, (socklen_t)size);
	else
		inet_ntop(AF_INET6, in6, text, (socklen_t)size);
}

static struct client *find(const struct sockaddr_in6 *address)
{
	struct client *client = clients[hash_of(address, true)];

	while (client && (client->address.sin6_port != address->sin6_port ||
			  client->address.sin6_scope_id != address->sin6_scope_id ||
			  memcmp(&client->address.sin6_addr, &address->sin6_addr,
				 sizeof(address->sin6_addr))))
		client = client->next;
	return client;
}

/* The client whose dump has this session, wherever it sends from. */
static struct client *find_session(const struct herald *herald)
{
	unsigned int i;

	for (i = 0; i < BUCKETS && herald->has_hello; i++) {
		struct client *client = clients[i];

		/* Of one that is busy only what does not change is looked at. */
		for (; client; client = client->next)
			if (session_is_same(&client->session, herald) &&
			    (client->is_busy || client->session.state != SESSION_COMPLETE))
				return client;
	}
	return NULL;
}

static void tell(const struct client *client, const char *what)
{
	const struct session *session = &client->session;
	const struct event event = {
		.event		= what,
		.address	= client->text,
		.host		= session->herald.host,
		.file		= session->stored ? store->ops->name(session->stored) : "",
		.bytes		= session->end,
		.seconds	= (double)(session->last_ns - session->begun_ns) / (double)NS,
		.reason		= session->why.text,
	};

	tally_tell(&event, options->is_json);
	/* A herald alone may have a forged address. */
	if (options->hook && strcmp(what, "begins") && session->packets)
		hook_run(options->hook, options->directory, what, &event);
}

/* Tell what became of a dump, once. */
static void tell_result(struct client *client, enum result result)
{
	if (client->is_told)
		return;
	client->is_told = true;
	client->told_ns = now_ns();
	tally.results[result]++;
	tally.clients--;
	tell(client, result_name(result));
}

static void end_client(struct client *client)
{
	struct client **at = &clients[hash_of(&client->address, true)];

	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	tell_result(client, RESULT_PARTIAL);
	session_end(&client->session);
	entries--;
	close(client->fd);
	client->fd = -1;
	client->next = gone;
	gone = client;
}

static void free_gone(void)
{
	while (gone) {
		struct client *client = gone;

		gone = client->next;
		free(client);
	}
}

/* By the buffer: what the kernel counts for a packet is up to twice as much as is in it. */
static uint32_t window_of(int fd, uint32_t payload)
{
	int buffer = 0;
	socklen_t size = sizeof(buffer);
	uint32_t window;

	getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, &size);
	window = (uint32_t)buffer / (2 * payload + 1024);
	return window < WINDOW_MIN ? WINDOW_MIN : window > WINDOW_MAX ? WINDOW_MAX : window;
}

/* The answer to a packet: its size. */
static size_t answer_of(const struct client *client, enum answer answer, uint32_t seq,
			struct ras_netdump_welcome *welcome)
{
	memset(welcome, 0, sizeof(*welcome));
	welcome->ack.seq = htobe32(seq);
	if (answer != ANSWER_WELCOME)
		return sizeof(welcome->ack);
	memcpy(welcome->magic, RAS_NETDUMP_WELCOME_MAGIC, sizeof(welcome->magic));
	welcome->version = htobe32(RAS_NETDUMP_VERSION);
	welcome->flags = htobe32(client->session.is_resumed ? RAS_NETDUMP_RESUMED : 0);
	welcome->payload = htobe32(client->session.payload);
	welcome->window = htobe32(client->window);
	return sizeof(*welcome);
}

/* An answer that is lost is asked for again. */
static void answer_one(const struct client *client, enum answer answer, uint32_t seq)
{
	struct ras_netdump_welcome welcome;
	size_t size = answer_of(client, answer, seq, &welcome);

	if (send(client->fd, &welcome, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;
}

/* Do what a packet says; what it is answered with. */
static enum answer take(struct client *client, const void *bytes, size_t size, uint32_t *seq)
{
	struct session *session = &client->session;
	enum answer answer = ANSWER_NOTHING;
	uint64_t before = session->bytes;
	struct packet packet;
	enum refusal refusal = packet_parse(&packet, bytes, size);

	if (!refusal)
		refusal = session_take(session, &packet, now_ns(), &answer);
	tally.refused[refusal] += refusal != REFUSE_NOTHING;
	tally.packets += refusal == REFUSE_NOTHING;
	tally.bytes += session->bytes - before;
	if (session->state == SESSION_FAILED)
		tell_result(client, RESULT_FAILED);
	*seq = packet.seq;
	return refusal ? ANSWER_NOTHING : answer;
}

/* A batch of packets, and their answers; there is one thread for all clients. */
static struct mmsghdr in[BATCH], out[BATCH];
static struct iovec in_data[BATCH], out_data[BATCH];
static struct sockaddr_in6 senders[BATCH];
static uint8_t packets[BATCH][PACKET_BYTES + 1];
static struct ras_netdump_welcome answers[BATCH];

static int receive(int fd)
{
	unsigned int i;

	for (i = 0; i < BATCH; i++) {
		in_data[i] = (struct iovec){ packets[i], sizeof(packets[i]) };
		memset(&in[i], 0, sizeof(in[i]));
		in[i].msg_hdr.msg_iov = &in_data[i];
		in[i].msg_hdr.msg_iovlen = 1;
		in[i].msg_hdr.msg_name = &senders[i];
		in[i].msg_hdr.msg_namelen = sizeof(senders[i]);
	}
	/* An error is what a router or the client says by ICMP, which may be forged. */
	return recvmmsg(fd, in, BATCH, MSG_DONTWAIT, NULL);
}

/* Between bind(2) and connect(2) the kernel has taken packets of anybody. */
static bool is_from(const struct client *client, const struct sockaddr_in6 *sender)
{
	return sender->sin6_port == client->address.sin6_port &&
	       !memcmp(&sender->sin6_addr, &client->address.sin6_addr, sizeof(sender->sin6_addr));
}

/*
 * One that is busy is not watched.  It may be among the events that have come already.
 */
static void client_ready(struct source *source)
{
	struct client *client = (struct client *)source;
	unsigned int answered = 0;
	int count, i;

	if (client->fd < 0 || client->is_busy)
		return;
	count = receive(client->fd);
	for (i = 0; i < count && !client->is_busy; i++) {
		uint32_t seq = 0;
		enum answer answer = ANSWER_NOTHING;

		if (is_from(client, &senders[i]))
			answer = take(client, packets[i], in[i].msg_len, &seq);
		else
			tally.refused[REFUSE_STRAY]++;
		if (answer == ANSWER_NOTHING)
			continue;
		if (answer == ANSWER_LATER) {
			client->is_busy = true;
			client->finished = seq;
			continue;
		}
		out_data[answered].iov_base = &answers[answered];
		out_data[answered].iov_len = answer_of(client, answer, seq, &answers[answered]);
		memset(&out[answered], 0, sizeof(out[answered]));
		out[answered].msg_hdr.msg_iov = &out_data[answered];
		out[answered].msg_hdr.msg_iovlen = 1;
		answered++;
	}
	if (answered && sendmmsg(client->fd, out, answered, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		answered = 0;
	if (client->is_busy) {
		/*
		 * It is the threads' now; what comes meanwhile waits in its buffer.  Errors are
		 * told of whatever is asked for, so it is taken out altogether.
		 */
		watch(client->fd, &client->source, 0, EPOLL_CTL_DEL);
		syncer_give(&client->task);
	}
}

/* A dump is safe, or is not. */
static void synced_ready(struct source *source)
{
	struct client *client;

	(void)source;
	while ((client = syncer_done())) {
		client->is_busy = false;
		session_finished(&client->session, now_ns());
		if (client->session.state == SESSION_COMPLETE) {
			answer_one(client, ANSWER_ACK, client->finished);
			tell_result(client, RESULT_COMPLETE);
			/* Only the answer may be asked for again. */
			session_end(&client->session);
		} else {
			tell_result(client, RESULT_FAILED);
		}
		if (!watch(client->fd, &client->source, EPOLLIN, EPOLL_CTL_ADD))
			end_client(client);
	}
}

static void sync_client(struct client *client)
{
	session_finish(&client->session);
}

/* A socket from the address that the client has sent to, on a port of its own. */
static int connected(const struct sockaddr_in6 *to, const struct sockaddr_in6 *from)
{
	const int no = 0, buffer = BUFFER;
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer)) ||
	    bind(fd, (const struct sockaddr *)from, sizeof(*from)) ||
	    connect(fd, (const struct sockaddr *)to, sizeof(*to))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* A client that cannot be taken on is told of, and nothing is left of it. */
static void drop_client(struct client *client, const char *reason)
{
	static uint64_t told_ns;
	const struct event event = {
		.event	 = "refused",
		.address = client->text,
		.host	 = client->session.herald.host,
		.file	 = "",
		.reason	 = reason,
	};

	/* The next herald would say the same. */
	if (now_ns() - told_ns > NS) {
		told_ns = now_ns();
		tally_tell(&event, options->is_json);
	}
	session_end(&client->session);
	if (client->fd >= 0)
		close(client->fd);
	free(client);
}

static struct client *new_client(const struct sockaddr_in6 *address,
				 const struct sockaddr_in6 *here, const struct herald *herald)
{
	struct client *client = calloc(1, sizeof(*client)), **bucket;

	if (!client)
		return NULL;
	client->source.ready = client_ready;
	client->address = *address;
	client->task.client = client;
	address_text(address, client->text, sizeof(client->text));
	client->fd = connected(address, here);
	if (client->fd < 0 || !watch(client->fd, &client->source, EPOLLIN, EPOLL_CTL_ADD)) {
		drop_client(client, strerror(errno));
		return NULL;
	}
	if (!session_begin(&client->session, store, herald, client->text, time(NULL),
			   options->limit, now_ns())) {
		drop_client(client, client->session.why.text);
		return NULL;
	}
	client->window = window_of(client->fd, client->session.payload);
	bucket = &clients[hash_of(address, true)];
	client->next = *bucket;
	*bucket = client;
	entries++;
	tally.clients++;
	tell(client, "begins");
	return client;
}

static bool is_too_fast(const struct sockaddr_in6 *address, uint64_t now)
{
	struct rate *rate = &rates[hash_of(address, false)];

	if (rate->second != now / NS) {
		rate->second = now / NS;
		rate->count = 0;
	}
	return rate->count++ >= options->heralds;
}

/*
 * Is there a dump of that client, or of that session, which a herald may not end?  One that is
 * quiet ends.
 */
static bool is_taken(struct client *client, uint64_t now)
{
	if (!client)
		return false;
	if (client->is_busy || (!client->is_told && now - client->session.last_ns < QUIET_NS))
		return true;
	end_client(client);
	return false;
}

/* One whose dump has ended gives its place to one that begins. */
static bool has_place(void)
{
	unsigned int i;

	for (i = 0; i < BUCKETS && entries >= options->clients; i++) {
		struct client *client = clients[i];

		while (client && (client->is_busy || !client->is_told))
			client = client->next;
		if (client)
			end_client(client);
	}
	return entries < options->clients;
}

static enum refusal take_herald(const struct sockaddr_in6 *address,
				const struct sockaddr_in6 *here, const void *bytes, size_t size)
{
	struct client *client = find(address);
	uint64_t now = now_ns();
	struct herald herald;
	struct packet packet;
	enum refusal refusal = packet_parse(&packet, bytes, size);
	enum answer answer;

	if (refusal)
		return refusal;
	if (packet.type != RAS_NETDUMP_HERALD)
		return REFUSE_STRAY;
	if (is_too_fast(address, now))
		return REFUSE_RATE;
	refusal = herald_parse(&herald, &packet);
	if (refusal)
		return refusal;
	/* The answer was lost. */
	if (client && !client->is_busy && session_is_same(&client->session, &herald) &&
	    !session_take(&client->session, &packet, now, &answer)) {
		answer_one(client, answer, packet.seq);
		return REFUSE_NOTHING;
	}
	/* One that was under way for long, of a dump that is complete. */
	if (client && !client->is_busy && client->session.state == SESSION_COMPLETE &&
	    herald.has_hello && session_is_same(&client->session, &herald))
		return REFUSE_STRAY;
	if (is_taken(client, now) || is_taken(find_session(&herald), now))
		return REFUSE_STRAY;
	if (!has_place())
		return REFUSE_RATE;
	if (!store_has_room(store, 1))
		return REFUSE_FULL;
	client = new_client(address, here, &herald);
	if (!client)
		return REFUSE_FULL;
	answer_one(client, herald.has_hello ? ANSWER_WELCOME : ANSWER_ACK, packet.seq);
	return REFUSE_NOTHING;
}

/* Receive a herald, and the address that it was sent to. */
static ssize_t receive_herald(void *bytes, size_t size, struct sockaddr_in6 *from,
			      struct sockaddr_in6 *here)
{
	union {
		struct cmsghdr	head;
		char		space[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	} control;
	struct iovec data = { bytes, size };
	struct msghdr message = {
		.msg_name	= from,
		.msg_namelen	= sizeof(*from),
		.msg_iov	= &data,
		.msg_iovlen	= 1,
		.msg_control	= &control,
		.msg_controllen	= sizeof(control),
	};
	ssize_t got = recvmsg(herald_fd, &message, MSG_DONTWAIT);
	struct in6_pktinfo info;
	struct cmsghdr *head;

	if (got < 0)
		return got;
	*here = (struct sockaddr_in6){ .sin6_family = AF_INET6 };
	head = CMSG_FIRSTHDR(&message);
	if (head && head->cmsg_level == IPPROTO_IPV6 && head->cmsg_type == IPV6_PKTINFO) {
		memcpy(&info, CMSG_DATA(head), sizeof(info));
		here->sin6_addr = info.ipi6_addr;
		if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
			here->sin6_scope_id = info.ipi6_ifindex;
	}
	return got;
}

static void herald_ready(struct source *source)
{
	unsigned int i;

	(void)source;
	for (i = 0; i < BATCH; i++) {
		struct sockaddr_in6 from, here;
		ssize_t size = receive_herald(packets[0], sizeof(packets[0]), &from, &here);
		enum refusal refusal;

		if (size < 0)
			return;
		refusal = take_herald(&from, &here, packets[0], (size_t)size);
		tally.refused[refusal] += refusal != REFUSE_NOTHING;
		tally.packets += refusal == REFUSE_NOTHING;
	}
}

static void signal_ready(struct source *source)
{
	struct signalfd_siginfo info;

	(void)source;
	while (read(signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			hook_reap();
		else
			is_ended = true;
	}
}

/* Let clients go that are silent for too long. */
static void sweep(uint64_t now, bool all)
{
	unsigned int i;

	for (i = 0; i < BUCKETS; i++) {
		struct client *client = clients[i], *next;

		for (; client; client = next) {
			uint64_t silent = now - client->session.last_ns;

			next = client->next;
			if (client->is_busy)
				continue;
			if (all || (client->is_told ? now - client->told_ns > LINGER_NS :
						      silent > options->silence_s * NS))
				end_client(client);
		}
	}
}

static void write_metrics(void)
{
	struct why why;

	if (options->metrics && !tally_write(&tally, store, options->metrics, &why))
		say_failed(options->metrics, "%s", why.text);
}

/* This program did not run for a while: the disk was slow, or the machine was paused. */
static void forgive(uint64_t gap)
{
	struct client *client;
	unsigned int i;

	for (i = 0; i < BUCKETS; i++)
		for (client = clients[i]; client; client = client->next)
			if (!client->is_busy)
				client->session.last_ns += gap;
}

/* What is to be done every second, and every ten. */
static void tick(uint64_t now)
{
	static uint64_t seen, swept, written;

	if (seen && now - seen > STALL_NS)
		forgive(now - seen);
	seen = now;
	if (now - swept >= NS) {
		swept = now;
		sweep(now, false);
	}
	if (now - written >= METRICS_NS) {
		written = now;
		store->ops->refresh(store);
		write_metrics();
	}
}

static bool has_busy(void)
{
	struct client *client;
	unsigned int i;

	for (i = 0; i < BUCKETS; i++)
		for (client = clients[i]; client; client = client->next)
			if (client->is_busy)
				return true;
	return false;
}

static bool serve(int timeout_ms, struct why *why)
{
	struct epoll_event events[64];
	int count = epoll_wait(epoll, events, 64, timeout_ms), i;

	if (count < 0 && errno != EINTR)
		return refuse(why, "epoll: %s", strerror(errno));
	for (i = 0; i < count; i++) {
		struct source *source = events[i].data.ptr;

		source->ready(source);
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

static bool open_heralds(struct why *why)
{
	const int no = 0, yes = 1;

	herald_fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (herald_fd < 0 ||
	    setsockopt(herald_fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no)) ||
	    setsockopt(herald_fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &yes, sizeof(yes)) ||
	    bind(herald_fd, (const struct sockaddr *)&options->address,
		 sizeof(options->address)))
		return refuse(why, "%s", strerror(errno));
	return true;
}

/**
 * receiver_open() - get ready to receive
 * @wanted: what the administrator wants; is kept
 * @into: where dumps are kept
 * @why: set if that is not possible
 *
 * Return: it is ready.
 */
bool receiver_open(const struct receiver_options *wanted, struct store *into, struct why *why)
{
	static struct source heralds = { herald_ready }, synced = { synced_ready },
			     signals = { signal_ready };

	options = wanted;
	store = into;
	signal_fd = open_signals();
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (signal_fd < 0 || epoll < 0 ||
	    getrandom(&hash_seed, sizeof(hash_seed), 0) != sizeof(hash_seed))
		return refuse(why, "%s", strerror(errno));
	if (!open_heralds(why) || !syncer_start(sync_client, &event_fd, why))
		return false;
	if (!watch(herald_fd, &heralds, EPOLLIN, EPOLL_CTL_ADD) ||
	    !watch(event_fd, &synced, EPOLLIN, EPOLL_CTL_ADD) ||
	    !watch(signal_fd, &signals, EPOLLIN, EPOLL_CTL_ADD))
		return refuse(why, "epoll: %s", strerror(errno));
	return true;
}

/**
 * receiver_run() - receive until a signal comes
 * @why: set if that goes wrong
 *
 * What is not complete then is kept, and goes on when its client finds another server, or this
 * one again.
 *
 * Return: a signal came.
 */
bool receiver_run(struct why *why)
{
	uint64_t begun;

	while (!is_ended) {
		if (!serve(1000, why))
			return false;
		tick(now_ns());
		free_gone();
	}
	begun = now_ns();
	while (has_busy() && now_ns() - begun < LEAVE_NS)
		if (!serve(100, why))
			return false;
	sweep(now_ns(), true);
	free_gone();
	write_metrics();
	return true;
}
