// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: sealed dumps: the ciphers against known answers, and what the log says against what
 * was stored.
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/string.h>

#include <asm/unaligned.h>

#include "agree.h"
#include "dump.h"
#include "rfc7748_kunit.h"
#include "seal.h"

/* RFC 8439, 2.8.2 */
static const char rfc_text[] = {
	"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
};

static const u8 rfc_nonce[] = {
	0x07, 0x00, 0x00, 0x00, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47,
};

static const u8 rfc_data[] = {
	0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7,
};

static const u8 rfc_begin[] = {
	0xd3, 0x1a, 0x8d, 0x34, 0x64, 0x8e, 0x60, 0xdb, 0x7b, 0x86, 0xaf, 0xbc, 0x53, 0xef, 0x7e,
	0xc2,
};

static const u8 rfc_tag[] = {
	0x1a, 0xe1, 0x0b, 0x59, 0x4f, 0x09, 0xe2, 0x6a, 0x7e, 0x90, 0x2e, 0xcb, 0xd0, 0x60, 0x06,
	0x91,
};

static void ras_seal_rfc8439(struct kunit *test)
{
	struct dump_cipher *cipher = kunit_kzalloc(test, sizeof(*cipher), GFP_KERNEL);
	const size_t length = sizeof(rfc_text) - 1;
	u8 text[sizeof(rfc_text) + RAS_SEAL_TAG_BYTES];
	u32 key[CHACHA_KEY_SIZE / sizeof(u32)];
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, cipher);
	for (i = 0; i < CHACHA_KEY_SIZE; i++)
		((u8 *)key)[i] = 0x80 + i;
	memcpy(text, rfc_text, length);
	dump_encrypt(cipher, key, rfc_nonce, rfc_data, sizeof(rfc_data), text, length);
	KUNIT_EXPECT_EQ(test, memcmp(text, rfc_begin, sizeof(rfc_begin)), 0);
	KUNIT_EXPECT_EQ(test, memcmp(text + length, rfc_tag, sizeof(rfc_tag)), 0);
	/* Of the key nothing is left. */
	KUNIT_EXPECT_NULL(test, memchr_inv(cipher->chacha, 0, sizeof(cipher->chacha)));
}

/* For bob_public, and an ephemeral secret of 1, 2, 3 to 32. */
static const u8 bob_ephemeral[] = {
	0x07, 0xa3, 0x7c, 0xbc, 0x14, 0x20, 0x93, 0xc8, 0xb7, 0x55, 0xdc, 0x1b, 0x10, 0xe8, 0x6c,
	0xb4, 0x26, 0x37, 0x4a, 0xd1, 0x6a, 0xa8, 0x53, 0xed, 0x0b, 0xdf, 0xc0, 0xb2, 0xb8, 0x6d,
	0x1c, 0x7c,
};

/* What libsodium 1.0.18 makes of both: crypto_box_curve25519xchacha20poly1305_beforenm(). */
static const u8 bob_key[] = {
	0x60, 0xf8, 0xaa, 0xf5, 0x2c, 0x6b, 0x3a, 0xf7, 0x78, 0xbc, 0xe5, 0xc5, 0x3d, 0x0f, 0x18,
	0xec, 0x30, 0x3d, 0x49, 0xf1, 0xf3, 0x23, 0x06, 0x09, 0xf4, 0x8e, 0x97, 0xb2, 0xd3, 0xa7,
	0x81, 0x24,
};

static struct dump_seal *new_seal(struct kunit *test, const u8 *recipient)
{
	struct dump_seal *seal = kunit_kzalloc(test, sizeof(*seal), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, seal);
	memcpy(seal->header.recipient, recipient, sizeof(seal->header.recipient));
	return seal;
}

/* The key is that of libsodium. */
static void ras_seal_key(struct kunit *test)
{
	struct dump_seal *seal = new_seal(test, bob_public);
	u8 secret[CURVE25519_KEY_SIZE], key[sizeof(seal->key)];
	unsigned int i;

	for (i = 0; i < sizeof(secret); i++)
		secret[i] = 1 + i;
	KUNIT_EXPECT_TRUE(test, dump_agree(seal->key, seal->header.ephemeral, secret,
					   seal->header.recipient));
	KUNIT_EXPECT_EQ(test, memcmp(seal->header.ephemeral, bob_ephemeral,
				     sizeof(bob_ephemeral)), 0);
	for (i = 0; i < ARRAY_SIZE(seal->key); i++)
		put_unaligned_le32(seal->key[i], key + i * sizeof(u32));
	KUNIT_EXPECT_EQ(test, memcmp(key, bob_key, sizeof(key)), 0);
}

/* With such a recipient the key would not depend on any secret. */
static void ras_seal_weak_key(struct kunit *test)
{
	static const u8 weak[][CURVE25519_KEY_SIZE] = { { 0 }, { 1 } };
	const struct dump_seal *before = dump_seal_get();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(weak); i++)
		KUNIT_EXPECT_EQ(test, dump_seal_set(weak[i]), -EINVAL);
	KUNIT_EXPECT_PTR_EQ(test, dump_seal_get(), before);
}

/* No file shows the key, no dump has it, and it is gone when there is another. */
static void ras_seal_hidden(struct kunit *test)
{
	struct dump_seal *seal;
	u32 key[CHACHA_KEY_SIZE / sizeof(u32)];

	if (dump_seal_get())
		kunit_skip(test, "the machine has a key of its own");
	KUNIT_ASSERT_EQ(test, dump_seal_set(bob_public), 0);
	seal = dump_seal_get();
	KUNIT_ASSERT_NOT_NULL(test, seal);
	KUNIT_EXPECT_TRUE(test, PageOffline(virt_to_page(seal)));
	KUNIT_EXPECT_TRUE(test, PageOffline(virt_to_page(seal->room + sizeof(seal->room) - 1)));
	memcpy(key, seal->key, sizeof(key));
	KUNIT_EXPECT_EQ(test, dump_seal_set(bob_public), 0);
	seal = dump_seal_get();
	KUNIT_EXPECT_NE(test, memcmp(key, seal->key, sizeof(key)), 0);
	KUNIT_EXPECT_EQ(test, dump_seal_set(NULL), 0);
	KUNIT_EXPECT_NULL(test, dump_seal_get());
}

/* A target that keeps what is written to it. */
struct seal_test {
	struct dump_target	target;
	struct dump_session	s;
	struct dump_arena	arena;
	struct dump_seal	*seal;
	size_t			size;
	u64			front;
	u64			finished;
	u8			log[4 * DUMP_SEAL_TEXT];
	u8			file[2 * DUMP_SEAL_TEXT];
};

static int seal_test_start(struct dump_target *target, const struct dump_session *s,
			   const struct dump_layout *layout)
{
	container_of(target, struct seal_test, target)->front = layout->data;
	return 0;
}

static int seal_test_write(struct dump_target *target, u64 offset, const void *data, size_t size)
{
	struct seal_test *t = container_of(target, struct seal_test, target);

	if (offset > sizeof(t->log) || size > sizeof(t->log) - offset)
		return -ENOSPC;
	/* As the disk has it: what is behind the front is only appended. */
	if (offset >= t->front && offset != max_t(u64, t->size, t->front))
		return -EINVAL;
	memcpy(t->log + offset, data, size);
	t->size = max_t(size_t, t->size, offset + size);
	return 0;
}

static u64 seal_test_room(struct dump_target *target)
{
	return sizeof_field(struct seal_test, log);
}

static int seal_test_finish(struct dump_target *target, u64 size, bool whole)
{
	container_of(target, struct seal_test, target)->finished = whole ? size : 0;
	return 0;
}

static const struct dump_target_ops seal_test_ops = {
	.start	= seal_test_start,
	.write	= seal_test_write,
	.room	= seal_test_room,
	.finish	= seal_test_finish,
};

static struct seal_test *new_seal_test(struct kunit *test)
{
	struct seal_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	t->seal = new_seal(test, bob_public);
	memset(t->seal->key, 0x5a, sizeof(t->seal->key));
	memcpy(t->seal->header.ephemeral, bob_ephemeral, sizeof(bob_ephemeral));
	t->target.ops = &seal_test_ops;
	t->s.target = &t->target;
	t->s.arena = &t->arena;
	t->arena.meta = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t->arena.meta);
	dump_seal_begin(&t->s.log, t->seal);
	return t;
}

/* ChaCha20 as it is used for a text: the same encrypts and decrypts. */
static void seal_test_crypt(const struct seal_test *t, u64 number, u8 *text, size_t length)
{
	u32 state[CHACHA_STATE_WORDS];
	u8 iv[CHACHA_IV_SIZE] = { 1 };

	put_unaligned_le32(le32_to_cpu(t->s.log.header.attempt), iv + 4);
	put_unaligned_le64(number, iv + 8);
	chacha_init_generic(state, t->seal->dump_key, iv);
	chacha_crypt_generic(state, text, text, length, 20);
}

/* Decrypt the segment at @at, and see that it is what was sealed. */
static u8 *seal_test_open(struct kunit *test, struct seal_test *t, size_t at, u64 number,
			  enum ras_seal_kind kind, size_t *length)
{
	const struct ras_seal_segment *segment = (void *)t->log + at;
	u8 *sealed = t->log + at + sizeof(*segment), *text;

	*length = le32_to_cpu(segment->length);
	KUNIT_ASSERT_LE(test, at + sizeof(*segment) + *length + RAS_SEAL_TAG_BYTES, t->size);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(segment->number), number);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(segment->kind), (u32)kind);
	KUNIT_EXPECT_EQ(test, memcmp(segment->id, bob_ephemeral, sizeof(segment->id)), 0);
	text = kunit_kzalloc(test, sizeof(*segment) + *length + RAS_SEAL_TAG_BYTES, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, text);
	text += sizeof(*segment);
	memcpy(text, sealed, *length);
	seal_test_crypt(t, number, text, *length);
	/* Sealed once more it has the same tag. */
	dump_seal_segment(&t->s.log, &t->seal->cipher, kind, number, text, *length);
	KUNIT_EXPECT_EQ(test, memcmp(text, sealed, *length + RAS_SEAL_TAG_BYTES), 0);
	seal_test_crypt(t, number, text, *length);
	return text;
}

/* Do what the records of a segment say. */
static void seal_test_replay(struct kunit *test, struct seal_test *t, const u8 *text,
			     size_t length, u64 serial, const u8 *pages)
{
	size_t at = sizeof(u64);

	KUNIT_EXPECT_EQ(test, get_unaligned_le64(text), serial);
	while (at < length) {
		struct ras_seal_record record;
		size_t size;

		memcpy(&record, text + at, sizeof(record));
		at += sizeof(record);
		size = le32_to_cpu(record.length);
		KUNIT_ASSERT_LE(test, le64_to_cpu(record.offset) + size, sizeof(t->file));
		if (le32_to_cpu(record.what) == RAS_SEAL_SEGMENT) {
			KUNIT_EXPECT_EQ(test, le64_to_cpu(record.number), 77ULL);
			memcpy(t->file + le64_to_cpu(record.offset), pages, size);
			continue;
		}
		KUNIT_ASSERT_EQ(test, le32_to_cpu(record.what), (u32)RAS_SEAL_BYTES);
		KUNIT_ASSERT_LE(test, at + size, length);
		memcpy(t->file + le64_to_cpu(record.offset), text + at, size);
		at += size;
	}
	KUNIT_EXPECT_EQ(test, at, length);
}

/* What is stored is in the log, in this order, and a flush leaves nothing behind. */
static void ras_seal_log(struct kunit *test)
{
	struct seal_test *t = new_seal_test(test);
	const size_t head = sizeof(struct ras_seal_segment);
	struct dump_cipher *cipher = kunit_kzalloc(test, sizeof(*cipher), GFP_KERNEL);
	u8 *room = kunit_kzalloc(test, head + 3000 + RAS_SEAL_TAG_BYTES, GFP_KERNEL), *pages, *text;
	struct dump_lot lot = { .data = room + head, .bytes = 3000, .number = 77 };
	size_t at = RAS_SEAL_BEGIN, length;

	KUNIT_ASSERT_NOT_NULL(test, cipher);
	KUNIT_ASSERT_NOT_NULL(test, room);
	KUNIT_EXPECT_EQ(test, dump_store_start(&t->s), 0);
	KUNIT_EXPECT_EQ(test, t->front, (u64)RAS_SEAL_BEGIN);
	KUNIT_EXPECT_EQ(test, memcmp(t->log, &t->s.log.header, sizeof(t->s.log.header)), 0);
	t->s.end = 5000;
	KUNIT_EXPECT_EQ(test, dump_store(&t->s, 100, "front", 5), 0);
	memset(lot.data, 'p', lot.bytes);
	dump_seal_segment(&t->s.log, cipher, RAS_SEAL_PAGES, lot.number, lot.data, lot.bytes);
	KUNIT_EXPECT_EQ(test, dump_store_lot(&t->s, &lot), 0);
	KUNIT_EXPECT_EQ(test, dump_store_flush(&t->s), 0);
	KUNIT_EXPECT_EQ(test, dump_store_append(&t->s, "behind", 6), 0);
	KUNIT_EXPECT_EQ(test, dump_store(&t->s, 100, "changed", 7), 0);
	KUNIT_EXPECT_EQ(test, dump_store_finish(&t->s, true), 0);
	KUNIT_EXPECT_EQ(test, dump_store_bytes(&t->s), (u64)t->size);
	KUNIT_EXPECT_EQ(test, t->finished, (u64)t->size);
	KUNIT_EXPECT_EQ(test, t->s.end, 8006ULL);

	pages = seal_test_open(test, t, at, 77, RAS_SEAL_PAGES, &length);
	KUNIT_EXPECT_EQ(test, length, lot.bytes);
	at += head + length + RAS_SEAL_TAG_BYTES;
	text = seal_test_open(test, t, at, 0, RAS_SEAL_RECORDS, &length);
	seal_test_replay(test, t, text, length, 0, pages);
	KUNIT_EXPECT_EQ(test, memcmp(t->file + 100, "front", 5), 0);
	KUNIT_EXPECT_EQ(test, t->file[5000], 'p');
	KUNIT_EXPECT_EQ(test, t->file[7999], 'p');
	at += head + length + RAS_SEAL_TAG_BYTES;
	text = seal_test_open(test, t, at, 1, RAS_SEAL_END, &length);
	seal_test_replay(test, t, text, length, 1, NULL);
	KUNIT_EXPECT_EQ(test, memcmp(t->file + 100, "changed", 7), 0);
	KUNIT_EXPECT_EQ(test, memcmp(t->file + 8000, "behind", 6), 0);
	KUNIT_EXPECT_EQ(test, at + head + length + RAS_SEAL_TAG_BYTES, t->size);
}

/* More than a segment of records holds. */
static void ras_seal_large(struct kunit *test)
{
	struct seal_test *t = new_seal_test(test);
	size_t size = DUMP_SEAL_TEXT + 5000, at = RAS_SEAL_BEGIN, length;
	u8 *bytes = kunit_kzalloc(test, size, GFP_KERNEL), *text;
	u64 serial;

	KUNIT_ASSERT_NOT_NULL(test, bytes);
	get_random_bytes(bytes, size);
	KUNIT_EXPECT_EQ(test, dump_store_start(&t->s), 0);
	KUNIT_EXPECT_EQ(test, dump_store(&t->s, 1, bytes, size), 0);
	dump_store_finish(&t->s, true);
	for (serial = 0; serial < 2; serial++) {
		text = seal_test_open(test, t, at, serial, serial ? RAS_SEAL_END : RAS_SEAL_RECORDS,
				      &length);
		KUNIT_EXPECT_LE(test, length, (size_t)DUMP_SEAL_TEXT);
		seal_test_replay(test, t, text, length, serial, NULL);
		at += sizeof(struct ras_seal_segment) + length + RAS_SEAL_TAG_BYTES;
	}
	KUNIT_EXPECT_EQ(test, at, t->size);
	KUNIT_EXPECT_EQ(test, memcmp(t->file + 1, bytes, size), 0);
}

/* Records fill a segment up to its last bytes, and not beyond. */
static void ras_seal_brim(struct kunit *test)
{
	struct seal_test *t = new_seal_test(test);
	const size_t head = sizeof(struct ras_seal_segment);
	const struct ras_seal_segment *segment = (void *)t->log + RAS_SEAL_BEGIN;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, dump_store_start(&t->s), 0);
	for (i = 0; i < DUMP_SEAL_TEXT / 30; i++)
		KUNIT_EXPECT_EQ(test, dump_store(&t->s, 10 * i, "0123456789", 10), 0);
	dump_store_finish(&t->s, true);
	KUNIT_EXPECT_LE(test, le32_to_cpu(segment->length), (u32)DUMP_SEAL_TEXT);
	/* The next one would not have fitted. */
	KUNIT_EXPECT_GT(test, le32_to_cpu(segment->length) + sizeof(struct ras_seal_record) + 10,
			(size_t)DUMP_SEAL_TEXT);
	segment = (void *)segment + head + le32_to_cpu(segment->length) + RAS_SEAL_TAG_BYTES;
	KUNIT_EXPECT_EQ(test, le32_to_cpu(segment->kind), (u32)RAS_SEAL_END);
}

/* Each dump has a number and a key of its own, and a target that is full says so. */
static void ras_seal_attempts(struct kunit *test)
{
	struct seal_test *t = new_seal_test(test);
	u8 salt[RAS_SEAL_SALT_BYTES], key[sizeof(t->seal->dump_key)];
	int i, ret = 0;

	memcpy(salt, t->s.log.header.salt, sizeof(salt));
	memcpy(key, t->seal->dump_key, sizeof(key));
	KUNIT_EXPECT_EQ(test, le32_to_cpu(t->s.log.header.attempt), 1U);
	dump_seal_begin(&t->s.log, t->seal);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(t->s.log.header.attempt), 2U);
	KUNIT_EXPECT_NE(test, memcmp(salt, t->s.log.header.salt, sizeof(salt)), 0);
	KUNIT_EXPECT_NE(test, memcmp(key, t->seal->dump_key, sizeof(key)), 0);
	KUNIT_EXPECT_EQ(test, dump_store_start(&t->s), 0);
	for (i = 0; i < 5 * DUMP_SEAL_TEXT / PAGE_SIZE && !ret; i++)
		ret = dump_store(&t->s, 0, t->file, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, ret, -ENOSPC);
	KUNIT_EXPECT_LT(test, dump_store_finish(&t->s, true), 0);
	KUNIT_EXPECT_EQ(test, t->finished, 0ULL);
}

/* Lots leave room for the records that tell of them. */
static void ras_seal_full(struct kunit *test)
{
	struct seal_test *t = new_seal_test(test);
	const size_t head = sizeof(struct ras_seal_segment);
	u8 *room = kunit_kzalloc(test, head + 8000 + RAS_SEAL_TAG_BYTES, GFP_KERNEL);
	struct dump_lot lot = { .data = room + head, .bytes = 8000 };
	int ret = 0;

	KUNIT_ASSERT_NOT_NULL(test, room);
	KUNIT_EXPECT_EQ(test, dump_store_start(&t->s), 0);
	while (!ret) {
		/* As many descriptors as there can be. */
		if (t->s.log.filled < DUMP_SEAL_TEXT - 100)
			KUNIT_EXPECT_EQ(test, dump_store(&t->s, 0, t->file, 40), 0);
		else
			ret = dump_store_lot(&t->s, &lot);
	}
	KUNIT_EXPECT_EQ(test, ret, -ENOSPC);
	KUNIT_EXPECT_EQ(test, dump_store_finish(&t->s, true), 0);
	KUNIT_EXPECT_EQ(test, t->finished, (u64)t->size);
}

static struct kunit_case seal_cases[] = {
	KUNIT_CASE(ras_seal_rfc8439),
	KUNIT_CASE(ras_seal_key),
	KUNIT_CASE(ras_seal_weak_key),
	KUNIT_CASE(ras_seal_hidden),
	KUNIT_CASE(ras_seal_log),
	KUNIT_CASE(ras_seal_large),
	KUNIT_CASE(ras_seal_brim),
	KUNIT_CASE(ras_seal_attempts),
	KUNIT_CASE(ras_seal_full),
	{ }
};

static struct kunit_suite seal_suite = {
	.name		= "ras_dump_seal",
	.test_cases	= seal_cases,
};

kunit_test_suite(seal_suite);
