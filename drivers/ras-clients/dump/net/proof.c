// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target net: proofs, by which the server and the machine know each
 * other's packets from forged ones; include/uapi/linux/ras_netdump.h.
 *
 * The key that both sides make is drawn when the administrator names the server's public key.  A
 * stop can make all others of it: HChaCha20 and SipHash take no lock and no memory.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "../dump.h"
#include "net.h"
#include "proof.h"

static DEFINE_MUTEX(dump_proof_lock);
/* Changed under dump_proof_lock; a stop finds the old one or the new one. */
static struct dump_proof *dump_proof;

static struct dump_proof *dump_proof_make(const u8 *server)
{
	struct dump_proof *proof = dump_secret_alloc(sizeof(*proof));
	int ret;

	if (!proof)
		return ERR_PTR(-ENOMEM);
	memcpy(proof->server, server, sizeof(proof->server));
	ret = dump_agree_new(proof->base, proof->client, server);
	if (!ret)
		return proof;
	dump_secret_free(proof, sizeof(*proof));
	return ERR_PTR(ret);
}

/**
 * dump_proof_set() - say which servers may take dumps
 * @server: the public key of X25519 that they have, %RAS_NETDUMP_KEY_BYTES; NULL: any server
 *
 * Context: Process context.
 * Return: 0; %-ENOMEM; %-EINVAL if that is no public key; %-ERESTARTSYS if a signal came
 *	before there were random numbers.  If it is not 0 nothing has changed.
 */
int dump_proof_set(const u8 *server)
{
	struct dump_proof *proof = server ? dump_proof_make(server) : NULL, *old;

	if (IS_ERR(proof))
		return PTR_ERR(proof);
	mutex_lock(&dump_proof_lock);
	old = dump_proof;
	/* Pairs with the acquire in dump_proof_get(). */
	smp_store_release(&dump_proof, proof);
	dump_secret_free(old, sizeof(*old));
	mutex_unlock(&dump_proof_lock);
	return 0;
}

/* Which servers may take dumps, for sysfs. */
ssize_t dump_proof_show(char *buf)
{
	ssize_t size;

	mutex_lock(&dump_proof_lock);
	if (dump_proof)
		size = sysfs_emit(buf, "%*phN\n", RAS_NETDUMP_KEY_BYTES, dump_proof->server);
	else
		size = sysfs_emit(buf, "none\n");
	mutex_unlock(&dump_proof_lock);
	return size;
}

/* What the keys take of memory, in bytes. */
size_t dump_proof_memory(void)
{
	return READ_ONCE(dump_proof) ? PAGE_ALIGN(sizeof(*dump_proof)) : 0;
}

/* What proofs are made with, or NULL if any server may take dumps. */
struct dump_proof *dump_proof_get(void)
{
	/* Pairs with the release in dump_proof_set(): the key is there. */
	return smp_load_acquire(&dump_proof);
}

/* The two keys that are made of a key and of 16 bytes. */
static void dump_proof_derive(struct dump_proof *proof, u32 *key, const u32 *from,
			      const u8 *text, enum dump_proof_kind first)
{
	siphash_key_t *keys = &proof->keys[first];
	unsigned int i;

	dump_derive(key, from, text);
	for (i = 0; i < DUMP_KEY_WORDS; i += 2)
		keys[i / 4].key[i / 2 % 2] = key[i] | (u64)key[i + 1] << 32;
}

/**
 * dump_proof_begin() - make the keys of heralds and welcomes
 * @proof: the proofs
 * @session: of the dump
 *
 * Context: A handler.
 */
void dump_proof_begin(struct dump_proof *proof, const u8 *session)
{
	dump_proof_derive(proof, proof->session, proof->base, session, DUMP_PROOF_HERALD);
}

/**
 * dump_proof_go_on() - make the keys of the other packets, and of their acknowledgments
 * @proof: the proofs
 * @challenge: of the server
 *
 * Context: A handler, behind dump_proof_begin().
 */
void dump_proof_go_on(struct dump_proof *proof, const u8 *challenge)
{
	u32 key[DUMP_KEY_WORDS];

	dump_proof_derive(proof, key, proof->session, challenge, DUMP_PROOF_PACKET);
	memzero_explicit(key, sizeof(key));
}

/**
 * dump_proof_of() - the proof of bytes
 * @proof: the proofs
 * @kind: whose
 * @bytes: the bytes
 * @size: how many
 *
 * Context: A handler.
 * Return: the proof, as it goes over the wire.
 */
__be64 dump_proof_of(const struct dump_proof *proof, enum dump_proof_kind kind,
		     const void *bytes, size_t size)
{
	return cpu_to_be64(siphash(bytes, size, &proof->keys[kind]));
}

/**
 * dump_proof_offer() - put an offer behind a herald
 * @proof: the proofs
 * @herald: the packet
 * @size: its size so far, in bytes
 *
 * Context: A handler.
 * Return: its size with the offer.
 */
size_t dump_proof_offer(const struct dump_proof *proof, void *herald, size_t size)
{
	struct ras_netdump_offer *offer = herald + size;

	memcpy(offer->public_key, proof->client, sizeof(offer->public_key));
	offer->proof = dump_proof_of(proof, DUMP_PROOF_HERALD, herald,
				     size + offsetof(struct ras_netdump_offer, proof));
	offer->end = '\0';
	return size + sizeof(*offer);
}

/**
 * dump_proof_accept() - see whether a welcome is of the server
 * @proof: the proofs
 * @welcome: the welcome
 * @size: of what was received, in bytes
 *
 * Context: A handler.
 * Return: what is behind the welcome; or NULL, if there is no proof, or a wrong one.
 */
const struct ras_netdump_accept *dump_proof_accept(const struct dump_proof *proof,
						   const void *welcome, size_t size)
{
	const struct ras_netdump_accept *accept = welcome + sizeof(struct ras_netdump_welcome);
	const struct ras_netdump_welcome *head = welcome;
	const size_t proven = sizeof(*head) + offsetof(struct ras_netdump_accept, proof);

	/* What is proven has the flag that tells of it. */
	if (size < sizeof(*head) + sizeof(*accept) ||
	    memcmp(head->magic, RAS_NETDUMP_WELCOME_MAGIC, sizeof(head->magic)) ||
	    accept->proof != dump_proof_of(proof, DUMP_PROOF_WELCOME, welcome, proven))
		return NULL;
	return accept;
}
