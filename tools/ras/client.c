// SPDX-License-Identifier: GPL-2.0
/*
 * rasdumpd: clients, each with a socket of its own.
 *
 * The socket is connected to the client: the kernel drops what others send there, and holds no
 * more of a client than fits into its buffer, so that a fast one takes nothing from a slow one.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "clock.h"
#include "hook.h"

/* Packets that are taken from a client before it is the turn of the next. */
#define BATCH		32
#define PACKET_BYTES	(sizeof(struct ras_netdump_head) + RAS_NETDUMP_BYTES_MAX + PROOF_BYTES)
/* What the kernel is to hold of a client, in bytes; it may allow less. */
#define BUFFER		(1 << 20)
/* How long the answer to the end of a dump can be had again. */
#define LINGER_NS	(30 * CLOCK_SECOND)
#define WINDOW_MIN	4
#define WINDOW_MAX	64

static struct client *clients[RECEPTION_HASHES];
/* How many there are, with those whose dumps have ended. */
static unsigned int entries;
/* Clients that are freed when epoll's events are through, among which they may be: fd is -1. */
static struct client *gone;

static void address_text(const struct sockaddr_in6 *address, char *text, size_t size)
{
	const struct in6_addr *in6 = &address->sin6_addr;

	if (IN6_IS_ADDR_V4MAPPED(in6))
		inet_ntop(AF_INET, &in6->s6_addr[12], text, (socklen_t)size);
	else
		inet_ntop(AF_INET6, in6, text, (socklen_t)size);
}

/**
 * client_find() - the client of an address
 * @reception: the receiver
 * @address: the address, with its port
 *
 * Return: the client, or %NULL.
 */
struct client *client_find(const struct reception *reception,
			   const struct sockaddr_in6 *address)
{
	struct client *client = clients[reception_hash(reception, address, true)];

	while (client && (client->address.sin6_port != address->sin6_port ||
			  client->address.sin6_scope_id != address->sin6_scope_id ||
			  memcmp(&client->address.sin6_addr, &address->sin6_addr,
				 sizeof(address->sin6_addr))))
		client = client->next;
	return client;
}

/**
 * client_of_session() - the client whose dump has a session and is not complete
 * @herald: with the session
 *
 * Return: the client, from whatever address it sends; or %NULL.
 */
struct client *client_of_session(const struct herald *herald)
{
	unsigned int i;

	for (i = 0; i < RECEPTION_HASHES && herald->has_hello; i++) {
		struct client *client = clients[i];

		/* The state of a busy client changes in another thread. */
		for (; client; client = client->next)
			if (session_is_same(&client->session, herald) &&
			    (client->is_busy || client->session.state != SESSION_COMPLETE))
				return client;
	}
	return NULL;
}

static struct event event_of(const struct reception *reception, const struct client *client,
			     const char *what)
{
	const struct session *session = &client->session;
	const uint64_t ns = session->last_ns - session->begun_ns;

	return (struct event){
		.event		= what,
		.address	= client->text,
		.host		= session->herald.host,
		.file		= session->stored ?
				  reception->store->ops->name(session->stored) : "",
		.bytes		= session->end,
		.seconds	= (double)ns / CLOCK_SECOND,
		.reason		= session->why.text,
		.is_proven	= client->proven.is_on,
	};
}

/* Tell what became of a dump, once. */
static void tell_result(struct reception *reception, struct client *client, enum result result)
{
	const struct receiver_options *options = reception->options;
	const char *name = result_name(result);
	struct event event;

	if (client->is_told)
		return;
	client->is_told = true;
	client->told_ns = clock_ns();
	reception->tally.results[result]++;
	reception->tally.clients--;
	event = event_of(reception, client, name);
	tally_tell(&event, options->is_json);
	/* Not for a herald alone: its address may be forged. */
	if (options->hook && client->session.packets)
		hook_run(options->hook, options->directory, name, &event);
}

/**
 * client_end() - let a client go
 * @reception: the receiver
 * @client: the client, which is not busy
 */
void client_end(struct reception *reception, struct client *client)
{
	struct client **at = &clients[reception_hash(reception, &client->address, true)];

	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	tell_result(reception, client, RESULT_PARTIAL);
	session_end(&client->session);
	entries--;
	close(client->fd);
	client->fd = -1;
	client->next = gone;
	gone = client;
}

/* After a round of epoll's events: nobody knows of these clients any more. */
void clients_free_gone(void)
{
	while (gone) {
		struct client *client = gone;

		gone = client->next;
		proof_forget(&client->proven.keys);
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
			union proven_answer *bytes)
{
	struct ras_netdump_welcome *welcome = &bytes->welcome;

	memset(bytes, 0, sizeof(*bytes));
	bytes->ack.seq = htobe32(seq);
	if (answer != ANSWER_WELCOME)
		return proven_answer(&client->proven, answer, bytes, sizeof(bytes->ack));
	memcpy(welcome->magic, RAS_NETDUMP_WELCOME_MAGIC, sizeof(welcome->magic));
	welcome->version = htobe32(RAS_NETDUMP_VERSION);
	welcome->flags = htobe32(client->session.is_resumed ? RAS_NETDUMP_RESUMED : 0);
	welcome->payload = htobe32(client->session.payload);
	welcome->window = htobe32(client->window);
	return proven_answer(&client->proven, answer, bytes, sizeof(*welcome));
}

/**
 * client_answer() - answer a packet
 * @client: whose it is
 * @answer: with what
 * @seq: the number of the packet
 *
 * An answer that is lost is asked for again.
 */
void client_answer(const struct client *client, enum answer answer, uint32_t seq)
{
	union proven_answer bytes;
	size_t size = answer_of(client, answer, seq, &bytes);

	if (send(client->fd, &bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;
}

/* Do what a packet says; what it is answered with. */
static enum answer take(struct reception *reception, struct client *client, const void *bytes,
			size_t size, uint32_t *seq)
{
	struct session *session = &client->session;
	enum answer answer = ANSWER_NOTHING;
	uint64_t before = session->bytes;
	struct packet packet = { 0 };
	enum refusal refusal = proven_parse(&client->proven, &packet, bytes, size);

	if (!refusal && packet.type == RAS_NETDUMP_HERALD)
		refusal = proven_take_herald(&client->proven, &reception->options->demand,
					     session, &packet, &answer);
	else if (!refusal)
		refusal = session_take(session, &packet, clock_ns(), &answer);
	tally_packet(&reception->tally, refusal);
	reception->tally.bytes += session->bytes - before;
	if (session->state == SESSION_FAILED)
		tell_result(reception, client, RESULT_FAILED);
	*seq = packet.seq;
	return refusal ? ANSWER_NOTHING : answer;
}

/* A batch of packets, and their answers; there is one thread for all clients. */
static struct mmsghdr in[BATCH], out[BATCH];
static struct iovec in_data[BATCH], out_data[BATCH];
static struct sockaddr_in6 senders[BATCH];
static uint8_t packets[BATCH][PACKET_BYTES + 1];
static union proven_answer answers[BATCH];

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

/* Put an answer to those that are sent together. */
static void put_answer(const struct client *client, enum answer answer, uint32_t seq,
		       unsigned int *count)
{
	const unsigned int i = (*count)++;

	out_data[i].iov_base = &answers[i];
	out_data[i].iov_len = answer_of(client, answer, seq, &answers[i]);
	memset(&out[i], 0, sizeof(out[i]));
	out[i].msg_hdr.msg_iov = &out_data[i];
	out[i].msg_hdr.msg_iovlen = 1;
}

/*
 * Give a client to the threads that wait for the disk.  What comes meanwhile waits in its buffer.
 * epoll tells of errors whatever is asked for, so the client is taken out altogether.
 */
static void give(struct reception *reception, struct client *client)
{
	epoll_ctl(reception->epoll, EPOLL_CTL_DEL, client->fd, NULL);
	syncer_give(&client->task);
}

/* Take a batch of packets. */
static void client_ready(struct reception *reception, struct source *source)
{
	struct client *client = (struct client *)source;
	unsigned int answered = 0;
	int count, i;

	/* It may have come to this after epoll has told of it. */
	if (client->fd < 0 || client->is_busy)
		return;
	count = receive(client->fd);
	for (i = 0; i < count && !client->is_busy; i++) {
		enum answer answer;
		uint32_t seq;

		if (!is_from(client, &senders[i])) {
			tally_packet(&reception->tally, REFUSE_STRAY);
			continue;
		}
		answer = take(reception, client, packets[i], in[i].msg_len, &seq);
		if (answer == ANSWER_LATER) {
			client->is_busy = true;
			client->finished = seq;
		} else if (answer != ANSWER_NOTHING) {
			put_answer(client, answer, seq, &answered);
		}
	}
	/* What is not sent is asked for again. */
	if (answered && sendmmsg(client->fd, out, answered, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		answered = 0;
	if (client->is_busy)
		give(reception, client);
}

/**
 * client_sync() - make the dump of a client safe
 * @client: the client, which is busy
 *
 * Called by the threads that wait for the disk.
 */
void client_sync(struct client *client)
{
	session_finish(&client->session);
}

/**
 * client_synced() - a dump is safe, or cannot be made so
 * @reception: the receiver
 * @client: the client, as the threads have given it back
 */
void client_synced(struct reception *reception, struct client *client)
{
	client->is_busy = false;
	session_finished(&client->session, clock_ns());
	if (client->session.state == SESSION_COMPLETE) {
		client_answer(client, ANSWER_ACK, client->finished);
		tell_result(reception, client, RESULT_COMPLETE);
		/* Only the answer may be asked for again. */
		session_end(&client->session);
	} else {
		tell_result(reception, client, RESULT_FAILED);
	}
	if (!reception_watch(reception, client->fd, &client->source))
		client_end(reception, client);
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
static void drop(const struct reception *reception, struct client *client, const char *reason)
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
	if (clock_ns() - told_ns > CLOCK_SECOND) {
		told_ns = clock_ns();
		tally_tell(&event, reception->options->is_json);
	}
	session_end(&client->session);
	if (client->fd >= 0)
		close(client->fd);
	proof_forget(&client->proven.keys);
	free(client);
}

/* The welcome names the port: the client sees whether somebody sends it on from another one. */
static bool begin_proofs(struct client *client, const struct proof_keys *keys, uint32_t count)
{
	struct sockaddr_in6 address;
	socklen_t size = sizeof(address);

	return !getsockname(client->fd, (struct sockaddr *)&address, &size) &&
	       proven_begin(&client->proven, keys, count, ntohs(address.sin6_port));
}

/**
 * client_begin() - take on a client
 * @reception: the receiver
 * @address: of it
 * @here: to which it has sent its herald
 * @herald: what it has said
 * @keys: the keys of its session; %NULL: it proves nothing
 * @count: of its herald
 *
 * Return: the client; %NULL if that is not possible, and then it was said why.
 */
struct client *client_begin(struct reception *reception, const struct sockaddr_in6 *address,
			    const struct sockaddr_in6 *here, const struct herald *herald,
			    const struct proof_keys *keys, uint32_t count)
{
	struct client *client = calloc(1, sizeof(*client)), **bucket;
	struct event event;

	if (!client)
		return NULL;
	client->source.ready = client_ready;
	client->address = *address;
	client->task.client = client;
	address_text(address, client->text, sizeof(client->text));
	client->fd = connected(address, here);
	if (client->fd < 0 || (keys && !begin_proofs(client, keys, count)) ||
	    !reception_watch(reception, client->fd, &client->source)) {
		drop(reception, client, strerror(errno));
		return NULL;
	}
	if (!session_begin(&client->session, reception->store, herald, client->text, time(NULL),
			   reception->options->limit, clock_ns())) {
		drop(reception, client, client->session.why.text);
		return NULL;
	}
	client->window = window_of(client->fd, client->session.payload);
	bucket = &clients[reception_hash(reception, address, true)];
	client->next = *bucket;
	*bucket = client;
	entries++;
	reception->tally.clients++;
	event = event_of(reception, client, "begins");
	tally_tell(&event, reception->options->is_json);
	return client;
}

/**
 * client_has_place() - may there be one more client?
 * @reception: the receiver
 * @is_proven: it proves its packets
 *
 * A client whose dump has ended makes room for a new one.  A proven client makes room only for
 * another proven one: it may still ask whether its dump is complete.
 *
 * Return: there may.
 */
bool client_has_place(struct reception *reception, bool is_proven)
{
	const unsigned int most = reception->options->clients;
	unsigned int i;

	for (i = 0; i < RECEPTION_HASHES && entries >= most; i++) {
		struct client *client = clients[i];

		while (client && (client->is_busy || !client->is_told ||
				  (client->proven.is_on && !is_proven)))
			client = client->next;
		if (client)
			client_end(reception, client);
	}
	return entries < most;
}

static bool is_over(const struct reception *reception, const struct client *client,
		    uint64_t now_ns)
{
	if (client->is_told)
		return now_ns - client->told_ns > LINGER_NS;
	return now_ns - client->session.last_ns > reception->options->silence_s * CLOCK_SECOND;
}

/**
 * clients_sweep() - let clients go that are silent for too long
 * @reception: the receiver
 * @now_ns: the time
 * @all: and all others that are not busy
 */
void clients_sweep(struct reception *reception, uint64_t now_ns, bool all)
{
	unsigned int i;

	for (i = 0; i < RECEPTION_HASHES; i++) {
		struct client *client = clients[i], *next;

		for (; client; client = next) {
			next = client->next;
			if (!client->is_busy && (all || is_over(reception, client, now_ns)))
				client_end(reception, client);
		}
	}
}

/**
 * clients_forgive() - count no silence of a time in which nobody has listened
 * @gap_ns: how long that was
 */
void clients_forgive(uint64_t gap_ns)
{
	struct client *client;
	unsigned int i;

	for (i = 0; i < RECEPTION_HASHES; i++)
		for (client = clients[i]; client; client = client->next)
			if (!client->is_busy)
				client->session.last_ns += gap_ns;
}

/* Is a client busy? */
bool clients_are_busy(void)
{
	struct client *client;
	unsigned int i;

	for (i = 0; i < RECEPTION_HASHES; i++)
		for (client = clients[i]; client; client = client->next)
			if (client->is_busy)
				return true;
	return false;
}
