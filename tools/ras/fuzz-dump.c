// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump: a fuzzer of what reads a dump.
 *
 * A dump is mostly zeros between what counts.  So that changes hit what counts, an input is a
 * list of parts of a file: how many zeros come before (16 bits), how many bytes there are (16
 * bits), and these.  The zeros are holes.  make-corpus-dump packs files so.
 */
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "say.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const char say_program[] = "fuzz-dump";

#define PARTS	256

/**
 * struct packed - an input
 * @bytes: the file that it makes
 * @count: how many parts
 * @parts: each of them: where it begins in the file, its size, and its bytes in the input
 */
struct packed {
	struct bytes	bytes;
	size_t		count;
	struct {
		uint64_t	offset;
		size_t		size;
		const uint8_t	*data;
	} parts[PARTS];
};

/* The checks must not go with NDEBUG. */
static void must(bool condition)
{
	if (!condition)
		abort();
}

static bool packed_read(struct bytes *bytes, void *buffer, size_t size, uint64_t offset)
{
	const struct packed *packed = (const struct packed *)bytes;
	uint8_t *to = buffer;

	/* What the readers trust bytes_read() to have checked. */
	must(size <= bytes->size && offset <= bytes->size - size);
	memset(to, 0, size);
	for (size_t i = 0; i < packed->count; i++) {
		const uint64_t start = packed->parts[i].offset, end = start + packed->parts[i].size;
		const uint64_t from = start > offset ? start : offset;
		const uint64_t until = end < offset + size ? end : offset + size;

		if (from < until)
			memcpy(to + (from - offset), packed->parts[i].data + (from - start),
			       until - from);
	}
	return true;
}

static uint64_t packed_next_data(struct bytes *bytes, uint64_t offset)
{
	const struct packed *packed = (const struct packed *)bytes;

	for (size_t i = 0; i < packed->count; i++)
		if (packed->parts[i].offset + packed->parts[i].size > offset)
			return packed->parts[i].offset > offset ? packed->parts[i].offset : offset;
	return bytes->size;
}

static const struct bytes_ops packed_ops = {
	.read		= packed_read,
	.next_data	= packed_next_data,
};

static unsigned int number(const uint8_t *data)
{
	return data[0] | (unsigned int)data[1] << 8;
}

static void open_packed(struct packed *packed, const uint8_t *data, size_t size)
{
	packed->count = 0;
	packed->bytes.ops = &packed_ops;
	packed->bytes.size = 0;
	packed->bytes.error = 0;
	while (size >= 4 && packed->count < PARTS) {
		size_t length = number(data + 2);

		packed->bytes.size += number(data);
		data += 4;
		size -= 4;
		if (length > size)
			length = size;
		packed->parts[packed->count].offset = packed->bytes.size;
		packed->parts[packed->count].size = length;
		packed->parts[packed->count++].data = data;
		packed->bytes.size += length;
		data += length;
		size -= length;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct packed packed;
	static struct request request = { .name = "input", .is_quiet = true };
	enum verdict shown, checked;
	struct kdump dump;
	struct why why = { "" };

	if (!request.out) {
		request.out = fopen("/dev/null", "w");
		must(request.out);
		__fsetlocking(request.out, FSETLOCKING_BYCALLER);
	}
	open_packed(&packed, data, size);
	if (kdump_open(&dump, &packed.bytes, &why) != KDUMP_OPEN) {
		must(*why.text);
		return 0;
	}
	/* To write all that is damaged takes longer than all else. */
	request.is_json = size & 1;
	request.is_all = size % 16 < 2;
	shown = info_show(&request, &dump);
	checked = check_dump(&request, &dump);
	must(shown != VERDICT_TROUBLE && checked != VERDICT_TROUBLE);
	/* What info sees, check sees. */
	must(shown == VERDICT_GOOD || checked == VERDICT_DAMAGED);
	return 0;
}
