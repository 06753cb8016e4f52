// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client that jumps to another kernel: the memory of the first kernel that is outside the
 * second one's, as a sparse file, /dev/ras_image.
 *
 * The offset in the file is the physical address.  What the first kernel had in the second one's
 * memory is in pages outside for now, so this is all that a hibernation has to save.  Pages that
 * were free are holes, which lseek() finds.  A kernel that restores may write, and knows of no
 * holes.
 */
#include <linux/bitmap.h>
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/minmax.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pfn.h>
#include <linux/sched/signal.h>
#include <linux/security.h>
#include <linux/sizes.h>
#include <linux/uio.h>

#include "jump.h"

/* So that a reader can be killed, and others have their turn. */
#define SPARSE_AT_A_TIME	SZ_1M

/* Addresses on a page. */
#define SPARSE_PER_INDEX	(PAGE_SIZE / sizeof(u64))

static const struct jump_page *sparse_page;
static bool sparse_writable;

/* The bits of JUMP_PFNS pages, and which; searches take turns. */
static DEFINE_MUTEX(sparse_lock);
static unsigned long sparse_bits[PAGE_SIZE / sizeof(long)];
static unsigned long sparse_bits_of = ULONG_MAX;

/* Read from the first kernel's memory. */
static int sparse_read_at(u64 address, void *to, size_t bytes)
{
	struct kvec vec = { .iov_base = to, .iov_len = bytes };
	struct iov_iter iter;

	iov_iter_kvec(&iter, ITER_DEST, &vec, 1, bytes);
	return jump_memory_read(address, bytes, &iter) == bytes ? 0 : -EIO;
}

/* Have the bits with that number.  Without an index nothing is known to be free. */
static int sparse_get_bits(unsigned long nr)
{
	unsigned long i = nr / SPARSE_PER_INDEX;
	u64 index = i < JUMP_INDEXES ? sparse_page->index[i] : 0;
	u64 bits;
	int ret;

	if (nr == sparse_bits_of)
		return 0;
	sparse_bits_of = ULONG_MAX;
	if (!index) {
		memset(sparse_bits, 0, sizeof(sparse_bits));
	} else {
		index += nr % SPARSE_PER_INDEX * sizeof(u64);
		ret = sparse_read_at(index, &bits, sizeof(bits)) ?:
		      sparse_read_at(bits, sparse_bits, sizeof(sparse_bits));
		if (ret)
			return ret;
	}
	sparse_bits_of = nr;
	return 0;
}

/* In a part of memory, the first page that is used, or free; @end if there is none. */
static long sparse_next_in(unsigned long pfn, unsigned long end, bool used)
{
	unsigned long nr, from, to, next;
	int ret;

	while (pfn < end) {
		nr = pfn / JUMP_PFNS;
		from = pfn % JUMP_PFNS;
		to = min(end - nr * JUMP_PFNS, JUMP_PFNS);
		ret = sparse_get_bits(nr);
		if (ret)
			return ret;
		next = used ? find_next_zero_bit(sparse_bits, to, from) :
			      find_next_bit(sparse_bits, to, from);
		pfn = nr * JUMP_PFNS + next;
		if (next < to)
			break;
		cond_resched();
	}
	return pfn;
}

/* The first page that is used, or not; what is not memory is not used. */
static long sparse_next(unsigned long pfn, bool used)
{
	const struct jump_range *range = sparse_page->range;
	unsigned long start, end;
	unsigned int i;
	long next;

	for (i = 0; i < sparse_page->nr_ranges; i++, range++) {
		start = PHYS_PFN(max(range->start, sparse_page->end));
		end = PHYS_PFN(range->end);
		if (pfn >= end || start >= end)
			continue;
		if (pfn < start && !used)
			return pfn;
		next = sparse_next_in(max(pfn, start), end, used);
		if (next < 0 || next < end)
			return next;
		pfn = end;
	}
	return used ? -ENXIO : pfn;
}

static u64 sparse_bytes(void)
{
	return sparse_page->range[sparse_page->nr_ranges - 1].end;
}

static loff_t sparse_seek(struct file *file, loff_t offset, bool used)
{
	long pfn;

	if (offset < 0 || offset >= sparse_bytes())
		return -ENXIO;
	mutex_lock(&sparse_lock);
	pfn = sparse_next(PHYS_PFN(offset), used);
	mutex_unlock(&sparse_lock);
	if (pfn < 0)
		return pfn;
	/* It may begin with the page in which the offset is. */
	return vfs_setpos(file, max_t(loff_t, offset, PFN_PHYS(pfn)), sparse_bytes());
}

static loff_t sparse_llseek(struct file *file, loff_t offset, int whence)
{
	if (whence == SEEK_DATA || whence == SEEK_HOLE)
		return sparse_seek(file, offset, whence == SEEK_DATA);
	return fixed_size_llseek(file, offset, whence, sparse_bytes());
}

static int sparse_open(struct inode *inode, struct file *file)
{
	const bool is_writing = file->f_mode & FMODE_WRITE;

	if (!capable(CAP_SYS_RAWIO) || (is_writing && !sparse_writable))
		return -EPERM;
	/* A kernel that is restored from a disk has not been verified by anybody. */
	if (is_writing && security_locked_down(LOCKDOWN_HIBERNATION))
		return -EPERM;
	return security_locked_down(LOCKDOWN_KCORE);
}

/* Both ways. */
static ssize_t sparse_copy(struct kiocb *iocb, struct iov_iter *iter)
{
	ssize_t now = 0;
	size_t done = 0;

	while (iov_iter_count(iter) && iocb->ki_pos < sparse_bytes()) {
		now = jump_memory_copy(iocb->ki_pos, min_t(size_t, iov_iter_count(iter),
							   SPARSE_AT_A_TIME), iter);
		if (now < 0)
			break;
		done += now;
		iocb->ki_pos += now;
		if (signal_pending(current))
			break;
	}
	return done ?: now;
}

static ssize_t sparse_write(struct kiocb *iocb, struct iov_iter *from)
{
	if (iocb->ki_pos >= sparse_bytes() && iov_iter_count(from))
		return -EFBIG;
	return sparse_copy(iocb, from);
}

/* Cached, as the first kernel has it.  A private mapping would be copied when it is written to. */
static int sparse_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long size = vma->vm_end - vma->vm_start;

	if (!(vma->vm_flags & VM_MAYSHARE) || vma->vm_pgoff >= PHYS_PFN(sparse_bytes()) ||
	    !jump_memory_is_outside(PFN_PHYS(vma->vm_pgoff), size))
		return -EINVAL;
	return remap_pfn_range(vma, vma->vm_start, vma->vm_pgoff, size, vma->vm_page_prot);
}

static const struct file_operations sparse_fops = {
	.owner		= THIS_MODULE,
	.open		= sparse_open,
	.llseek		= sparse_llseek,
	.mmap		= sparse_mmap,
	.read_iter	= sparse_copy,
	.write_iter	= sparse_write,
};

static struct miscdevice sparse_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "ras_image",
	.mode	= 0600,
	.fops	= &sparse_fops,
};

/**
 * jump_sparse_init() - offer what a hibernation saves to user space
 * @page: says which memory that is
 * @writable: it is to be restored
 *
 * Context: Process context, after jump_memory_init() or jump_memory_init_raw().
 * Return: 0 or an errno.
 */
int __init jump_sparse_init(const struct jump_page *page, bool writable)
{
	sparse_page = page;
	sparse_writable = writable;
	return misc_register(&sparse_device);
}
