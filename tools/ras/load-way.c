// SPDX-License-Identifier: GPL-2.0
/*
 * ras-netdump-load: the way between a client and its server, on which packets are lost.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "load-way.h"

/* For the packets of a window, and the answers to them; the system may give less. */
#define SOCKET_BYTES	(1024 * 1024)

/* One packet, a second time, and one that was held back. */
#define AT_ONCE	3

/**
 * struct mail - what the system is given and gives, on the way of one client at a time
 * @options: what is asked for
 * @counts: what has gone
 * @count: how many packets are in @out
 * @out: what is sent
 * @out_parts: where the bytes of each are
 * @out_bytes: these
 * @in: what has come
 * @in_parts: where the bytes of each go
 * @in_bytes: these
 * @from: where each has come from
 */
struct mail {
	const struct load_options	*options;
	struct way_counts		*counts;
	unsigned int			count;
	struct mmsghdr			out[WAY_BATCH];
	struct iovec			out_parts[WAY_BATCH];
	uint8_t				out_bytes[WAY_BATCH][SCRIPT_ROOM];
	struct mmsghdr			in[WAY_BATCH];
	struct iovec			in_parts[WAY_BATCH];
	uint8_t				in_bytes[WAY_BATCH][WAY_ANSWER];
	struct address			from[WAY_BATCH];
};

/**
 * mail_new() - make room for packets
 * @options: what is asked for
 * @counts: where packets are counted
 *
 * Return: the room, to be freed by mail_free(); or %NULL if there is no memory.
 */
struct mail *mail_new(const struct load_options *options, struct way_counts *counts)
{
	struct mail *mail = calloc(1, sizeof(*mail));

	if (!mail)
		return NULL;
	mail->options = options;
	mail->counts = counts;
	for (int i = 0; i < WAY_BATCH; i++) {
		mail->out_parts[i].iov_base = mail->out_bytes[i];
		mail->out[i].msg_hdr.msg_iov = &mail->out_parts[i];
		mail->out[i].msg_hdr.msg_iovlen = 1;
		mail->in_parts[i].iov_base = mail->in_bytes[i];
		mail->in_parts[i].iov_len = sizeof(mail->in_bytes[i]);
		mail->in[i].msg_hdr.msg_iov = &mail->in_parts[i];
		mail->in[i].msg_hdr.msg_iovlen = 1;
		mail->in[i].msg_hdr.msg_name = &mail->from[i];
	}
	return mail;
}

/**
 * mail_free() - free the room for packets
 * @mail: the room, or %NULL
 */
void mail_free(struct mail *mail)
{
	free(mail);
}

/* A send that finds no room waits for it: what is slow then is the network. */
static void set_up_socket(int fd)
{
	const struct timeval patience = { .tv_sec = 1 };
	const int bytes = SOCKET_BYTES;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

static bool bind_socket(int fd, const struct load_options *options, uint32_t client)
{
	struct address from = options->from;

	if (!options->has_from)
		return true;
	address_add(&from, client);
	return !bind(fd, &from.any, address_size(&from));
}

/**
 * way_open() - open the way of a client
 * @way: the way
 * @options: what is asked for
 * @content: where the bytes of the client come from
 *
 * Return: it is open; otherwise errno is set.
 */
bool way_open(struct way *way, const struct load_options *options,
	      const struct content *content)
{
	*way = (struct way){
		.fd	= -1,
		.key	= content_key(content, CONTENT_LOSS),
		.held	= HELD_NONE,
	};
	if (!prover_open(&way->prover, options, content)) {
		errno = EKEYREJECTED;
		return false;
	}
	way->fd = socket(options->server.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (way->fd < 0)
		return false;
	set_up_socket(way->fd);
	return bind_socket(way->fd, options, content->client);
}

/**
 * way_close() - close the way of a client
 * @way: the way, which may be closed
 */
void way_close(struct way *way)
{
	proof_forget(&way->prover.keys);
	if (way->fd >= 0)
		close(way->fd);
	way->fd = -1;
}

/**
 * way_connect() - have all packets go where the first answer came from, and come from there
 * @way: the way
 * @to: where that is
 *
 * Return: done; otherwise errno is set.
 */
bool way_connect(struct way *way, const struct address *to)
{
	way->is_connected = !connect(way->fd, &to->any, address_size(to));
	return way->is_connected;
}

/* Does it happen to this packet what happens to so many of 2^32? */
static bool happens(struct way *way, uint64_t share)
{
	return share && content_draw(way->key, way->drawn++) >> 32 < share;
}

static void add_target(const struct way *way, struct mail *mail)
{
	struct msghdr *head = &mail->out[mail->count].msg_hdr;

	head->msg_name = NULL;
	head->msg_namelen = 0;
	if (!way->is_connected) {
		/* The system only reads it. */
		head->msg_name = (void *)(uintptr_t)&mail->options->server;
		head->msg_namelen = address_size(&mail->options->server);
	}
}

/* Return: how many bytes the packet has. */
static size_t add(struct way *way, struct mail *mail, const struct script *script,
		  const struct content *content, uint64_t index)
{
	struct iovec *packet = &mail->out_parts[mail->count];

	packet->iov_len = script_fill(script, mail->options, content, index, packet->iov_base);
	packet->iov_len = prover_sign(&way->prover, packet->iov_base, packet->iov_len);
	add_target(way, mail);
	mail->count++;
	return packet->iov_len;
}

/* The packet before, unchanged: a network makes no new proof.  Return: how many bytes it has. */
static size_t add_again(const struct way *way, struct mail *mail)
{
	const struct iovec *before = &mail->out_parts[mail->count - 1];
	struct iovec *packet = &mail->out_parts[mail->count];

	packet->iov_len = before->iov_len;
	memcpy(packet->iov_base, before->iov_base, before->iov_len);
	add_target(way, mail);
	mail->count++;
	return packet->iov_len;
}

/**
 * way_release() - send the packet that is late, if there is one
 * @way: the way of the client
 * @mail: room for packets, with at least one that is free
 * @script: of the client
 * @content: where the bytes of the client come from
 *
 * Return: how many bytes are on their way now.
 */
size_t way_release(struct way *way, struct mail *mail, const struct script *script,
		   const struct content *content)
{
	const uint64_t held = way->held;

	way->held = HELD_NONE;
	return held == HELD_NONE ? 0 : add(way, mail, script, content, held);
}

/* A herald and FINISHED are not held back: no packet comes after them. */
static bool may_be_held(const struct way *way, const struct script *script, uint64_t index)
{
	return way->held == HELD_NONE && index && index != script->last;
}

/**
 * way_send() - send a packet, or lose it
 * @way: the way of the client
 * @mail: room for packets; empty, or with packets of this client, until way_flush()
 * @script: of the client
 * @content: where the bytes of the client come from
 * @index: of the packet
 *
 * Return: how many bytes are on their way now.
 */
size_t way_send(struct way *way, struct mail *mail, const struct script *script,
		const struct content *content, uint64_t index)
{
	const struct load_options *options = mail->options;
	size_t bytes;

	mail->counts->sent++;
	if (happens(way, options->loss)) {
		mail->counts->lost++;
		return 0;
	}
	if (may_be_held(way, script, index) && happens(way, options->reorder)) {
		mail->counts->late++;
		way->held = index;
		return 0;
	}
	if (mail->count + AT_ONCE > WAY_BATCH)
		way_flush(way, mail);
	bytes = add(way, mail, script, content, index);
	if (happens(way, options->duplicate)) {
		mail->counts->doubled++;
		bytes += add_again(way, mail);
	}
	return bytes + way_release(way, mail, script, content);
}

/**
 * way_flush() - give the system the packets of a client
 * @way: the way of the client
 * @mail: the packets
 *
 * Packets that the system does not send are lost, as on the way.  That the port of a server is
 * closed is told with the packet after, which that is no error of.
 */
void way_flush(struct way *way, struct mail *mail)
{
	unsigned int done = 0;
	bool is_told = false;

	while (done < mail->count) {
		const int sent = sendmmsg(way->fd, mail->out + done, mail->count - done, 0);

		if (sent > 0) {
			done += (unsigned int)sent;
			is_told = false;
		} else if (errno == ECONNREFUSED && !is_told) {
			is_told = true;
		} else if (errno != EINTR) {
			mail->counts->error = errno;
			mail->counts->failed++;
			done++;
		}
	}
	mail->count = 0;
}

/**
 * way_receive() - take the answers that have come
 * @way: the way of the client
 * @mail: room for them
 *
 * Return: how many there are, for mail_answer(); there may be more if it is %WAY_BATCH.
 */
unsigned int way_receive(struct way *way, struct mail *mail)
{
	int count;

	for (int i = 0; i < WAY_BATCH; i++)
		mail->in[i].msg_hdr.msg_namelen = sizeof(mail->from[i]);
	count = recvmmsg(way->fd, mail->in, WAY_BATCH, MSG_DONTWAIT, NULL);
	return count < 0 ? 0 : (unsigned int)count;
}

/**
 * mail_answer() - one of the answers that have come
 * @mail: where they are
 * @number: which one
 */
struct answer mail_answer(const struct mail *mail, unsigned int number)
{
	return (struct answer){
		.from	= &mail->from[number],
		.bytes	= mail->in_bytes[number],
		.size	= mail->in[number].msg_len,
	};
}
