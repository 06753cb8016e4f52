// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine: keys that the machine shares with the owner of a secret key.
 *
 * The administrator gives the machine a public key of X25519.  The machine draws a key pair,
 * makes a key of its secret half and that public key, and forgets the secret half.  The owner
 * makes the same key of the machine's public half and the secret key.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/random.h>
#include <linux/string.h>

#include <crypto/algapi.h>

#include "agree.h"

/**
 * dump_derive() - HChaCha20: make a key of a key
 * @key: set to the key, %DUMP_KEY_WORDS; may be @from
 * @from: the key that it is made of
 * @text: and 16 bytes
 *
 * draft-irtf-cfrg-xchacha-03, 2.2
 *
 * Context: Any.
 */
void dump_derive(u32 *key, const u32 *from, const u8 *text)
{
	u32 state[CHACHA_STATE_WORDS];

	chacha_init_generic(state, from, text);
	hchacha_block_generic(state, key, 20);
	memzero_explicit(state, sizeof(state));
}

/**
 * dump_agree() - make a key that the owner of another key pair can make, too
 * @key: set to the key, %DUMP_KEY_WORDS
 * @ours: set to our public key
 * @secret: our secret key
 * @theirs: the public key of the other pair
 *
 * libsodium calls it crypto_box_curve25519xchacha20poly1305_beforenm().
 *
 * Context: Process context.
 * Return: false if everybody would know the key, because @theirs is no public key.
 */
bool dump_agree(u32 *key, u8 *ours, const u8 *secret, const u8 *theirs)
{
	static const u8 zeros[CHACHA_IV_SIZE];
	u8 shared[CURVE25519_KEY_SIZE];
	u32 words[DUMP_KEY_WORDS];
	bool good;

	curve25519_generic(ours, secret, curve25519_base_point);
	curve25519_generic(shared, secret, theirs);
	/* A point of small order (RFC 7748, 6.1). */
	good = crypto_memneq(shared, curve25519_null_point, sizeof(shared));
	memcpy(words, shared, sizeof(words));
	le32_to_cpu_array(words, ARRAY_SIZE(words));
	dump_derive(key, words, zeros);
	memzero_explicit(shared, sizeof(shared));
	memzero_explicit(words, sizeof(words));
	return good;
}

/**
 * dump_agree_new() - the same with a key pair that is drawn, and whose secret half is forgotten
 * @key: set to the key, %DUMP_KEY_WORDS
 * @ours: set to our public key
 * @theirs: the public key of the other pair
 *
 * Context: Process context.  Sleeps until there are random numbers.
 * Return: 0; %-EINVAL if @theirs is no public key; %-ERESTARTSYS if a signal came.
 */
int dump_agree_new(u32 *key, u8 *ours, const u8 *theirs)
{
	u8 secret[CURVE25519_KEY_SIZE];
	/* As a boot parameter the key may be wanted before there is anything random. */
	int ret = get_random_bytes_wait(secret, sizeof(secret));

	curve25519_clamp_secret(secret);
	if (!ret && !dump_agree(key, ours, secret, theirs))
		ret = -EINVAL;
	memzero_explicit(secret, sizeof(secret));
	return ret;
}
