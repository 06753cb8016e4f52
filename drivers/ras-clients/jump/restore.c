// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client that jumps to another kernel: a kernel that restores the first one's memory, after
 * the machine was off.
 *
 * A boot loader has started it, with mem= as the kernel that has saved that memory had it.  What
 * is above belongs to the first kernel.  Its page is there only when its memory is, so the parts
 * of memory are taken from the firmware's map.
 */
#define pr_fmt(fmt) "ras_jump: " fmt

#include <linux/errno.h>
#include <linux/init.h>
#include <linux/memblock.h>
#include <linux/pfn.h>
#include <linux/printk.h>
#include <linux/ras_jump.h>
#include <linux/slab.h>

#include "jump.h"

/* The command line says so. */
static bool restore_wanted __initdata;

static int __init restore_set(char *text)
{
	restore_wanted = true;
	return 0;
}
early_param("ras_jump.restore", restore_set);

/**
 * jump_restore_wanted() - is this a kernel that restores another one's memory?
 *
 * Context: Process context.
 * Return: true if so.
 */
bool __init jump_restore_wanted(void)
{
	return restore_wanted;
}

static int __init restore_fill(struct jump_page *page)
{
	struct jump_range *range = page->range;
	u64 start, end;
	unsigned int i;

	page->end = PFN_PHYS(max_pfn);
	for (i = 0; ras_arch_ram(i, &start, &end); i++) {
		if (page->nr_ranges == JUMP_RANGES)
			return -E2BIG;
		range->start = PAGE_ALIGN(start);
		range->end = round_down(end, PAGE_SIZE);
		if (range->start >= range->end)
			continue;
		page->nr_ranges++;
		range++;
	}
	/* Without mem= this kernel has it all. */
	return page->nr_ranges && page->range[page->nr_ranges - 1].end > page->end ? 0 : -EINVAL;
}

/**
 * jump_restore_init() - offer the memory above this kernel's to user space
 *
 * Says in the log why not.
 *
 * Context: Process context.
 * Return: 0, so that the boot goes on.
 */
int __init jump_restore_init(void)
{
	struct jump_page *page = kzalloc(PAGE_SIZE, GFP_KERNEL);
	int ret = page ? restore_fill(page) : -ENOMEM;

	if (!ret)
		ret = jump_memory_init_raw(page);
	if (!ret)
		ret = jump_sparse_init(page, true);
	if (!ret)
		return 0;
	pr_err("ras_jump.restore: the memory above %lu MiB cannot be restored (%d)\n",
	       max_pfn >> (20 - PAGE_SHIFT), ret);
	kfree(page);
	return 0;
}
