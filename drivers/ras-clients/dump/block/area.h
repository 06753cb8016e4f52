/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS client: the dump engine, target block: the area of a disk that dumps are written to.
 */
#ifndef _RAS_DUMP_AREA_H
#define _RAS_DUMP_AREA_H

#include <linux/types.h>
#include <linux/ras_dump.h>

struct block_device;
struct file;

/* Sectors, as the block layer counts them, in a block of an area. */
#define DUMP_BLOCK_SECTORS	(RAS_DUMP_BLOCK / 512)

/**
 * struct dump_extent - a run of blocks
 * @sector: where it begins on the block device, in units of 512 bytes
 * @blocks: its size with the stamp, in %RAS_DUMP_BLOCK
 */
struct dump_extent {
	u64			sector;
	u32			blocks;
};

/**
 * struct dump_area - an area that is armed
 * @bdev: the disk or partition that has it
 * @file: the file that it is; NULL: it is all of @bdev
 * @stamp: what is in its first block, as of when it was armed
 * @nr_extents: how many of @extent there are
 * @blocks: size without the stamps, in %RAS_DUMP_BLOCK
 * @extent: in the order of the file
 */
struct dump_area {
	struct block_device	*bdev;
	struct file		*file;
	struct ras_dump_stamp	*stamp;
	unsigned int		nr_extents;
	u64			blocks;
	struct dump_extent	extent[RAS_DUMP_EXTENTS];
};

struct dump_area *dump_area_arm(const char *path);
void dump_area_disarm(struct dump_area *area);
bool dump_area_is_used(const struct dump_area *area);
void dump_area_stamp(const struct dump_area *area, unsigned int extent,
		     struct ras_dump_stamp *stamp);
void dump_area_seal(struct ras_dump_stamp *stamp);
u64 dump_area_sector(const struct dump_area *area, u64 block, u32 *blocks);

#endif /* _RAS_DUMP_AREA_H */
