/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS client: the dump engine, target net: frames on the wire.
 */
#ifndef _RAS_DUMP_WIRE_H
#define _RAS_DUMP_WIRE_H

#include <linux/if_ether.h>
#include <linux/in6.h>
#include <linux/types.h>

struct iphdr;
struct ipv6hdr;
struct udphdr;

/* An address of either family.  What @v4 leaves of it is 0, so that memcmp() compares it. */
union dump_address {
	__be32		v4;
	struct in6_addr	v6;
};

/**
 * struct dump_way - how a server is reached
 * @mac: the address of the interface
 * @hop_mac: that of the server, or of the gateway to it
 * @has_hop: @hop_mac is known
 * @vlan: the VLAN, or 0
 * @family: of the addresses: %AF_INET or %AF_INET6
 * @here: the machine's address
 * @there: the server's
 * @hop: the gateway's, or the server's
 * @mtu: the longest IP packet, in bytes
 */
struct dump_way {
	u8			mac[ETH_ALEN];
	u8			hop_mac[ETH_ALEN];
	bool			has_hop;
	u16			vlan;
	u16			family;
	union dump_address	here;
	union dump_address	there;
	union dump_address	hop;
	unsigned int		mtu;
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
 * @from: the same, the IP address; ::, if who asks has none yet
 * @port: of the server that it is from
 * @data: what the server says; within the frame
 * @size: how much, in bytes
 */
struct dump_heard {
	enum dump_heard_kind	kind;
	const u8		*mac;
	union dump_address	from;
	u16			port;
	const void		*data;
	size_t			size;
};

unsigned int dump_wire_mtu_min(const struct dump_way *way);
void *dump_wire_payload(const struct dump_way *way, void *frame);
size_t dump_wire_payload_max(const struct dump_way *way);
size_t dump_wire_udp(const struct dump_way *way, void *frame, size_t size, u16 from, u16 to);
size_t dump_wire_neighbour(const struct dump_way *way, void *frame,
			   const struct dump_heard *asker);
void dump_wire_parse(const struct dump_way *way, const void *frame, size_t bytes, u16 port,
		     struct dump_heard *heard);

/* ipv4.c and ipv6.c; wire.c alone calls these. */
struct udphdr *dump_ipv4_head(const struct dump_way *way, void *frame, size_t bytes);
struct udphdr *dump_ipv6_head(const struct dump_way *way, void *frame, size_t bytes);
size_t dump_ipv4_neighbour(const struct dump_way *way, void *frame,
			   const struct dump_heard *asker);
size_t dump_ipv6_neighbour(const struct dump_way *way, void *frame,
			   const struct dump_heard *asker);
void dump_ipv4_parse_arp(const struct dump_way *way, const void *packet, size_t bytes,
			 struct dump_heard *heard);
void dump_ipv6_parse_neighbour(const struct dump_way *way, const struct ethhdr *eth,
			       const struct ipv6hdr *ip, size_t bytes, struct dump_heard *heard);
const struct udphdr *dump_ipv4_parse(const struct dump_way *way, const struct iphdr *ip,
				     size_t bytes, size_t *size);
const struct udphdr *dump_ipv6_parse(const struct dump_way *way, const struct ipv6hdr *ip,
				     size_t bytes, size_t *size);

/* link.c; ipv4.c, ipv6.c and wire.c call these. */
size_t dump_link_bytes(const struct dump_way *way);
void *dump_link_head(const struct dump_way *way, void *frame, const u8 *to, u16 protocol);
size_t dump_link_pad(void *frame, size_t bytes);
size_t dump_link_parse(const struct dump_way *way, const void *frame, size_t bytes,
		       u16 *protocol);

#endif /* _RAS_DUMP_WIRE_H */
