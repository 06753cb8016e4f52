/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS client: the dump engine, target net.
 */
#ifndef _RAS_DUMP_NET_H
#define _RAS_DUMP_NET_H

#include <linux/err.h>
#include <linux/sysfs.h>
#include <linux/types.h>

struct dump_target;

/* What the name of a target begins with; a server follows. */
#define DUMP_NET_PREFIX		"net:"

#ifdef CONFIG_RAS_DUMP_NET
struct dump_target *dump_net_new(const char *word);
int dump_proof_set(const u8 *server);
ssize_t dump_proof_show(char *buf);
size_t dump_proof_memory(void);
#else
static inline struct dump_target *dump_net_new(const char *word)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static inline int dump_proof_set(const u8 *server)
{
	return server ? -EOPNOTSUPP : 0;
}

static inline ssize_t dump_proof_show(char *buf)
{
	return sysfs_emit(buf, "none\n");
}

static inline size_t dump_proof_memory(void)
{
	return 0;
}
#endif

#endif /* _RAS_DUMP_NET_H */
