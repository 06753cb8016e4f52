/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS client: the dump engine, target block.
 */
#ifndef _RAS_DUMP_BLOCK_H
#define _RAS_DUMP_BLOCK_H

#include <linux/err.h>

struct dump_target;

#ifdef CONFIG_RAS_DUMP_BLOCK
struct dump_target *dump_block_new(const char *path);
#else
static inline struct dump_target *dump_block_new(const char *path)
{
	return ERR_PTR(-EOPNOTSUPP);
}
#endif

#endif /* _RAS_DUMP_BLOCK_H */
