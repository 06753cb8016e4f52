/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS client: the dump engine, target net: the way to a server, kept as it is now.
 */
#ifndef _RAS_DUMP_REACH_H
#define _RAS_DUMP_REACH_H

#include <linux/notifier.h>
#include <linux/workqueue.h>

#include "server.h"

struct dump_card;
struct neighbour;

/**
 * struct dump_reach - the way to a server, which a stop may read at any time
 * @server: the server
 * @name: of the target, for messages
 * @card: by which the target sends
 * @way: to the server: one of them is written while the other one may be read
 * @way_nr: which one may be read
 * @trouble: why the server cannot be reached now, or NULL
 * @refresh: looks up the way
 * @events: tells when a neighbour changes
 * @interfaces: tells when an interface changes
 */
struct dump_reach {
	struct dump_server	server;
	const char		*name;
	const struct dump_card	*card;
	struct dump_way		way[2];
	unsigned int		way_nr;
	const char		*trouble;
	struct delayed_work	refresh;
	struct notifier_block	events;
	struct notifier_block	interfaces;
};

struct net_device *dump_reach_find(struct dump_reach *r);
int dump_reach_begin(struct dump_reach *r, const struct dump_card *card);
void dump_reach_end(struct dump_reach *r);
const struct dump_way *dump_reach_way(const struct dump_reach *r);
bool dump_reach_is_hop(const struct dump_reach *r, const struct neighbour *neighbour);

#endif /* _RAS_DUMP_REACH_H */
