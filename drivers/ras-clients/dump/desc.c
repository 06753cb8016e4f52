// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine: page descriptors, and the mark of a file that lacks pages.
 */
#include <linux/build_bug.h>
#include <linux/string.h>

#include "dump.h"
#include "format.h"

/**
 * dump_make_desc() - a page descriptor
 * @at: where to; %DUMP_DESC_BYTES bytes
 * @offset: as dump_write_desc()
 * @size: likewise
 * @flags: likewise
 */
void dump_make_desc(void *at, u64 offset, u32 size, u32 flags)
{
	struct dump_desc desc = { .offset = offset, .size = size, .flags = flags };

	BUILD_BUG_ON(sizeof(desc) != DUMP_DESC_BYTES);
	memcpy(at, &desc, sizeof(desc));
}

/**
 * dump_read_desc() - where a page descriptor leads to
 * @at: the descriptor; %DUMP_DESC_BYTES bytes
 * @offset: set to where in the file the page is, in bytes
 * @size: set to how many bytes it takes there; 0: the page is missing
 */
void dump_read_desc(const void *at, u64 *offset, u32 *size)
{
	struct dump_desc desc;

	memcpy(&desc, at, sizeof(desc));
	*offset = desc.offset;
	*size = desc.size;
}

/**
 * dump_cut_header() - have the header of a file say that pages are missing
 * @page: the first page of the file
 */
void dump_cut_header(void *page)
{
	struct dump_header *header = page;

	header->status |= DUMP_INCOMPLETE;
}
