/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS client: the dump engine, target net: the way to a server, by the kernel's routes.
 */
#ifndef _RAS_DUMP_ROUTE_H
#define _RAS_DUMP_ROUTE_H

#include <linux/types.h>

struct dump_way;
struct net_device;

struct net_device *dump_route_find(const char *interface, u16 port, struct dump_way *way);
const char *dump_route_why(int error);
int dump_route_resolve(const char *interface, u16 port, struct dump_way *way,
		       unsigned int wait_ms);

#endif /* _RAS_DUMP_ROUTE_H */
