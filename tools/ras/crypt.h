/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tools/ras: what there is of cryptography, which is libsodium's.
 */
#ifndef RAS_CRYPT_H
#define RAS_CRYPT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "why.h"

#define CRYPT_KEY_BYTES		32
#define CRYPT_TAG_BYTES		16
#define CRYPT_NONCE_BYTES	12
#define CRYPT_SALT_BYTES	16

/**
 * struct sealed - a text that is sealed, as it is in memory
 * @head: what is not encrypted, but sealed with it
 * @head_size: of that
 * @nonce: of the text, of %CRYPT_NONCE_BYTES
 * @text: what is encrypted, with a tag behind
 * @size: of the text, without the tag
 */
struct sealed {
	const void	*head;
	size_t		head_size;
	const uint8_t	*nonce;
	const uint8_t	*text;
	size_t		size;
};

/**
 * crypt_forget() - overwrite what nobody is to find in memory
 * @secret: the bytes
 * @size: how many
 */
static inline void crypt_forget(void *secret, size_t size)
{
	explicit_bzero(secret, size);
}

bool crypt_begin(struct why *why);
bool crypt_pair(uint8_t *public, uint8_t *secret);
bool crypt_public(uint8_t *public, const uint8_t *secret);
bool crypt_shared(uint8_t *key, const uint8_t *public, const uint8_t *secret,
		  const uint8_t *salt);
bool crypt_open(const struct sealed *sealed, const uint8_t *key, uint8_t *out);
void crypt_hash_key(uint8_t *key, size_t size);
uint64_t crypt_hash(uint64_t number, const uint8_t *key);

#endif
