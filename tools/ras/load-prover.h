/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-netdump-load: the proofs of a client.
 */
#ifndef RAS_LOAD_PROVER_H
#define RAS_LOAD_PROVER_H

#include "load-content.h"
#include "load-options.h"
#include "proof.h"

/**
 * struct prover - the proofs of a client
 * @is_on: it proves its packets; otherwise all else is unused
 * @public_key: of the client
 * @keys: of its dump
 * @herald: count of its last herald
 * @answered: count of the last herald that the server has accepted
 * @packet: count of its last packet that is no herald
 */
struct prover {
	bool			is_on;
	uint8_t			public_key[RAS_NETDUMP_KEY_BYTES];
	struct proof_keys	keys;
	uint32_t		herald;
	uint32_t		answered;
	uint32_t		packet;
};

bool prover_open(struct prover *prover, const struct load_options *options,
		 const struct content *content);
size_t prover_sign(struct prover *prover, uint8_t *packet, size_t size);
bool prover_takes_welcome(struct prover *prover, const uint8_t *bytes, size_t size,
			  const struct address *from);
bool prover_takes_ack(const struct prover *prover, const uint8_t *bytes, size_t size);

#endif
