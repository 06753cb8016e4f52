// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump: a dump that is open: what its headers say, as far as all else depends on it.
 *
 * The rest of the headers may be wrong, and is looked at by headers.c.
 */
#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kdump-file.h"
#include "seal.h"

/* What else a file may be, by its first bytes, and what to do about it. */
static const struct {
	const char	*magic;
	size_t		size;
	const char	*what;
} others[] = {
	{ "\177ELF", 4, "is an ELF file; if it is a core of a kernel, \"makedumpfile -l -d 31\" "
			"makes a kdump-compressed dump of it" },
	{ "makedumpfile", 12, "is a dump in the flattened format; \"makedumpfile -R NEW < FILE\" "
			      "makes an ordinary dump of it" },
	{ "DISKDUMP", 8, "is a dump in the format of diskdump, which is not read" },
	{ "RASDUMP", 7, "is an area for dumps; ras-savecore fetches the dump that it may hold" },
	{ "\037\213", 2, "is compressed by gzip; decompress it" },
	{ "\3757zXZ", 6, "is compressed by xz; decompress it" },
	{ "\050\265\057\375", 4, "is compressed by zstd; decompress it" },
};

/* How much of the second header each version has. */
static const size_t sub_header_bytes[KDUMP_VERSION_MAX + 1] = {
	[1] = offsetof(struct kdump_sub_header, split),
	[2] = offsetof(struct kdump_sub_header, offset_vmcoreinfo),
	[3] = offsetof(struct kdump_sub_header, offset_note),
	[4] = offsetof(struct kdump_sub_header, offset_eraseinfo),
	[5] = offsetof(struct kdump_sub_header, start_pfn_64),
	[6] = sizeof(struct kdump_sub_header),
};

__attribute__((format(printf, 2, 3)))
static enum kdump_is damaged(struct why *why, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	refuse_by(why, format, arguments);
	va_end(arguments);
	return KDUMP_DAMAGED;
}

/* A read has failed: because the file is too short, or for another reason. */
static enum kdump_is not_read(const struct bytes *bytes, const char *what, struct why *why)
{
	if (!bytes->error)
		return damaged(why, "the file ends in %s, after %" PRIu64 " bytes", what,
			       bytes->size);
	refuse(why, "%s cannot be read: %s", what, strerror(bytes->error));
	return KDUMP_OTHER;
}

/* It is sealed: for whom?  A dump that is damaged so early nobody can unseal. */
static enum kdump_is sealed(struct bytes *bytes, struct why *why)
{
	struct seal *seal = malloc(sizeof(*seal));
	enum seal_is is = SEAL_OTHER;

	if (seal)
		is = seal_header(seal, bytes, why);
	else
		refuse(why, "no memory");
	if (is == SEAL_GOOD)
		seal_describe(seal, why);
	free(seal);
	return is == SEAL_CHANGED ? KDUMP_DAMAGED : KDUMP_OTHER;
}

/* Is it a dump of this format? */
static enum kdump_is recognize(struct bytes *bytes, struct why *why)
{
	char start[16] = "";
	const size_t size = bytes->size < sizeof(start) ? (size_t)bytes->size : sizeof(start);

	if (!size) {
		refuse(why, "is empty");
		return KDUMP_OTHER;
	}
	if (!bytes_read(bytes, start, size, 0))
		return not_read(bytes, "the header", why);
	if (size >= 8 && !memcmp(start, KDUMP_SIGNATURE, 8))
		return KDUMP_OPEN;
	if (seal_is_magic(start, size))
		return sealed(bytes, why);
	refuse(why, "is no dump: it does not begin with \"" KDUMP_SIGNATURE "\"");
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (size >= others[i].size && !memcmp(start, others[i].magic, others[i].size))
			refuse(why, "%s", others[i].what);
	return KDUMP_OTHER;
}

static enum kdump_is read_header(struct kdump *dump, struct why *why)
{
	const struct kdump_header *header = &dump->header;
	uint32_t sub_blocks, blocks;

	if (!bytes_read(dump->bytes, &dump->header, sizeof(dump->header), 0))
		return not_read(dump->bytes, "the header", why);
	dump->version = le32toh(header->version);
	dump->status = le32toh(header->status);
	dump->page_size = le32toh(header->block_size);
	dump->max_pfn = le32toh(header->max_mapnr);
	sub_blocks = le32toh(header->sub_header_blocks);
	blocks = le32toh(header->bitmap_blocks);
	if (dump->version < 1 || dump->version > KDUMP_VERSION_MAX) {
		refuse(why, "is of version %" PRId32 " of the format; versions 1 to %d are read",
		       (int32_t)dump->version, KDUMP_VERSION_MAX);
		return KDUMP_OTHER;
	}
	if (dump->page_size < 4096 || dump->page_size > KDUMP_PAGE_MAX ||
	    dump->page_size & (dump->page_size - 1))
		return damaged(why, "the header says that pages have %" PRIu32 " bytes",
			       dump->page_size);
	if (!sub_blocks || sub_blocks > INT32_MAX)
		return damaged(why, "the header says that the second one has %" PRId32 " blocks",
			       (int32_t)sub_blocks);
	if (blocks < 2 || blocks % 2)
		return damaged(why, "the header says that the two bitmaps have %" PRIu32
			       " blocks", blocks);
	/* At most 2^31 blocks and 2^32 blocks of 2^16 bytes. */
	dump->bitmaps = (1 + (uint64_t)sub_blocks) * dump->page_size;
	dump->bitmap_bytes = (uint64_t)blocks / 2 * dump->page_size;
	dump->table = dump->bitmaps + 2 * dump->bitmap_bytes;
	return KDUMP_OPEN;
}

static void find_extents(struct kdump *dump)
{
	const struct kdump_sub_header *sub = &dump->sub;

	dump->vmcoreinfo.offset = le64toh(sub->offset_vmcoreinfo);
	dump->vmcoreinfo.size = le64toh(sub->size_vmcoreinfo);
	dump->notes.offset = le64toh(sub->offset_note);
	dump->notes.size = le64toh(sub->size_note);
	dump->eraseinfo.offset = le64toh(sub->offset_eraseinfo);
	dump->eraseinfo.size = le64toh(sub->size_eraseinfo);
}

static enum kdump_is find_pages(struct kdump *dump, struct why *why)
{
	const struct kdump_sub_header *sub = &dump->sub;

	/* 0 is not what it should be; headers.c says so. */
	if (dump->version >= 6 && sub->max_mapnr_64)
		dump->max_pfn = le64toh(sub->max_mapnr_64);
	if (!dump->max_pfn || dump->max_pfn > KDUMP_MEMORY_MAX / dump->page_size)
		return damaged(why, "the headers say that there are %" PRIu64 " page frames",
			       dump->max_pfn);
	/* The size of a bitmap is at most 2^47, not to be multiplied but divided by. */
	if ((dump->max_pfn + 7) / 8 > dump->bitmap_bytes)
		return damaged(why, "the headers say that there are %" PRIu64 " page frames, the "
			       "bitmaps are for %" PRIu64, dump->max_pfn, 8 * dump->bitmap_bytes);
	dump->end_pfn = dump->max_pfn;
	if (!sub->split)
		return KDUMP_OPEN;
	dump->first_pfn = le64toh(dump->version >= 6 ? sub->start_pfn_64 : sub->start_pfn);
	dump->end_pfn = le64toh(dump->version >= 6 ? sub->end_pfn_64 : sub->end_pfn);
	if (dump->first_pfn >= dump->end_pfn || dump->end_pfn > dump->max_pfn)
		return damaged(why, "the file is said to be the part of a dump from page frame "
			       "%" PRIu64 " to %" PRIu64 " of %" PRIu64, dump->first_pfn,
			       dump->end_pfn, dump->max_pfn);
	return KDUMP_OPEN;
}

static enum kdump_is read_sub_header(struct kdump *dump, struct why *why)
{
	const size_t size = sub_header_bytes[dump->version];

	if (!bytes_read(dump->bytes, &dump->sub, size, dump->page_size))
		return not_read(dump->bytes, "the second header", why);
	dump->level = le32toh(dump->sub.dump_level);
	find_extents(dump);
	return find_pages(dump, why);
}

/**
 * kdump_open() - find out where in a file the pages of a dump are
 * @dump: the dump
 * @bytes: the file
 * @why: set to the reason if it is not open
 *
 * All of the headers and the bitmaps is in the file if it is open, nothing else is known.
 */
enum kdump_is kdump_open(struct kdump *dump, struct bytes *bytes, struct why *why)
{
	enum kdump_is is = recognize(bytes, why);

	memset(dump, 0, sizeof(*dump));
	dump->bytes = bytes;
	if (is == KDUMP_OPEN)
		is = read_header(dump, why);
	if (is == KDUMP_OPEN)
		is = read_sub_header(dump, why);
	if (is == KDUMP_OPEN && bytes->size < dump->table)
		return damaged(why, "the file ends before the descriptors of the pages, which "
			       "begin at byte %" PRIu64 ", after %" PRIu64 " bytes: no page can be "
			       "found", dump->table, bytes->size);
	return is;
}

/**
 * kdump_uts() - a string of the kernel that has crashed
 * @dump: the dump
 * @which: which string
 * @text: set to it, without what would do something to a terminal
 */
void kdump_uts(const struct kdump *dump, enum kdump_uts which, char text[KDUMP_UTS_BYTES + 1])
{
	memcpy(text, dump->header.uts[which], KDUMP_UTS_BYTES);
	text[KDUMP_UTS_BYTES] = '\0';
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

/**
 * kdump_uts_name() - what a string of the kernel is called
 * @which: which string
 */
const char *kdump_uts_name(enum kdump_uts which)
{
	static const char * const names[] = {
		[KDUMP_SYSNAME]		= "sysname",
		[KDUMP_NODE]		= "node name",
		[KDUMP_RELEASE]		= "release",
		[KDUMP_KERNEL_VERSION]	= "version",
		[KDUMP_MACHINE]		= "machine",
		[KDUMP_DOMAIN]		= "domain name",
	};

	return names[which];
}

/**
 * kdump_is_cut() - does the header say that pages are missing?
 * @dump: the dump
 */
bool kdump_is_cut(const struct kdump *dump)
{
	return dump->status & KDUMP_INCOMPLETE;
}

/**
 * kdump_is_split() - is the file one of several that are a dump together?
 * @dump: the dump
 */
bool kdump_is_split(const struct kdump *dump)
{
	return dump->sub.split;
}
