// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client that jumps to another kernel: the page by which the second kernel tells the first
 * what became of it.
 *
 * The page belongs to the first kernel, and is not within the memory that the two exchange.  Its
 * address is in a file of the first kernel, and on the command line of the second.
 */
#define pr_fmt(fmt) "ras_jump: " fmt

#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/kobject.h>
#include <linux/kstrtox.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/printk.h>
#include <linux/ras.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "jump.h"

/* "RASJUMP1": the number is that of the page's form. */
#define JUMP_MAGIC	0x31504d554a534152ULL

/* Of that many blocks the one with the highest address is taken, or the first that is high. */
#define JUMP_TRIES	64
#define JUMP_ORDER	(MAX_ORDER - 1)
#define JUMP_HIGH	SZ_1G

/* What both kernels see; they may be of different versions. */
struct jump_page {
	u64	magic;
	s32	status;
	char	message[RAS_MESSAGE_LEN];
};

/* In the first kernel a page of its own; in the second that of the first, or NULL. */
static struct jump_page *jump_page;
/* In the second kernel its physical address; else 0. */
static phys_addr_t jump_peer;

static int __init jump_set_peer(char *text)
{
	u64 address;

	if (!text || kstrtou64(text, 0, &address) || address & ~PAGE_MASK) {
		pr_err("ras_jump.peer=%s is no address of a page\n", text ?: "");
		return 0;
	}
	jump_peer = address;
	return 0;
}
early_param("ras_jump.peer", jump_set_peer);

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
	return best ? page_address(jump_first_of(best)) : NULL;
}

static struct jump_page * __init jump_map_peer(void)
{
	struct jump_page *page = memremap(jump_peer, PAGE_SIZE, MEMREMAP_WB);

	if (page && page->magic == JUMP_MAGIC)
		return page;
	pr_err("ras_jump.peer=%pa: the first kernel has no page there\n", &jump_peer);
	if (page)
		memunmap(page);
	return NULL;
}

static ssize_t peer_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	phys_addr_t address = virt_to_phys(jump_page);

	return sysfs_emit(buf, "%pa\n", &address);
}

static struct kobj_attribute jump_peer_attr = __ATTR(peer, 0400, peer_show, NULL);

/**
 * jump_peer_init() - have a page for the second kernel, or find that of the first
 *
 * Context: Process context.
 * Return: 0 or an errno.
 */
int __init jump_peer_init(void)
{
	struct kobject *dir;

	if (jump_peer) {
		jump_page = jump_map_peer();
		return 0;
	}
	jump_page = jump_new_page();
	dir = kobject_create_and_add("jump", ras_kobj);
	if (!jump_page || !dir)
		return -ENOMEM;
	return sysfs_create_file(dir, &jump_peer_attr.attr);
}

/* Is the page outside the memory of a second kernel that ends there? */
bool jump_peer_is_above(unsigned long end)
{
	return jump_page && virt_to_phys(jump_page) >= end;
}

/* The first kernel: before the jump.  A second kernel that does not know the page says nothing. */
void jump_peer_begin(void)
{
	jump_page->magic = JUMP_MAGIC;
	jump_page->status = 0;
	jump_page->message[0] = '\0';
}

/**
 * jump_peer_end() - what the second kernel has told
 *
 * Context: The first kernel, after the jump.
 * Return: its status, an errno; %-EIO if the page is not as it was written.
 */
int jump_peer_end(void)
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

/**
 * jump_peer_tell() - tell the first kernel what became of this one
 * @status: an errno
 * @message: the reason in words
 *
 * Context: The second kernel; any.
 */
void jump_peer_tell(int status, const char *message)
{
	if (!jump_peer || !jump_page)
		return;
	jump_page->status = status;
	strscpy(jump_page->message, message, sizeof(jump_page->message));
	strim(jump_page->message);
}
