/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS client: the dump engine: what is encrypted, so that only the owner of a secret key can
 * read the dump; include/uapi/linux/ras_seal.h.
 */
#ifndef _RAS_DUMP_SEAL_H
#define _RAS_DUMP_SEAL_H

#include <linux/atomic.h>
#include <linux/types.h>
#include <linux/ras_seal.h>

#include <crypto/chacha.h>
#include <crypto/poly1305.h>

/* What is gathered before it is sealed, in bytes. */
#define DUMP_SEAL_TEXT		(32 * 1024)

/**
 * struct dump_cipher - what a CPU needs while it encrypts
 * @chacha: state of the cipher; holds the key
 * @poly: state of the authenticator
 * @one_time: the authenticator's key
 * @mac: associated data, and what it is authenticated with
 */
struct dump_cipher {
	u32			chacha[CHACHA_STATE_WORDS];
	struct poly1305_desc_ctx poly;
	u8			one_time[CHACHA_BLOCK_SIZE];
	struct {
		struct ras_seal_header	header;
		struct ras_seal_segment	segment;
	} mac;
};

/**
 * struct dump_seal - the key that dumps are sealed with
 * @key: what the recipient makes, too
 * @dump_key: made of it, for the present dump
 * @header: as in the file, but for what belongs to a dump
 * @attempts: dumps that were begun with this key
 * @cipher: the owner's
 * @room: a segment of records in the making: head, text and tag
 *
 * No dump has it, and no file shows it: see dump_secret_alloc().
 */
struct dump_seal {
	u32			key[CHACHA_KEY_SIZE / sizeof(u32)];
	u32			dump_key[CHACHA_KEY_SIZE / sizeof(u32)];
	struct ras_seal_header	header;
	atomic_t		attempts;
	struct dump_cipher	cipher;
	u8			room[sizeof(struct ras_seal_segment) + DUMP_SEAL_TEXT +
				     RAS_SEAL_TAG_BYTES];
};

/**
 * struct dump_log - a sealed dump in the making
 * @seal: the key; NULL: the dump is not sealed
 * @header: of the file
 * @number: of the next segment
 * @serial: of the next segment of records
 * @filled: how much is in its text, in bytes
 * @broken: one of them could not be stored, so that none may follow
 * @end: size of the file so far, in bytes
 */
struct dump_log {
	struct dump_seal	*seal;
	struct ras_seal_header	header;
	u64			number;
	u64			serial;
	size_t			filled;
	bool			broken;
	u64			end;
};

int dump_seal_set(const u8 *recipient);
struct dump_seal *dump_seal_get(void);
void dump_seal_begin(struct dump_log *log, struct dump_seal *seal);
void dump_seal_segment(const struct dump_log *log, struct dump_cipher *cipher,
		       enum ras_seal_kind kind, u64 number, void *text, size_t length);
void dump_encrypt(struct dump_cipher *cipher, const u32 *key, const u8 *nonce, const void *data,
		  size_t data_length, void *text, size_t length);

#endif /* _RAS_DUMP_SEAL_H */
