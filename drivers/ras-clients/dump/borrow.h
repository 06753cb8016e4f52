/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS client: the dump engine, target memory: what the files borrow*.c and their tests share.
 */
#ifndef _RAS_DUMP_BORROW_H
#define _RAS_DUMP_BORROW_H

#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include "memory.h"

/* Memory is borrowed in blocks of that many bytes.  The first page tells what it is. */
#define DUMP_BORROW_BYTES	SZ_2M
#define DUMP_BORROW_PAGES	(DUMP_BORROW_BYTES >> PAGE_SHIFT)
#define DUMP_BORROW_HEAD	PAGE_SIZE
#define DUMP_BORROW_ROOM	(DUMP_BORROW_BYTES - DUMP_BORROW_HEAD)
/* Page frames that are looked at together: the largest free block there can be. */
#define DUMP_CHUNK_PAGES	(2 * DUMP_BORROW_PAGES)
/* What memblock reserves this early has to fit into a small table: 128 ranges in all. */
#define DUMP_BORROW_RUNS	64

/**
 * struct dump_borrow_head - the head of a block, read by the next kernel
 * @magic: tells that it is one
 * @version: 1
 * @block: where it is, as struct dump_borrow.block; a copy elsewhere is none of ours
 * @index: which part of the file the block has: from @index * %DUMP_BORROW_ROOM on
 * @state: see enum dump_kept_state; that of the dump is in block 0
 * @id: of the dump
 * @seconds: when it was begun
 * @descs: where in the file the table of page descriptors is; 0: the dump is sealed
 * @data: where it ends
 * @size: of the file, in bytes; 0 until it is finished
 * @used: how many bytes behind the head @sum is of; 0: they may still change
 * @sum: CRC-32 of these bytes, as they were written
 * @crc: CRC-32 of all above
 */
struct dump_borrow_head {
	char			magic[8];
	u32			version;
	u32			block;
	u32			index;
	u32			state;
	u64			id;
	u64			seconds;
	u64			descs;
	u64			data;
	u64			size;
	u32			used;
	u32			sum;
	u32			crc;
} __packed;

/**
 * struct dump_borrow - blocks of memory that have a dump, or are going to
 * @keeper: as the engine sees it
 * @block: the blocks in the order of the file, as physical addresses / %DUMP_BORROW_BYTES;
 *	0: it did not survive
 * @max_blocks: how many @block has room for
 * @nr_blocks: how many there are
 * @nr_open: to how many of them something was written
 * @head: what all heads have in common
 * @end: what was appended ends here in the file, in bytes
 * @sum: CRC-32 of what was appended to the block that has @end
 * @page: a page, for copies
 * @id: other than what any other kernel has
 * @stop: the stop in which a dump is written
 * @kept: the dump that was found after the boot
 */
struct dump_borrow {
	struct dump_keeper	keeper;
	u32			*block;
	unsigned int		max_blocks;
	unsigned int		nr_blocks;
	unsigned int		nr_open;
	struct dump_borrow_head	head;
	u64			end;
	u32			sum;
	void			*page;
	u64			id;
	const struct ras_stop	*stop;
	struct dump_kept	kept;
};

/* borrow.c */
int dump_borrow_alloc(struct dump_borrow *b, unsigned int max_blocks);
void dump_borrow_free(struct dump_borrow *b);

/* borrow_gather.c */
unsigned int dump_borrow_gather(struct dump_borrow *b, u32 *found, unsigned int nr_found);

/* borrow_pick.c; the first two for tests */
bool dump_is_of_firmware(phys_addr_t at);
bool dump_borrow_take(struct dump_borrow *b, unsigned long block, unsigned int *runs);
void dump_borrow_pick(struct dump_borrow *b, const struct dump_arena *arena,
		      unsigned int wanted);

/* borrow_file.c: a block */
void *dump_block_at(u32 block);
bool dump_head_is_good(const struct dump_borrow_head *head, u32 block);
bool dump_head_read(u32 block, struct dump_borrow_head *head);
int dump_block_store(void *at, const void *data, size_t size);
u32 dump_block_sum(u32 block, u32 used, void *page);
bool dump_block_is_right(u32 block, const struct dump_borrow_head *head, void *page);
void dump_block_forget(u32 block);

/* and the file in all of them */
int dump_borrow_mark(struct dump_borrow *b, unsigned int index, enum dump_kept_state state,
		     u32 used, u32 sum);
u64 dump_borrow_front(const struct dump_borrow *b);
void dump_borrow_begin(struct dump_borrow *b, const struct dump_layout *layout, bool sealed,
		       u64 seconds);
int dump_borrow_put(struct dump_borrow *b, u64 offset, const void *data, size_t size);
int dump_borrow_end(struct dump_borrow *b, u64 size, bool whole);
void dump_borrow_get(struct dump_borrow *b, u64 offset, void *buf, size_t size);

#endif /* _RAS_DUMP_BORROW_H */
