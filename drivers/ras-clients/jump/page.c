// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client that jumps to another kernel: the page by which the first kernel tells the second
 * about its memory, and the second tells the first what became of it.
 *
 * The first kernel allocates it outside the memory that the two exchange.  Its address is in a
 * file of the first kernel, and on the command line of the second: see peer.c.
 */
#define pr_fmt(fmt) "ras_jump: " fmt

#include <linux/crash_core.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/init.h>
#include <linux/ioport.h>
#include <linux/kexec.h>
#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/ras.h>
#include <linux/sizes.h>
#include <linux/sysfs.h>

#include "jump.h"

/* Of that many blocks the one with the highest address is taken, or the first that is high. */
#define JUMP_TRIES	64
#define JUMP_ORDER	(MAX_ORDER - 1)
#define JUMP_HIGH	SZ_1G

static struct jump_page *jump_page;

/* The first page of a block, and the others are free. */
static struct page * __init jump_first_of(struct page *block)
{
	unsigned int i;

	split_page(block, JUMP_ORDER);
	for (i = 1; i < 1 << JUMP_ORDER; i++)
		__free_page(block + i);
	return block;
}

/*
 * The memory of the second kernel is the lowest there is, so a page is wanted that is as high as
 * possible.  While the machine boots most of memory is free, and blocks differ.
 */
static struct jump_page * __init jump_new_page(void)
{
	struct page *block, *next, *best = NULL;
	LIST_HEAD(others);
	unsigned int i;

	for (i = 0; i < JUMP_TRIES; i++) {
		block = alloc_pages(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY, JUMP_ORDER);
		if (!block)
			break;
		if (best && page_to_pfn(block) < page_to_pfn(best)) {
			list_add(&block->lru, &others);
			continue;
		}
		if (best)
			list_add(&best->lru, &others);
		best = block;
		if (page_to_phys(best) >= JUMP_HIGH)
			break;
	}
	list_for_each_entry_safe(block, next, &others, lru) {
		list_del(&block->lru);
		__free_pages(block, JUMP_ORDER);
	}
	if (!best)
		return NULL;
	best = jump_first_of(best);
	clear_highpage(best);
	return page_address(best);
}

static ssize_t peer_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	phys_addr_t address = virt_to_phys(jump_page);

	return sysfs_emit(buf, "%pa\n", &address);
}

static struct kobj_attribute jump_peer_attr = __ATTR(peer, 0400, peer_show, NULL);

/**
 * jump_page_init() - have a page for the second kernel
 *
 * Context: Process context.
 * Return: 0; %-ENOMEM; or an errno of sysfs.
 */
int __init jump_page_init(void)
{
	struct kobject *dir;

	jump_page = jump_new_page();
	dir = kobject_create_and_add("jump", ras_kobj);
	if (!jump_page || !dir)
		return -ENOMEM;
	return sysfs_create_file(dir, &jump_peer_attr.attr);
}

/* Is the page outside the memory of a second kernel that ends there? */
bool jump_page_is_above(unsigned long end)
{
	return virt_to_phys(jump_page) >= end;
}

static int page_add_range(struct resource *resource, void *unused)
{
	u64 start = PAGE_ALIGN(resource->start);
	u64 end = round_down(resource->end + 1, PAGE_SIZE);

	if (start >= end)
		return 0;
	if (jump_page->nr_ranges == JUMP_RANGES)
		return -E2BIG;
	jump_page->range[jump_page->nr_ranges].start = start;
	jump_page->range[jump_page->nr_ranges].end = end;
	jump_page->nr_ranges++;
	return 0;
}

/**
 * jump_page_describe() - tell the second kernel which memory this one has
 *
 * Context: Process context; may sleep.
 * Return: 0; %-ENOMEM, as after jump_page_release().
 */
int jump_page_describe(void)
{
	int ret;

	jump_page->nr_ranges = 0;
	if (walk_system_ram_res(0, U64_MAX, NULL, page_add_range)) {
		pr_warn("memory has more than %d parts: the second kernel cannot read it\n",
			JUMP_RANGES);
		jump_page->nr_ranges = 0;
	}
	jump_page->page_offset = PAGE_OFFSET;
	jump_page->vmcoreinfo = paddr_vmcoreinfo_note();
	jump_page->vmcoreinfo_bytes = VMCOREINFO_NOTE_SIZE;
	ret = jump_free_prepare(jump_page);
	if (ret == -ENOMEM)
		return ret;
	if (ret)
		pr_warn("memory is too large: the second kernel does not know what is free\n");
	return 0;
}

/**
 * jump_page_release() - the second kernel needs to know nothing any more
 *
 * Context: Process context.
 */
void jump_page_release(void)
{
	jump_free_release(jump_page);
}

/**
 * jump_page_begin() - fill the page for the second kernel
 * @stop: the stop
 * @image: what is jumped to
 * @end: where its memory ends
 *
 * A second kernel that does not know the page says nothing.
 *
 * Context: A stop, before the jump.
 */
void jump_page_begin(const struct ras_stop *stop, const struct kimage *image, unsigned long end)
{
	jump_page->magic = JUMP_MAGIC;
	jump_page->status = 0;
	jump_page->message[0] = '\0';
	jump_page->end = end;
	jump_page->list = image->head;
	/* Without the note only this CPU's registers are missing. */
	jump_page->cpu_notes_bytes = ras_save_notes(stop) ? 0 : sizeof(note_buf_t);
	jump_page->cpu_notes = per_cpu_ptr_to_phys(per_cpu_ptr(crash_notes, stop->owner));
	jump_free_mark(jump_page);
}

/**
 * jump_page_end() - what the second kernel has told
 *
 * Context: After the jump.
 * Return: its status, an errno; %-EIO if the page is not as it was written.
 */
int jump_page_end(void)
{
	struct jump_page *page = jump_page;

	if (page->magic != JUMP_MAGIC || page->status > 0 || page->status < -MAX_ERRNO) {
		pr_err("the second kernel has overwritten the page for its status\n");
		return -EIO;
	}
	page->message[sizeof(page->message) - 1] = '\0';
	if (page->status)
		pr_err("the second kernel: %s (%d)\n", page->message, page->status);
	return page->status;
}
