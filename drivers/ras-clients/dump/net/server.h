/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS client: the dump engine, target net: which server a target names.
 */
#ifndef _RAS_DUMP_SERVER_H
#define _RAS_DUMP_SERVER_H

#include <linux/if.h>
#include <linux/types.h>

#include "wire.h"

/**
 * struct dump_server - a server, as the name of a target has it
 * @family: of its address: %AF_INET or %AF_INET6
 * @address: its address
 * @port: its port for heralds
 * @interface: by which to go; "": the routes decide
 */
struct dump_server {
	u16			family;
	union dump_address	address;
	u16			port;
	char			interface[IFNAMSIZ];
};

int dump_server_parse(struct dump_server *server, const char *text);

#endif /* _RAS_DUMP_SERVER_H */
