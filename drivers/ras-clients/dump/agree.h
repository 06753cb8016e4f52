/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS client: the dump engine: keys that the machine shares with the owner of a secret key.
 */
#ifndef _RAS_DUMP_AGREE_H
#define _RAS_DUMP_AGREE_H

#include <linux/types.h>

#include <crypto/chacha.h>
#include <crypto/curve25519.h>

/* Words of a key. */
#define DUMP_KEY_WORDS		(CHACHA_KEY_SIZE / sizeof(u32))

void dump_derive(u32 *key, const u32 *from, const u8 *text);
bool dump_agree(u32 *key, u8 *ours, const u8 *secret, const u8 *theirs);
int dump_agree_new(u32 *key, u8 *ours, const u8 *theirs);

#endif /* _RAS_DUMP_AGREE_H */
