/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * RAS client: the dump engine: what is in an area of a disk that dumps are written to.
 *
 * An area is a partition, which is one extent, or a file, whose extents are in the order of
 * the file.  The first block of each extent is a stamp, struct ras_dump_stamp; a dump goes to
 * the blocks that are not stamps, from the first on.  The kernel stamps the area when it is
 * made a target, and compares the stamps before it writes to it in a crash.
 */
#ifndef _UAPI_LINUX_RAS_DUMP_H
#define _UAPI_LINUX_RAS_DUMP_H

#include <linux/types.h>

/* An area consists of blocks of this size, in bytes, whatever the disk has. */
#define RAS_DUMP_BLOCK		4096
#define RAS_DUMP_MAGIC		"RASDUMP2"
#define RAS_DUMP_VERSION	1
/* An area has at most this many extents. */
#define RAS_DUMP_EXTENTS	992

/**
 * enum ras_dump_state - what is in an area
 * @RAS_DUMP_EMPTY: no dump was ever written
 * @RAS_DUMP_BEGUN: one was begun, and not ended: the machine died.  @bytes of it are there
 * @RAS_DUMP_CUT: one that is not whole: there was no more room or time, or an error
 * @RAS_DUMP_WHOLE: a dump
 * @RAS_DUMP_TAKEN: a dump that was copied to where it is kept
 */
enum ras_dump_state {
	RAS_DUMP_EMPTY,
	RAS_DUMP_BEGUN,
	RAS_DUMP_CUT,
	RAS_DUMP_WHOLE,
	RAS_DUMP_TAKEN,
};

/**
 * struct ras_dump_stamp - the first block of an extent
 * @magic: %RAS_DUMP_MAGIC
 * @version: %RAS_DUMP_VERSION
 * @crc: CRC-32 of the block (that of zlib and Ethernet), with this field 0
 * @uuid: of the area
 * @armed: how often the area was made a target; the same in all stamps
 * @extent: the number of this extent, from 0
 * @extents: how many the area has
 * @state: see enum ras_dump_state.  Counts in extent 0 only, as @bytes and @time
 * @reserved: 0
 * @bytes: size of the dump
 * @time: when it was begun, in seconds since 1970
 * @blocks: size of each extent, with its stamp, in %RAS_DUMP_BLOCK
 */
struct ras_dump_stamp {
	__u8	magic[8];
	__le32	version;
	__le32	crc;
	__u8	uuid[16];
	__le64	armed;
	__le32	extent;
	__le32	extents;
	__le32	state;
	__le32	reserved;
	__le64	bytes;
	__le64	time;
	__u8	pad[RAS_DUMP_BLOCK - 72 - 4 * RAS_DUMP_EXTENTS];
	__le32	blocks[RAS_DUMP_EXTENTS];
};

#endif /* _UAPI_LINUX_RAS_DUMP_H */
