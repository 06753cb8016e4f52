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
 * Is there a dump of that client, or of that session, which a herald may not end?  One that is
 * quiet ends.
 */
static bool is_taken(struct reception *reception, struct client *client, uint64_t now_ns)
{
	if (!client)
		return false;
	if (client->is_busy ||
	    (!client->is_told && now_ns - client->session.last_ns < QUIET_NS))
		return true;
	client_end(reception, client);
	return false;
}

/* Begin a dump. */
static enum refusal begin(struct reception *reception, const struct sockaddr_in6 *address,
			  const struct sockaddr_in6 *here, const struct herald *herald,
			  uint32_t seq)
{
	struct client *client;

	if (!client_has_place(reception))
		return REFUSE_RATE;
	if (!store_has_room(reception->store, 1))
		return REFUSE_FULL;
	client = client_begin(reception, address, here, herald);
	if (!client)
		return REFUSE_FULL;
	client_answer(client, herald->has_hello ? ANSWER_WELCOME : ANSWER_ACK, seq);
	return REFUSE_NOTHING;
}

/* The herald of a dump that has begun comes again.  Return: nothing is left to do. */
static bool is_again(struct client *client, const struct herald *herald,
		     const struct packet *packet, uint64_t now_ns, enum refusal *refusal)
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
	*refusal = session_take(&client->session, packet, now_ns, &answer);
	if (!*refusal)
		client_answer(client, answer, packet->seq);
	/* After a dump that has failed, another may begin. */
	return !*refusal || (herald->has_hello && client->session.state == SESSION_COMPLETE);
}

static enum refusal take(struct reception *reception, struct heralds *heralds,
			 const struct sockaddr_in6 *address, const struct sockaddr_in6 *here,
			 const struct packet *packet)
{
	struct client *client = client_find(reception, address);
	uint64_t now_ns = clock_ns();
	enum refusal refusal;
	struct herald herald;

	if (packet->type != RAS_NETDUMP_HERALD)
		return REFUSE_STRAY;
	if (is_too_fast(reception, heralds, address, now_ns))
		return REFUSE_RATE;
	refusal = herald_parse(&herald, packet);
	if (refusal || is_again(client, &herald, packet, now_ns, &refusal))
		return refusal;
	if (is_taken(reception, client, now_ns) ||
	    is_taken(reception, client_of_session(&herald), now_ns))
		return REFUSE_STRAY;
	return begin(reception, address, here, &herald, packet->seq);
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
		refusal = packet_parse(&packet, bytes, (size_t)size);
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
