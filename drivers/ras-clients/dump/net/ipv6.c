// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target net: IPv6 (RFC 8200) and neighbour discovery (RFC 4861).
 *
 * Extension headers are not followed: a packet with any, a fragment among them, is ignored.
 * Neither a server nor neighbour discovery has a reason to send one.
 */
#include <linux/etherdevice.h>
#include <linux/icmpv6.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/addrconf.h>
#include <net/if_inet6.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>
#include <net/ndisc.h>

#include "wire.h"

/* Neighbour discovery has it at both ends: no router has forwarded the packet (11.2). */
#define DUMP_ND_HOPS		255
/* Lengths of options count these (4.6). */
#define DUMP_ND_UNIT		8

/* A neighbour solicitation or advertisement; options follow (4.3, 4.4). */
struct dump_nd {
	struct icmp6hdr	icmp;
	struct in6_addr	target;
};

/* The option that has an address of Ethernet (4.6.1; RFC 2464, 6). */
struct dump_nd_mac {
	u8	type;
	u8	units;
	u8	mac[ETH_ALEN];
};

static_assert(sizeof(struct dump_nd) == 24);
static_assert(sizeof(struct dump_nd_mac) == DUMP_ND_UNIT);

/* Write the header; what is behind it. */
static void *dump_ipv6_fill(const struct dump_way *way, struct ipv6hdr *ip,
			    const struct in6_addr *to, size_t bytes, u8 next, u8 hops)
{
	*ip = (struct ipv6hdr){
		.version	= 6,
		.payload_len	= htons(bytes),
		.nexthdr	= next,
		.hop_limit	= hops,
		.saddr		= way->here.v6,
		.daddr		= *to,
	};
	return ip + 1;
}

/* Put headers before UDP of so many bytes, its own header among them; where that begins. */
struct udphdr *dump_ipv6_head(const struct dump_way *way, void *frame, size_t bytes)
{
	return dump_ipv6_fill(way, dump_link_head(way, frame, way->hop_mac, ETH_P_IPV6),
			      &way->there.v6, bytes, IPPROTO_UDP, 64);
}

/* Ask the group that the hop is in by its address (4.3). */
static void dump_ipv6_solicit(const struct dump_way *way, struct dump_nd *nd,
			      struct dump_nd_mac *option)
{
	nd->icmp.icmp6_type = NDISC_NEIGHBOUR_SOLICITATION;
	nd->target = way->hop.v6;
	option->type = ND_OPT_SOURCE_LL_ADDR;
}

/* Tell our address (4.4). */
static void dump_ipv6_advertise(const struct dump_way *way, struct dump_nd *nd,
				struct dump_nd_mac *option, bool solicited)
{
	nd->icmp.icmp6_type = NDISC_NEIGHBOUR_ADVERTISEMENT;
	nd->icmp.icmp6_solicited = solicited;
	nd->icmp.icmp6_override = 1;
	nd->target = way->here.v6;
	option->type = ND_OPT_TARGET_LL_ADDR;
}

/*
 * The address that a packet of neighbour discovery goes to.  A question goes to the group of the
 * hop.  An answer goes to the asker, or to all nodes if the asker has no address yet (7.2.4).
 */
static struct in6_addr dump_ipv6_recipient(const struct dump_way *way,
					   const struct dump_heard *asker)
{
	static const struct in6_addr all_nodes = IN6ADDR_LINKLOCAL_ALLNODES_INIT;
	struct in6_addr group;

	if (asker)
		return ipv6_addr_any(&asker->from.v6) ? all_nodes : asker->from.v6;
	addrconf_addr_solict_mult(&way->hop.v6, &group);
	return group;
}

/* As dump_wire_neighbour(), by neighbour discovery. */
size_t dump_ipv6_neighbour(const struct dump_way *way, void *frame,
			   const struct dump_heard *asker)
{
	const struct in6_addr to = dump_ipv6_recipient(way, asker);
	const bool to_group = ipv6_addr_is_multicast(&to);
	struct dump_nd_mac *option;
	struct dump_nd *nd;
	const size_t bytes = sizeof(*nd) + sizeof(*option);
	u8 group_mac[ETH_ALEN];

	ipv6_eth_mc_map(&to, group_mac);
	nd = dump_ipv6_fill(way, dump_link_head(way, frame, to_group ? group_mac : asker->mac,
						ETH_P_IPV6),
			    &to, bytes, IPPROTO_ICMPV6, DUMP_ND_HOPS);
	option = (void *)(nd + 1);
	memset(nd, 0, bytes);
	option->units = 1;
	ether_addr_copy(option->mac, way->mac);
	if (asker)
		dump_ipv6_advertise(way, nd, option, !to_group);
	else
		dump_ipv6_solicit(way, nd, option);
	nd->icmp.icmp6_cksum = csum_ipv6_magic(&way->here.v6, &to, bytes, IPPROTO_ICMPV6,
					       csum_partial(nd, bytes, 0));
	return dump_link_pad(frame, (void *)nd + bytes - frame);
}

/* Is there a whole packet?  Then so many bytes are behind its header. */
static bool dump_ipv6_is_whole(const struct ipv6hdr *ip, size_t bytes, size_t *size)
{
	if (bytes < sizeof(*ip) || ip->version != 6)
		return false;
	*size = ntohs(ip->payload_len);
	return *size <= bytes - sizeof(*ip);
}

/*
 * Look for the address of Ethernet in options of so many bytes: *@mac is set to it, or to NULL.
 * False if an option is bad, and with it all of the packet (7.1.1, 7.1.2).
 */
static bool dump_ipv6_options(const u8 *at, size_t bytes, u8 type, const u8 **mac)
{
	*mac = NULL;
	while (bytes) {
		/* Of the second byte there is nothing if one byte is left. */
		const size_t size = bytes > 1 ? at[1] * DUMP_ND_UNIT : 0;

		if (!size || size > bytes)
			return false;
		if (at[0] == type) {
			*mac = at + offsetof(struct dump_nd_mac, mac);
			if (size != sizeof(struct dump_nd_mac) || !is_valid_ether_addr(*mac))
				return false;
		}
		at += size;
		bytes -= size;
	}
	return true;
}

/* Somebody asks for an address (7.1.1): is it ours? */
static void dump_ipv6_solicited(const struct dump_way *way, const struct ethhdr *eth,
				const struct ipv6hdr *ip, const struct dump_nd *nd,
				const u8 *option, struct dump_heard *heard)
{
	const bool has_none = ipv6_addr_any(&ip->saddr);
	struct in6_addr group;

	addrconf_addr_solict_mult(&way->here.v6, &group);
	if (!ipv6_addr_equal(&nd->target, &way->here.v6) || ipv6_addr_is_multicast(&ip->saddr))
		return;
	/* A machine without an address asks the group, and leaves the option out (4.3). */
	if (!ipv6_addr_equal(&ip->daddr, &group) &&
	    (has_none || !ipv6_addr_equal(&ip->daddr, &way->here.v6)))
		return;
	if (has_none && option)
		return;
	/* A question that was sent to us alone may have no option, either. */
	heard->mac = option ?: eth->h_source;
	heard->from.v6 = ip->saddr;
	if (is_valid_ether_addr(heard->mac))
		heard->kind = DUMP_HEARD_WHO_HAS;
}

/*
 * Somebody tells an address (7.1.2): does the hop tell us?  What is told to all nodes is
 * ignored: the hop is asked again when it is silent.  The flags do not matter, as there is no
 * cache: dump_transfer_hear() decides when an address is believed.
 */
static void dump_ipv6_advertised(const struct dump_way *way, const struct ipv6hdr *ip,
				 const struct dump_nd *nd, const u8 *option,
				 struct dump_heard *heard)
{
	if (!option || !ipv6_addr_equal(&ip->daddr, &way->here.v6) ||
	    !ipv6_addr_equal(&nd->target, &way->hop.v6))
		return;
	heard->mac = option;
	heard->from.v6 = nd->target;
	heard->kind = DUMP_HEARD_HOP;
}

/*
 * Is neighbour discovery for us?  Then @heard is set.  The frame may be to a group.  That the
 * target is no group (7.1.1, 7.1.2) need not be looked at, as it has to be us, or the hop.
 */
void dump_ipv6_parse_neighbour(const struct dump_way *way, const struct ethhdr *eth,
			       const struct ipv6hdr *ip, size_t bytes, struct dump_heard *heard)
{
	const struct dump_nd *nd = (const void *)(ip + 1);
	const u8 *option;
	bool asks;
	size_t size;

	if (!dump_ipv6_is_whole(ip, bytes, &size) || ip->nexthdr != IPPROTO_ICMPV6 ||
	    ip->hop_limit != DUMP_ND_HOPS || size < sizeof(*nd))
		return;
	asks = nd->icmp.icmp6_type == NDISC_NEIGHBOUR_SOLICITATION;
	if ((!asks && nd->icmp.icmp6_type != NDISC_NEIGHBOUR_ADVERTISEMENT) ||
	    nd->icmp.icmp6_code ||
	    csum_ipv6_magic(&ip->saddr, &ip->daddr, size, IPPROTO_ICMPV6,
			    csum_partial(nd, size, 0)) ||
	    !dump_ipv6_options((const u8 *)(nd + 1), size - sizeof(*nd),
			       asks ? ND_OPT_SOURCE_LL_ADDR : ND_OPT_TARGET_LL_ADDR, &option))
		return;
	if (asks)
		dump_ipv6_solicited(way, eth, ip, nd, option, heard);
	else
		dump_ipv6_advertised(way, ip, nd, option, heard);
}

/* The UDP packet in a good packet of the server, and what there is of it; or NULL. */
const struct udphdr *dump_ipv6_parse(const struct dump_way *way, const struct ipv6hdr *ip,
				     size_t bytes, size_t *size)
{
	if (!dump_ipv6_is_whole(ip, bytes, size) || ip->nexthdr != IPPROTO_UDP ||
	    *size < sizeof(struct udphdr) || !ipv6_addr_equal(&ip->saddr, &way->there.v6) ||
	    !ipv6_addr_equal(&ip->daddr, &way->here.v6))
		return NULL;
	return (const void *)(ip + 1);
}
