// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target block: the area of a disk that dumps are written to.
 *
 * All of this but the arithmetic runs when the target is armed, by the kernel's own drivers.
 * An area is taken only if it is one already, or is full of zeros: a name that was mistyped
 * must not cost a file system.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/crc32.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/pagemap.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uuid.h>

#include "area.h"

/*
 * How much at both ends of a partition has to be zeros: there are the superblocks of file
 * systems, volume managers and RAIDs, that of btrfs the last at 64 KiB.
 */
#define DUMP_AREA_EDGE	(128 * 1024 / RAS_DUMP_BLOCK)

static u32 dump_area_crc(const struct ras_dump_stamp *stamp)
{
	const size_t at = offsetof(struct ras_dump_stamp, crc), behind = at + sizeof(stamp->crc);
	static const u8 none[sizeof(stamp->crc)];
	u32 crc = crc32_le(~0, (const u8 *)stamp, at);

	crc = crc32_le(crc, none, sizeof(none));
	return ~crc32_le(crc, (const u8 *)stamp + behind, sizeof(*stamp) - behind);
}

/* Make a stamp that was changed valid again. */
void dump_area_seal(struct ras_dump_stamp *stamp)
{
	stamp->crc = cpu_to_le32(dump_area_crc(stamp));
}

/**
 * dump_area_stamp() - what the stamp of an extent has to be
 * @area: the area
 * @extent: the number of the extent
 * @stamp: set to it
 *
 * Context: Any.
 */
void dump_area_stamp(const struct dump_area *area, unsigned int extent,
		     struct ras_dump_stamp *stamp)
{
	memcpy(stamp, area->stamp, sizeof(*stamp));
	stamp->extent = cpu_to_le32(extent);
	dump_area_seal(stamp);
}

/* Does the area hold a dump that somebody may still want? */
bool dump_area_is_used(const struct dump_area *area)
{
	u32 state = le32_to_cpu(area->stamp->state);

	return state != RAS_DUMP_EMPTY && state != RAS_DUMP_TAKEN;
}

/**
 * dump_area_sector() - where a block of the dump is
 * @area: the area
 * @block: the number of the block, stamps not counted
 * @blocks: set to how many blocks follow one another from there on
 *
 * Context: Any.
 * Return: the sector on area->bdev, in units of 512 bytes; *@blocks is 0 behind the end.
 */
u64 dump_area_sector(const struct dump_area *area, u64 block, u32 *blocks)
{
	const struct dump_extent *extent = area->extent;

	for (; extent < area->extent + area->nr_extents; extent++) {
		u32 room = extent->blocks - 1;

		if (block < room) {
			*blocks = room - block;
			return extent->sector + (block + 1) * DUMP_BLOCK_SECTORS;
		}
		block -= room;
	}
	*blocks = 0;
	return 0;
}

/* Read or write one block by the kernel's own driver. */
static int dump_area_transfer(struct block_device *bdev, u64 sector, void *block,
			      enum req_op op)
{
	struct bio_vec vec;
	struct bio bio;
	int ret;

	bio_init(&bio, bdev, &vec, 1, op | (op == REQ_OP_WRITE ? REQ_FUA | REQ_PREFLUSH : 0));
	bio.bi_iter.bi_sector = sector;
	__bio_add_page(&bio, virt_to_page(block), RAS_DUMP_BLOCK, offset_in_page(block));
	ret = submit_bio_wait(&bio);
	bio_uninit(&bio);
	return ret;
}

static bool dump_stamp_is_valid(const struct ras_dump_stamp *stamp)
{
	return !memcmp(stamp->magic, RAS_DUMP_MAGIC, sizeof(stamp->magic)) &&
	       le32_to_cpu(stamp->version) == RAS_DUMP_VERSION &&
	       le32_to_cpu(stamp->crc) == dump_area_crc(stamp);
}

static bool dump_is_zeros(const void *block)
{
	return !memchr_inv(block, 0, RAS_DUMP_BLOCK);
}

/* May the blocks from @first to before @end of a partition be written over? */
static int dump_area_look_for_zeros(struct dump_area *area, void *block, u64 first, u64 end)
{
	u64 at;

	for (at = first; at < end; at++) {
		int ret = dump_area_transfer(area->bdev, at * DUMP_BLOCK_SECTORS, block,
					     REQ_OP_READ);

		if (ret)
			return ret;
		if (!dump_is_zeros(block))
			return -EEXIST;
	}
	return 0;
}

/*
 * Does every extent begin with a stamp, or with zeros?  -EEXIST if there is something else.
 * Leaves the stamp of the first extent, or zeros, in area->stamp.
 */
static int dump_area_inspect(struct dump_area *area, void *block)
{
	u32 blocks = area->extent[0].blocks, edge = min_t(u32, blocks, DUMP_AREA_EDGE);
	unsigned int i;
	int ret;

	for (i = 0; i < area->nr_extents; i++) {
		ret = dump_area_transfer(area->bdev, area->extent[i].sector, block, REQ_OP_READ);
		if (ret)
			return ret;
		if (!dump_stamp_is_valid(block) && !dump_is_zeros(block))
			return -EEXIST;
		if (!i)
			memcpy(area->stamp, block, RAS_DUMP_BLOCK);
	}
	if (area->file || dump_stamp_is_valid(area->stamp))
		return 0;
	return dump_area_look_for_zeros(area, block, 0, edge) ?:
	       dump_area_look_for_zeros(area, block, blocks - edge, blocks);
}

/* Is area->stamp, which was read, of this area as it is now? */
static bool dump_stamp_fits(const struct dump_area *area)
{
	const struct ras_dump_stamp *stamp = area->stamp;
	unsigned int i;

	if (!dump_stamp_is_valid(stamp) || le32_to_cpu(stamp->extent) ||
	    le32_to_cpu(stamp->extents) != area->nr_extents)
		return false;
	for (i = 0; i < area->nr_extents; i++)
		if (le32_to_cpu(stamp->blocks[i]) != area->extent[i].blocks)
			return false;
	return true;
}

/* Fill in area->stamp, as it is to be in all extents, and write it. */
static int dump_area_write_stamps(struct dump_area *area, void *block)
{
	struct ras_dump_stamp *stamp = area->stamp;
	u64 armed = le64_to_cpu(stamp->armed);
	unsigned int i;
	int ret = 0;

	if (!dump_stamp_fits(area)) {
		memset(stamp, 0, sizeof(*stamp));
		memcpy(stamp->magic, RAS_DUMP_MAGIC, sizeof(stamp->magic));
		stamp->version = cpu_to_le32(RAS_DUMP_VERSION);
		generate_random_uuid(stamp->uuid);
		stamp->extents = cpu_to_le32(area->nr_extents);
		for (i = 0; i < area->nr_extents; i++)
			stamp->blocks[i] = cpu_to_le32(area->extent[i].blocks);
		armed = 0;
	}
	stamp->armed = cpu_to_le64(armed + 1);
	stamp->state = cpu_to_le32(RAS_DUMP_EMPTY);
	stamp->bytes = 0;
	stamp->time = 0;
	dump_area_seal(stamp);
	for (i = 0; i < area->nr_extents && !ret; i++) {
		dump_area_stamp(area, i, block);
		ret = dump_area_transfer(area->bdev, area->extent[i].sector, block, REQ_OP_WRITE);
	}
	return ret;
}

/* Take the area, unless it holds what was not fetched. */
static int dump_area_take(struct dump_area *area, const char *path)
{
	void *block = (void *)get_zeroed_page(GFP_KERNEL);
	int ret = block ? dump_area_inspect(area, block) : -ENOMEM;

	if (ret == -EEXIST)
		pr_warn("%s: holds something else; an area for dumps is full of zeros\n", path);
	else if (ret)
		pr_warn("%s: cannot be read: %d\n", path, ret);
	else if (dump_stamp_fits(area) && dump_area_is_used(area))
		pr_notice("%s: holds a dump that was not fetched: ras-savecore\n", path);
	else
		ret = dump_area_write_stamps(area, block);
	/* What was written went past the page cache. */
	invalidate_mapping_pages(area->file ? area->file->f_mapping :
					      area->bdev->bd_inode->i_mapping, 0, -1);
	free_page((unsigned long)block);
	return ret;
}

static int dump_area_add(struct dump_area *area, u64 sector, u32 blocks)
{
	struct dump_extent *last = area->extent + area->nr_extents - 1;

	if (area->nr_extents && last->blocks < U32_MAX - blocks &&
	    last->sector + (u64)last->blocks * DUMP_BLOCK_SECTORS == sector) {
		last->blocks += blocks;
		return 0;
	}
	if (area->nr_extents == RAS_DUMP_EXTENTS)
		return -EFBIG;
	area->extent[area->nr_extents].sector = sector;
	area->extent[area->nr_extents++].blocks = blocks;
	return 0;
}

/* The blocks of a file, as swapon(2) finds them.  A block of a file system is one of ours. */
static int dump_area_map_file(struct dump_area *area, struct inode *inode, const char *path)
{
	u64 nr = i_size_read(inode) >> inode->i_blkbits, at;
	int ret = 0;

	for (at = 0; at < nr && !ret; at++) {
		sector_t block = at;

		ret = bmap(inode, &block);
		if (!ret && !block)
			ret = -ENODATA;
		if (!ret)
			ret = dump_area_add(area, (u64)block * DUMP_BLOCK_SECTORS, 1);
		cond_resched();
	}
	if (ret == -ENODATA)
		pr_warn("%s: has a hole, or was not written: fill it with zeros\n", path);
	else if (ret)
		pr_warn("%s: its blocks cannot be found: %d\n", path, ret);
	return ret;
}

/* Nobody may truncate, move or write to it: as a swap file, see IS_SWAPFILE(). */
static int dump_area_claim_file(struct inode *inode, bool claim)
{
	int ret = 0;

	inode_lock(inode);
	if (claim && IS_SWAPFILE(inode))
		ret = -EBUSY;
	else if (claim)
		inode->i_flags |= S_SWAPFILE;
	else
		inode->i_flags &= ~S_SWAPFILE;
	inode_unlock(inode);
	return ret;
}

static int dump_area_open_file(struct dump_area *area, const char *path)
{
	struct inode *inode;
	int ret;

	area->file = filp_open(path, O_RDWR | O_LARGEFILE, 0);
	if (IS_ERR(area->file)) {
		ret = PTR_ERR(area->file);
		area->file = NULL;
		pr_warn("%s: cannot be opened: %d\n", path, ret);
		return ret;
	}
	inode = file_inode(area->file);
	area->bdev = inode->i_sb->s_bdev;
	ret = !area->bdev || inode->i_blkbits != ilog2(RAS_DUMP_BLOCK) ? -EOPNOTSUPP :
								  vfs_fsync(area->file, 0);
	if (ret)
		pr_warn("%s: not a file of a file system on a disk with blocks of %u bytes\n",
			path, RAS_DUMP_BLOCK);
	else
		ret = dump_area_claim_file(inode, true);
	if (!ret) {
		ret = dump_area_map_file(area, inode, path);
		if (ret)
			dump_area_claim_file(inode, false);
	}
	if (ret)
		fput(area->file);
	return ret;
}

/* A name that the kernel's root= would know is understood before there is a /dev, too. */
static int dump_area_open_disk(struct dump_area *area, const char *path)
{
	const fmode_t mode = FMODE_READ | FMODE_WRITE | FMODE_EXCL;
	struct block_device *bdev = blkdev_get_by_path(path, mode, area);
	dev_t dev = IS_ERR(bdev) ? name_to_dev_t(path) : 0;
	u64 blocks;

	if (dev && PTR_ERR(bdev) == -ENOENT)
		bdev = blkdev_get_by_dev(dev, mode, area);
	if (IS_ERR(bdev)) {
		pr_warn("%s: cannot be opened for us alone: %ld\n", path, PTR_ERR(bdev));
		return PTR_ERR(bdev);
	}
	area->bdev = bdev;
	blocks = bdev_nr_bytes(bdev) / RAS_DUMP_BLOCK;
	return dump_area_add(area, 0, clamp_t(u64, blocks, 1, U32_MAX));
}

static bool dump_is_file(const char *name)
{
	struct path path;
	bool ret;

	if (kern_path(name, LOOKUP_FOLLOW, &path))
		return false;
	ret = d_is_reg(path.dentry);
	path_put(&path);
	return ret;
}

static void dump_area_close(struct dump_area *area)
{
	if (area->file) {
		dump_area_claim_file(file_inode(area->file), false);
		fput(area->file);
	} else {
		blkdev_put(area->bdev, FMODE_READ | FMODE_WRITE | FMODE_EXCL);
	}
}

/* An extent of a stamp alone is of no use. */
static int dump_area_count(struct dump_area *area, const char *path)
{
	unsigned int i;

	for (i = 0; i < area->nr_extents; i++) {
		if (area->extent[i].blocks < 2) {
			pr_warn("%s: too small, or in too many pieces\n", path);
			return -ENOSPC;
		}
		area->blocks += area->extent[i].blocks - 1;
	}
	return 0;
}

/**
 * dump_area_arm() - make a partition or a file one that dumps are written to
 * @path: its name
 *
 * Keeps everybody else from it, and writes stamps to it, unless it holds a dump that was not
 * fetched.
 *
 * Context: Process context.
 * Return: the area, or an error pointer, with a line in the log that says why: %-EEXIST if
 *	there is something else, %-EBUSY if it is mounted or otherwise in use, %-EOPNOTSUPP,
 *	%-ENODATA or %-EFBIG if the file cannot be used.
 */
struct dump_area *dump_area_arm(const char *path)
{
	struct dump_area *area = kvzalloc(sizeof(*area), GFP_KERNEL);
	int ret;

	BUILD_BUG_ON(sizeof(struct ras_dump_stamp) != RAS_DUMP_BLOCK);
	BUILD_BUG_ON(RAS_DUMP_BLOCK != PAGE_SIZE);
	if (!area)
		return ERR_PTR(-ENOMEM);
	area->stamp = (void *)get_zeroed_page(GFP_KERNEL);
	ret = !area->stamp ? -ENOMEM :
	      dump_is_file(path) ? dump_area_open_file(area, path) :
				   dump_area_open_disk(area, path);
	if (ret)
		goto free;
	ret = dump_area_count(area, path) ?: dump_area_take(area, path);
	if (!ret)
		return area;
	dump_area_close(area);
free:
	free_page((unsigned long)area->stamp);
	kvfree(area);
	return ERR_PTR(ret);
}

/**
 * dump_area_disarm() - let others have the area
 * @area: the area
 *
 * Context: Process context.
 */
void dump_area_disarm(struct dump_area *area)
{
	dump_area_close(area);
	free_page((unsigned long)area->stamp);
	kvfree(area);
}
