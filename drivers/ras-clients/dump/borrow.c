// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target memory: memory that the level leaves out, borrowed for
 * the dump, on a machine that reserves none.
 *
 * The dump goes to blocks of 2 MiB, each of which says in its first page what it is.  The next
 * kernel looks at every block of memory before it uses any, reserves those, and gives them
 * back when the dump was fetched.  What is lost on the way, because firmware, boot loader or a
 * device has written there, is found by checksums: pages that were there are missing then, and
 * none is shown as another.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/bitmap.h>
#include <linux/crc32.h>
#include <linux/err.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/kernel.h>
#include <linux/libnvdimm.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/random.h>
#include <linux/ras_boot.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include <asm/early_ioremap.h>

#include "borrow.h"

#define DUMP_BORROW_MAGIC	"RASDUMPB"
/* Page frames that are looked at together: the largest free block there can be. */
#define DUMP_CHUNK_PAGES	(2 * DUMP_BORROW_PAGES)
/* What a page may take in the file more than its bytes: descriptor, seal, tag. */
#define DUMP_PAGE_EXTRA		128

static void *dump_block_at(u32 block)
{
	return __va((phys_addr_t)block * DUMP_BORROW_BYTES);
}

static u32 dump_head_crc(const struct dump_borrow_head *head)
{
	return crc32_le(~0, (const u8 *)head, offsetof(struct dump_borrow_head, crc));
}

/* Memory may hold anything, the dump of a virtual machine among it. */
static bool dump_head_is_good(const struct dump_borrow_head *head, u32 block)
{
	return !memcmp(head->magic, DUMP_BORROW_MAGIC, sizeof(head->magic)) &&
	       head->version == 1 && head->crc == dump_head_crc(head) && head->block == block &&
	       head->state >= DUMP_KEPT_BEGUN && head->state <= DUMP_KEPT_WHOLE &&
	       head->used <= DUMP_BORROW_ROOM;
}

static bool dump_head_read(u32 block, struct dump_borrow_head *head)
{
	return !ras_copy(head, dump_block_at(block), sizeof(*head)) &&
	       dump_head_is_good(head, block);
}

/*
 * Store to borrowed memory.  To KASAN and to page_poison it is free, and it may be out of the
 * direct map.  A reset may clear the caches.
 */
static int dump_block_store(void *at, const void *data, size_t size)
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
static u32 dump_block_sum(u32 block, u32 used, void *page)
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
static bool dump_block_is_right(u32 block, const struct dump_borrow_head *head, void *page)
{
	return head->sum == dump_block_sum(block, head->used, page);
}

/* No later boot takes the block for one of a dump. */
static void dump_block_forget(u32 block)
{
	static const struct dump_borrow_head none;

	dump_block_store(dump_block_at(block), &none, sizeof(none));
}

/* Is all of the block memory that the firmware tells of?  The next kernel looks nowhere else. */
static bool dump_is_of_firmware(phys_addr_t at)
{
	phys_addr_t start, end;
	unsigned int nr;

	for (nr = 0; ras_boot_ram(nr, &start, &end); nr++)
		if (at >= start && at + DUMP_BORROW_BYTES <= end)
			return true;
	return false;
}

/* Will nothing of the block be in the dump, nor be overwritten on the way to the next kernel? */
static bool dump_is_spare(const struct dump_arena *arena, unsigned long block)
{
	unsigned long pfn = block * DUMP_BORROW_PAGES;
	unsigned long word = pfn / BITS_PER_LONG, end = word + DUMP_BORROW_PAGES / BITS_PER_LONG;

	if (pfn + DUMP_BORROW_PAGES > arena->nr_pfns)
		return false;
	for (; word < end; word++)
		if (~arena->ram[word] || arena->keep[word])
			return false;
	return dump_is_of_firmware(PFN_PHYS(pfn)) &&
	       !ras_boot_overwrites(PFN_PHYS(pfn), DUMP_BORROW_BYTES);
}

/*
 * A device may still be reading a page, to write it to a disk, or writing to it.  Such pages are
 * locked, or somebody has a reference to them besides page cache and page tables.
 */
static bool dump_is_at_rest(const struct page *page, enum dump_class class)
{
	const unsigned long busy = BIT(PG_locked) | BIT(PG_writeback) | BIT(PG_head);
	const int mapped = atomic_read(&page->_mapcount) + 1;
	const bool swapbacked = page->flags & BIT(PG_swapbacked);

	if (class == DUMP_OF_NOBODY)
		return true;
	if (page->flags & busy || READ_ONCE(page->compound_head) & 1)
		return false;
	if (class == DUMP_OF_USER)
		return page_ref_count(page) == mapped &&
		       !(swapbacked && page->flags & BIT(PG_swapcache));
	/* Of pages with private data, the buffers have locks of their own. */
	return class == DUMP_OF_CACHE && page_ref_count(page) == mapped + 1 &&
	       (swapbacked || !(page->flags & BIT(PG_dirty)));
}

static enum dump_class dump_class_at_rest(struct dump_look *look, unsigned long pfn)
{
	enum dump_class class = dump_class_of(look, pfn);

	return dump_is_at_rest(&look->block[pfn % DUMP_BLOCK_PAGES], class) ? class :
									     DUMP_OF_KERNEL;
}

/*
 * What is in the two blocks of the chunk that begins at @pfn: a bit for each class.  What must
 * be left alone counts as the kernel's.
 */
static void dump_look_into(struct dump_look *look, unsigned long pfn, u32 *holds)
{
	unsigned int i, j;

	memset(look, 0, sizeof(*look));
	holds[0] = 0;
	holds[1] = 0;
	for (i = 0; i < DUMP_CHUNK_PAGES; i += DUMP_BLOCK_PAGES) {
		u32 *hold = &holds[i / DUMP_BORROW_PAGES];

		if (ras_copy(look->block, pfn_to_page(pfn + i), sizeof(look->block)))
			*hold |= BIT(DUMP_OF_KERNEL);
		else
			for (j = 0; j < DUMP_BLOCK_PAGES; j++)
				*hold |= BIT(dump_class_at_rest(look, pfn + i + j));
	}
}

/* Take a block, unless that makes too many runs of blocks; they come from the top down. */
static bool dump_borrow_take(struct dump_borrow *b, unsigned long block, unsigned int *runs)
{
	bool is_next = b->nr_blocks && b->block[b->nr_blocks - 1] == block + 1;

	if (!is_next && *runs == DUMP_BORROW_RUNS)
		return false;
	*runs += !is_next;
	b->block[b->nr_blocks++] = block;
	return true;
}

/* Pick blocks that hold nothing but these classes. */
static void dump_borrow_pick_of(struct dump_borrow *b, const struct dump_arena *arena,
				unsigned int wanted, u32 classes)
{
	unsigned long chunk = DIV_ROUND_UP(arena->nr_pfns, DUMP_CHUNK_PAGES);
	unsigned int runs = 0;
	u32 holds[2];
	int half;

	b->nr_blocks = 0;
	while (chunk-- && b->nr_blocks < wanted) {
		bool spare[2] = { dump_is_spare(arena, 2 * chunk),
				  dump_is_spare(arena, 2 * chunk + 1) };

		if (!spare[0] && !spare[1])
			continue;
		dump_look_into(&arena->stretch->look, chunk * DUMP_CHUNK_PAGES, holds);
		for (half = 1; half >= 0 && b->nr_blocks < wanted; half--)
			if (spare[half] && !(holds[half] & ~classes) &&
			    !dump_borrow_take(b, 2 * chunk + half, &runs))
				return;
	}
}

/**
 * dump_borrow_pick() - decide which memory is borrowed
 * @b: where to
 * @arena: the arena, classified
 * @wanted: how many blocks are enough
 *
 * Free memory only, if there is enough; else page cache and memory of processes, too, in which
 * there are longer runs of blocks.
 *
 * Context: A handler.  Writes to none of them.
 */
void dump_borrow_pick(struct dump_borrow *b, const struct dump_arena *arena,
		      unsigned int wanted)
{
	wanted = min(wanted, b->max_blocks);
	dump_borrow_pick_of(b, arena, wanted, BIT(DUMP_OF_NOBODY));
	if (b->nr_blocks < wanted)
		dump_borrow_pick_of(b, arena, wanted, BIT(DUMP_OF_NOBODY) | BIT(DUMP_OF_CACHE) |
				    BIT(DUMP_OF_USER));
}

static int dump_borrow_mark(struct dump_borrow *b, unsigned int index,
			    enum dump_kept_state state, u32 used, u32 sum)
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
static u64 dump_borrow_front(const struct dump_borrow *b)
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

static bool dump_borrow_makes_sense(const struct dump_borrow *b,
				    const struct dump_borrow_head *first)
{
	const u64 room = (u64)b->max_blocks * DUMP_BORROW_ROOM;

	return first->size <= room && first->data <= room && first->descs <= first->data &&
	       (first->state == DUMP_KEPT_BEGUN || first->size);
}

/* The first block of the dump that was begun last. */
static bool dump_borrow_find_first(const struct dump_borrow *b, const u32 *found,
				   unsigned int nr_found, struct dump_borrow_head *first)
{
	struct dump_borrow_head head;
	bool is_there = false;
	unsigned int i;

	for (i = 0; i < nr_found; i++) {
		if (!dump_head_read(found[i], &head) || head.index ||
		    !dump_borrow_makes_sense(b, &head))
			continue;
		if (!is_there || head.seconds > first->seconds)
			*first = head;
		is_there = true;
	}
	return is_there;
}

/*
 * Put the blocks of the dump in order, and take them out of @found.  One that somebody has
 * written to is in use, perhaps: it is not given back, either.
 */
static void dump_borrow_sort(struct dump_borrow *b, u32 *found, unsigned int nr_found)
{
	const struct dump_borrow_head *first = &b->head;
	struct dump_borrow_head head;
	unsigned int i;

	for (i = 0; i < nr_found; i++) {
		const u32 block = found[i];

		if (!dump_head_read(block, &head) || head.id != first->id ||
		    head.index >= b->max_blocks || b->block[head.index])
			continue;
		/* While it was being written, nobody knew where it ends. */
		if (first->state != DUMP_KEPT_BEGUN &&
		    (head.index >= b->nr_blocks || head.state != first->state || !head.used))
			continue;
		found[i] = 0;
		if (head.used && !dump_block_is_right(block, &head, b->page)) {
			dump_block_forget(block);
			continue;
		}
		b->block[head.index] = block;
		b->nr_blocks = max(b->nr_blocks, head.index + 1);
	}
}

/* Does a part of the file lie in blocks all of which have survived? */
static bool dump_borrow_has(const struct dump_borrow *b, u64 offset, u64 size)
{
	u64 index = div_u64(offset, DUMP_BORROW_ROOM), last;

	if (!size)
		return true;
	last = div_u64(offset + size - 1, DUMP_BORROW_ROOM);
	if (offset + size < offset || last >= b->nr_blocks)
		return false;
	for (; index <= last; index++)
		if (!b->block[index])
			return false;
	return true;
}

/* Change a part of the front of a dump that was found, as far as it is there. */
static void dump_borrow_change(struct dump_borrow *b, u64 offset, const void *data, size_t size)
{
	while (size) {
		u64 index = div_u64(offset, DUMP_BORROW_ROOM);
		u64 at = offset - index * DUMP_BORROW_ROOM;
		size_t part = min_t(u64, size, DUMP_BORROW_ROOM - at);

		if (index < b->nr_blocks && b->block[index])
			dump_block_store(dump_block_at(b->block[index]) + DUMP_BORROW_HEAD + at,
					 data, part);
		offset += part;
		data += part;
		size -= part;
	}
}

/* Another reboot must find the front as it is now. */
static void dump_borrow_sum_front(struct dump_borrow *b)
{
	u64 index = min_t(u64, dump_borrow_front(b) + 1, b->nr_blocks);
	struct dump_borrow_head head;

	while (index--)
		if (b->block[index] && dump_head_read(b->block[index], &head) && head.used)
			dump_borrow_mark(b, index, head.state, head.used,
					 dump_block_sum(b->block[index], head.used, b->page));
}

/* Have no descriptor lead to what did not survive, and the header say that pages are missing. */
static void dump_borrow_mend(struct dump_borrow *b)
{
	const struct dump_borrow_head *head = &b->head;
	u8 desc[DUMP_DESC_BYTES];
	u64 at, offset;
	u32 size;

	for (at = head->descs; at + sizeof(desc) <= head->data; at += sizeof(desc)) {
		dump_borrow_get(b, at, desc, sizeof(desc));
		dump_read_desc(desc, &offset, &size);
		/* Of one that lies over the edge of two blocks, a half may be there. */
		if (dump_borrow_has(b, at, sizeof(desc)) &&
		    (!size || dump_borrow_has(b, offset, size)))
			continue;
		memset(desc, 0, sizeof(desc));
		dump_borrow_change(b, at, desc, sizeof(desc));
	}
	dump_borrow_get(b, 0, b->page, PAGE_SIZE);
	dump_cut_header(b->page);
	dump_borrow_change(b, 0, b->page, PAGE_SIZE);
	dump_borrow_sum_front(b);
}

/* There is no dump in these blocks after all. */
static void dump_borrow_give_up(struct dump_borrow *b, u32 *found)
{
	unsigned int i;

	for (i = 0; i < b->nr_blocks; i++) {
		if (!b->block[i])
			continue;
		/* There was one for each. */
		while (*found)
			found++;
		*found = b->block[i];
	}
	b->nr_blocks = 0;
}

static unsigned int dump_borrow_count_lost(const struct dump_borrow *b)
{
	unsigned int i, lost = 0;

	for (i = 0; i < b->nr_blocks; i++)
		lost += !b->block[i];
	return lost;
}

/**
 * dump_borrow_gather() - make a dump of the blocks that the boot has found
 * @b: where to
 * @found: the blocks; those that belong to the dump are 0 afterwards
 * @nr_found: how many
 *
 * Context: Process context.
 * Return: how many blocks of the dump did not survive.
 */
unsigned int dump_borrow_gather(struct dump_borrow *b, u32 *found, unsigned int nr_found)
{
	const struct dump_borrow_head *head = &b->head;
	unsigned int lost;

	b->kept.state = DUMP_KEPT_EMPTY;
	b->nr_blocks = 0;
	memset(b->block, 0, b->max_blocks * sizeof(*b->block));
	if (!dump_borrow_find_first(b, found, nr_found, &b->head))
		return 0;
	b->nr_blocks = min_t(u64, DIV_ROUND_UP_ULL(head->size, DUMP_BORROW_ROOM), b->max_blocks);
	dump_borrow_sort(b, found, nr_found);
	b->nr_open = b->nr_blocks;
	lost = dump_borrow_count_lost(b);
	/* Where the bitmaps are unknown, so is which descriptor is whose. */
	if (!dump_borrow_has(b, 0, head->descs ?: PAGE_SIZE)) {
		dump_borrow_give_up(b, found);
		return lost;
	}
	b->kept.state = head->state;
	b->kept.size = head->state == DUMP_KEPT_BEGUN ? (u64)b->nr_blocks * DUMP_BORROW_ROOM :
							 head->size;
	if (lost)
		b->kept.state = DUMP_KEPT_CUT;
	/* The header may have been finished before the dump was interrupted. */
	if (head->descs && (lost || head->state == DUMP_KEPT_BEGUN))
		dump_borrow_mend(b);
	return lost;
}

/**
 * dump_borrow_alloc() - allocate what a dump in borrowed memory needs
 * @b: the blocks
 * @max_blocks: how many there may be
 *
 * Context: Process context; may sleep.
 * Return: 0 or %-ENOMEM.
 */
int dump_borrow_alloc(struct dump_borrow *b, unsigned int max_blocks)
{
	b->block = kcalloc(max_blocks, sizeof(*b->block), GFP_KERNEL);
	b->page = (void *)__get_free_page(GFP_KERNEL);
	if (!b->block || !b->page) {
		dump_borrow_free(b);
		return -ENOMEM;
	}
	b->max_blocks = max_blocks;
	b->id = get_random_u64();
	return 0;
}

void dump_borrow_free(struct dump_borrow *b)
{
	kfree(b->block);
	free_page((unsigned long)b->page);
	b->block = NULL;
	b->page = NULL;
}

static struct dump_borrow *dump_borrow_of(struct dump_target *target)
{
	return container_of(target, struct dump_borrow, keeper.target);
}

static const char *dump_borrow_not_ready(struct dump_target *target)
{
	const struct dump_kept kept = {
		/* Pairs with the release in dump_borrow_taken(). */
		.state	= smp_load_acquire(&dump_borrow_of(target)->kept.state),
	};

	return dump_kept_is_wanted(&kept) ? "holds a dump that was not fetched" : NULL;
}

static u64 dump_borrow_room(struct dump_target *target)
{
	return (u64)dump_borrow_of(target)->nr_blocks * DUMP_BORROW_ROOM;
}

static int dump_borrow_start(struct dump_target *target, const struct dump_session *s,
			     const struct dump_layout *layout)
{
	struct dump_borrow *b = dump_borrow_of(target);
	u64 most = s->layout.data + s->layout.nr_pages * (PAGE_SIZE + DUMP_PAGE_EXTRA);

	/* Whoever has that memory would go on with what the dump leaves there. */
	if (s->stop->resumable) {
		pr_warn("memory is borrowed in a crash only\n");
		return -EBUSY;
	}
	dump_borrow_pick(b, s->arena, min_t(u64, div_u64(most, DUMP_BORROW_ROOM) + 2, UINT_MAX));
	pr_info("memory: %u MiB can be borrowed\n", 2 * b->nr_blocks);
	if (layout->data >= dump_borrow_room(target))
		return -ENOSPC;
	b->stop = s->stop;
	b->id++;
	dump_borrow_begin(b, layout, s->log.seal, ktime_get_real_seconds());
	return 0;
}

static int dump_borrow_write(struct dump_target *target, u64 offset, const void *data,
			     size_t size)
{
	return dump_borrow_put(dump_borrow_of(target), offset, data, size);
}

static int dump_borrow_finish(struct dump_target *target, u64 size, bool whole)
{
	/* Not before: another target may need its device after this one. */
	if (whole)
		pr_info("memory: bus mastering is off now, of %u devices\n", ras_boot_quiet());
	return dump_borrow_end(dump_borrow_of(target), size, whole);
}

static const struct dump_target_ops dump_borrow_ops = {
	.not_ready	= dump_borrow_not_ready,
	.start		= dump_borrow_start,
	.write		= dump_borrow_write,
	.room		= dump_borrow_room,
	.finish		= dump_borrow_finish,
};

static void dump_borrow_look(struct dump_keeper *keeper, struct dump_kept *kept)
{
	*kept = dump_borrow_of(&keeper->target)->kept;
}

static void dump_borrow_read(struct dump_keeper *keeper, u64 offset, void *buf, size_t size)
{
	dump_borrow_get(dump_borrow_of(&keeper->target), offset, buf, size);
}

/* Give a block back, if nobody has written to it since the dump, and so nobody uses it. */
static void dump_block_release(u32 block, void *page)
{
	void *at = dump_block_at(block);
	struct dump_borrow_head head;
	bool is_ours = dump_head_read(block, &head) && head.used &&
		       dump_block_is_right(block, &head, page);

	dump_block_forget(block);
	if (is_ours)
		free_reserved_area(at, at + DUMP_BORROW_BYTES, -1, NULL);
}

static void dump_borrow_taken(struct dump_keeper *keeper)
{
	struct dump_borrow *b = dump_borrow_of(&keeper->target);
	unsigned int i;

	for (i = 0; i < b->nr_blocks; i++)
		if (b->block[i])
			dump_block_release(b->block[i], b->page);
	b->nr_blocks = 0;
	b->kept.size = 0;
	/* Pairs with the acquire in dump_borrow_not_ready(): the blocks are not ours any more. */
	smp_store_release(&b->kept.state, DUMP_KEPT_TAKEN);
}

static const struct dump_keeper_ops dump_borrow_keeper_ops = {
	.look	= dump_borrow_look,
	.read	= dump_borrow_read,
	.taken	= dump_borrow_taken,
};

static struct dump_borrow dump_borrow = {
	.keeper.target	= { .name = "memory", .ops = &dump_borrow_ops, .borrows = true },
	.keeper.ops	= &dump_borrow_keeper_ops,
};

/**
 * struct dump_run - blocks side by side that are kept
 * @first: the first of them
 * @end: the first behind them
 */
struct dump_run {
	u32			first;
	u32			end;
};

/* A block of a run that is lost makes two of it.  memblock needs the rest of its table. */
static struct dump_run dump_runs[DUMP_BORROW_RUNS + 16] __initdata;
static unsigned int dump_nr_runs __initdata;
/* Blocks that somebody else has, or for which there is no room in the table. */
static unsigned int dump_not_kept __initdata;

/* The parameter may be there twice, and so may a range of memory. */
static bool __init dump_is_kept(u32 block)
{
	unsigned int i;

	for (i = 0; i < dump_nr_runs; i++)
		if (block >= dump_runs[i].first && block < dump_runs[i].end)
			return true;
	return false;
}

static bool __init dump_borrow_keep(u32 block)
{
	const phys_addr_t at = (phys_addr_t)block * DUMP_BORROW_BYTES;
	struct dump_run *last = dump_nr_runs ? &dump_runs[dump_nr_runs - 1] : NULL;
	const bool is_next = last && last->end == block;

	if ((!is_next && dump_nr_runs == ARRAY_SIZE(dump_runs)) ||
	    memblock_is_region_reserved(at, DUMP_BORROW_BYTES) ||
	    memblock_reserve(at, DUMP_BORROW_BYTES))
		return false;
	if (is_next)
		last->end++;
	else
		dump_runs[dump_nr_runs++] = (struct dump_run){ block, block + 1 };
	return true;
}

static void __init dump_borrow_reserve(phys_addr_t start, phys_addr_t end)
{
	phys_addr_t at = round_up(start, DUMP_BORROW_BYTES);

	for (; at + DUMP_BORROW_BYTES <= end; at += DUMP_BORROW_BYTES) {
		struct dump_borrow_head *head = early_memremap(at, sizeof(*head));
		const u32 block = at / DUMP_BORROW_BYTES;

		if (!head)
			continue;
		if (dump_head_is_good(head, block) && !dump_is_kept(block) &&
		    !dump_borrow_keep(block)) {
			/* It must not be found later, when its first page may be in use. */
			memset(head, 0, sizeof(*head));
			dump_not_kept++;
		}
		early_memunmap(head, sizeof(*head));
	}
}

/* Keep the blocks of a dump before anybody gets them. */
static int __init dump_borrow_early(char *text)
{
	phys_addr_t start, end;
	unsigned int nr;

	if (text && !strcmp(text, DUMP_BORROW))
		for (nr = 0; ras_boot_ram(nr, &start, &end); nr++)
			dump_borrow_reserve(start, end);
	return 0;
}
early_param("ras_dump.memory", dump_borrow_early);

/**
 * struct dump_found - blocks that the boot has kept
 * @block: the blocks
 * @nr: how many
 */
struct dump_found {
	u32			*block;
	unsigned int		nr;
};

static int __init dump_borrow_find(unsigned long pfn, unsigned long nr_pages, void *arg)
{
	unsigned long block = DIV_ROUND_UP(pfn, DUMP_BORROW_PAGES);
	struct dump_found *found = arg;
	struct dump_borrow_head head;

	for (; (block + 1) * DUMP_BORROW_PAGES <= pfn + nr_pages; block++)
		/* What was not kept may be in use, and only look like one. */
		if (PageReserved(pfn_to_page(block * DUMP_BORROW_PAGES)) &&
		    dump_head_read(block, &head))
			found->block[found->nr++] = block;
	return 0;
}

static int __init dump_borrow_restore(struct dump_borrow *b)
{
	struct dump_found found = { .block = kcalloc(b->max_blocks, sizeof(u32), GFP_KERNEL) };
	unsigned int i, lost;

	if (!found.block)
		return -ENOMEM;
	walk_system_ram_range(0, max_pfn, &found, dump_borrow_find);
	lost = dump_borrow_gather(b, found.block, found.nr);
	if (dump_not_kept)
		pr_warn("memory: blocks that could not be kept: %u\n", dump_not_kept);
	if (lost)
		pr_warn("memory: blocks of the dump that did not survive the reboot: %u\n", lost);
	if (found.nr && b->kept.state == DUMP_KEPT_EMPTY)
		pr_warn("memory: what is left of a dump has no beginning, and is dropped\n");
	for (i = 0; i < found.nr; i++)
		if (found.block[i])
			dump_block_release(found.block[i], b->page);
	kfree(found.block);
	return 0;
}

/**
 * dump_borrow_init() - keep dumps in memory that the level leaves out
 *
 * Return: the keeper, or an error pointer, with a line in the log that says why.
 */
struct dump_keeper *__init dump_borrow_init(void)
{
	struct dump_borrow *b = &dump_borrow;
	unsigned int max_blocks = DIV_ROUND_UP(max_pfn, DUMP_BORROW_PAGES);
	int ret = dump_borrow_alloc(b, max_blocks) ?: ras_boot_quiet_init() ?:
		  dump_borrow_restore(b);

	if (ret) {
		pr_err("memory=borrow: no memory for it: %d\n", ret);
		return ERR_PTR(ret);
	}
	b->keeper.target.memory = max_blocks * sizeof(*b->block) + PAGE_SIZE;
	return &b->keeper;
}

#ifdef CONFIG_RAS_KUNIT_TEST
#include "borrow_kunit.h"
#endif
