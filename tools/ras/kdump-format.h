/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-dump: makedumpfile's kdump-compressed format as it is in a file (makedumpfile:
 * IMPLEMENTATION, diskdump_mod.h).  All of it is little endian here.
 */
#ifndef RAS_KDUMP_FORMAT_H
#define RAS_KDUMP_FORMAT_H

#include <linux/types.h>

#define KDUMP_SIGNATURE		"KDUMP   "
#define KDUMP_VERSION_MAX	6

/* How a page is stored, in its descriptor; in the header's status, how pages may be stored. */
#define KDUMP_ZLIB		0x01
#define KDUMP_LZO		0x02
#define KDUMP_SNAPPY		0x04
#define KDUMP_ZSTD		0x20
/* In the header's status: not all pages are there; nor is vmemmap. */
#define KDUMP_INCOMPLETE	0x08
#define KDUMP_NO_VMEMMAP	0x10
#define KDUMP_STATUS		0x3f

/* Each string of struct new_utsname. */
#define KDUMP_UTS_BYTES		65

enum kdump_uts {
	KDUMP_SYSNAME,
	KDUMP_NODE,
	KDUMP_RELEASE,
	KDUMP_KERNEL_VERSION,
	KDUMP_MACHINE,
	KDUMP_DOMAIN,
	KDUMP_UTS,
};

/* struct disk_dump_header, in the first block */
struct kdump_header {
	char	signature[8];
	__le32	version;
	char	uts[KDUMP_UTS][KDUMP_UTS_BYTES];
	__u8	pad[6];
	__le64	tv_sec;
	__le64	tv_usec;
	__le32	status;
	__le32	block_size;
	__le32	sub_header_blocks;
	__le32	bitmap_blocks;
	__le32	max_mapnr;
	__le32	total_ram_blocks;
	__le32	device_blocks;
	__le32	written_blocks;
	__le32	current_cpu;
	__le32	nr_cpus;
} __attribute__((packed));

/* struct kdump_sub_header, in the second block; each version has added what follows it. */
struct kdump_sub_header {
	__le64	phys_base;
	__le32	dump_level;
	/* version 2 */
	__le32	split;
	__le64	start_pfn;
	__le64	end_pfn;
	/* version 3 */
	__le64	offset_vmcoreinfo;
	__le64	size_vmcoreinfo;
	/* version 4 */
	__le64	offset_note;
	__le64	size_note;
	/* version 5 */
	__le64	offset_eraseinfo;
	__le64	size_eraseinfo;
	/* version 6 */
	__le64	start_pfn_64;
	__le64	end_pfn_64;
	__le64	max_mapnr_64;
} __attribute__((packed));

/* struct page_desc, one for each page of bitmap 2 */
struct kdump_desc {
	__le64	offset;
	__le32	size;
	__le32	flags;
	__le64	page_flags;
} __attribute__((packed));

/* The head of an ELF note. */
struct kdump_note {
	__le32	namesz;
	__le32	descsz;
	__le32	type;
} __attribute__((packed));

#define KDUMP_NT_PRSTATUS	1
/* Of struct elf_prstatus on x86-64: its size, and where its pid is. */
#define KDUMP_PRSTATUS_BYTES	336
#define KDUMP_PRSTATUS_PID	32

#endif
