/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Proofs of netdump: keys and what is made by them, as include/uapi/linux/ras_netdump.h has it.
 */
#ifndef RAS_PROOF_H
#define RAS_PROOF_H

#include <linux/ras_netdump.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "why.h"

/* What a proof takes behind the bytes that it is of. */
#define PROOF_BYTES	sizeof(uint64_t)

/**
 * enum proof_use - what a proof is of
 * @PROOF_HERALD: a herald
 * @PROOF_WELCOME: the answer to it
 * @PROOF_PACKET: another packet of the client
 * @PROOF_ACK: the answer to that
 * @PROOF_USES: how many uses there are
 */
enum proof_use {
	PROOF_HERALD,
	PROOF_WELCOME,
	PROOF_PACKET,
	PROOF_ACK,
	PROOF_USES,
};

/**
 * struct proof_keys - the keys of a dump, which client and server have, and nobody else
 * @session: for heralds, then for welcomes
 * @dump: for other packets, then for their acknowledgments; zeros before there is a challenge
 */
struct proof_keys {
	uint8_t	session[RAS_NETDUMP_KEY_BYTES];
	uint8_t	dump[RAS_NETDUMP_KEY_BYTES];
};

bool proof_start(struct why *why);
bool proof_session(struct proof_keys *keys, const uint8_t *secret, const uint8_t *public,
		   const uint8_t *session);
void proof_challenge(struct proof_keys *keys, const uint8_t *challenge);
void proof_name(const struct proof_keys *keys, uint8_t *name);
void proof_put(const struct proof_keys *keys, enum proof_use use, void *bytes, size_t size);
bool proof_holds(const struct proof_keys *keys, enum proof_use use, const void *bytes,
		 size_t size);
void proof_forget(struct proof_keys *keys);

#endif
