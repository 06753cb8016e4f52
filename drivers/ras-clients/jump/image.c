// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client that jumps to another kernel: can this kernel come back from the one that is loaded?
 *
 * The second kernel has the lowest part of memory to itself.  What is there is exchanged for its
 * segments before the jump, and put back after it.  So its segments must leave no gap: what is in
 * a gap, the second kernel overwrites.
 */
#define pr_fmt(fmt) "ras_jump: " fmt

#include <linux/cc_platform.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kexec.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pfn.h>
#include <linux/printk.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "jump.h"

/* Of the kernel that was found good: what the check depends on. */
static struct {
	unsigned long		nr_segments;
	struct kexec_segment	segment[KEXEC_SEGMENT_MAX];
} jump_checked;

/* Where the last kernel goes on that was jumped to; 0: none was. */
static unsigned long jump_used;

/**
 * jump_end() - where the memory of the second kernel ends
 * @image: the kernel
 *
 * Context: Any; nobody replaces the kernel meanwhile.
 * Return: the first address behind it.
 */
unsigned long jump_end(const struct kimage *image)
{
	unsigned long end = 0;
	unsigned int i;

	for (i = 0; i < image->nr_segments; i++)
		end = max(end, image->segment[i].mem + image->segment[i].memsz);
	return end;
}

/* Memory that this kernel uses, the second one too, and nobody puts back; 0: none. */
static unsigned long jump_gap(struct kimage *image)
{
	unsigned long pfn, end = PFN_DOWN(jump_end(image));

	/* The kernel keeps out of the first page, see trim_bios_range(). */
	for (pfn = 1; pfn < end; pfn++)
		if (page_is_ram(pfn) &&
		    !kimage_is_destination_range(image, PFN_PHYS(pfn), PFN_PHYS(pfn + 1)))
			return PFN_PHYS(pfn);
	return 0;
}

/* The crash kernel's memory must stay as it is, or there is no dump of what happens later. */
static bool jump_meets(const struct kimage *image, const struct resource *reserved)
{
	return reserved->end && reserved->start < jump_end(image);
}

/**
 * jump_image() - the kernel that is loaded
 *
 * Not kept: nobody can begin to replace it.  Nobody is in the middle of that either, because it
 * would have the lock.
 *
 * Context: A stop, no other CPU running.
 * Return: the kernel; NULL if there is none; %-EBUSY if it is just being loaded.
 */
struct kimage *jump_image(void)
{
	struct kimage *image = kexec_get_image();

	if (!IS_ERR(image))
		kexec_put_image();
	return image;
}

/**
 * jump_note_used() - a jump has come back from this kernel
 * @image: the kernel, whose start is where it would go on
 *
 * Context: A stop.
 */
void jump_note_used(const struct kimage *image)
{
	jump_used = image->start;
}

static void jump_note_image(const struct kimage *image)
{
	jump_checked.nr_segments = image->nr_segments;
	memcpy(jump_checked.segment, image->segment, sizeof(jump_checked.segment));
}

/**
 * jump_is_checked() - is this the kernel that jump_check_image() has found good?
 * @image: the kernel that is loaded, or NULL
 *
 * Takes no lock, unlike the check.
 *
 * Context: A stop.
 * Return: true if so, or if it is one whose memory is the same.
 */
bool jump_is_checked(const struct kimage *image)
{
	return image && image->preserve_context &&
	       image->nr_segments == jump_checked.nr_segments &&
	       !memcmp(image->segment, jump_checked.segment, sizeof(image->segment));
}

/**
 * jump_check_image() - can this kernel come back from the one that is loaded?
 * @image: the kernel that is loaded, or NULL; nobody replaces it meanwhile
 *
 * Says in the log why not.
 *
 * Context: Process context.
 * Return: 0; %-ENOENT if there is none; %-EINVAL if it was not loaded for coming back, if its
 *	segments leave a gap, or if they end above %JUMP_END_MAX; %-ESTALE if it was jumped to,
 *	and would go on where it has jumped back; %-EBUSY if the crash kernel, or the page for
 *	the status, has memory there; %-EOPNOTSUPP if memory is encrypted.
 */
int jump_check_image(struct kimage *image)
{
	unsigned long gap;

	if (!image) {
		pr_err("refused: no kernel to jump to is loaded\n");
		return -ENOENT;
	}
	if (!image->preserve_context) {
		pr_err("refused: the kernel that is loaded was not loaded for coming back\n");
		return -EINVAL;
	}
	if (jump_used && image->start == jump_used) {
		pr_err("refused: the kernel that is loaded was jumped to before\n");
		return -ESTALE;
	}
	if (cc_platform_has(CC_ATTR_MEM_ENCRYPT)) {
		pr_err("refused: memory is encrypted\n");
		return -EOPNOTSUPP;
	}
	if (jump_meets(image, &crashk_res) || jump_meets(image, &crashk_low_res)) {
		pr_err("refused: the crash kernel has memory below %lu MiB\n",
		       jump_end(image) / SZ_1M);
		return -EBUSY;
	}
	if (jump_end(image) > JUMP_END_MAX) {
		pr_err("refused: the kernel that is loaded has more than %llu MiB\n",
		       JUMP_END_MAX / SZ_1M);
		return -EINVAL;
	}
	if (!jump_page_is_above(jump_end(image))) {
		pr_err("refused: the page for the status is below %lu MiB\n",
		       jump_end(image) / SZ_1M);
		return -EBUSY;
	}
	gap = jump_gap(image);
	if (gap) {
		pr_err("refused: the memory at %#lx would not be put back\n", gap);
		return -EINVAL;
	}
	jump_note_image(image);
	return 0;
}
