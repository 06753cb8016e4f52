// SPDX-License-Identifier: GPL-2.0
/*
 * tools/ras: what there is of cryptography, which is libsodium's.
 *
 * The program may have been built without the library: crypt_begin() says so then, and nothing
 * else is called.
 */
#include <string.h>

#ifdef HAVE_SODIUM
#include <sodium.h>
#endif

#include "crypt.h"

#ifdef HAVE_SODIUM

_Static_assert(crypto_box_curve25519xchacha20poly1305_PUBLICKEYBYTES == CRYPT_KEY_BYTES &&
	       crypto_box_curve25519xchacha20poly1305_SECRETKEYBYTES == CRYPT_KEY_BYTES &&
	       crypto_box_curve25519xchacha20poly1305_BEFORENMBYTES == CRYPT_KEY_BYTES &&
	       crypto_core_hchacha20_OUTPUTBYTES == CRYPT_KEY_BYTES &&
	       crypto_core_hchacha20_INPUTBYTES == CRYPT_SALT_BYTES &&
	       crypto_aead_chacha20poly1305_ietf_KEYBYTES == CRYPT_KEY_BYTES &&
	       crypto_aead_chacha20poly1305_ietf_ABYTES == CRYPT_TAG_BYTES &&
	       crypto_aead_chacha20poly1305_ietf_NPUBBYTES == CRYPT_NONCE_BYTES &&
	       crypto_shorthash_KEYBYTES <= CRYPT_KEY_BYTES, "sizes of libsodium");

/**
 * crypt_begin() - get ready
 * @why: set to the reason if that cannot be
 */
bool crypt_begin(struct why *why)
{
	return sodium_init() >= 0 || refuse(why, "libsodium has no random numbers");
}

/**
 * crypt_pair() - make a pair of keys
 * @public: set to the public key
 * @secret: set to the secret key
 */
bool crypt_pair(uint8_t *public, uint8_t *secret)
{
	return !crypto_box_curve25519xchacha20poly1305_keypair(public, secret);
}

/**
 * crypt_public() - the public key of a secret key
 * @public: set to the public key
 * @secret: the secret key
 */
bool crypt_public(uint8_t *public, const uint8_t *secret)
{
	return !crypto_scalarmult_base(public, secret);
}

/**
 * crypt_shared() - the key that two pairs of keys have together
 * @key: set to the key
 * @public: the public key of one
 * @secret: the secret key of the other
 * @salt: of %CRYPT_SALT_BYTES, without which they would have the same key each time
 *
 * Return: there is one; there is none if the public key is one of the few that are no good.
 */
bool crypt_shared(uint8_t *key, const uint8_t *public, const uint8_t *secret,
		  const uint8_t *salt)
{
	uint8_t shared[crypto_box_curve25519xchacha20poly1305_BEFORENMBYTES];
	bool good = !crypto_box_curve25519xchacha20poly1305_beforenm(shared, public, secret) &&
		    !crypto_core_hchacha20(key, salt, shared, NULL);

	crypt_forget(shared, sizeof(shared));
	return good;
}

/**
 * crypt_open() - is a text what was sealed, and what is it?
 * @sealed: the text
 * @key: with which it was sealed
 * @out: set to it; or %NULL
 */
bool crypt_open(const struct sealed *sealed, const uint8_t *key, uint8_t *out)
{
	return !crypto_aead_chacha20poly1305_ietf_decrypt_detached(out, NULL, sealed->text,
		sealed->size, sealed->text + sealed->size, sealed->head, sealed->head_size,
		sealed->nonce, key);
}

/**
 * crypt_hash_key() - a key for crypt_hash(), which nobody knows
 * @key: set to it
 * @size: of it
 */
void crypt_hash_key(uint8_t *key, size_t size)
{
	randombytes_buf(key, size);
}

/**
 * crypt_hash() - a hash of a number, of which nobody can foresee which are equal
 * @number: the number
 * @key: by crypt_hash_key(), of %CRYPT_KEY_BYTES
 */
uint64_t crypt_hash(uint64_t number, const uint8_t *key)
{
	uint8_t hash[crypto_shorthash_BYTES];
	uint64_t value;

	crypto_shorthash(hash, (const uint8_t *)&number, sizeof(number), key);
	memcpy(&value, hash, sizeof(value));
	return value;
}

#else

bool crypt_begin(struct why *why)
{
	return refuse(why, "ras-dump was built without libsodium, which sealed dumps need");
}

bool crypt_pair(uint8_t *public, uint8_t *secret)
{
	(void)public;
	(void)secret;
	return false;
}

bool crypt_public(uint8_t *public, const uint8_t *secret)
{
	(void)public;
	(void)secret;
	return false;
}

bool crypt_shared(uint8_t *key, const uint8_t *public, const uint8_t *secret,
		  const uint8_t *salt)
{
	(void)key;
	(void)public;
	(void)secret;
	(void)salt;
	return false;
}

bool crypt_open(const struct sealed *sealed, const uint8_t *key, uint8_t *out)
{
	(void)sealed;
	(void)key;
	(void)out;
	return false;
}

void crypt_hash_key(uint8_t *key, size_t size)
{
	memset(key, 0, size);
}

uint64_t crypt_hash(uint64_t number, const uint8_t *key)
{
	(void)key;
	return number;
}

#endif
