/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS client: the dump engine, target net.
 */
#ifndef _RAS_DUMP_NET_H
#define _RAS_DUMP_NET_H

#include <linux/err.h>

struct dump_target;

/* What the name of a target begins with; a server follows. */
#define DUMP_NET_PREFIX		"net:"

#ifdef CONFIG_RAS_DUMP_NET
struct dump_target *dump_net_new(const char *word);
#else
static inline struct dump_target *dump_net_new(const char *word)
{
	return ERR_PTR(-EOPNOTSUPP);
}
#endif

#endif /* _RAS_DUMP_NET_H */
