/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-dump: a dump that is open: what its headers say, as far as all else depends on it.
 */
#ifndef RAS_KDUMP_FILE_H
#define RAS_KDUMP_FILE_H

#include "bytes.h"
#include "kdump-format.h"

/* The largest page; the kernel gives vmcoreinfo one. */
#ifndef KDUMP_PAGE_MAX
#define KDUMP_PAGE_MAX		65536
#endif
#define KDUMP_VMCOREINFO_MAX	KDUMP_PAGE_MAX
/* More than 180,000 CPUs have. */
#define KDUMP_NOTES_MAX		(64 * 1024 * 1024)
/* Physical addresses of x86-64 have 52 bits. */
#define KDUMP_MEMORY_MAX	(1ull << 52)

/**
 * enum kdump_is - what a file turned out to be
 * @KDUMP_OPEN: a dump whose pages can be found
 * @KDUMP_OTHER: no dump, one in another format, or nothing that can be read
 * @KDUMP_DAMAGED: a dump that is damaged such that no page can be found
 */
enum kdump_is {
	KDUMP_OPEN,
	KDUMP_OTHER,
	KDUMP_DAMAGED,
};

/* Bytes of the file. */
struct extent {
	uint64_t	offset;
	uint64_t	size;
};

/**
 * struct kdump - a dump
 * @bytes: its file
 * @header: the header as it is in the file
 * @sub: the second header, the same; what its version does not have is 0
 * @version: of the format
 * @status: see KDUMP_STATUS
 * @page_size: and size of a block
 * @level: which kinds of pages are left out
 * @max_pfn: how many page frames there are, with all holes
 * @first_pfn: of this file; 0 unless the dump was split into several
 * @end_pfn: of this file; the same
 * @bitmaps: where in the file the first bitmap is, with the second one behind it
 * @bitmap_bytes: the size of one of them
 * @table: where the descriptors of the pages are
 * @vmcoreinfo: where it is; of size 0 if there is none
 * @notes: where the ELF notes are; the same
 * @eraseinfo: where the list of what was erased is; the same
 */
struct kdump {
	struct bytes		*bytes;
	struct kdump_header	header;
	struct kdump_sub_header	sub;
	uint32_t		version;
	uint32_t		status;
	uint32_t		page_size;
	uint32_t		level;
	uint64_t		max_pfn;
	uint64_t		first_pfn;
	uint64_t		end_pfn;
	uint64_t		bitmaps;
	uint64_t		bitmap_bytes;
	uint64_t		table;
	struct extent		vmcoreinfo;
	struct extent		notes;
	struct extent		eraseinfo;
};

enum kdump_is kdump_open(struct kdump *dump, struct bytes *bytes, struct why *why);
const char *kdump_uts_name(enum kdump_uts which);
void kdump_uts(const struct kdump *dump, enum kdump_uts which, char text[KDUMP_UTS_BYTES + 1]);
bool kdump_is_cut(const struct kdump *dump);
bool kdump_is_split(const struct kdump *dump);

#endif
