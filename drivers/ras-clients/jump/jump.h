/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS client that jumps to another kernel: what its files share.
 */
#ifndef _RAS_CLIENTS_JUMP_H
#define _RAS_CLIENTS_JUMP_H

#include <linux/ras.h>
#include <linux/types.h>

struct kimage;

/* "RASJUMP1": the number is that of the page's form. */
#define JUMP_MAGIC	0x31504d554a534152ULL

/**
 * struct jump_page - what the first kernel and the second tell each other
 * @magic: JUMP_MAGIC
 * @status: the second kernel's, an errno; 0 until it tells
 * @message: the reason in words
 *
 * Both kernels see it; they may be of different versions.
 */
struct jump_page {
	u64	magic;
	s32	status;
	char	message[RAS_MESSAGE_LEN];
};

/* image.c */
struct kimage *jump_image(void);
int jump_check_image(struct kimage *image);
void jump_note_used(const struct kimage *image);
bool jump_is_checked(const struct kimage *image);

/* page.c: the first kernel */
int jump_page_init(void);
bool jump_page_is_above(unsigned long end);
void jump_page_begin(void);
int jump_page_end(void);

/* peer.c: the second kernel */
void jump_peer_init(void);
void jump_peer_tell(int status, const char *message);

/* back.c: the second kernel */
bool jump_back_possible(void);
int jump_back_init(void);

#endif /* _RAS_CLIENTS_JUMP_H */
