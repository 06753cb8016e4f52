/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * RAS client: the dump engine: a sealed dump, which only the owner of a secret key can read.
 *
 * A sealed dump is a log that is only appended to: one block with struct ras_seal_header, then
 * segments one behind the other.  Each segment is a struct ras_seal_segment, @length bytes of
 * ciphertext and a tag.  The plaintext tells what to write where in the ordinary file, which
 * `ras-dump unseal` makes of it.
 *
 * Both sides make HChaCha20(X25519(ephemeral, recipient), 16 bytes of 0), which libsodium calls
 * crypto_box_curve25519xchacha20poly1305_beforenm().  The key of a dump is HChaCha20 of that
 * and ras_seal_header.salt: two machines that were cloned while the first key was in memory
 * have different ones.  A segment is encrypted as RFC 8439 has it (AEAD_CHACHA20_POLY1305).
 * The nonce is ras_seal_header.attempt, 4 bytes, and ras_seal_segment.number, 8 bytes, both
 * little endian; the associated data is struct ras_seal_header followed by struct
 * ras_seal_segment.
 */
#ifndef _UAPI_LINUX_RAS_SEAL_H
#define _UAPI_LINUX_RAS_SEAL_H

#include <linux/types.h>

#define RAS_SEAL_MAGIC		"RASSEAL1"
#define RAS_SEAL_VERSION	1
/* Size of a key of X25519, public or secret, in bytes. */
#define RAS_SEAL_KEY_BYTES	32
#define RAS_SEAL_ID_BYTES	8
#define RAS_SEAL_SALT_BYTES	16
#define RAS_SEAL_TAG_BYTES	16
/* Where the first segment begins, in bytes; what is behind the header up to there is 0. */
#define RAS_SEAL_BEGIN		4096
/* The most that ras_seal_segment.length may be. */
#define RAS_SEAL_LENGTH_MAX	(128 * 1024)

/**
 * struct ras_seal_header - the beginning of a sealed dump
 * @magic: %RAS_SEAL_MAGIC
 * @version: %RAS_SEAL_VERSION
 * @attempt: counts the dumps that were begun since @ephemeral was made, from 1
 * @recipient: the public key for which the dump is sealed
 * @ephemeral: the public key that the machine has made when it was told of @recipient
 * @time: when the dump was begun, in seconds since 1970
 * @salt: whatever was different for this dump
 * @reserved: 0
 */
struct ras_seal_header {
	__u8	magic[8];
	__le32	version;
	__le32	attempt;
	__u8	recipient[RAS_SEAL_KEY_BYTES];
	__u8	ephemeral[RAS_SEAL_KEY_BYTES];
	__le64	time;
	__u8	salt[RAS_SEAL_SALT_BYTES];
	__u8	reserved[24];
};

/**
 * enum ras_seal_kind - what is in a segment
 * @RAS_SEAL_PAGES: bytes whose place in the file is told by a record in a later segment
 * @RAS_SEAL_RECORDS: a __le64, which counts the segments of this kind and the next from 0, and
 *	records: struct ras_seal_record, each of which may be followed by bytes
 * @RAS_SEAL_END: the same, and it is the last segment of the dump
 */
enum ras_seal_kind {
	RAS_SEAL_PAGES = 1,
	RAS_SEAL_RECORDS,
	RAS_SEAL_END,
};

/**
 * struct ras_seal_segment - the head of a segment
 * @id: the first bytes of ras_seal_header.ephemeral: what is left of an older dump has others
 * @number: no two segments of a dump have the same; in no particular order
 * @kind: see enum ras_seal_kind
 * @length: of what is encrypted, in bytes
 */
struct ras_seal_segment {
	__u8	id[RAS_SEAL_ID_BYTES];
	__le64	number;
	__le32	kind;
	__le32	length;
};

/**
 * enum ras_seal_what - what a record is
 * @RAS_SEAL_BYTES: the @length bytes behind the record go to @offset of the file
 * @RAS_SEAL_SEGMENT: what is in the segment @number, which is of the kind %RAS_SEAL_PAGES, is
 *	before this one in the log, and has @length bytes, goes to @offset of the file
 */
enum ras_seal_what {
	RAS_SEAL_BYTES = 1,
	RAS_SEAL_SEGMENT,
};

/**
 * struct ras_seal_record - what goes where
 * @offset: where in the ordinary file, in bytes
 * @number: see %RAS_SEAL_SEGMENT; else 0
 * @what: see enum ras_seal_what
 * @length: in bytes
 */
struct ras_seal_record {
	__le64	offset;
	__le64	number;
	__le32	what;
	__le32	length;
};

#endif /* _UAPI_LINUX_RAS_SEAL_H */
