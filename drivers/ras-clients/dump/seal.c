// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine: a dump is sealed; include/uapi/linux/ras_seal.h has the format.
 *
 * The key is that of agree.c.  So the machine cannot open a dump that it has sealed, once it has
 * booted again.  Each dump has a key that is derived from that.
 *
 * No nonce is used for two texts: each attempt at a dump has a number, and counts its segments.
 * A CPU that was lost in one attempt goes on with the numbers of that one.
 *
 * The generic C of the ciphers is called.  The other implementations call irq_fpu_usable(),
 * which warns in an NMI, and they use registers of the context that was interrupted.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/timex.h>

#include <asm/archrandom.h>
#include <asm/unaligned.h>

#include "agree.h"
#include "dump.h"
#include "seal.h"

#define DUMP_NONCE_BYTES	12

/* Changed under dump_arena_lock; a stop finds the old one or the new one. */
static struct dump_seal *dump_seal;

/* The key for a recipient, or an error pointer. */
static struct dump_seal *dump_seal_make(const u8 *recipient)
{
	struct dump_seal *seal = dump_secret_alloc(sizeof(*seal));
	int ret;

	if (!seal)
		return ERR_PTR(-ENOMEM);
	memcpy(seal->header.magic, RAS_SEAL_MAGIC, sizeof(seal->header.magic));
	seal->header.version = cpu_to_le32(RAS_SEAL_VERSION);
	memcpy(seal->header.recipient, recipient, sizeof(seal->header.recipient));
	ret = dump_agree_new(seal->key, seal->header.ephemeral, recipient);
	if (!ret)
		return seal;
	dump_secret_free(seal, sizeof(*seal));
	return ERR_PTR(ret);
}

/**
 * dump_seal_set() - say for whom dumps are sealed
 * @recipient: a public key of X25519, %RAS_SEAL_KEY_BYTES; NULL: dumps are not sealed
 *
 * Context: Process context, one at a time.
 * Return: 0; %-ENOMEM; %-EINVAL if that is no public key; %-ERESTARTSYS if a signal came
 *	before there were random numbers.  If it is not 0 nothing has changed.
 */
int dump_seal_set(const u8 *recipient)
{
	struct dump_seal *seal = recipient ? dump_seal_make(recipient) : NULL, *old = dump_seal;

	if (IS_ERR(seal))
		return PTR_ERR(seal);
	/* Pairs with the acquire in dump_seal_get(). */
	smp_store_release(&dump_seal, seal);
	dump_secret_free(old, sizeof(*old));
	return 0;
}

/* The key, or NULL if dumps are not sealed. */
struct dump_seal *dump_seal_get(void)
{
	/* Pairs with the release in dump_seal_set(): the key is there. */
	return smp_load_acquire(&dump_seal);
}

/*
 * What is different for this dump, even if the machine is one of several that were made of one
 * snapshot.  The kernel's own generator takes locks.
 */
static void dump_make_salt(struct ras_seal_header *header)
{
	unsigned long random = 0;
	__le64 salt[2];

	/* Not every machine has it. */
	if (!arch_get_random_longs(&random, 1))
		random = 0;
	salt[0] = cpu_to_le64(ktime_get_real_fast_ns());
	salt[1] = cpu_to_le64(random ^ get_cycles());
	BUILD_BUG_ON(sizeof(salt) != sizeof(header->salt));
	memcpy(header->salt, salt, sizeof(salt));
}

/**
 * dump_seal_begin() - begin a sealed dump
 * @log: set to the beginning of it
 * @seal: the key; NULL: the dump is not sealed
 *
 * Context: A handler.
 */
void dump_seal_begin(struct dump_log *log, struct dump_seal *seal)
{
	memset(log, 0, sizeof(*log));
	log->seal = seal;
	if (!seal)
		return;
	log->header = seal->header;
	log->header.attempt = cpu_to_le32(atomic_inc_return(&seal->attempts));
	log->header.time = cpu_to_le64(ktime_get_real_seconds());
	dump_make_salt(&log->header);
	dump_derive(seal->dump_key, seal->key, log->header.salt);
	log->end = RAS_SEAL_BEGIN;
}

/* Zeros up to a whole block of the authenticator. */
static void dump_poly_pad(struct dump_cipher *cipher, size_t length)
{
	static const u8 zeros[POLY1305_BLOCK_SIZE];

	if (length % POLY1305_BLOCK_SIZE)
		poly1305_update_generic(&cipher->poly, zeros,
					POLY1305_BLOCK_SIZE - length % POLY1305_BLOCK_SIZE);
}

/**
 * dump_encrypt() - encrypt and authenticate, RFC 8439, 2.8
 * @cipher: working memory, which holds no secret afterwards
 * @key: 256 bits
 * @nonce: 96 bits
 * @data: associated data
 * @data_length: how much, in bytes
 * @text: the plaintext; set to the ciphertext, and a tag of %RAS_SEAL_TAG_BYTES behind it
 * @length: of the text, in bytes
 *
 * Context: Any; the same @cipher by one CPU at a time.
 */
void dump_encrypt(struct dump_cipher *cipher, const u32 *key, const u8 *nonce, const void *data,
		  size_t data_length, void *text, size_t length)
{
	u8 iv[CHACHA_IV_SIZE] = { };
	__le64 lengths[2] = { cpu_to_le64(data_length), cpu_to_le64(length) };

	BUILD_BUG_ON(sizeof(iv) != sizeof(u32) + DUMP_NONCE_BYTES);
	/* Block 0 makes the key of the authenticator, the text begins with block 1. */
	memcpy(iv + sizeof(u32), nonce, DUMP_NONCE_BYTES);
	chacha_init_generic(cipher->chacha, key, iv);
	memset(cipher->one_time, 0, sizeof(cipher->one_time));
	chacha_crypt_generic(cipher->chacha, cipher->one_time, cipher->one_time,
			     sizeof(cipher->one_time), 20);
	chacha_crypt_generic(cipher->chacha, text, text, length, 20);

	poly1305_init_generic(&cipher->poly, cipher->one_time);
	poly1305_update_generic(&cipher->poly, data, data_length);
	dump_poly_pad(cipher, data_length);
	poly1305_update_generic(&cipher->poly, text, length);
	dump_poly_pad(cipher, length);
	poly1305_update_generic(&cipher->poly, (u8 *)lengths, sizeof(lengths));
	poly1305_final_generic(&cipher->poly, text + length);
	memzero_explicit(cipher->chacha, sizeof(cipher->chacha));
	memzero_explicit(cipher->one_time, sizeof(cipher->one_time));
}

/**
 * dump_seal_segment() - seal a segment
 * @log: the dump
 * @cipher: working memory
 * @kind: what is in it
 * @number: one that no other segment of the dump has or had
 * @text: what is in it; there is room for a struct ras_seal_segment before it, and for a tag
 *	behind it
 * @length: of the text, in bytes
 *
 * Context: A handler, or a helper.
 */
void dump_seal_segment(const struct dump_log *log, struct dump_cipher *cipher,
		       enum ras_seal_kind kind, u64 number, void *text, size_t length)
{
	struct ras_seal_segment *segment = &cipher->mac.segment;
	u8 nonce[DUMP_NONCE_BYTES];

	cipher->mac.header = log->header;
	memcpy(segment->id, log->header.ephemeral, sizeof(segment->id));
	segment->number = cpu_to_le64(number);
	segment->kind = cpu_to_le32(kind);
	segment->length = cpu_to_le32(length);
	memcpy(text - sizeof(*segment), segment, sizeof(*segment));
	memcpy(nonce, &log->header.attempt, sizeof(log->header.attempt));
	put_unaligned_le64(number, nonce + sizeof(log->header.attempt));
	dump_encrypt(cipher, log->seal->dump_key, nonce, &cipher->mac, sizeof(cipher->mac), text,
		     length);
}
