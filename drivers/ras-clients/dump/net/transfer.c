// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target net: the client's side of netdump(4).
 *
 * include/uapi/linux/ras_netdump.h has the protocol.  Many packets are on their way at a time;
 * each is sent again until it is answered, each time with another number, so that it is known
 * what was answered.  The low bits of the number are the slot.  A packet is taken for lost if
 * some that were sent later are answered, or if there is no answer for longer than round trips
 * take (RFC 6298).
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/errno.h>
#include <linux/etherdevice.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/ras.h>
#include <linux/string.h>

#include "proof.h"
#include "transfer.h"

/* Of a packet's number: its slot. */
#define DUMP_SEQ_SLOTS		64
/* Before a round trip was measured, and bounds later, in ns. */
#define DUMP_RTO_FIRST_NS	(200 * NSEC_PER_MSEC)
#define DUMP_RTO_MIN_NS		(30 * NSEC_PER_MSEC)
#define DUMP_RTO_MAX_NS		((u64)NSEC_PER_SEC)
/* So many later packets that were acknowledged say that one is lost; fewer have overtaken it. */
#define DUMP_OVERTAKEN		8
/* So often a packet is sent before the time for an answer is doubled with each try. */
#define DUMP_TRIES		4
/* How often what is overdue is looked for, in ns. */
#define DUMP_LOOK_NS		NSEC_PER_MSEC
/* FreeBSD's server begins anew with a herald that comes twice within less. */
#define DUMP_ASK_NS		((u64)NSEC_PER_SEC)
/* Frames that are looked at before anything else is: others may flood the card. */
#define DUMP_FRAMES_MAX		64
/* What FreeBSD's server takes, whose socket has the system's usual buffer. */
#define DUMP_WINDOW_THEIRS	16
/* For the server to have the dump on its disk, in ns, if it says meanwhile that it lives. */
#define DUMP_FINISH_NS		(300 * (u64)NSEC_PER_SEC)
/* Frames that are not of a slot. */
#define DUMP_TAG_HERALD		DUMP_SLOTS
#define DUMP_TAG_HOP		(DUMP_SLOTS + 1)
#define DUMP_TAG_TELL		(DUMP_SLOTS + 2)

static void dump_transfer_fail(struct dump_transfer *t, int error, const char *why)
{
	if (t->error)
		return;
	t->error = error;
	pr_err("%s: %s\n", t->name, why);
}

/* Ask for the hop, or tell somebody who has asked; not if the card is still sending that. */
static void dump_transfer_neighbour(struct dump_transfer *t, unsigned int tag,
				    const struct dump_heard *asker)
{
	void *frame = dump_card_frame(t->card, tag);

	if (!dump_card_is_sending(t->card, tag))
		dump_card_send(t->card, tag, dump_wire_neighbour(&t->way, frame, asker));
}

/* Who asks much must not keep us from asking: for that there are frames of their own. */
static void dump_transfer_tell(struct dump_transfer *t, const struct dump_heard *asker)
{
	t->told = (t->told + 1) % (DUMP_CARD_TAGS - DUMP_TAG_TELL);
	dump_transfer_neighbour(t, DUMP_TAG_TELL + t->told, asker);
}

static void dump_put_head(void *at, enum ras_netdump_type type, u64 offset, size_t size)
{
	const struct ras_netdump_head head = {
		.type	= cpu_to_be32(type),
		.offset	= cpu_to_be64(offset),
		.size	= cpu_to_be32(size),
	};

	memcpy(at, &head, sizeof(head));
}

/* A herald: an empty path, and behind its NUL what only our server looks at. */
static size_t dump_put_herald(const struct dump_transfer *t, struct ras_netdump_head *head)
{
	u8 *path = (u8 *)(head + 1);
	size_t size = 1 + sizeof(t->hello);

	*path = '\0';
	memcpy(path + 1, &t->hello, sizeof(t->hello));
	if (!t->proof) {
		dump_put_head(head, RAS_NETDUMP_HERALD, 0, size);
		return sizeof(*head) + size;
	}
	/* The offer has a proof of the head, which tells its size. */
	dump_put_head(head, RAS_NETDUMP_HERALD, 0, size + sizeof(struct ras_netdump_offer));
	head->aux = cpu_to_be32(t->heralds);
	return dump_proof_offer(t->proof, head, sizeof(*head) + size);
}

static void dump_transfer_herald(struct dump_transfer *t)
{
	void *frame = dump_card_frame(t->card, DUMP_TAG_HERALD);
	struct dump_way way = t->way;
	size_t size;

	if (!t->way.has_hop || dump_card_is_sending(t->card, DUMP_TAG_HERALD))
		return;
	t->heralds++;
	/*
	 * Each address has its turn, so that neither a hop that has changed nor somebody who tells
	 * a wrong one keeps us from the server.
	 */
	if (t->heralds % 2 == 0 && !is_zero_ether_addr(t->rival_mac))
		ether_addr_copy(way.hop_mac, t->rival_mac);
	ether_addr_copy(t->herald_mac, way.hop_mac);
	size = dump_put_herald(t, dump_wire_payload(&way, frame));
	dump_card_send(t->card, DUMP_TAG_HERALD,
		       dump_wire_udp(&way, frame, size, RAS_NETDUMP_CLIENT_PORT, t->server_port));
}

/* Nobody has answered for a second: ask for the hop, and for the server. */
static void dump_transfer_ask(struct dump_transfer *t, u64 now_ns)
{
	t->asked_ns = now_ns;
	dump_transfer_neighbour(t, DUMP_TAG_HOP, NULL);
	/* FreeBSD's server would take it for a new dump. */
	if (!t->port || t->is_ours)
		dump_transfer_herald(t);
}

/* How long an answer may take. */
static u64 dump_transfer_rto(const struct dump_transfer *t, const struct dump_slot *slot)
{
	u64 rto = DUMP_RTO_FIRST_NS;

	if (t->rtt_ns)
		rto = max_t(u64, t->rtt_ns + 4 * t->rtt_var_ns, DUMP_RTO_MIN_NS);
	/* One that is lost several times in a row is bad luck; then it may be congestion. */
	if (slot->tries > DUMP_TRIES)
		rto <<= min(slot->tries - DUMP_TRIES, 8U);
	return min(rto, DUMP_RTO_MAX_NS);
}

/* A copy of a packet was answered: RFC 6298, 2.3. */
static void dump_transfer_measure(struct dump_transfer *t, const struct dump_try *copy,
				  u64 now_ns)
{
	const u64 rtt_ns = now_ns - copy->ns;
	const u64 off = rtt_ns > t->rtt_ns ? rtt_ns - t->rtt_ns : t->rtt_ns - rtt_ns;

	t->answered = max(t->answered, copy->order);
	if (!t->rtt_ns) {
		t->rtt_var_ns = rtt_ns / 2;
		t->rtt_ns = rtt_ns;
		return;
	}
	t->rtt_var_ns = (3 * t->rtt_var_ns + off) / 4;
	t->rtt_ns = (7 * t->rtt_ns + rtt_ns) / 8;
}

/* The hop, or the port, may be another one than when it was sent before. */
static void dump_slot_send(struct dump_transfer *t, unsigned int nr)
{
	struct dump_slot *slot = &t->slot[nr];
	void *frame = dump_card_frame(t->card, nr);
	struct ras_netdump_head *head = dump_wire_payload(&t->way, frame);
	size_t size = slot->size;

	/* 0 is the number of heralds. */
	do
		slot->last.seq = ++t->seq * DUMP_SEQ_SLOTS + nr;
	while (!slot->last.seq);
	slot->last.ns = ras_clock_ns();
	slot->last.order = ++t->order;
	if (!slot->tries++)
		slot->first = slot->last;
	head->seq = cpu_to_be32(slot->last.seq);
	if (t->proof) {
		__be64 proof;

		head->aux = cpu_to_be32(t->order);
		proof = dump_proof_of(t->proof, DUMP_PROOF_PACKET, head, size);
		memcpy((void *)head + size, &proof, sizeof(proof));
		size += sizeof(proof);
	}
	dump_card_send(t->card, nr,
		       dump_wire_udp(&t->way, frame, size, RAS_NETDUMP_CLIENT_PORT, t->port));
}

/* The server has taken a packet. */
static void dump_transfer_acked(struct dump_transfer *t, u32 seq, u64 now_ns)
{
	const unsigned int nr = seq % DUMP_SEQ_SLOTS;
	struct dump_slot *slot = &t->slot[nr];

	if (nr >= DUMP_SLOTS || !test_bit(nr, t->waiting))
		return;
	/* Of the copies in between nothing is known; the last one is answered as well. */
	if (seq == slot->last.seq)
		dump_transfer_measure(t, &slot->last, now_ns);
	else if (seq == slot->first.seq)
		dump_transfer_measure(t, &slot->first, now_ns);
	else
		return;
	t->heard_ns = now_ns;
	t->acked_ns = now_ns;
	__clear_bit(nr, t->waiting);
	__clear_bit(nr, t->used);
	ras_progress(t->stop);
}

/**
 * dump_transfer_most() - the most bytes that the way has room for in a packet
 * @t: the transfer
 *
 * Context: A handler.
 * Return: that many.
 */
size_t dump_transfer_most(const struct dump_transfer *t)
{
	return dump_wire_payload_max(&t->way) - sizeof(struct ras_netdump_head) -
	       (t->proof ? DUMP_PROOF_BYTES : 0);
}

/* What is behind a welcome that is proven. */
static const struct ras_netdump_accept *dump_accept_of(const struct dump_heard *heard)
{
	return heard->data + sizeof(struct ras_netdump_welcome);
}

/* Is a welcome of another process than the one that has the dump so far? */
static bool dump_transfer_is_other(const struct dump_transfer *t, const struct dump_heard *heard)
{
	if (!t->port)
		return false;
	if (!t->proof)
		return t->port != heard->port;
	return memcmp(t->challenge, dump_accept_of(heard)->challenge, sizeof(t->challenge));
}

static void dump_transfer_challenge(struct dump_transfer *t, const struct dump_heard *heard)
{
	memcpy(t->challenge, dump_accept_of(heard)->challenge, sizeof(t->challenge));
	dump_proof_go_on(t->proof, t->challenge);
}

/* Is an answer to a herald proven, and to one that was not answered yet? */
static bool dump_transfer_is_proven(struct dump_transfer *t, const struct dump_heard *heard)
{
	const struct ras_netdump_accept *accept =
		dump_proof_accept(t->proof, heard->data, heard->size);
	u32 herald;

	if (!accept) {
		if (!t->is_unproven)
			pr_warn("%s: an answer has no proof that it is of the server: ignored\n",
				t->name);
		t->is_unproven = true;
		return false;
	}
	herald = be32_to_cpu(accept->herald);
	if (be32_to_cpu(accept->port) != heard->port || herald <= t->welcome ||
	    herald > t->heralds)
		return false;
	t->welcome = herald;
	/* The herald has arrived, so it was sent to the right address. */
	if (herald == t->heralds)
		ether_addr_copy(t->way.hop_mac, t->herald_mac);
	return true;
}

/* Is the answer to a packet proven? */
static bool dump_transfer_is_proven_ack(const struct dump_transfer *t,
					const struct dump_heard *heard)
{
	const struct ras_netdump_proven_ack *ack = heard->data;

	return heard->size >= sizeof(*ack) &&
	       ack->proof == dump_proof_of(t->proof, DUMP_PROOF_ACK, ack, sizeof(ack->ack));
}

/*
 * Is an answer of the server?  Without its key we have to believe whatever comes from its address.
 */
static bool dump_transfer_believes(struct dump_transfer *t, const struct dump_heard *heard,
				   bool is_welcome)
{
	if (!t->proof)
		return true;
	return is_welcome ? dump_transfer_is_proven(t, heard) :
			    dump_transfer_is_proven_ack(t, heard);
}

/* The first answer, or one to a herald of a server that was silent. */
static void dump_transfer_welcomed(struct dump_transfer *t, const struct dump_heard *heard,
				   u64 now_ns)
{
	const struct ras_netdump_welcome *welcome = heard->data;
	const size_t most = dump_transfer_most(t);
	bool resumed;

	t->heard_ns = now_ns;
	t->welcomes++;
	/* A server may take long to have a dump on its disk; that it lives it says meanwhile. */
	if (!t->port || t->finishing) {
		t->acked_ns = now_ns;
		ras_progress(t->stop);
	}
	if (heard->size < sizeof(*welcome) ||
	    memcmp(welcome->magic, RAS_NETDUMP_WELCOME_MAGIC, sizeof(welcome->magic))) {
		if (t->port)
			return;
		t->port = heard->port;
		t->payload = min_t(size_t, most, RAS_NETDUMP_BYTES);
		t->window = DUMP_WINDOW_THEIRS;
		return;
	}
	resumed = be32_to_cpu(welcome->flags) & RAS_NETDUMP_RESUMED;
	if (dump_transfer_is_other(t, heard) && !resumed) {
		dump_transfer_fail(t, -EIO, "the server has begun anew");
		return;
	}
	if (t->proof)
		dump_transfer_challenge(t, heard);
	if (!t->port) {
		t->is_ours = true;
		t->payload = min_t(size_t, most, be32_to_cpu(welcome->payload));
		t->window = clamp_t(u32, be32_to_cpu(welcome->window), 1, DUMP_SLOTS);
		if (t->payload < ETH_ZLEN)
			dump_transfer_fail(t, -EPROTO, "the server takes no packets");
	}
	t->port = heard->port;
}

/* Somebody tells an address for the hop. */
static void dump_transfer_hop(struct dump_transfer *t, const u8 *mac, u64 now_ns)
{
	if (!t->way.has_hop) {
		ether_addr_copy(t->way.hop_mac, mac);
		t->way.has_hop = true;
		t->asked_ns = now_ns;
		dump_transfer_herald(t);
		return;
	}
	/* While there are answers, the address is right, whoever says something else. */
	if (now_ns - t->heard_ns < DUMP_ASK_NS)
		return;
	/* A server that can prove who it is shows which address is right. */
	ether_addr_copy(t->proof ? t->rival_mac : t->way.hop_mac, mac);
}

static void dump_transfer_answer(struct dump_transfer *t, const struct dump_heard *heard,
				 u64 now_ns)
{
	const struct ras_netdump_ack *ack = heard->data;

	/* No server has port 0, which stands for none here. */
	if (heard->size < sizeof(*ack) || !heard->port)
		return;
	if (ack->seq && heard->port != t->port)
		return;
	if (!dump_transfer_believes(t, heard, !ack->seq))
		return;
	if (ack->seq)
		dump_transfer_acked(t, be32_to_cpu(ack->seq), now_ns);
	else
		dump_transfer_welcomed(t, heard, now_ns);
}

static void dump_transfer_hear(struct dump_transfer *t, const struct dump_heard *heard)
{
	const u64 now_ns = ras_clock_ns();

	switch (heard->kind) {
	case DUMP_HEARD_WHO_HAS:
		dump_transfer_tell(t, heard);
		break;
	case DUMP_HEARD_HOP:
		dump_transfer_hop(t, heard->mac, now_ns);
		break;
	case DUMP_HEARD_SERVER:
		dump_transfer_answer(t, heard, now_ns);
		break;
	default:
		break;
	}
}

static void dump_transfer_receive(struct dump_transfer *t)
{
	unsigned int i;

	for (i = 0; i < DUMP_FRAMES_MAX; i++) {
		struct dump_heard heard;
		size_t bytes;
		const void *frame = t->card->ops->receive(t->card, &bytes);

		if (!frame)
			return;
		dump_wire_parse(&t->way, frame, bytes, RAS_NETDUMP_CLIENT_PORT, &heard);
		dump_transfer_hear(t, &heard);
		t->card->ops->received(t->card);
	}
}

static bool dump_slot_is_lost(const struct dump_transfer *t, const struct dump_slot *slot,
			      u64 now_ns)
{
	return slot->last.order + DUMP_OVERTAKEN <= t->answered ||
	       now_ns - slot->last.ns > dump_transfer_rto(t, slot);
}

/* Send again what is lost. */
static void dump_transfer_repeat(struct dump_transfer *t, u64 now_ns)
{
	unsigned int nr;

	if (now_ns - t->looked_ns < DUMP_LOOK_NS)
		return;
	t->looked_ns = now_ns;
	for_each_set_bit(nr, t->waiting, DUMP_SLOTS) {
		struct dump_slot *slot = &t->slot[nr];

		if (dump_card_is_sending(t->card, nr) || !dump_slot_is_lost(t, slot, now_ns))
			continue;
		dump_slot_send(t, nr);
		t->again++;
	}
}

/* See what has come, and send again what is lost.  Does not wait. */
static void dump_transfer_pump(struct dump_transfer *t)
{
	u64 now_ns;

	if (t->error)
		return;
	if (dump_card_reap(t->card))
		dump_transfer_fail(t, -ENODEV, "the card is gone");
	dump_transfer_receive(t);
	now_ns = ras_clock_ns();
	if (t->port)
		dump_transfer_repeat(t, now_ns);
	if (now_ns - max(t->heard_ns, t->asked_ns) > DUMP_ASK_NS)
		dump_transfer_ask(t, now_ns);
	dump_card_kick(t->card);
}

/* One step of waiting for the server: false if it is given up. */
static bool dump_transfer_step(struct dump_transfer *t)
{
	dump_transfer_pump(t);
	if (!t->error && ras_clock_ns() - t->acked_ns > DUMP_SILENCE_NS)
		dump_transfer_fail(t, -ETIMEDOUT, t->port ? "the server is silent" :
				   t->is_unproven ? "no answer had a proof of dump/server_key" :
				   t->way.has_hop ? "the server does not answer" :
						    "nobody knows the way to the server");
	ras_relax();
	return !t->error;
}

/* What was not heard from while nothing was asked is not silence. */
static void dump_transfer_listen(struct dump_transfer *t)
{
	if (!bitmap_empty(t->waiting, DUMP_SLOTS))
		return;
	t->heard_ns = ras_clock_ns();
	t->acked_ns = t->heard_ns;
}

/* Does a packet with so much arrive? */
static bool dump_transfer_arrives(struct dump_transfer *t, size_t payload)
{
	/* The log begins with other bytes later, and so does the file at FreeBSD's server. */
	const enum ras_netdump_type type = t->is_ours ? RAS_NETDUMP_LOG : RAS_NETDUMP_DATA;
	const u64 until_ns = ras_clock_ns() + DUMP_RTO_MAX_NS;
	unsigned int nr;
	void *data;

	if (dump_transfer_slot(t, &nr, &data))
		return false;
	memset(data, 0, payload);
	dump_transfer_post(t, nr, type, 0, payload);
	while (test_bit(nr, t->waiting) && ras_clock_ns() < until_ns && dump_transfer_step(t))
		;
	if (!test_bit(nr, t->waiting))
		return true;
	__clear_bit(nr, t->waiting);
	__clear_bit(nr, t->used);
	return false;
}

/*
 * Find packets that the network carries.  What is on the way may drop those that are too long
 * for it without a word.
 */
static void dump_transfer_probe(struct dump_transfer *t)
{
	/* Ethernet; what tunnels leave of it, and the least of IPv6; the least of IPv4. */
	static const unsigned int mtus[] = { 1500, 1280, 576 };
	const size_t heads = t->way.mtu - dump_transfer_most(t);
	size_t payload = t->payload;
	unsigned int i;

	for (i = 0; !dump_transfer_arrives(t, payload) && !t->error; i++) {
		while (i < ARRAY_SIZE(mtus) && mtus[i] - heads >= payload)
			i++;
		if (i >= ARRAY_SIZE(mtus) || mtus[i] < dump_wire_mtu_min(&t->way))
			return;
		pr_warn("%s: packets of %zu bytes do not arrive: sends %u\n", t->name,
			payload + heads, mtus[i]);
		payload = mtus[i] - heads;
		t->payload = payload;
	}
}

/*
 * FreeBSD's server begins anew with a herald that it looks at after the first packet.  While it
 * was looking up our name, more than one may have queued up: wait for its answers to all.
 */
static void dump_transfer_calm(struct dump_transfer *t)
{
	const u64 until_ns = ras_clock_ns() + DUMP_ASK_NS;

	while (!t->is_ours && t->welcomes < t->heralds && ras_clock_ns() < until_ns &&
	       dump_transfer_step(t))
		;
}

/**
 * dump_transfer_begin() - have the server take a dump
 * @t: the transfer: card, way, stop, name, server_port, hello and proof; the rest zeroed, but for
 *	what goes on
 *
 * Context: A handler.
 * Return: 0; %-ENODEV, %-ETIMEDOUT or %-EIO of the card; %-ETIMEDOUT if the server does not
 *	answer.
 */
int dump_transfer_begin(struct dump_transfer *t)
{
	/* Neighbour discovery asks a group. */
	int ret = dump_card_start(t->card, t->way.mac, t->way.family == AF_INET6);

	if (ret) {
		pr_err("%s: the card cannot be started: %d\n", t->name, ret);
		return ret;
	}
	ras_progress(t->stop);
	t->heard_ns = ras_clock_ns();
	t->acked_ns = t->heard_ns;
	dump_transfer_ask(t, t->heard_ns);
	while (!t->port && dump_transfer_step(t))
		;
	dump_transfer_calm(t);
	if (!t->error)
		dump_transfer_probe(t);
	return t->error;
}

/**
 * dump_transfer_slot() - a slot for a packet
 * @t: the transfer
 * @slot: set to the slot; dump_transfer_post() or dump_transfer_drop() has to follow
 * @data: set to where the bytes of the packet go; dump_transfer.payload of them
 *
 * Context: A handler.  Waits for the server, if too many packets are on their way.
 * Return: 0, or why the server was given up.
 */
int dump_transfer_slot(struct dump_transfer *t, unsigned int *slot, void **data)
{
	unsigned int nr;

	dump_transfer_listen(t);
	do {
		for_each_clear_bit(nr, t->used, t->window)
			if (!dump_card_is_sending(t->card, nr))
				break;
	} while (nr >= t->window && dump_transfer_step(t));
	if (t->error)
		return t->error;
	__set_bit(nr, t->used);
	*slot = nr;
	*data = dump_wire_payload(&t->way, dump_card_frame(t->card, nr)) +
		sizeof(struct ras_netdump_head);
	return 0;
}

/**
 * dump_transfer_post() - send a packet
 * @t: the transfer
 * @slot: of dump_transfer_slot()
 * @type: what it is
 * @offset: where its bytes go
 * @size: how many there are
 *
 * Context: A handler.  Does not wait.
 */
void dump_transfer_post(struct dump_transfer *t, unsigned int slot, enum ras_netdump_type type,
			u64 offset, size_t size)
{
	struct dump_slot *s = &t->slot[slot];
	void *frame = dump_card_frame(t->card, slot);

	s->size = sizeof(struct ras_netdump_head) + size;
	s->tries = 0;
	dump_put_head(dump_wire_payload(&t->way, frame), type, offset, size);
	dump_transfer_listen(t);
	__set_bit(slot, t->waiting);
	t->packets++;
	dump_slot_send(t, slot);
	dump_transfer_pump(t);
}

/* A slot is not needed after all. */
void dump_transfer_drop(struct dump_transfer *t, unsigned int slot)
{
	__clear_bit(slot, t->used);
}

/**
 * dump_transfer_settle() - wait until the server has all that was sent
 * @t: the transfer
 *
 * Context: A handler.
 * Return: 0, or why the server was given up.
 */
int dump_transfer_settle(struct dump_transfer *t)
{
	while (!t->error && !bitmap_empty(t->waiting, DUMP_SLOTS))
		dump_transfer_step(t);
	return t->error;
}

/**
 * dump_transfer_flush() - have the server write what it has
 * @t: the transfer
 *
 * FreeBSD's server keeps up to 128 KiB in a buffer, which it drops if it hears nothing more.  It
 * writes that when it gets something of another place, even if that is nothing.
 *
 * Context: A handler.
 * Return: 0, or why the server was given up.
 */
int dump_transfer_flush(struct dump_transfer *t)
{
	unsigned int slot;
	void *data;
	int ret = dump_transfer_settle(t);

	if (ret || t->is_ours)
		return ret;
	ret = dump_transfer_slot(t, &slot, &data);
	if (ret)
		return ret;
	dump_transfer_post(t, slot, RAS_NETDUMP_DATA, 0, 0);
	return dump_transfer_settle(t);
}

/**
 * dump_transfer_finish() - tell the server that the dump is complete
 * @t: the transfer
 *
 * Context: A handler, after dump_transfer_flush().
 * Return: 0: it is on the server's disk; or why the server was given up.
 */
int dump_transfer_finish(struct dump_transfer *t)
{
	const u64 begin_ns = ras_clock_ns();
	unsigned int slot;
	void *data;
	int ret = dump_transfer_slot(t, &slot, &data);

	if (ret)
		return ret;
	t->finishing = true;
	dump_transfer_post(t, slot, RAS_NETDUMP_FINISHED, 0, 0);
	while (ras_clock_ns() - begin_ns < DUMP_FINISH_NS &&
	       !bitmap_empty(t->waiting, DUMP_SLOTS) && dump_transfer_step(t))
		;
	if (!t->error && !bitmap_empty(t->waiting, DUMP_SLOTS))
		dump_transfer_fail(t, -ETIMEDOUT, "the server does not end the dump");
	ret = t->error;
	if (ret != -ETIMEDOUT || t->is_ours)
		return ret;
	/* FreeBSD's server forgets a client with the first answer, which may be lost. */
	pr_warn("%s: has all of the dump, but has not said that it is on the disk\n", t->name);
	t->error = 0;
	return 0;
}
