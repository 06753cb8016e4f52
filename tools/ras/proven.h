/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rasdumpd: what is known of a client that proves its packets.
 */
#ifndef RAS_PROVEN_H
#define RAS_PROVEN_H

#include "counts.h"
#include "packet.h"
#include "proof.h"
#include "session.h"

/**
 * struct demand - what the receiver demands of heralds
 * @secret: its secret key; %NULL: it has none, and knows nothing of proofs
 * @is_demanded: heralds without an offer are refused
 */
struct demand {
	const uint8_t	*secret;
	bool		is_demanded;
};

/**
 * struct proven - what is known of a client that proves its packets
 * @is_on: it does; otherwise all else is unused
 * @keys: the keys of its dump
 * @challenge: which was drawn for these
 * @port: from which it is answered
 * @herald: count of its last herald
 * @counts: of its other packets
 */
struct proven {
	bool			is_on;
	struct proof_keys	keys;
	uint8_t			challenge[RAS_NETDUMP_CHALLENGE_BYTES];
	uint16_t		port;
	uint32_t		herald;
	struct counts		counts;
};

/**
 * union proven_answer - an answer, with what may be behind it
 * @ack: the answer to any packet but a herald with a hello
 * @welcome: that to one
 * @bytes: room for a proof
 */
union proven_answer {
	struct ras_netdump_ack		ack;
	struct ras_netdump_welcome	welcome;
	uint8_t				bytes[sizeof(struct ras_netdump_welcome) +
					      sizeof(struct ras_netdump_accept)];
};

enum refusal proven_read(const struct demand *demand, const struct packet *packet,
			 struct herald *herald);
enum refusal proven_herald(const struct demand *demand, struct proven *known,
			   const struct packet *packet, struct herald *herald,
			   struct proof_keys *keys);
enum refusal proven_take_herald(struct proven *proven, const struct demand *demand,
				const struct session *session, const struct packet *packet,
				enum answer *answer);
bool proven_begin(struct proven *proven, const struct proof_keys *keys, uint32_t herald,
		  uint16_t port);
enum refusal proven_parse(struct proven *proven, struct packet *packet, const void *bytes,
			  size_t size);
size_t proven_answer(const struct proven *proven, enum answer answer,
		     union proven_answer *bytes, size_t size);

#endif
