// SPDX-License-Identifier: GPL-2.0
/*
 * ras-netdump-load: the proofs of a client.
 *
 * The key pair of a client follows from the seed, as its session does: a second run goes on with
 * dumps of the first one, which the server gives to nobody with another key.
 */
#include <endian.h>
#include <string.h>
#include <time.h>

#include "crypt.h"
#include "load-prover.h"

/**
 * prover_open() - make the keys of a client, if it is to have some
 * @prover: set up
 * @options: what is asked for
 * @content: where the session and the key pair of the client come from
 *
 * Heralds count from the time on: a second run is later than the first one.
 *
 * Return: done; otherwise the server's key is one of the few that are no good.
 */
bool prover_open(struct prover *prover, const struct load_options *options,
		 const struct content *content)
{
	uint8_t secret[RAS_NETDUMP_KEY_BYTES], session[RAS_NETDUMP_SESSION_BYTES];
	bool good;

	*prover = (struct prover){
		.is_on	= options->has_server_key,
		.herald	= (uint32_t)time(NULL),
	};
	if (!prover->is_on)
		return true;
	prover->answered = prover->herald;
	content_bytes(content, CONTENT_SECRET, secret, sizeof(secret));
	content_bytes(content, CONTENT_SESSION, session, sizeof(session));
	good = crypt_public(prover->public_key, secret) &&
	       proof_session(&prover->keys, secret, options->server_key, session);
	crypt_forget(secret, sizeof(secret));
	return good;
}

/* The offer is at the end of the herald, which has room for it. */
static void sign_herald(const struct prover *prover, uint8_t *packet, size_t size)
{
	uint8_t *offer = packet + size - sizeof(struct ras_netdump_offer);
	uint8_t *proof = offer + offsetof(struct ras_netdump_offer, proof);

	memcpy(offer, prover->public_key, sizeof(prover->public_key));
	proof_put(&prover->keys, PROOF_HERALD, packet, (size_t)(proof - packet));
}

/**
 * prover_sign() - give a packet a new count and a proof
 * @prover: of the client
 * @packet: the packet, with room for %PROOF_BYTES behind
 * @size: how many bytes it has
 *
 * Return: how many it has now.
 */
size_t prover_sign(struct prover *prover, uint8_t *packet, size_t size)
{
	struct ras_netdump_head head;
	bool is_herald;

	if (!prover->is_on)
		return size;
	memcpy(&head, packet, sizeof(head));
	is_herald = be32toh(head.type) == RAS_NETDUMP_HERALD;
	head.aux = htobe32(is_herald ? ++prover->herald : ++prover->packet);
	memcpy(packet, &head, sizeof(head));
	if (is_herald) {
		sign_herald(prover, packet, size);
		return size;
	}
	proof_put(&prover->keys, PROOF_PACKET, packet, size);
	return size + PROOF_BYTES;
}

/**
 * prover_takes_welcome() - does the server take the offer?
 * @prover: of the client; knows the challenge then
 * @bytes: an answer
 * @size: how many bytes it has
 * @from: where it has come from
 *
 * Return: it is a welcome to a herald that no other one has answered, and its proof holds.
 */
bool prover_takes_welcome(struct prover *prover, const uint8_t *bytes, size_t size,
			  const struct address *from)
{
	const size_t before = sizeof(struct ras_netdump_welcome);
	struct ras_netdump_accept accept;
	uint32_t herald;

	if (size != before + sizeof(accept) ||
	    !proof_holds(&prover->keys, PROOF_WELCOME, bytes, size - PROOF_BYTES))
		return false;
	memcpy(&accept, bytes + before, sizeof(accept));
	herald = be32toh(accept.herald);
	if (herald <= prover->answered || herald > prover->herald ||
	    be32toh(accept.port) != address_port(from))
		return false;
	prover->answered = herald;
	proof_challenge(&prover->keys, accept.challenge);
	return true;
}

/**
 * prover_takes_ack() - is it an acknowledgment, and does its proof hold?
 * @prover: of the client
 * @bytes: an answer
 * @size: how many bytes it has
 */
bool prover_takes_ack(const struct prover *prover, const uint8_t *bytes, size_t size)
{
	return size == sizeof(struct ras_netdump_proven_ack) &&
	       proof_holds(&prover->keys, PROOF_ACK, bytes, size - PROOF_BYTES);
}
