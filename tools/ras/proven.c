// SPDX-License-Identifier: GPL-2.0
/*
 * rasdumpd: what is known of a client that proves its packets.
 */
#include <endian.h>
#include <string.h>
#include <sys/random.h>

#include "proven.h"

/**
 * proven_read() - look at a herald, but not yet at its proof
 * @demand: what is demanded
 * @packet: the packet
 * @herald: set to what it says; there is an offer only if the receiver can take it
 *
 * Return: %REFUSE_NOTHING, or why it is not taken.
 */
enum refusal proven_read(const struct demand *demand, const struct packet *packet,
			 struct herald *herald)
{
	enum refusal refusal = herald_parse(herald, packet);

	if (refusal)
		return refusal;
	if (!demand->secret)
		herald->offers = false;
	return demand->is_demanded && !herald->offers ? REFUSE_PROOF : REFUSE_NOTHING;
}

/**
 * proven_herald() - does the proof of a herald hold, and is it no copy of an old one?
 * @demand: what is demanded
 * @known: the client that has begun this dump, with the same public key; its count of heralds
 *	goes up.  %NULL if there is none
 * @packet: the packet
 * @herald: what it says; gets a name that its keys make
 * @keys: set to the keys of its session, if it has an offer
 *
 * Return: %REFUSE_NOTHING, or why it is not taken.
 */
enum refusal proven_herald(const struct demand *demand, struct proven *known,
			   const struct packet *packet, struct herald *herald,
			   struct proof_keys *keys)
{
	if (!herald->offers)
		return REFUSE_NOTHING;
	if (!herald->proof)
		return REFUSE_PROOF;
	/* What costs most is done once for a session. */
	if (known)
		memcpy(keys->session, known->keys.session, sizeof(keys->session));
	else if (!proof_session(keys, demand->secret, herald->public_key, herald->session))
		return REFUSE_PROOF;
	if (!proof_holds(keys, PROOF_HERALD, packet->head, herald->proof))
		return REFUSE_PROOF;
	if (known && packet->count <= known->herald)
		return REFUSE_REPLAY;
	if (known)
		known->herald = packet->count;
	proof_name(keys, herald->name);
	return REFUSE_NOTHING;
}

/**
 * proven_take_herald() - take one more herald, which has come to the socket of its client
 * @proven: what is known of the client
 * @demand: what is demanded
 * @session: the client
 * @packet: the packet
 * @answer: set to what it is answered with
 *
 * A herald of another dump belongs to the other socket, where fewer of them are looked at.
 *
 * Return: %REFUSE_NOTHING, or why it is not taken; then there is no answer.
 */
enum refusal proven_take_herald(struct proven *proven, const struct demand *demand,
				const struct session *session, const struct packet *packet,
				enum answer *answer)
{
	struct proof_keys keys = { 0 };
	struct herald herald;
	enum refusal refusal = proven_read(demand, packet, &herald);

	*answer = ANSWER_NOTHING;
	if (refusal)
		return refusal;
	if (!session_is_same(session, &herald))
		return REFUSE_STRAY;
	refusal = proven_herald(demand, proven, packet, &herald, &keys);
	proof_forget(&keys);
	return refusal ? refusal : session_take_herald(session, &herald, answer);
}

/**
 * proven_begin() - a client proves its packets from now on
 * @proven: set up
 * @keys: the keys of its session
 * @herald: count of its herald
 * @port: from which it is answered
 *
 * Return: a challenge was drawn; otherwise errno is set.
 */
bool proven_begin(struct proven *proven, const struct proof_keys *keys, uint32_t herald,
		  uint16_t port)
{
	const size_t size = sizeof(proven->challenge);

	memset(proven, 0, sizeof(*proven));
	proven->is_on = true;
	proven->keys = *keys;
	proven->herald = herald;
	proven->port = port;
	if (getrandom(proven->challenge, size, 0) != (ssize_t)size)
		return false;
	proof_challenge(&proven->keys, proven->challenge);
	return true;
}

/* A herald has its proof within. */
static bool is_herald(const void *bytes, size_t size)
{
	struct ras_netdump_head head;

	if (size < sizeof(head))
		return false;
	memcpy(&head, bytes, sizeof(head));
	return be32toh(head.type) == RAS_NETDUMP_HERALD;
}

/**
 * proven_parse() - look at a packet that has come to the socket of a client
 * @proven: what is known of the client
 * @packet: set to what it says; points into @bytes
 * @bytes: the packet
 * @size: how many bytes it has
 *
 * The count of a packet is looked at only if its proof holds: anybody could use it up otherwise.
 *
 * Return: %REFUSE_NOTHING, or why it is not taken.
 */
enum refusal proven_parse(struct proven *proven, struct packet *packet, const void *bytes,
			  size_t size)
{
	enum refusal refusal;

	if (!proven->is_on || is_herald(bytes, size))
		return packet_parse(packet, bytes, size, 0);
	if (size < sizeof(struct ras_netdump_head) + PROOF_BYTES ||
	    !proof_holds(&proven->keys, PROOF_PACKET, bytes, size - PROOF_BYTES))
		return REFUSE_PROOF;
	refusal = packet_parse(packet, bytes, size, PROOF_BYTES);
	if (refusal)
		return refusal;
	if (!counts_is_new(&proven->counts, packet->count))
		return REFUSE_REPLAY;
	counts_mark(&proven->counts, packet->count);
	return REFUSE_NOTHING;
}

static size_t accept_herald(const struct proven *proven, union proven_answer *bytes, size_t size)
{
	struct ras_netdump_accept accept = {
		.herald	= htobe32(proven->herald),
		.port	= htobe32(proven->port),
	};

	bytes->welcome.flags |= htobe32(RAS_NETDUMP_ACCEPTS);
	memcpy(accept.challenge, proven->challenge, sizeof(accept.challenge));
	memcpy(bytes->bytes + size, &accept, sizeof(accept));
	size += offsetof(struct ras_netdump_accept, proof);
	proof_put(&proven->keys, PROOF_WELCOME, bytes, size);
	return size + PROOF_BYTES;
}

/**
 * proven_answer() - put what is needed behind an answer
 * @proven: what is known of the client
 * @answer: which answer it is
 * @bytes: the answer
 * @size: how many bytes it has
 *
 * Return: how many it has now.
 */
size_t proven_answer(const struct proven *proven, enum answer answer,
		     union proven_answer *bytes, size_t size)
{
	if (!proven->is_on)
		return size;
	if (answer == ANSWER_WELCOME)
		return accept_herald(proven, bytes, size);
	proof_put(&proven->keys, PROOF_ACK, bytes, size);
	return size + PROOF_BYTES;
}
