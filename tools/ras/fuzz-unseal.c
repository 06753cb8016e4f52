// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump: a fuzzer of what unseals a dump.
 *
 * A change of what was sealed is found by the tag, and leads no further.  So an input is what is in
 * the segments, and the fuzzer seals it: the kind (8 bits), the number (16 bits), the length (16
 * bits) of each, and its bytes.  Before them are changes of the sealed dump: how many (8 bits), and
 * the place (16 bits) and the bits (8 bits) of each.  With them nothing else may come out.
 * make-corpus-seal makes inputs so.
 */
#include <endian.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "say.h"
#include "unseal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const char say_program[] = "fuzz-unseal";

#define LOG_MAX		(1024 * 1024)
/* Larger files are mostly holes, and are not compared. */
#define COMPARED_MAX	65536

/**
 * struct log - a sealed dump
 * @bytes: it, as a file
 * @data: what is in it
 */
struct log {
	struct bytes	bytes;
	uint8_t		data[LOG_MAX];
};

/* What is left of an input. */
struct input {
	const uint8_t	*data;
	size_t		size;
};

static const uint8_t recipient_secret[CRYPT_KEY_BYTES] = { 1, 2, 3 };
static const uint8_t ephemeral_secret[CRYPT_KEY_BYTES] = { 4, 5, 6 };

/* The checks must not go with NDEBUG. */
static void must(bool condition)
{
	if (!condition)
		abort();
}

static bool log_read(struct bytes *bytes, void *buffer, size_t size, uint64_t offset)
{
	const struct log *log = (const struct log *)bytes;

	must(size <= bytes->size && offset <= bytes->size - size);
	memcpy(buffer, log->data + offset, size);
	return true;
}

static uint64_t log_next_data(struct bytes *bytes, uint64_t offset)
{
	(void)bytes;
	return offset;
}

static const struct bytes_ops log_ops = {
	.read		= log_read,
	.next_data	= log_next_data,
};

static void take(struct input *input, void *to, size_t size)
{
	memset(to, 0, size);
	if (size > input->size)
		size = input->size;
	memcpy(to, input->data, size);
	input->data += size;
	input->size -= size;
}

static void seal_segment(struct log *log, const struct ras_seal_header *header,
			 struct input *input, const uint8_t *key)
{
	struct ras_seal_segment segment;
	uint8_t with[sizeof(*header) + sizeof(segment)], nonce[CRYPT_NONCE_BYTES];
	uint8_t *to = log->data + log->bytes.size;
	uint16_t number, length;
	uint8_t kind;

	take(input, &kind, sizeof(kind));
	take(input, &number, sizeof(number));
	take(input, &length, sizeof(length));
	length = le16toh(length);
	if (length > input->size)
		length = (uint16_t)input->size;
	memcpy(segment.id, header->ephemeral, sizeof(segment.id));
	segment.number = htole64(le16toh(number));
	segment.kind = htole32(kind);
	segment.length = htole32(length);
	memcpy(to, &segment, sizeof(segment));
	memcpy(with, header, sizeof(*header));
	memcpy(with + sizeof(*header), &segment, sizeof(segment));
	memcpy(nonce, &header->attempt, sizeof(header->attempt));
	memcpy(nonce + sizeof(header->attempt), &segment.number, sizeof(segment.number));
	must(!crypto_aead_chacha20poly1305_ietf_encrypt(to + sizeof(segment), NULL, input->data,
							length, with, sizeof(with), NULL, nonce,
							key));
	input->data += length;
	input->size -= length;
	log->bytes.size += sizeof(segment) + length + CRYPT_TAG_BYTES;
}

static void seal_all(struct log *log, struct input *input)
{
	struct ras_seal_header header = { .attempt = htole32(1) };
	uint8_t key[CRYPT_KEY_BYTES];

	memcpy(header.magic, RAS_SEAL_MAGIC, sizeof(header.magic));
	header.version = htole32(RAS_SEAL_VERSION);
	must(crypt_public(header.recipient, recipient_secret) &&
	     crypt_public(header.ephemeral, ephemeral_secret) &&
	     crypt_shared(key, header.recipient, ephemeral_secret, header.salt));
	log->bytes.ops = &log_ops;
	log->bytes.size = RAS_SEAL_BEGIN;
	memset(log->data, 0, RAS_SEAL_BEGIN);
	memcpy(log->data, &header, sizeof(header));
	while (input->size && log->bytes.size < LOG_MAX - 2 * UINT16_MAX)
		seal_segment(log, &header, input, key);
}

/* Unseal the log to a file in memory. */
static enum unsealed run(struct log *log, struct new_file *file)
{
	static struct unseal unseal;
	struct why why = { "" };
	enum unsealed result;
	enum seal_is is;

	log->bytes.error = 0;
	must(!ftruncate(file->fd, 0));
	file->size = 0;
	unseal.file = *file;
	unseal.progress.is_quiet = true;
	unseal.counter = 0;
	unseal.segments = 0;
	is = seal_header(&unseal.seal, &log->bytes, &why);
	if (is == SEAL_GOOD)
		is = seal_open(&unseal.seal, recipient_secret, &why);
	if (is != SEAL_GOOD) {
		must(*why.text);
		return UNSEALED_CHANGED;
	}
	result = unseal_all(&unseal, &why);
	must((result == UNSEALED_WHOLE) == !*why.text);
	must(unseal.file.size <= UNSEAL_FILE_MAX && unseal.seal.at <= log->bytes.size);
	/* There are at most so many segments, see numbers.h. */
	must(result != UNSEALED_FAILED || unseal.segments >= NUMBERS_MAX);
	file->size = unseal.file.size;
	return result;
}

static struct new_file memory_file(void)
{
	const struct new_file file = { .path = "memory", .fd = memfd_create("memory", 0) };

	must(file.fd >= 0);
	return file;
}

static void compare(const struct new_file *one, const struct new_file *other)
{
	static uint8_t left[COMPARED_MAX], right[COMPARED_MAX];

	must(one->size == other->size);
	if (one->size > COMPARED_MAX)
		return;
	must(pread(one->fd, left, one->size, 0) == (ssize_t)one->size &&
	     pread(other->fd, right, other->size, 0) == (ssize_t)other->size &&
	     !memcmp(left, right, one->size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct new_file file = { .fd = -1 }, other = { .fd = -1 };
	static struct log log;
	struct input input = { data, size }, changes;
	struct why why;
	enum unsealed result;
	uint8_t count, bits;
	uint16_t place;

	if (file.fd < 0) {
		must(crypt_begin(&why));
		file = memory_file();
		other = memory_file();
	}
	take(&input, &count, sizeof(count));
	changes.data = input.data;
	changes.size = 3u * count < input.size ? 3u * count : input.size;
	input.data += changes.size;
	input.size -= changes.size;
	seal_all(&log, &input);
	result = run(&log, &file);
	if (!changes.size)
		return 0;
	while (changes.size) {
		take(&changes, &place, sizeof(place));
		take(&changes, &bits, sizeof(bits));
		if (le16toh(place) < log.bytes.size)
			log.data[le16toh(place)] ^= bits;
	}
	if (run(&log, &other) == UNSEALED_WHOLE) {
		must(result == UNSEALED_WHOLE);
		compare(&file, &other);
	}
	return 0;
}
