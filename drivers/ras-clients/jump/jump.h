/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS client that jumps to another kernel: what its files share.
 */
#ifndef _RAS_CLIENTS_JUMP_H
#define _RAS_CLIENTS_JUMP_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/mm.h>
#include <linux/ras.h>
#include <linux/sizes.h>
#include <linux/types.h>

struct iov_iter;
struct kimage;

/* "RASJUMP3": the number is that of the page's form. */
#define JUMP_MAGIC	0x33504d554a534152ULL

/* So many parts of memory fit onto the page. */
#define JUMP_RANGES	160

/* A page has bits for so many pages, and there are so many pages of addresses of such. */
#define JUMP_PFNS	(PAGE_SIZE * BITS_PER_BYTE)
#define JUMP_INDEXES	64

/* The memory of a second kernel ends there at the latest. */
#define JUMP_END_MAX	SZ_4G

/**
 * struct jump_range - a part of memory
 * @start: its first byte, at the beginning of a page
 * @end: the first byte behind it
 */
struct jump_range {
	u64	start;
	u64	end;
};

/**
 * struct jump_page - what the first kernel and the second tell each other
 * @magic: JUMP_MAGIC
 * @status: the second kernel's, an errno; 0 until it tells
 * @message: the reason in words
 * @nr_ranges: how many parts of memory there are; 0 if they are too many
 * @end: the end of what is exchanged for the second kernel
 * @list: kimage.head: which page is exchanged for which
 * @page_offset: the first kernel's virtual address of physical address 0
 * @cpu_notes: where the note of the CPU that has jumped is
 * @cpu_notes_bytes: how long it is at most; 0: there is none
 * @vmcoreinfo: where the note of vmcoreinfo is
 * @vmcoreinfo_bytes: how long it is at most
 * @index: where pages with addresses are, of pages with a bit for each page that is free; 0 from
 *	the first on that is not needed, or if nobody has looked
 * @range: the parts, in their order
 *
 * Both kernels see it; they may be of different versions.  Addresses are physical ones of the
 * first kernel.
 */
struct jump_page {
	u64			magic;
	s32			status;
	char			message[RAS_MESSAGE_LEN];
	u32			nr_ranges;
	u64			end;
	u64			list;
	u64			page_offset;
	u64			cpu_notes;
	u64			cpu_notes_bytes;
	u64			vmcoreinfo;
	u64			vmcoreinfo_bytes;
	u64			index[JUMP_INDEXES];
	struct jump_range	range[JUMP_RANGES];
};

static_assert(sizeof(struct jump_page) <= PAGE_SIZE);

/* image.c */
struct kimage *jump_image(void);
unsigned long jump_end(const struct kimage *image);
int jump_check_image(struct kimage *image);
void jump_note_used(const struct kimage *image);
bool jump_is_checked(const struct kimage *image);

/* page.c: the first kernel */
int jump_page_init(void);
bool jump_page_is_above(unsigned long end);
int jump_page_describe(void);
void jump_page_release(void);
void jump_page_begin(const struct ras_stop *stop, const struct kimage *image, unsigned long end);
int jump_page_end(void);

/* peer.c: the second kernel */
const struct jump_page *jump_peer_init(void);
void jump_peer_tell(int status, const char *message);

/* free.c: the first kernel */
int jump_free_prepare(struct jump_page *page);
void jump_free_release(struct jump_page *page);
void jump_free_mark(struct jump_page *page);

/* memory.c: the second kernel, and one that restores */
int jump_memory_init_raw(const struct jump_page *page);
int jump_memory_init(const struct jump_page *page);
ssize_t jump_memory_read(u64 address, size_t bytes, struct iov_iter *to);
ssize_t jump_memory_copy(u64 address, size_t bytes, struct iov_iter *iter);
bool jump_memory_is_outside(u64 address, u64 bytes);

/* sparse.c: the same */
int jump_sparse_init(const struct jump_page *page, bool writable);

/* restore.c: a kernel that restores */
bool jump_restore_wanted(void);
int jump_restore_init(void);

/* core.c: the second kernel */
int jump_core_init(const struct jump_page *page);

/* back.c: the second kernel */
bool jump_back_possible(void);
int jump_back_init(void);

#endif /* _RAS_CLIENTS_JUMP_H */
