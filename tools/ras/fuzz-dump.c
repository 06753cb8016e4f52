// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump: a fuzzer of what reads a dump, and merges parts of one.
 *
 * A dump is mostly zeros between what counts.  So that changes hit what counts, an input is a
 * list of parts of a file: how many zeros come before (16 bits), how many bytes there are (16
 * bits), and these.  The zeros are holes.  make-corpus-dump packs files so.
 */
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "merge.h"
#include "same.h"
#include "say.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const char say_program[] = "fuzz-dump";

#define PARTS	256

/* Dumps with larger bitmaps are not merged. */
#define MERGED_MAX	(1 << 20)

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

/* A part of a merge.  Return: there is something to merge. */
static bool open_part(struct part *part, struct packed *packed)
{
	struct why why;

	part->name = "part";
	part->unpack = NULL;
	if (kdump_open(&part->dump, &packed->bytes, &why) != KDUMP_OPEN ||
	    !survey_make(&part->survey, &part->dump))
		return false;
	part->unpack = unpack_new(&part->dump, part->survey.pages);
	must(part->unpack);
	return true;
}

/* What comes of a merge is no worse than a part of it. */
static void check_merged(const struct request *request, const struct merge *merge,
			 enum verdict checked)
{
	struct bytes bytes;
	struct kdump dump;
	enum verdict verdict;
	struct why why;

	bytes_of(&bytes, merge->file.fd, merge->file.size);
	must(kdump_open(&dump, &bytes, &why) == KDUMP_OPEN);
	verdict = check_dump(request, &dump);
	must(verdict != VERDICT_TROUBLE);
	if (checked == VERDICT_GOOD)
		must(verdict == VERDICT_GOOD && !merge->missing);
	if (checked == VERDICT_CUT)
		must(verdict == VERDICT_GOOD || verdict == VERDICT_CUT);
	must(merge->done == merge->pages);
}

/* Merge a dump with the first half of it. */
static void try_merge(const struct request *request, struct packed *packed, enum verdict checked)
{
	static struct packed half;
	static struct merge merge;
	static int fd = -1;
	struct why why;

	if (fd < 0)
		fd = memfd_create("merged", 0);
	must(fd >= 0 && !ftruncate(fd, 0));
	memset(&merge, 0, sizeof(merge));
	merge.count = 2;
	merge.file.path = "merged";
	merge.file.fd = fd;
	merge.progress.is_quiet = true;
	half = *packed;
	if (open_part(&merge.parts[1], packed) &&
	    merge.parts[1].dump.table < MERGED_MAX &&
	    same_crash(&merge.parts[1].dump, &merge.parts[1].dump, &why)) {
		half.bytes.size -= (half.bytes.size - merge.parts[1].dump.table) / 2;
		if (open_part(&merge.parts[0], &half) && merge_all(&merge, &why))
			check_merged(request, &merge, checked);
	}
	unpack_free(merge.parts[0].unpack);
	unpack_free(merge.parts[1].unpack);
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
	if (size % 4 == 2 && !kdump_is_split(&dump) && !dump.eraseinfo.size)
		try_merge(&request, &packed, checked);
	return 0;
}
