/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS client: the dump engine, target net: proofs, by which the server and the machine know each
 * other's packets from forged ones; include/uapi/linux/ras_netdump.h.
 */
#ifndef _RAS_DUMP_PROOF_H
#define _RAS_DUMP_PROOF_H

#include <linux/ras_netdump.h>
#include <linux/siphash.h>
#include <linux/types.h>

#include "../agree.h"

/* Behind a packet. */
#define DUMP_PROOF_BYTES	sizeof(__be64)

/* Whose proof: each has a key of its own. */
enum dump_proof_kind {
	DUMP_PROOF_HERALD,
	DUMP_PROOF_WELCOME,
	DUMP_PROOF_PACKET,
	DUMP_PROOF_ACK,
	DUMP_PROOF_KINDS,
};

/**
 * struct dump_proof - what proofs are made with
 * @server: the server's public key
 * @client: that of the machine
 * @base: the key that both make
 * @session: the key of the present dump
 * @keys: see enum dump_proof_kind
 *
 * No dump has it, and no file shows it: see dump_secret_alloc().
 */
struct dump_proof {
	u8		server[RAS_NETDUMP_KEY_BYTES];
	u8		client[RAS_NETDUMP_KEY_BYTES];
	u32		base[DUMP_KEY_WORDS];
	u32		session[DUMP_KEY_WORDS];
	siphash_key_t	keys[DUMP_PROOF_KINDS];
};

struct dump_proof *dump_proof_get(void);
void dump_proof_begin(struct dump_proof *proof, const u8 *session);
void dump_proof_go_on(struct dump_proof *proof, const u8 *challenge);
__be64 dump_proof_of(const struct dump_proof *proof, enum dump_proof_kind kind,
		     const void *bytes, size_t size);
size_t dump_proof_offer(const struct dump_proof *proof, void *herald, size_t size);
const struct ras_netdump_accept *dump_proof_accept(const struct dump_proof *proof,
						   const void *welcome, size_t size);

#endif /* _RAS_DUMP_PROOF_H */
