// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target memory: a file in blocks of borrowed memory.
 *
 * A block says in its first page, its head, which part of the file it has.  Whatever is stored is
 * summed up, so that the next kernel knows what has survived.
 */
#include <linux/crc32.h>
#include <linux/kernel.h>
#include <linux/libnvdimm.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/ras.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "borrow.h"

#define DUMP_BORROW_MAGIC	"RASDUMPB"

/* Where a block is in the direct map. */
void *dump_block_at(u32 block)
{
	return __va((phys_addr_t)block * DUMP_BORROW_BYTES);
}

static u32 dump_head_crc(const struct dump_borrow_head *head)
{
	return crc32_le(~0, (const u8 *)head, offsetof(struct dump_borrow_head, crc));
}

/* Memory may hold anything, the dump of a virtual machine among it. */
bool dump_head_is_good(const struct dump_borrow_head *head, u32 block)
{
	return !memcmp(head->magic, DUMP_BORROW_MAGIC, sizeof(head->magic)) &&
	       head->version == 1 && head->crc == dump_head_crc(head) && head->block == block &&
	       head->state >= DUMP_KEPT_BEGUN && head->state <= DUMP_KEPT_WHOLE &&
	       head->used <= DUMP_BORROW_ROOM;
}

/* Copy the head of a block; false if it is none. */
bool dump_head_read(u32 block, struct dump_borrow_head *head)
{
	return !ras_copy(head, dump_block_at(block), sizeof(*head)) &&
	       dump_head_is_good(head, block);
}

/*
 * Store to borrowed memory.  To KASAN and to page_poison it is free, and it may be out of the
 * direct map.  A reset may clear the caches.
 */
int dump_block_store(void *at, const void *data, size_t size)
{
	if (copy_to_kernel_nofault(at, data, size))
		return -EFAULT;
	arch_wb_cache_pmem(at, size);
	return 0;
}

static int dump_block_clear(u32 block)
{
	const void *zeros = page_address(ZERO_PAGE(0));
	void *at = dump_block_at(block);
	unsigned int i;

	for (i = 0; i < DUMP_BORROW_PAGES; i++)
		if (dump_block_store(at + i * PAGE_SIZE, zeros, PAGE_SIZE))
			return -EFAULT;
	return 0;
}

/* CRC-32 of @used bytes behind the head, as they are now; @page is for copies. */
u32 dump_block_sum(u32 block, u32 used, void *page)
{
	const void *at = dump_block_at(block) + DUMP_BORROW_HEAD;
	u32 sum = ~0, part;

	for (; used; used -= part) {
		part = min_t(u32, used, PAGE_SIZE);
		if (!ras_copy(page, at, part))
			sum = crc32_le(sum, page, part);
		at += part;
	}
	return sum;
}

/* Does the block hold what was written there? */
bool dump_block_is_right(u32 block, const struct dump_borrow_head *head, void *page)
{
	return head->sum == dump_block_sum(block, head->used, page);
}

/* No later boot takes the block for one of a dump. */
void dump_block_forget(u32 block)
{
	static const struct dump_borrow_head none;

	dump_block_store(dump_block_at(block), &none, sizeof(none));
}

/* Write the head of a block. */
int dump_borrow_mark(struct dump_borrow *b, unsigned int index, enum dump_kept_state state,
		     u32 used, u32 sum)
{
	struct dump_borrow_head head = b->head;

	head.block = b->block[index];
	head.index = index;
	head.state = state;
	head.used = used;
	head.sum = sum;
	head.crc = dump_head_crc(&head);
	/* What it tells of comes first. */
	wmb();
	return dump_block_store(dump_block_at(b->block[index]), &head, sizeof(head));
}

/* Clear the next block, and have it say what it is. */
static int dump_borrow_open(struct dump_borrow *b)
{
	while (b->nr_open < b->nr_blocks) {
		u32 *block = &b->block[b->nr_open];

		if (!dump_block_clear(*block) &&
		    !dump_borrow_mark(b, b->nr_open, DUMP_KEPT_BEGUN, 0, 0)) {
			b->nr_open++;
			return 0;
		}
		/* A page of it is out of the direct map: the blocks behind it do as well. */
		b->nr_blocks--;
		memmove(block, block + 1, (b->nr_blocks - b->nr_open) * sizeof(*block));
	}
	return -ENOSPC;
}

/**
 * dump_borrow_begin() - begin a dump in the blocks that were picked
 * @b: the blocks
 * @layout: where in the file what is
 * @sealed: it is a log
 * @seconds: what time it is
 *
 * Context: A handler.
 */
void dump_borrow_begin(struct dump_borrow *b, const struct dump_layout *layout, bool sealed,
		       u64 seconds)
{
	memset(&b->head, 0, sizeof(b->head));
	memcpy(b->head.magic, DUMP_BORROW_MAGIC, sizeof(b->head.magic));
	b->head.version = 1;
	b->head.id = b->id;
	b->head.seconds = seconds;
	b->head.descs = sealed ? 0 : layout->descs;
	b->head.data = layout->data;
	b->nr_open = 0;
	b->end = 0;
	b->sum = ~0;
}

/* The last block of the file of which a part can be changed after it was written. */
u64 dump_borrow_front(const struct dump_borrow *b)
{
	return div_u64(b->head.data, DUMP_BORROW_ROOM);
}

/*
 * Bytes were appended: sum up what was meant to be there, and not what is there later.  A block
 * that is full says so.
 */
static int dump_borrow_account(struct dump_borrow *b, u64 index, u64 at, const void *data,
			       size_t size)
{
	if (index <= dump_borrow_front(b))
		return 0;
	if (!at)
		b->sum = ~0;
	b->sum = crc32_le(b->sum, data, size);
	b->end = index * DUMP_BORROW_ROOM + at + size;
	if (at + size < DUMP_BORROW_ROOM)
		return 0;
	return dump_borrow_mark(b, index, DUMP_KEPT_BEGUN, DUMP_BORROW_ROOM, b->sum);
}

/**
 * dump_borrow_put() - store a part of the file
 * @b: the blocks
 * @offset: where in the file, in bytes
 * @data: the bytes
 * @size: how many
 *
 * Context: A handler.
 * Return: 0; %-ENOSPC if there are no more blocks; %-EFAULT if a block cannot be written any
 *	more.
 */
int dump_borrow_put(struct dump_borrow *b, u64 offset, const void *data, size_t size)
{
	while (size) {
		u64 index = div_u64(offset, DUMP_BORROW_ROOM);
		u64 at = offset - index * DUMP_BORROW_ROOM;
		size_t part = min_t(u64, size, DUMP_BORROW_ROOM - at);
		int ret = 0;

		while (!ret && b->nr_open <= index)
			ret = dump_borrow_open(b);
		ret = ret ?: dump_block_store(dump_block_at(b->block[index]) + DUMP_BORROW_HEAD +
					      at, data, part) ?:
			     dump_borrow_account(b, index, at, data, part);
		if (ret)
			return ret;
		offset += part;
		data += part;
		size -= part;
	}
	return 0;
}

/* The sum of a block, and of how many bytes it is. */
static u32 dump_borrow_sum(struct dump_borrow *b, unsigned int index, u32 *used)
{
	struct dump_borrow_head head;

	*used = DUMP_BORROW_ROOM;
	/* What can be changed is read again; it is not much. */
	if (index <= dump_borrow_front(b))
		return dump_block_sum(b->block[index], *used, b->page);
	if (b->end < (index + 1ULL) * DUMP_BORROW_ROOM) {
		*used = b->end - (u64)index * DUMP_BORROW_ROOM;
		return b->sum;
	}
	/* If that cannot be read any more, no sum is right. */
	return dump_head_read(b->block[index], &head) ? head.sum : 0;
}

/**
 * dump_borrow_end() - the dump is as large as it gets
 * @b: the blocks
 * @size: of the file, in bytes
 * @whole: all of it is there
 *
 * Context: A handler.
 * Return: 0, or %-EFAULT.
 */
int dump_borrow_end(struct dump_borrow *b, u64 size, bool whole)
{
	unsigned int index = min_t(u64, DIV_ROUND_UP_ULL(size, DUMP_BORROW_ROOM), b->nr_open);
	int ret = 0;
	u32 sum, used;

	b->head.size = min_t(u64, size, (u64)b->nr_open * DUMP_BORROW_ROOM);
	/* Block 0 comes last: until then the dump was interrupted. */
	while (index-- && !ret) {
		sum = dump_borrow_sum(b, index, &used);
		ret = dump_borrow_mark(b, index, whole ? DUMP_KEPT_WHOLE : DUMP_KEPT_CUT, used,
				       sum);
		if (b->stop)
			ras_progress(b->stop);
	}
	/* All of it is in memory before anything can reset the machine. */
	wmb();
	return ret;
}

/**
 * dump_borrow_get() - copy a part of the file
 * @b: the blocks
 * @offset: where in the file, in bytes
 * @buf: where to; what did not survive is zeros
 * @size: how many bytes, all in the blocks
 */
void dump_borrow_get(struct dump_borrow *b, u64 offset, void *buf, size_t size)
{
	while (size) {
		u64 index = div_u64(offset, DUMP_BORROW_ROOM);
		u64 at = offset - index * DUMP_BORROW_ROOM;
		size_t part = min_t(u64, size, DUMP_BORROW_ROOM - at);
		u32 block = index < b->nr_blocks ? b->block[index] : 0;

		if (!block ||
		    ras_copy(buf, dump_block_at(block) + DUMP_BORROW_HEAD + at, part))
			memset(buf, 0, part);
		offset += part;
		buf += part;
		size -= part;
	}
}
