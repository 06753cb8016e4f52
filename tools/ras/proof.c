// SPDX-License-Identifier: GPL-2.0
/*
 * Proofs of netdump: keys and what is made by them, as include/uapi/linux/ras_netdump.h has it.
 *
 * The program may have been built without libsodium: proof_start() says so then, and nothing
 * else is called.
 */
#include <endian.h>
#include <string.h>

#ifdef HAVE_SODIUM
#include <sodium.h>
#endif

#include "crypt.h"
#include "proof.h"

_Static_assert(CRYPT_KEY_BYTES == RAS_NETDUMP_KEY_BYTES &&
	       CRYPT_SALT_BYTES == RAS_NETDUMP_SESSION_BYTES, "sizes of crypt.h");

#ifdef HAVE_SODIUM

/* A proof's key is half of what HChaCha20 makes. */
#define HALF	(RAS_NETDUMP_KEY_BYTES / 2)

_Static_assert(crypto_core_hchacha20_OUTPUTBYTES == RAS_NETDUMP_KEY_BYTES &&
	       crypto_core_hchacha20_KEYBYTES == RAS_NETDUMP_KEY_BYTES &&
	       crypto_core_hchacha20_INPUTBYTES == RAS_NETDUMP_CHALLENGE_BYTES &&
	       crypto_shorthash_siphash24_KEYBYTES == HALF &&
	       crypto_shorthash_siphash24_BYTES == PROOF_BYTES, "sizes of libsodium");

/**
 * proof_start() - get ready
 * @why: set to the reason if that cannot be
 */
bool proof_start(struct why *why)
{
	return crypt_begin(why);
}

/**
 * proof_challenge() - the keys of a dump
 * @keys: the keys of its session, to which those of the dump are added
 * @challenge: of the welcome
 */
void proof_challenge(struct proof_keys *keys, const uint8_t *challenge)
{
	crypto_core_hchacha20(keys->dump, challenge, keys->session, NULL);
}

/**
 * proof_name() - a name of a session, which nobody can make who does not have its keys
 * @keys: the keys
 * @name: set to it, %RAS_NETDUMP_SESSION_BYTES
 */
void proof_name(const struct proof_keys *keys, uint8_t *name)
{
	static const char use[] = "name of the file";
	uint8_t out[RAS_NETDUMP_KEY_BYTES];

	_Static_assert(sizeof(use) - 1 == crypto_core_hchacha20_INPUTBYTES, "size of an input");
	crypto_core_hchacha20(out, (const uint8_t *)use, keys->session, NULL);
	memcpy(name, out, RAS_NETDUMP_SESSION_BYTES);
	crypt_forget(out, sizeof(out));
}

/* The proof of bytes, in the byte order of the protocol, which is not that of the hash. */
static uint64_t proof_of(const struct proof_keys *keys, enum proof_use use, const void *bytes,
			 size_t size)
{
	const uint8_t *const halves[PROOF_USES] = {
		[PROOF_HERALD]	= keys->session,
		[PROOF_WELCOME]	= keys->session + HALF,
		[PROOF_PACKET]	= keys->dump,
		[PROOF_ACK]	= keys->dump + HALF,
	};
	uint64_t hash;

	crypto_shorthash_siphash24((uint8_t *)&hash, bytes, size, halves[use]);
	return htobe64(le64toh(hash));
}

/**
 * proof_put() - put a proof behind bytes
 * @keys: the keys
 * @use: what the bytes are
 * @bytes: the bytes, with room for %PROOF_BYTES behind
 * @size: how many there are
 */
void proof_put(const struct proof_keys *keys, enum proof_use use, void *bytes, size_t size)
{
	const uint64_t proof = proof_of(keys, use, bytes, size);

	memcpy((uint8_t *)bytes + size, &proof, sizeof(proof));
}

/**
 * proof_holds() - is the proof behind bytes that of the bytes?
 * @keys: the keys
 * @use: what the bytes are
 * @bytes: the bytes, with a proof behind
 * @size: how many there are, without it
 *
 * It takes as long for a wrong one, whatever is wrong.
 */
bool proof_holds(const struct proof_keys *keys, enum proof_use use, const void *bytes,
		 size_t size)
{
	const uint64_t proof = proof_of(keys, use, bytes, size);

	return !sodium_memcmp((const uint8_t *)bytes + size, &proof, sizeof(proof));
}

#else

bool proof_start(struct why *why)
{
	return refuse(why, "this was built without libsodium, which proofs need");
}

void proof_challenge(struct proof_keys *keys, const uint8_t *challenge)
{
	(void)keys;
	(void)challenge;
}

void proof_name(const struct proof_keys *keys, uint8_t *name)
{
	(void)keys;
	memset(name, 0, RAS_NETDUMP_SESSION_BYTES);
}

void proof_put(const struct proof_keys *keys, enum proof_use use, void *bytes, size_t size)
{
	(void)keys;
	(void)use;
	memset((uint8_t *)bytes + size, 0, PROOF_BYTES);
}

bool proof_holds(const struct proof_keys *keys, enum proof_use use, const void *bytes,
		 size_t size)
{
	(void)keys;
	(void)use;
	(void)bytes;
	(void)size;
	return false;
}

#endif

/**
 * proof_session() - the keys of a session, as long as there is no challenge
 * @keys: set to them
 * @secret: the secret key of one side
 * @public: the public key of the other
 * @session: of the hello
 *
 * Return: there are some; there are none if the public key is one of the few that are no good.
 */
bool proof_session(struct proof_keys *keys, const uint8_t *secret, const uint8_t *public,
		   const uint8_t *session)
{
	memset(keys, 0, sizeof(*keys));
	return crypt_shared(keys->session, public, secret, session);
}

/**
 * proof_forget() - overwrite keys that nobody needs any more
 * @keys: the keys
 */
void proof_forget(struct proof_keys *keys)
{
	crypt_forget(keys, sizeof(*keys));
}
