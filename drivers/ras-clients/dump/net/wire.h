/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS client: the dump engine, target net: frames on the wire.
 */
#ifndef _RAS_DUMP_WIRE_H
#define _RAS_DUMP_WIRE_H

#include <linux/if_ether.h>
#include <linux/types.h>

/**
 * struct dump_way - how a server is reached
 * @mac: the address of the interface
 * @hop_mac: that of the server, or of the gateway to it
 * @has_hop: @hop_mac is known
 * @vlan: the VLAN, or 0
 * @here: the machine's IPv4 address
 * @there: the server's
 * @hop: the gateway's, or the server's
 * @mtu: the longest IP packet, in bytes
 */
struct dump_way {
	u8		mac[ETH_ALEN];
	u8		hop_mac[ETH_ALEN];
	bool		has_hop;
	u16		vlan;
	__be32		here;
	__be32		there;
	__be32		hop;
	unsigned int	mtu;
};

/* What a frame is that was received. */
enum dump_heard_kind {
	DUMP_HEARD_NOTHING,
	DUMP_HEARD_WHO_HAS,
	DUMP_HEARD_HOP,
	DUMP_HEARD_SERVER,
};

/**
 * struct dump_heard - what was received
 * @kind: %DUMP_HEARD_WHO_HAS: somebody asks for our address; %DUMP_HEARD_HOP: the server or
 *	gateway tells its own; %DUMP_HEARD_SERVER: UDP from the server
 * @mac: of who asks, or tells
 * @from: the same, the IPv4 address
 * @port: of the server that it is from
 * @data: what the server says; within the frame
 * @size: how much, in bytes
 */
struct dump_heard {
	enum dump_heard_kind	kind;
	const u8		*mac;
	__be32			from;
	u16			port;
	const void		*data;
	size_t			size;
};

void *dump_wire_payload(const struct dump_way *way, void *frame);
size_t dump_wire_payload_max(const struct dump_way *way);
size_t dump_wire_udp(const struct dump_way *way, void *frame, size_t size, u16 from, u16 to);
size_t dump_wire_arp(const struct dump_way *way, void *frame, const struct dump_heard *asker);
void dump_wire_parse(const struct dump_way *way, const void *frame, size_t bytes, u16 port,
		     struct dump_heard *heard);

#endif /* _RAS_DUMP_WIRE_H */
