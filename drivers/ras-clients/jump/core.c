// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client that jumps to another kernel: the memory of the first kernel as an ELF core file,
 * /dev/ras_peer, which makedumpfile(8) reads.
 *
 * The form is that of /proc/vmcore: notes first, then a segment for each part of memory (System V
 * ABI, chapter 5; Documentation/admin-guide/kdump/vmcoreinfo.rst).
 */
#include <linux/capability.h>
#include <linux/elf.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/minmax.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/security.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uio.h>

#include "jump.h"

/* A CPU's registers and vmcoreinfo; each is less than a page. */
#define CORE_NOTES_MAX	(4 * PAGE_SIZE)

/* So that a reader can be killed, and others have their turn. */
#define CORE_AT_A_TIME	SZ_1M

/* What precedes memory in the file, and where it ends. */
static void *core_head;
static size_t core_head_bytes;
static loff_t core_bytes;

static const struct jump_page *core_page;

/* How many bytes of a list of notes there are before the empty one that ends it. */
static size_t __init core_count_notes(const void *notes, size_t bytes)
{
	const struct elf64_note *note;
	size_t done = 0, all;

	while (done + sizeof(*note) <= bytes) {
		note = notes + done;
		all = sizeof(*note) + round_up((u64)note->n_namesz, 4) +
		      round_up((u64)note->n_descsz, 4);
		if (!note->n_namesz || all > bytes - done)
			break;
		done += all;
	}
	return done;
}

/* Add the notes that the first kernel has at an address. */
static size_t __init core_add_notes(void *notes, size_t used, u64 address, u64 bytes)
{
	struct kvec to = { .iov_base = notes + used };
	struct iov_iter iter;
	ssize_t got;

	if (bytes > CORE_NOTES_MAX - used)
		return used;
	to.iov_len = bytes;
	iov_iter_kvec(&iter, ITER_DEST, &to, 1, bytes);
	got = jump_memory_read(address, bytes, &iter);
	return got < 0 ? used : used + core_count_notes(to.iov_base, got);
}

static void __init core_fill_header(struct elf64_hdr *header, unsigned int nr_segments)
{
	memcpy(header->e_ident, ELFMAG, SELFMAG);
	header->e_ident[EI_CLASS] = ELFCLASS64;
	header->e_ident[EI_DATA] = ELFDATA2LSB;
	header->e_ident[EI_VERSION] = EV_CURRENT;
	header->e_type = ET_CORE;
	header->e_machine = ELF_ARCH;
	header->e_version = EV_CURRENT;
	header->e_phoff = sizeof(*header);
	header->e_ehsize = sizeof(*header);
	header->e_phentsize = sizeof(struct elf64_phdr);
	header->e_phnum = nr_segments;
}

/* The segments, one for each part of memory, follow each other in the file. */
static void __init core_fill_segments(struct elf64_phdr *segment)
{
	const struct jump_range *range = core_page->range;
	unsigned int i;

	core_bytes = core_head_bytes;
	for (i = 0; i < core_page->nr_ranges; i++, range++, segment++) {
		segment->p_type = PT_LOAD;
		segment->p_flags = PF_R | PF_W | PF_X;
		segment->p_offset = core_bytes;
		segment->p_vaddr = core_page->page_offset + range->start;
		segment->p_paddr = range->start;
		segment->p_filesz = range->end - range->start;
		segment->p_memsz = segment->p_filesz;
		core_bytes += segment->p_filesz;
	}
}

static int __init core_make_head(void)
{
	size_t notes_at = sizeof(struct elf64_hdr) +
			  (core_page->nr_ranges + 1) * sizeof(struct elf64_phdr);
	struct elf64_phdr *segment;
	size_t notes = 0;

	core_head_bytes = PAGE_ALIGN(notes_at + CORE_NOTES_MAX);
	core_head = kvzalloc(core_head_bytes, GFP_KERNEL);
	if (!core_head)
		return -ENOMEM;
	core_fill_header(core_head, core_page->nr_ranges + 1);
	notes = core_add_notes(core_head + notes_at, notes, core_page->cpu_notes,
			       core_page->cpu_notes_bytes);
	notes = core_add_notes(core_head + notes_at, notes, core_page->vmcoreinfo,
			       core_page->vmcoreinfo_bytes);
	segment = core_head + sizeof(struct elf64_hdr);
	segment->p_type = PT_NOTE;
	segment->p_offset = notes_at;
	segment->p_filesz = notes;
	segment->p_memsz = notes;
	core_fill_segments(segment + 1);
	return 0;
}

static int core_open(struct inode *inode, struct file *file)
{
	if (!capable(CAP_SYS_RAWIO))
		return -EPERM;
	return security_locked_down(LOCKDOWN_KCORE);
}

static loff_t core_llseek(struct file *file, loff_t offset, int whence)
{
	return fixed_size_llseek(file, offset, whence, core_bytes);
}

static ssize_t core_read_head(loff_t pos, struct iov_iter *to)
{
	return copy_to_iter(core_head + pos, core_head_bytes - pos, to) ?: -EFAULT;
}

/* From one part of memory. */
static ssize_t core_read_memory(loff_t pos, struct iov_iter *to)
{
	const struct jump_range *range = core_page->range;
	u64 at = pos - core_head_bytes;
	size_t bytes;
	unsigned int i;

	for (i = 0; i < core_page->nr_ranges; i++, range++) {
		if (at < range->end - range->start) {
			bytes = min_t(u64, range->end - range->start - at, CORE_AT_A_TIME);
			return jump_memory_read(range->start + at,
						min(bytes, iov_iter_count(to)), to);
		}
		at -= range->end - range->start;
	}
	return 0;
}

static ssize_t core_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	ssize_t now = 0;
	size_t done = 0;

	while (iov_iter_count(to) && iocb->ki_pos < core_bytes) {
		if (iocb->ki_pos < core_head_bytes)
			now = core_read_head(iocb->ki_pos, to);
		else
			now = core_read_memory(iocb->ki_pos, to);
		if (now < 0)
			break;
		done += now;
		iocb->ki_pos += now;
		if (signal_pending(current))
			break;
	}
	return done ?: now;
}

static const struct file_operations core_fops = {
	.owner		= THIS_MODULE,
	.open		= core_open,
	.llseek		= core_llseek,
	.read_iter	= core_read_iter,
};

static struct miscdevice core_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "ras_peer",
	.mode	= 0400,
	.fops	= &core_fops,
};

/**
 * jump_core_init() - offer the memory of the first kernel as a core file
 * @page: what the first kernel has told
 *
 * Context: Process context, after jump_memory_init().
 * Return: 0 or an errno.
 */
int __init jump_core_init(const struct jump_page *page)
{
	core_page = page;
	return core_make_head() ?: misc_register(&core_device);
}
