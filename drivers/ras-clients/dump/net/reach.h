/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS client: the dump engine, target net: the way to a server, and the card that sends there,
 * kept as they are now.
 */
#ifndef _RAS_DUMP_REACH_H
#define _RAS_DUMP_REACH_H

#include <linux/notifier.h>
#include <linux/workqueue.h>

#include "server.h"

struct dump_card;
struct neighbour;

/**
 * struct dump_path - how a server is reached, and by what
 * @way: to the server
 * @card: armed; sends there
 */
struct dump_path {
	struct dump_way		way;
	struct dump_card	*card;
};

/**
 * struct dump_reach - the path to a server, which a stop may read at any time
 * @server: the server
 * @name: of the target, for messages
 * @path: to the server: one of them is written while the other one may be read
 * @path_nr: which one may be read
 * @refused: index of the interface whose card could not be armed, or 0
 * @trouble: why the server cannot be reached now, or NULL
 * @refresh: looks up the path
 * @events: tells when a neighbour changes
 * @interfaces: tells when an interface changes
 */
struct dump_reach {
	struct dump_server	server;
	const char		*name;
	struct dump_path	path[2];
	unsigned int		path_nr;
	int			refused;
	const char		*trouble;
	struct delayed_work	refresh;
	struct notifier_block	events;
	struct notifier_block	interfaces;
};

int dump_reach_begin(struct dump_reach *r);
void dump_reach_end(struct dump_reach *r);
const struct dump_path *dump_reach_path(const struct dump_reach *r);
const char *dump_reach_not_ready(const struct dump_reach *r);
bool dump_reach_is_hop(const struct dump_reach *r, const struct neighbour *neighbour);

#endif /* _RAS_DUMP_REACH_H */
