// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the dump engine's target net: a card of memory, a server of memory, and a
 * network between them that loses, delays and forges.  Included by net_kunit.c.
 */
#include <linux/bitmap.h>
#include <linux/jhash.h>
#include <linux/ras_arch.h>

/* For ras_progress(), which looks at the machine around a stop. */
#include "../../../../kernel/ras/state.h"

/* Descriptors, and after them bitmaps, which do not tell of anything here. */
#define FAKE_BITMAPS		(64 * 1024)
#define FAKE_FRONT		(192 * 1024)
#define FAKE_BYTES		(496 * 1024)
#define FAKE_MTU_MAX		9000
#define FAKE_LOG_BYTES		(32 * 1024)
#define FAKE_ANSWERS		256
#define FAKE_ANSWER_BYTES	160
#define FAKE_PORT		40000
/* Looks for answers, while nothing is sent, until they are there: so a window is used up. */
#define FAKE_LOOKS		2
#define FAKE_SLOW_NS		(40 * NSEC_PER_MSEC)
/* A question that is lost takes most of a second, after which it is asked again. */
#define FAKE_LOST_NS		(980 * NSEC_PER_MSEC)
#define FAKE_LATE_NS		(900 * NSEC_PER_MSEC)
/* No more time than that passes without an ack, unless that is to end the dump. */
#define FAKE_PATIENCE_NS	(DUMP_SILENCE_NS / 2)

/* What a page descriptor is here; the header is the first one. */
struct fake_desc {
	u64	offset;
	u64	size;
};

/* What is special about a server, the network to it or the card; and what is expected then. */
struct fake_knobs {
	const char	*desc;
	/* The server has an address of IPv6. */
	bool		ipv6;
	/* Of the way; and what the network carries.  0: 1500, and everything. */
	unsigned int	mtu, longest;
	u16		vlan;
	/* The hop's address is not known; it tells it late, and the first herald is lost. */
	bool		no_hop, late_hop;
	/* So many questions for the hop and the server are lost. */
	unsigned int	deaf;
	/* It answers a herald with an ack only; that takes it a second, and another herald. */
	bool		is_freebsd, is_late;
	/* What the welcome says; 0: 8192 and 64. */
	u32		payload, window;
	/* Every so many-th is lost; and then a second passes, as long as there are acks. */
	unsigned int	drop_packet, drop_ack;
	bool		pause;
	/* Acks come last one first; twice; and for packets that were lost, but do not count. */
	bool		reverse, twice, forged;
	/* The machine, and the server, have keys; somebody tells a wrong address of the hop. */
	bool		key, server_key, liar;
	/* The first copy of a packet is acknowledged when the second comes. */
	bool		copies;
	/* The card keeps frames for a while; no time passes for packets. */
	bool		slow, frozen;
	/*
	 * At this packet the server says nothing any more, and its time is over; it answers
	 * heralds only; it becomes another process, with another port or with the same one; it
	 * gets another address on the link; the card is gone.
	 */
	unsigned int	silent_at, hollow_at, moves_at, reborn_at, mac_at, gone_at;
	/* The other process goes on with the file. */
	bool		resumes;
	/* After the end it answers so many heralds, one in a second, and then that; or never. */
	unsigned int	syncs;
	bool		forgets;
	/* The machine is to go on. */
	bool		resumable;
	int		start_error;
	/* Of the log, that there are by now. */
	unsigned int	lines;
	/* What packets are counted from. */
	u32		seq;
	/* Bytes of the file in a packet, and packets on their way at a time; 0: any number. */
	size_t		expect_payload;
	unsigned int	expect_window;
	int		error;
};

/* The server's key pair: RFC 7748, 6.1 (Bob). */
static const u8 bob_secret[] = {
	0x5d, 0xab, 0x08, 0x7e, 0x62, 0x4a, 0x8a, 0x4b, 0x79, 0xe1, 0x7f, 0x8b, 0x83, 0x80, 0x0e,
	0xe6, 0x6f, 0x3b, 0xb1, 0x29, 0x26, 0x18, 0xb6, 0xfd, 0x1c, 0x2f, 0x8b, 0x27, 0xff, 0x88,
	0xe0, 0xeb,
};

static const u8 bob_public[] = {
	0xde, 0x9e, 0xdb, 0x7d, 0x7b, 0x7d, 0xc1, 0xb4, 0xd3, 0x5b, 0x61, 0xc2, 0xec, 0xe4, 0x35,
	0x37, 0x3f, 0x83, 0x43, 0xc8, 0x5b, 0x78, 0x67, 0x4d, 0xad, 0xfc, 0x7e, 0x14, 0x6f, 0x88,
	0x2b, 0x4f,
};

/* A machine that has been stopped by this CPU, whichever that is. */
struct fake_stop {
	struct ras_machine	machine;
	struct ras_slot		slot;
	struct ras_slot		*slots[];
};

/* A frame in the ring of the card, and what it was when it came there. */
struct fake_frame {
	unsigned int	tag;
	size_t		bytes;
	u32		sum;
	bool		is_sent;
	u64		sent_ns;
};

/* A frame to the machine, the bytes of the file that it acknowledges, and what it is busy for. */
struct fake_answer {
	u8	frame[FAKE_ANSWER_BYTES];
	size_t	bytes;
	u64	offset;
	size_t	size;
	u64	busy_ns;
};

/* A card, a network and a server. */
struct fake_net {
	struct dump_net		*n;
	struct dump_card	card;
	struct fake_stop	*stop;
	struct fake_knobs	knobs;
	/* The ring of the card. */
	struct fake_frame	frame[DUMP_CARD_TAGS];
	unsigned int		first, nr_frames;
	/* What is on its way to the machine, and how often that was looked for in vain. */
	struct fake_answer	answer[FAKE_ANSWERS];
	unsigned int		oldest, nr_answers, looks;
	/* From the server to the machine; and its port for this dump. */
	struct dump_way		way;
	u16			port;
	bool			silent;
	/* The server's proofs, its challenge, and the counts that it has seen last. */
	struct dump_proof	proof;
	u8			challenge[RAS_NETDUMP_CHALLENGE_BYTES];
	u32			herald, packet;
	/* It is another process, and knows of no dump before there is a herald. */
	bool			reborn;
	/* What is sent, what has arrived, which bytes of that are acknowledged, and since when. */
	u8			*file, *got;
	unsigned long		*acked;
	u64			acked_ns;
	char			log[FAKE_LOG_BYTES + 1];
	/* Numbers of packets that have come once, by their slots. */
	__be32			once[64];
	/* Time that has not really passed. */
	u64			passed_ns;
	/* Calls of the card, and frames that it was given, and has sent. */
	unsigned int		starts, stops, sends, frames;
	/* Questions for the hop, and answers to such questions. */
	unsigned int		asks, told;
	/* Heralds, and when the last one came; other packets; those of the log; ends. */
	unsigned int		heralds;
	u64			herald_ns;
	unsigned int		packets, logs, finished;
	unsigned int		acks;
	/* The most bytes of the file in a packet, and packets on their way. */
	size_t			longest;
	unsigned int		most;
	/* FreeBSD's server has bytes that it has not written. */
	bool			buffers;
	/* A rule that was not kept. */
	const char		*broken;
};

static struct fake_net *fake_of(struct dump_card *card)
{
	return container_of(card, struct fake_net, card);
}

static void fake_rule(struct fake_net *fake, bool kept, const char *rule)
{
	if (!kept && !fake->broken)
		fake->broken = rule;
}

/* Every so many-th, the first one of which is not the first at all. */
static bool fake_is_nth(unsigned int count, unsigned int n)
{
	return n && count % n == n - 1;
}

/* Time passes in which nothing comes. */
static void fake_pass(struct fake_net *fake, u64 ns)
{
	fake->n->file.transfer.heard_ns -= ns;
	fake->n->file.transfer.acked_ns -= ns;
	fake->n->file.transfer.asked_ns -= ns;
	fake->passed_ns += ns;
}

static u64 fake_now_ns(const struct fake_net *fake)
{
	return ras_clock_ns() + fake->passed_ns;
}

/* A frame to the machine, which is to be filled.  What there is no room for is lost. */
static struct fake_answer *fake_answer(struct fake_net *fake)
{
	struct fake_answer *answer;

	fake->nr_answers = min_t(unsigned int, fake->nr_answers, FAKE_ANSWERS - 1);
	answer = &fake->answer[(fake->oldest + fake->nr_answers++) % FAKE_ANSWERS];
	answer->size = 0;
	answer->busy_ns = 0;
	return answer;
}

static struct fake_answer *fake_say(struct fake_net *fake, u16 from, const void *data, size_t size)
{
	struct fake_answer *answer = fake_answer(fake);

	memcpy(dump_wire_payload(&fake->way, answer->frame), data, size);
	answer->bytes = dump_wire_udp(&fake->way, answer->frame, size, from,
				      RAS_NETDUMP_CLIENT_PORT);
	return answer;
}

static void fake_ack(struct fake_net *fake, __be32 seq, u64 offset, size_t size)
{
	__be32 *once = &fake->once[be32_to_cpu(seq) % 64];
	unsigned int i;

	if (fake->knobs.copies) {
		swap(seq, *once);
		if (!seq)
			return;
		*once = 0;
	}
	if (fake_is_nth(fake->acks++, fake->knobs.drop_ack))
		return;
	for (i = 0; i <= fake->knobs.twice; i++) {
		struct ras_netdump_proven_ack ack = { .ack.seq = seq };
		struct fake_answer *answer;

		ack.proof = dump_proof_of(&fake->proof, DUMP_PROOF_ACK, &ack, sizeof(ack.ack));
		answer = fake_say(fake, fake->port, &ack,
				  fake->knobs.server_key ? sizeof(ack) : sizeof(ack.ack));
		answer->offset = offset;
		answer->size = size;
	}
}

/* Acks of another server; of what was sent long ago, is to come, or never will; and half an ack. */
static void fake_forge(struct fake_net *fake, u32 seq)
{
	const __be32 other[] = {
		cpu_to_be32(seq - BIT(26)), cpu_to_be32(seq + BIT(26)), cpu_to_be32(seq | 63),
	};
	const __be32 same = cpu_to_be32(seq);
	struct ras_netdump_proven_ack ack = { .ack.seq = same };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(other); i++)
		fake_say(fake, fake->port, &other[i], sizeof(other[i]));
	if (fake->knobs.server_key) {
		/* Without a proof; with a wrong one; with that of another packet. */
		fake_say(fake, fake->port, &same, sizeof(same));
		fake_say(fake, fake->port, &ack, sizeof(ack));
		ack.proof = dump_proof_of(&fake->proof, DUMP_PROOF_ACK, &other, sizeof(ack.ack));
		fake_say(fake, fake->port, &ack, sizeof(ack));
	}
	fake_say(fake, fake->port + 1, &same, sizeof(same));
	fake_say(fake, fake->port, &same, sizeof(same) - 1);
}

/* Is it lost, because of what happens at this packet? */
static bool fake_loses(struct fake_net *fake, u32 seq)
{
	const struct fake_knobs *knobs = &fake->knobs;

	if (fake_is_nth(fake->packets, knobs->drop_packet)) {
		if (knobs->pause && fake_now_ns(fake) - fake->acked_ns < FAKE_PATIENCE_NS)
			fake_pass(fake, NSEC_PER_SEC);
		if (knobs->forged)
			fake_forge(fake, seq);
		return true;
	}
	if (knobs->hollow_at && fake->packets >= knobs->hollow_at) {
		fake_pass(fake, fake->packets == knobs->hollow_at ? NSEC_PER_SEC : 0);
		return true;
	}
	if (fake->packets == knobs->silent_at) {
		fake->silent = true;
		fake_pass(fake, DUMP_SILENCE_NS);
	} else if (fake->packets == knobs->moves_at) {
		fake->port++;
		fake_pass(fake, FAKE_LOST_NS);
	} else if (fake->packets == knobs->reborn_at) {
		fake->reborn = true;
		fake->challenge[0]++;
		fake_pass(fake, FAKE_LOST_NS);
	} else if (fake->packets == knobs->mac_at) {
		fake->way.mac[4]++;
		fake_pass(fake, FAKE_LOST_NS);
	} else {
		return false;
	}
	fake->nr_answers = 0;
	return true;
}

static bool fake_is_acked(const struct fake_net *fake, u64 offset, u64 size)
{
	return offset + size <= FAKE_BYTES &&
	       find_next_zero_bit(fake->acked, offset + size, offset) == offset + size;
}

static void fake_data(struct fake_net *fake, u64 offset, const void *data, size_t size)
{
	const u64 end = min_t(u64, offset + size, FAKE_BITMAPS);
	u64 at = ALIGN(offset, sizeof(struct fake_desc));

	fake_rule(fake, !fake->finished, "there is more after the end");
	fake_rule(fake, offset + size <= FAKE_BYTES, "bytes are beyond the end");
	if (offset + size > FAKE_BYTES)
		return;
	memcpy(fake->got + offset, data, size);
	fake->longest = max(fake->longest, size);
	fake->buffers = fake->knobs.is_freebsd && size;
	for (; at + sizeof(struct fake_desc) <= end; at += sizeof(struct fake_desc)) {
		const struct fake_desc *desc = (const void *)fake->got + at;

		fake_rule(fake, fake_is_acked(fake, desc->offset, desc->size),
			  "a descriptor is there before what it tells of");
	}
}

static bool fake_loses_question(struct fake_net *fake)
{
	if (fake->asks + fake->heralds > fake->knobs.deaf)
		return false;
	fake_pass(fake, FAKE_LOST_NS);
	return true;
}

/* Is it a herald; and, if the machine has a key, a proven one? */
static bool fake_is_herald(struct fake_net *fake, const struct ras_netdump_head *head)
{
	const char *path = (const char *)(head + 1);
	const struct ras_netdump_hello *hello = (const void *)(path + 1);
	const struct ras_netdump_offer *offer = (const void *)(hello + 1);
	const size_t size = 1 + sizeof(*hello) + (fake->knobs.key ? sizeof(*offer) : 0);
	const size_t most = dump_wire_payload_max(&fake->way) - sizeof(*head) -
			    (fake->knobs.key ? DUMP_PROOF_BYTES : 0);
	u8 ours[RAS_NETDUMP_KEY_BYTES];

	if (be32_to_cpu(head->type) != RAS_NETDUMP_HERALD || head->seq || head->offset ||
	    be32_to_cpu(head->size) != size || *path || hello->end ||
	    memcmp(hello->magic, RAS_NETDUMP_HELLO_MAGIC, sizeof(hello->magic)) ||
	    be32_to_cpu(hello->flags) != (fake->knobs.key ? RAS_NETDUMP_OFFERS : 0) ||
	    be32_to_cpu(hello->payload) != min_t(size_t, most, RAS_NETDUMP_BYTES_MAX))
		return false;
	if (!fake->knobs.key)
		return !head->aux;
	dump_agree(fake->proof.base, ours, bob_secret, offer->public_key);
	dump_proof_begin(&fake->proof, hello->session);
	fake_rule(fake, be32_to_cpu(head->aux) > fake->herald, "a count of heralds comes twice");
	fake->herald = be32_to_cpu(head->aux);
	return !offer->end &&
	       offer->proof == dump_proof_of(&fake->proof, DUMP_PROOF_HERALD, head,
					     (const void *)&offer->proof - (const void *)head);
}

/* Send a welcome, with a proof if the server has a key. */
static struct fake_answer *fake_welcome(struct fake_net *fake)
{
	const struct fake_knobs *knobs = &fake->knobs;
	const bool is_other = fake->port != FAKE_PORT || fake->challenge[0];
	struct {
		struct ras_netdump_welcome	head;
		struct ras_netdump_accept	accept;
	} welcome = {
		.head.magic	= RAS_NETDUMP_WELCOME_MAGIC,
		.head.version	= cpu_to_be32(RAS_NETDUMP_VERSION),
		.head.flags	= cpu_to_be32((knobs->resumes && is_other ?
					       RAS_NETDUMP_RESUMED : 0) |
					      (knobs->server_key ? RAS_NETDUMP_ACCEPTS : 0)),
		.head.payload	= cpu_to_be32(knobs->payload ?: RAS_NETDUMP_BYTES_MAX),
		.head.window	= cpu_to_be32(knobs->window ?: 64),
		.accept.herald	= cpu_to_be32(fake->herald),
		.accept.port	= cpu_to_be32(fake->port),
	};
	struct fake_answer *answer;

	if (!knobs->server_key)
		return fake_say(fake, fake->port, &welcome, knobs->is_freebsd ?
				sizeof(welcome.head.ack) : sizeof(welcome.head));
	memcpy(welcome.accept.challenge, fake->challenge, sizeof(fake->challenge));
	welcome.accept.proof = dump_proof_of(&fake->proof, DUMP_PROOF_WELCOME, &welcome,
					     offsetof(typeof(welcome), accept.proof));
	dump_proof_go_on(&fake->proof, fake->challenge);
	fake->reborn = false;
	if (knobs->forged) {
		/* The same, of somebody else; half of it; and one of no server with the key. */
		fake_say(fake, fake->port + 1, &welcome, sizeof(welcome));
		fake_say(fake, fake->port + 1, &welcome, sizeof(welcome) - 1);
		fake_say(fake, fake->port + 1, &welcome, sizeof(welcome.head));
		welcome.accept.port = cpu_to_be32(fake->port + 1);
		fake_say(fake, fake->port + 1, &welcome, sizeof(welcome));
		welcome.accept.port = cpu_to_be32(fake->port);
	}
	answer = fake_say(fake, fake->port, &welcome, sizeof(welcome));
	if (knobs->twice)
		answer = fake_say(fake, fake->port, &welcome, sizeof(welcome));
	return answer;
}

static void fake_herald(struct fake_net *fake, const struct ras_netdump_head *head)
{
	const struct fake_knobs *knobs = &fake->knobs;
	const u64 now_ns = fake_now_ns(fake);
	unsigned int i;

	if (!fake_is_herald(fake, head)) {
		fake_rule(fake, false, "there is a herald that is none");
		return;
	}
	/* FreeBSD's server begins anew with a herald that comes after a packet. */
	fake_rule(fake, !fake->heralds || fake->packets || now_ns - fake->herald_ns > FAKE_LATE_NS,
		  "a herald comes twice within a second");
	fake_rule(fake, !fake->packets || !knobs->is_freebsd, "a herald comes late");
	fake->heralds++;
	fake->herald_ns = now_ns;
	/* It is given up some time, so that the test ends. */
	fake->silent = fake->heralds > 100;
	fake_rule(fake, !fake->silent, "a server is asked for ever");
	if (fake_loses_question(fake) || (knobs->late_hop && fake->heralds == 1))
		return;
	if (knobs->is_late && fake->heralds == 1) {
		fake_pass(fake, FAKE_LOST_NS);
		return;
	}
	/* No answer at all. */
	if (knobs->forged)
		fake_say(fake, fake->port + 1, "", 0);
	for (i = 0; i <= knobs->is_late; i++) {
		struct fake_answer *answer = fake_welcome(fake);

		if (fake->finished || (knobs->hollow_at && fake->packets >= knobs->hollow_at) ||
		    knobs->key != knobs->server_key)
			answer->busy_ns = FAKE_LOST_NS;
	}
}

/* Is a packet proven, and none that has come before? */
static bool fake_is_proven(struct fake_net *fake, const struct ras_netdump_head *head)
{
	const size_t size = sizeof(*head) + be32_to_cpu(head->size);
	const __be64 proof = dump_proof_of(&fake->proof, DUMP_PROOF_PACKET, head, size);
	const u32 count = be32_to_cpu(head->aux);

	if (!fake->knobs.server_key)
		return !head->aux;
	if (count <= fake->packet)
		return false;
	fake->packet = count;
	return !memcmp((const void *)head + size, &proof, sizeof(proof));
}

static void fake_packet(struct fake_net *fake, const struct ras_netdump_head *head)
{
	const struct fake_knobs *knobs = &fake->knobs;
	const u64 offset = be64_to_cpu(head->offset);
	size_t size = be32_to_cpu(head->size);

	fake_rule(fake, !!head->seq, "a packet has the number of heralds");
	fake_rule(fake, be32_to_cpu(head->seq) % 64 < DUMP_SLOTS, "a packet has no slot");
	fake_rule(fake, !knobs->is_late || fake->packets || !fake->nr_answers,
		  "a packet overtakes a herald");
	fake->packets++;
	if (fake_loses(fake, be32_to_cpu(head->seq)) || fake->reborn)
		return;
	fake_rule(fake, fake_is_proven(fake, head), "a packet is not proven");
	switch (be32_to_cpu(head->type)) {
	case RAS_NETDUMP_DATA:
		fake_data(fake, offset, head + 1, size);
		break;
	case RAS_NETDUMP_LOG:
		fake->logs++;
		if (offset + size <= FAKE_LOG_BYTES)
			memcpy(fake->log + offset, head + 1, size);
		size = 0;
		break;
	case RAS_NETDUMP_FINISHED:
		fake_rule(fake, fake_is_acked(fake, 0, fake->n->file.end), "the end comes early");
		fake_rule(fake, !fake->buffers, "the end comes to a buffer");
		if (!fake->finished++)
			fake_pass(fake, knobs->forgets ? DUMP_SILENCE_NS :
					knobs->syncs ? NSEC_PER_SEC : 0);
		if (knobs->forgets || fake->heralds <= knobs->syncs)
			return;
		break;
	default:
		fake_rule(fake, false, "there is a packet of no type");
	}
	fake_ack(fake, head->seq, offset, size);
}

/* The machine asks for the server's address on the link. */
static void fake_asked(struct fake_net *fake, const struct dump_heard *heard)
{
	struct fake_answer *answer;

	fake->asks++;
	if (fake_loses_question(fake))
		return;
	if (fake->knobs.late_hop && fake->asks == 1)
		fake_pass(fake, FAKE_LATE_NS);
	answer = fake_answer(fake);
	answer->bytes = dump_wire_neighbour(&fake->way, answer->frame, heard);
	if (fake->knobs.liar) {
		struct dump_way rogue = fake->way;

		rogue.mac[5] = 9;
		answer = fake_answer(fake);
		answer->bytes = dump_wire_neighbour(&rogue, answer->frame, heard);
	}
}

/* A frame is at the server. */
static void fake_take(struct fake_net *fake, const void *frame, size_t bytes)
{
	const size_t link = fake->way.vlan ? VLAN_ETH_HLEN : ETH_HLEN;
	const struct ras_netdump_head *head;
	struct dump_heard heard;
	size_t proof = 0;
	bool is_herald;

	fake->frames++;
	if (fake->silent || (fake->knobs.longest && bytes > link + fake->knobs.longest))
		return;
	dump_wire_parse(&fake->way, frame, bytes, RAS_NETDUMP_PORT, &heard);
	is_herald = heard.kind == DUMP_HEARD_SERVER;
	if (heard.kind == DUMP_HEARD_NOTHING)
		dump_wire_parse(&fake->way, frame, bytes, fake->port, &heard);
	if (heard.kind == DUMP_HEARD_WHO_HAS)
		fake_asked(fake, &heard);
	if (heard.kind == DUMP_HEARD_HOP)
		fake->told++;
	if (heard.kind != DUMP_HEARD_SERVER)
		return;
	head = heard.data;
	if (fake->knobs.server_key && !is_herald)
		proof = DUMP_PROOF_BYTES;
	if (heard.port != RAS_NETDUMP_CLIENT_PORT || heard.size < sizeof(*head) ||
	    heard.size != sizeof(*head) + be32_to_cpu(head->size) + proof)
		fake_rule(fake, false, "there is a packet that is none");
	else if (is_herald)
		fake_herald(fake, head);
	else
		fake_packet(fake, head);
}

static struct fake_frame *fake_frame(struct fake_net *fake, unsigned int i)
{
	return &fake->frame[(fake->first + i) % DUMP_CARD_TAGS];
}

static int fake_start(struct dump_card *card)
{
	struct fake_net *fake = fake_of(card);

	fake->starts++;
	fake->nr_frames = 0;
	fake->nr_answers = 0;
	/* What the kernel has in its log by now may be long. */
	fake->n->file.log.cur_seq = fake->n->file.log.next_seq - fake->knobs.lines;
	return fake->knobs.start_error;
}

static void fake_stop(struct dump_card *card)
{
	fake_of(card)->stops++;
}

static void fake_send(struct dump_card *card, unsigned int tag, size_t bytes)
{
	struct fake_net *fake = fake_of(card);
	unsigned int i;

	fake->sends++;
	for (i = 0; i < fake->nr_frames && fake_frame(fake, i)->tag != tag; i++)
		;
	if (i < fake->nr_frames || tag >= DUMP_CARD_TAGS || bytes < ETH_ZLEN ||
	    bytes > card->frame_bytes - DUMP_CARD_HEADROOM) {
		fake_rule(fake, false, "there is a frame that the card cannot send");
		return;
	}
	fake->nr_frames++;
	*fake_frame(fake, i) = (struct fake_frame){
		.tag	= tag,
		.bytes	= bytes,
		.sum	= jhash(dump_card_frame(card, tag), bytes, 0),
	};
}

static void fake_kick(struct dump_card *card)
{
	struct fake_net *fake = fake_of(card);
	unsigned int i;

	fake->most = max_t(unsigned int, fake->most,
			   bitmap_weight(fake->n->file.transfer.waiting, DUMP_SLOTS));
	for (i = 0; i < fake->nr_frames; i++) {
		struct fake_frame *frame = fake_frame(fake, i);

		if (frame->is_sent)
			continue;
		frame->is_sent = true;
		frame->sent_ns = ras_clock_ns();
		fake->looks = 0;
		fake_take(fake, dump_card_frame(card, frame->tag), frame->bytes);
	}
}

/* Packets were sent just now, have a second, and are looked for at once. */
static void fake_freeze(struct fake_net *fake)
{
	struct dump_transfer *t = &fake->n->file.transfer;
	unsigned int i;

	for (i = 0; i < DUMP_SLOTS; i++)
		t->slot[i].last.ns = ras_clock_ns();
	t->rtt_ns = NSEC_PER_SEC;
	t->looked_ns = 0;
}

static int fake_sent(struct dump_card *card, unsigned int *tag)
{
	struct fake_net *fake = fake_of(card);
	const struct fake_frame *frame = fake_frame(fake, 0);

	if (fake->knobs.frozen)
		fake_freeze(fake);
	if (fake->knobs.gone_at && fake->packets >= fake->knobs.gone_at)
		return -ENODEV;
	if (!fake->nr_frames || !frame->is_sent ||
	    (fake->knobs.slow && ras_clock_ns() - frame->sent_ns < FAKE_SLOW_NS))
		return -EAGAIN;
	fake_rule(fake, frame->sum == jhash(dump_card_frame(card, frame->tag), frame->bytes, 0),
		  "a frame was written to while the card was sending it");
	*tag = frame->tag;
	fake->first++;
	fake->nr_frames--;
	return 0;
}

/* The answer that comes next. */
static struct fake_answer *fake_next(struct fake_net *fake)
{
	const unsigned int last = fake->nr_answers - 1;

	return &fake->answer[(fake->oldest + (fake->knobs.reverse ? last : 0)) % FAKE_ANSWERS];
}

static void *fake_receive(struct dump_card *card, size_t *bytes)
{
	struct fake_net *fake = fake_of(card);
	struct fake_answer *answer = fake_next(fake);

	if (!fake->nr_answers || fake->looks++ < FAKE_LOOKS)
		return NULL;
	bitmap_set(fake->acked, answer->offset, answer->size);
	if (answer->size)
		fake->acked_ns = fake_now_ns(fake);
	*bytes = answer->bytes;
	return answer->frame;
}

static void fake_received(struct dump_card *card)
{
	struct fake_net *fake = fake_of(card);

	/* After what the answer means to the machine. */
	fake_pass(fake, fake_next(fake)->busy_ns);
	memset(fake_next(fake)->frame, 0xee, FAKE_ANSWER_BYTES);
	fake->oldest += !fake->knobs.reverse;
	fake->nr_answers--;
	if (fake->knobs.is_late)
		fake->looks = 0;
}

static const struct dump_card_ops fake_ops = {
	.name		= "fake",
	.start		= fake_start,
	.send		= fake_send,
	.kick		= fake_kick,
	.sent		= fake_sent,
	.receive	= fake_receive,
	.received	= fake_received,
	.stop		= fake_stop,
};
