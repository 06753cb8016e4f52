// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the dump engine's target net: a server of memory.  Included by net_kunit.c.
 */
#include <linux/bitmap.h>

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
		/* Nobody has its keys before there is a welcome. */
		fake->reborn = true;
		fake->challenge[0]++;
		dump_proof_go_on(&fake->proof, fake->challenge);
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

/* All that was sent is overdue, and is looked for at once. */
static void fake_overdue(struct fake_net *fake)
{
	struct dump_transfer *t = &fake->n->file.transfer;
	unsigned int i;

	for (i = 0; i < DUMP_SLOTS; i++)
		t->slot[i].last.ns -= NSEC_PER_SEC;
	t->looked_ns = 0;
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
	/* The machine sends all again before it has the welcome, with proofs for the other one. */
	if (fake->reborn)
		fake_overdue(fake);
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
	if (count <= fake->packet || memcmp((const void *)head + size, &proof, sizeof(proof)))
		return false;
	fake->packet = count;
	return true;
}

static void fake_packet(struct fake_net *fake, const struct ras_netdump_head *head)
{
	const struct fake_knobs *knobs = &fake->knobs;
	const u64 offset = be64_to_cpu(head->offset);
	size_t size = be32_to_cpu(head->size);
	bool is_proven;

	fake_rule(fake, !!head->seq, "a packet has the number of heralds");
	fake_rule(fake, be32_to_cpu(head->seq) % 64 < DUMP_SLOTS, "a packet has no slot");
	fake_rule(fake, !knobs->is_late || fake->packets || !fake->nr_answers,
		  "a packet overtakes a herald");
	fake->packets++;
	if (fake_loses(fake, be32_to_cpu(head->seq)))
		return;
	is_proven = fake_is_proven(fake, head);
	/* Not for this process, of which the machine has not heard. */
	if (fake->reborn && !is_proven)
		return;
	fake->reborn = false;
	fake_rule(fake, is_proven, "a packet is not proven");
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
