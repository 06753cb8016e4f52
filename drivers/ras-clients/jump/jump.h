/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS client that jumps to another kernel: what its files share.
 */
#ifndef _RAS_CLIENTS_JUMP_H
#define _RAS_CLIENTS_JUMP_H

#include <linux/types.h>

struct kimage;

/* image.c */
int jump_check_image(const struct kimage *image);
void jump_note_used(const struct kimage *image);
bool jump_is_checked(const struct kimage *image);

/* peer.c */
int jump_peer_init(void);
void jump_peer_begin(void);
int jump_peer_end(void);
bool jump_peer_is_above(unsigned long end);
void jump_peer_tell(int status, const char *message);

#endif /* _RAS_CLIENTS_JUMP_H */
