// SPDX-License-Identifier: GPL-2.0
/*
 * rasdumpd: the socket to which heralds come.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "client.h"
#include "clock.h"
#include "heralds.h"

/* Heralds that are taken before it is the turn of the clients. */
#define BATCH		32
/* A dump of a client whose last packet is older than that may be replaced by a new one. */
#define QUIET_NS	(5 * CLOCK_SECOND)

/**
 * struct rate - heralds of the addresses that share a hash
 * @second: in which they came
 * @count: how many
 */
struct rate {
	uint64_t	second;
	unsigned int	count;
};

/**
 * struct heralds - the socket
 * @source: of it, for epoll
 * @fd: the socket
 * @rates: how fast heralds come
 */
struct heralds {
	struct source	source;
	int		fd;
	struct rate	rates[RECEPTION_HASHES];
};

static bool is_too_fast(const struct reception *reception, struct heralds *heralds,
			const struct sockaddr_in6 *address, uint64_t now_ns)
{
	struct rate *rate = &heralds->rates[reception_hash(reception, address, false)];

	if (rate->second != now_ns / CLOCK_SECOND) {
		rate->second = now_ns / CLOCK_SECOND;
		rate->count = 0;
	}
	return rate->count++ >= reception->options->heralds;
}

/*
 * A proven herald ends what anybody can have begun at its address: a dump that is not proven, and
 * a proven one that has no packet but a herald, which may be a copy of an old herald.
 */
static bool gives_way(const struct client *client, const struct herald *herald)
{
	return herald->offers && (!client->proven.is_on || !client->session.packets);
}

/*
 * Is there a dump of that client, or of that session, which a herald may not end?  A herald ends
 * a dump that is quiet.  A herald that is not proven never ends a proven dump.
 */
static bool is_taken(struct reception *reception, struct client *client,
		     const struct herald *herald, uint64_t now_ns)
{
	if (!client)
		return false;
	if (client->is_busy || (client->proven.is_on && !herald->offers))
		return true;
	if (!client->is_told && !gives_way(client, herald) &&
	    now_ns - client->session.last_ns < QUIET_NS)
		return true;
	client_end(reception, client);
	return false;
}

/* Begin a dump. */
static enum refusal begin(struct reception *reception, const struct sockaddr_in6 *address,
			  const struct sockaddr_in6 *here, const struct herald *herald,
			  const struct proof_keys *keys, const struct packet *packet)
{
	struct client *client;

	if (!client_has_place(reception, herald->offers))
		return REFUSE_RATE;
	if (!store_has_room(reception->store, 1))
		return REFUSE_FULL;
	client = client_begin(reception, address, here, herald, herald->offers ? keys : NULL,
			      packet->count);
	if (!client)
		return REFUSE_FULL;
	client_answer(client, herald->has_hello ? ANSWER_WELCOME : ANSWER_ACK, packet->seq);
	return REFUSE_NOTHING;
}

/* The herald of a dump that has begun comes again.  Return: nothing is left to do. */
static bool is_again(struct client *client, const struct herald *herald,
		     const struct packet *packet, enum refusal *refusal)
{
	enum answer answer;

	if (!client || !session_is_same(&client->session, herald))
		return false;
	if (client->is_busy) {
		/* It asks if we are still there; what is said of its session does not change. */
		if (herald->has_hello)
			client_answer(client, ANSWER_WELCOME, packet->seq);
		*refusal = REFUSE_NOTHING;
		return herald->has_hello;
	}
	*refusal = session_take_herald(&client->session, herald, &answer);
	if (!*refusal)
		client_answer(client, answer, packet->seq);
	/* After a dump that has failed, another may begin. */
	return !*refusal || (herald->has_hello && client->session.state == SESSION_COMPLETE);
}

/* Go on with a dump, or begin one, by a herald whose proof holds if it has one. */
static enum refusal follow(struct reception *reception, const struct sockaddr_in6 *address,
			   const struct sockaddr_in6 *here, const struct herald *herald,
			   const struct proof_keys *keys, const struct packet *packet)
{
	struct client *client = client_find(reception, address);
	uint64_t now_ns = clock_ns();
	enum refusal refusal;

	if (is_again(client, herald, packet, &refusal))
		return refusal;
	if (is_taken(reception, client, herald, now_ns) ||
	    is_taken(reception, client_of_session(herald), herald, now_ns))
		return REFUSE_STRAY;
	return begin(reception, address, here, herald, keys, packet);
}

/* What is known of the client that a herald is of, from whatever address it is sent. */
static struct proven *known(const struct reception *reception,
			    const struct sockaddr_in6 *address, const struct herald *herald)
{
	struct client *client = client_find(reception, address);

	if (!herald->offers)
		return NULL;
	if (!client || !session_is_same(&client->session, herald))
		client = client_of_session(herald);
	return client ? &client->proven : NULL;
}

static enum refusal take(struct reception *reception, struct heralds *heralds,
			 const struct sockaddr_in6 *address, const struct sockaddr_in6 *here,
			 const struct packet *packet)
{
	const struct demand *demand = &reception->options->demand;
	struct proof_keys keys = { 0 };
	enum refusal refusal;
	struct herald herald;

	if (packet->type != RAS_NETDUMP_HERALD)
		return REFUSE_STRAY;
	if (is_too_fast(reception, heralds, address, clock_ns()))
		return REFUSE_RATE;
	refusal = proven_read(demand, packet, &herald);
	if (!refusal)
		refusal = proven_herald(demand, known(reception, address, &herald), packet,
					&herald, &keys);
	if (!refusal)
		refusal = follow(reception, address, here, &herald, &keys, packet);
	proof_forget(&keys);
	return refusal;
}

/* Receive a herald, and the address that it was sent to. */
static ssize_t receive(int fd, void *bytes, size_t size, struct sockaddr_in6 *from,
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
	ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT);
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

static void heralds_ready(struct reception *reception, struct source *source)
{
	static uint8_t bytes[sizeof(struct ras_netdump_head) + RAS_NETDUMP_BYTES_MAX + 1];
	struct heralds *heralds = (struct heralds *)source;
	unsigned int i;

	for (i = 0; i < BATCH; i++) {
		struct sockaddr_in6 from, here;
		ssize_t size = receive(heralds->fd, bytes, sizeof(bytes), &from, &here);
		enum refusal refusal;
		struct packet packet;

		if (size < 0)
			return;
		refusal = packet_parse(&packet, bytes, (size_t)size, 0);
		if (!refusal)
			refusal = take(reception, heralds, &from, &here, &packet);
		tally_packet(&reception->tally, refusal);
	}
}

/**
 * heralds_open() - receive heralds
 * @reception: the receiver
 * @why: set if that is not possible
 *
 * Return: that is done.
 */
bool heralds_open(const struct reception *reception, struct why *why)
{
	static struct heralds heralds = { .source.ready = heralds_ready };
	const struct sockaddr_in6 *address = &reception->options->address;
	const int no = 0, yes = 1;
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	heralds.fd = fd;
	if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no)) ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &yes, sizeof(yes)) ||
	    bind(fd, (const struct sockaddr *)address, sizeof(*address)) ||
	    !reception_watch(reception, fd, &heralds.source))
		return refuse(why, "%s", strerror(errno));
	return true;
}
