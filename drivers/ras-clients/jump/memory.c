// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client that jumps to another kernel: the second kernel reads the memory of the first.
 *
 * What the first kernel has below the end of the second one's memory is in other pages for now:
 * those that held the second kernel before the jump.  The list by which machine_kexec() exchanges
 * them is that of the first kernel (struct kimage), and tells which.
 */
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/kexec.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pfn.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "jump.h"

/* So much is mapped at a time: with large pages it takes no memory worth mentioning. */
#define WINDOW_BYTES	SZ_32M

/* Of the first kernel. */
static const struct jump_page *memory_page;

/* For each page below memory_page->end: where its contents are; 0: nowhere. */
static u64 *memory_displaced;

/* What is mapped; readers take turns. */
static DEFINE_MUTEX(memory_lock);
static void *memory_window;
static u64 memory_window_start, memory_window_end;

/* The part of the first kernel's RAM that has the address; NULL: it is not RAM. */
static const struct jump_range *memory_range_of(u64 address)
{
	const struct jump_range *range = memory_page->range;
	unsigned int i;

	for (i = 0; i < memory_page->nr_ranges; i++)
		if (address >= range[i].start && address < range[i].end)
			return &range[i];
	return NULL;
}

/* A page that is above the second kernel's memory. */
static void *memory_map(u64 address)
{
	const struct jump_range *range = memory_range_of(address);
	u64 start, end;

	if (!range || address < memory_page->end)
		return NULL;
	if (!memory_window || address < memory_window_start || address >= memory_window_end) {
		/* Neither this kernel's memory nor what is not memory: it is cached otherwise. */
		start = round_down(address, WINDOW_BYTES);
		end = min(start + WINDOW_BYTES, range->end);
		start = max3(start, range->start, memory_page->end);
		if (memory_window)
			memunmap(memory_window);
		memory_window = memremap(start, end - start, MEMREMAP_WB);
		memory_window_start = start;
		memory_window_end = end;
	}
	return memory_window ? memory_window + (address - memory_window_start) : NULL;
}

/* The list says that what belongs to a page is in another one. */
static int __init memory_note(u64 destination, u64 source)
{
	if (destination >= memory_page->end)
		return -EINVAL;
	/* The page was free, and the second kernel was loaded right into it. */
	if (source == destination)
		return 0;
	if (source < memory_page->end || !memory_range_of(source))
		return -EINVAL;
	memory_displaced[PHYS_PFN(destination)] = source;
	return 0;
}

/* As for_each_kimage_entry(), with the addresses of another kernel, and not for ever. */
static int __init memory_read_list(kimage_entry_t entry)
{
	/* Sources, the list's own pages, and a few segments. */
	unsigned long left = 2 * PHYS_PFN(memory_page->end) + PAGE_SIZE;
	const kimage_entry_t *list = NULL;
	u64 destination = 0;
	int ret;

	while (!(entry & IND_DONE) && left--) {
		if (entry & IND_INDIRECTION)
			list = memory_map(entry & PAGE_MASK);
		else if (list)
			list++;
		/* The last entry of a page leads to the next page. */
		if (!list || (!(entry & IND_INDIRECTION) && PAGE_ALIGNED(list)))
			return -EINVAL;
		if (entry & IND_DESTINATION)
			destination = entry & PAGE_MASK;
		if (entry & IND_SOURCE) {
			ret = memory_note(destination, entry & PAGE_MASK);
			if (ret)
				return ret;
			destination += PAGE_SIZE;
		}
		entry = *list;
	}
	return entry & IND_DONE ? 0 : -EINVAL;
}

/* Copy within a page, to or from it as the other side says. */
static ssize_t memory_copy_page(u64 address, size_t bytes, struct iov_iter *iter)
{
	u64 page = address & PAGE_MASK, offset = address & ~PAGE_MASK;
	void *at;

	if (page < memory_page->end || !memory_range_of(page))
		return -EINVAL;
	at = memory_map(page);
	if (!at)
		return -ENOMEM;
	return (iov_iter_rw(iter) == READ ? copy_to_iter(at + offset, bytes, iter) :
					    copy_from_iter(at + offset, bytes, iter)) ?: -EFAULT;
}

/* The same by the first kernel's address.  What it has not had reads as zeros. */
static ssize_t memory_read_page(u64 address, size_t bytes, struct iov_iter *to)
{
	u64 page = address & PAGE_MASK;

	if (page < memory_page->end)
		page = memory_displaced[PHYS_PFN(page)];
	if (!page)
		return iov_iter_zero(bytes, to) ?: -EFAULT;
	return memory_copy_page(page + (address & ~PAGE_MASK), bytes, to);
}

static ssize_t memory_copy(u64 address, size_t bytes, struct iov_iter *iter,
			   ssize_t (*copy)(u64 address, size_t bytes, struct iov_iter *iter))
{
	size_t done = 0;
	ssize_t now = 0;

	mutex_lock(&memory_lock);
	while (done < bytes) {
		now = copy(address, min_t(size_t, bytes - done, PAGE_SIZE - (address & ~PAGE_MASK)),
			   iter);
		if (now < 0)
			break;
		done += now;
		address += now;
		cond_resched();
	}
	mutex_unlock(&memory_lock);
	return done ?: now;
}

/**
 * jump_memory_read() - read memory of the first kernel
 * @address: the first kernel's physical address
 * @bytes: how many
 * @to: where they go; has room for them
 *
 * Context: Process context; may sleep.
 * Return: how many bytes were read, which may be fewer; %-EINVAL if there is no memory; %-EFAULT;
 *	%-ENOMEM if the memory could not be mapped.
 */
ssize_t jump_memory_read(u64 address, size_t bytes, struct iov_iter *to)
{
	return memory_copy(address, bytes, to, memory_read_page);
}

/**
 * jump_memory_copy() - read or write memory outside the second kernel's
 * @address: physical address
 * @bytes: how many
 * @iter: the other side, which says also which way
 *
 * Context: Process context; may sleep.
 * Return: as jump_memory_read().
 */
ssize_t jump_memory_copy(u64 address, size_t bytes, struct iov_iter *iter)
{
	return memory_copy(address, bytes, iter, memory_copy_page);
}

/**
 * jump_memory_is_outside() - is this memory, and all of it outside the second kernel's?
 * @address: physical address
 * @bytes: how many
 *
 * Context: Any.
 * Return: true if it is, in one part of memory.
 */
bool jump_memory_is_outside(u64 address, u64 bytes)
{
	const struct jump_range *range = memory_range_of(address);

	return range && address >= memory_page->end && bytes <= range->end - address;
}

/* Do the parts follow each other? */
static bool __init memory_is_sane(const struct jump_page *page)
{
	u64 end = 0;
	unsigned int i;

	if (!page->nr_ranges || page->nr_ranges > JUMP_RANGES ||
	    page->end > JUMP_END_MAX || !PAGE_ALIGNED(page->end))
		return false;
	for (i = 0; i < page->nr_ranges; i++) {
		const struct jump_range *range = &page->range[i];

		if (range->start < end || range->start >= range->end ||
		    !PAGE_ALIGNED(range->start) || !PAGE_ALIGNED(range->end))
			return false;
		end = range->end;
	}
	return true;
}

/**
 * jump_memory_init_raw() - know the parts of memory
 * @page: they, and where this kernel's memory ends
 *
 * Context: Process context.
 * Return: 0; %-EINVAL if they do not make sense.
 */
int __init jump_memory_init_raw(const struct jump_page *page)
{
	if (!memory_is_sane(page))
		return -EINVAL;
	memory_page = page;
	return 0;
}

/**
 * jump_memory_init() - find out where the memory of the first kernel is
 * @page: what the first kernel has told
 *
 * Context: Process context.
 * Return: 0; %-ENOMEM; %-EINVAL if the list or the parts of memory do not make sense, or if the
 *	first kernel could not name all parts.
 */
int __init jump_memory_init(const struct jump_page *page)
{
	int ret = jump_memory_init_raw(page);

	if (ret)
		return ret;
	memory_displaced = kvcalloc(PHYS_PFN(page->end), sizeof(*memory_displaced), GFP_KERNEL);
	if (!memory_displaced)
		return -ENOMEM;
	mutex_lock(&memory_lock);
	ret = memory_read_list(page->list);
	mutex_unlock(&memory_lock);
	if (ret)
		kvfree(memory_displaced);
	return ret;
}
