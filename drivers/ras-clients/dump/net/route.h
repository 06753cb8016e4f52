/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS client: the dump engine, target net: the way to a server, by the kernel's routes.
 */
#ifndef _RAS_DUMP_ROUTE_H
#define _RAS_DUMP_ROUTE_H

struct dump_server;
struct dump_way;
struct net_device;

struct net_device *dump_route_find(const struct dump_server *server, struct dump_way *way);
const char *dump_route_why(int error);
struct net_device *dump_route_resolve(const struct dump_server *server, struct dump_way *way,
				      unsigned int wait_ms);

#endif /* _RAS_DUMP_ROUTE_H */
