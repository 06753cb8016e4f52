/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS client: the dump engine: structures of makedumpfile's kdump-compressed format, version 6
 * (makedumpfile: IMPLEMENTATION, diskdump_mod.h).
 */
#ifndef _RAS_DUMP_FORMAT_H
#define _RAS_DUMP_FORMAT_H

#include <linux/types.h>
#include <linux/utsname.h>

/* disk_dump_header.status: the file ends before the memory does. */
#define DUMP_INCOMPLETE	0x8

/* struct disk_dump_header */
struct dump_header {
	char			signature[8];
	s32			version;
	struct new_utsname	uts;
	u8			pad[6];
	s64			tv_sec;
	s64			tv_usec;
	u32			status;
	s32			block_size;
	s32			sub_header_blocks;
	u32			bitmap_blocks;
	u32			max_mapnr;
	u32			total_ram_blocks;
	u32			device_blocks;
	u32			written_blocks;
	u32			current_cpu;
	s32			nr_cpus;
} __packed;

/* struct kdump_sub_header */
struct dump_sub_header {
	u64			phys_base;
	s32			dump_level;
	s32			split;
	u64			start_pfn;
	u64			end_pfn;
	u64			offset_vmcoreinfo;
	u64			size_vmcoreinfo;
	u64			offset_note;
	u64			size_note;
	u64			offset_eraseinfo;
	u64			size_eraseinfo;
	u64			start_pfn_64;
	u64			end_pfn_64;
	u64			max_mapnr_64;
} __packed;

/* struct page_desc */
struct dump_desc {
	u64			offset;
	u32			size;
	u32			flags;
	u64			page_flags;
} __packed;

#endif /* _RAS_DUMP_FORMAT_H */
