// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target net: the way to a server, by the kernel's routes.
 *
 * In a crash nobody may look at routes or neighbours, so they are asked in advance.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/etherdevice.h>
#include <linux/netdevice.h>
#include <linux/printk.h>
#include <linux/ras_netdump.h>
#include <net/arp.h>
#include <net/bonding.h>
#include <net/dst.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/ipv6_stubs.h>
#include <net/neighbour.h>
#include <net/net_namespace.h>
#include <net/route.h>

#include "route.h"
#include "server.h"

static int dump_route_index(const char *interface)
{
	struct net_device *dev;
	int index = 0;

	if (!*interface)
		return 0;
	rcu_read_lock();
	dev = dev_get_by_name_rcu(&init_net, interface);
	if (dev)
		index = dev->ifindex;
	rcu_read_unlock();
	return index ?: -ENODEV;
}

/* Frames have one tag at most, of 802.1Q. */
static int dump_route_tag(struct dump_way *way, __be16 protocol, u16 vlan)
{
	if (way->vlan || protocol != htons(ETH_P_8021Q))
		return -EOPNOTSUPP;
	way->vlan = vlan;
	return 0;
}

/* What an interface that is not the card's does to the tag of frames. */
static int dump_route_pass(struct dump_way *way, const struct net_device_path *path)
{
	switch (path->type) {
	case DEV_PATH_ETHERNET:
		return 0;
	case DEV_PATH_VLAN:
		return dump_route_tag(way, path->encap.proto, path->encap.id);
	case DEV_PATH_BRIDGE:
		if (path->bridge.vlan_mode == DEV_PATH_BR_VLAN_TAG)
			return dump_route_tag(way, path->bridge.vlan_proto, path->bridge.vlan_id);
		if (path->bridge.vlan_mode != DEV_PATH_BR_VLAN_KEEP)
			way->vlan = 0;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

/* Where VLANs and bridges send frames to the hop. */
static const struct net_device *dump_route_below(const struct net_device *dev,
						 struct dump_way *way)
{
	struct net_device_path_stack stack;
	int i, ret = 0;

	/* A bridge learns from the hop's answers. */
	if (dev_fill_forward_path(dev, way->hop_mac, &stack))
		return ERR_PTR(-EHOSTDOWN);
	for (i = 0; i < stack.num_paths && !ret; i++)
		ret = dump_route_pass(way, &stack.path[i]);
	return ret ? ERR_PTR(ret) : stack.path[stack.num_paths - 1].dev;
}

/* The card of a bond that receives: in other modes a switch selects one for each answer. */
static const struct net_device *dump_route_active(const struct net_device *dev)
{
	struct bonding *bond = netdev_priv(dev);

	if (!bond_uses_primary(bond))
		return ERR_PTR(-EOPNOTSUPP);
	return bond_option_active_slave_get_rcu(bond) ?: ERR_PTR(-ENETDOWN);
}

/* The interface that frames of the route go out by, which is held; and how they look. */
static struct net_device *dump_route_lower(const struct dst_entry *dst, struct dump_way *way)
{
	/* Once: it is another one when the interface goes away, and then it may be freed. */
	const struct net_device *dev = READ_ONCE(dst->dev);
	struct net_device *lower;

	if (dev->type != ARPHRD_ETHER)
		return ERR_PTR(-EOPNOTSUPP);
	ether_addr_copy(way->mac, dev->dev_addr);
	way->vlan = 0;
	dev = dump_route_below(dev, way);
	/* A bond has no bond below it, but an interface of a VLAN may be part of it. */
	if (!IS_ERR(dev) && netif_is_bond_master(dev))
		dev = dump_route_active(dev);
	if (!IS_ERR(dev))
		dev = dump_route_below(dev, way);
	if (IS_ERR(dev))
		return ERR_CAST(dev);
	/* One that is in another namespace has an index of that. */
	lower = dev_get_by_index_rcu(&init_net, dev->ifindex);
	if (lower != dev)
		return ERR_PTR(-EOPNOTSUPP);
	dev_hold(lower);
	return lower;
}

/* What is known of the hop's address, and have the kernel find out. */
static void dump_route_hop(struct dst_entry *dst, struct dump_way *way)
{
	struct neighbour *n = dst_neigh_lookup(dst, &way->hop);

	way->has_hop = false;
	eth_zero_addr(way->hop_mac);
	if (!n)
		return;
	neigh_event_send(n, NULL);
	if (READ_ONCE(n->nud_state) & NUD_VALID) {
		char mac[MAX_ADDR_LEN];

		neigh_ha_snapshot(mac, n, n->dev);
		ether_addr_copy(way->hop_mac, mac);
		way->has_hop = true;
	}
	neigh_release(n);
}

/* Does a route use IPsec, or add a header?  In a crash nobody encrypts, or adds one. */
static bool dump_route_is_more(const struct dst_entry *dst)
{
	return dst_xfrm(dst) || dst->lwtstate;
}

/* The route, or, if it cannot be used, nothing but the error. */
static struct dst_entry *dump_route_unless(struct dst_entry *dst, int error)
{
	if (!error)
		return dst;
	dst_release(dst);
	return ERR_PTR(error);
}

/* The route by IPv4; then here and hop are set. */
static struct dst_entry *dump_route_ipv4(int index, u16 port, struct dump_way *way)
{
	/* Rules for routes, and policies of IPsec, may be for UDP, and for ports. */
	struct flowi4 flow = {
		.daddr		= way->there.v4,
		.flowi4_oif	= index,
		.flowi4_proto	= IPPROTO_UDP,
		.fl4_sport	= htons(RAS_NETDUMP_CLIENT_PORT),
		.fl4_dport	= htons(port),
	};
	struct rtable *rt = ip_route_output_key(&init_net, &flow);

	if (IS_ERR(rt))
		return ERR_CAST(rt);
	/* The source is 0.0.0.0 if the interface has no address. */
	if (rt->rt_type != RTN_UNICAST || !flow.saddr || ipv4_is_loopback(flow.saddr))
		return dump_route_unless(&rt->dst, -EADDRNOTAVAIL);
	if (rt->rt_gw_family == AF_INET6)
		return dump_route_unless(&rt->dst, -EOPNOTSUPP);
	way->here.v4 = flow.saddr;
	way->hop.v4 = rt->rt_gw_family ? rt->rt_gw4 : way->there.v4;
	return &rt->dst;
}

/*
 * Can the server answer to this source address?  While an address is being checked for
 * duplicates, the kernel selects another one: ::1, or a link-local one, from which no router
 * forwards.
 */
static bool dump_route_is_source(const struct in6_addr *source, bool has_gateway)
{
	const int type = ipv6_addr_type(source);

	return !(type & IPV6_ADDR_LOOPBACK) && !(type & IPV6_ADDR_LINKLOCAL && has_gateway);
}

/*
 * The same by IPv6, with the source address that the kernel selects (RFC 6724).
 *
 * This code is built in, but IPv6 may be a module, or not be there at all.  So the route is
 * asked for by ipv6_stub, which is built in as well: it says -EAFNOSUPPORT as long as there is
 * no IPv6.  What else is called here is inline, or goes by the operations of the route.
 */
static struct dst_entry *dump_route_ipv6(int index, u16 port, struct dump_way *way)
{
	struct flowi6 flow = {
		.daddr		= way->there.v6,
		.flowi6_oif	= index,
		.flowi6_proto	= IPPROTO_UDP,
		.fl6_sport	= htons(RAS_NETDUMP_CLIENT_PORT),
		.fl6_dport	= htons(port),
	};
	struct dst_entry *dst = ipv6_stub->ipv6_dst_lookup_flow(&init_net, NULL, &flow, NULL);
	const struct rt6_info *rt;

	if (IS_ERR(dst))
		return dst;
	rt = dst_rt6_info(dst);
	if (rt->rt6i_flags & (RTF_LOCAL | RTF_ANYCAST) ||
	    !dump_route_is_source(&flow.saddr, rt->rt6i_flags & RTF_GATEWAY))
		return dump_route_unless(dst, -EADDRNOTAVAIL);
	way->here.v6 = flow.saddr;
	way->hop.v6 = *rt6_nexthop(rt, &way->there.v6);
	return dst;
}

/* The route to a server; then here and hop are set. */
static struct dst_entry *dump_route_lookup(const struct dump_server *server, struct dump_way *way)
{
	const int index = dump_route_index(server->interface);
	struct dst_entry *dst;

	if (index < 0)
		return ERR_PTR(index);
	way->family = server->family;
	way->there = server->address;
	dst = server->family == AF_INET6 ? dump_route_ipv6(index, server->port, way) :
					   dump_route_ipv4(index, server->port, way);
	if (IS_ERR(dst))
		return dst;
	return dump_route_unless(dst, dump_route_is_more(dst) ? -EOPNOTSUPP : 0);
}

/**
 * dump_route_find() - the way to a server
 * @server: the server
 * @way: set to the way; has_hop is false if the hop's address is not known yet, and then the
 *	kernel is finding it out
 *
 * Context: Process context.
 * Return: the interface whose card sends the frames, for dev_put(); %-ENODEV if the server's
 *	interface is not there; %-EADDRNOTAVAIL if the address is no other machine's, or this one
 *	has none to send from; %-EOPNOTSUPP if the interface is no Ethernet, has more than one
 *	tag, or is a bond in a mode without an active interface, if the route is one of IPsec or
 *	adds a header, or goes from IPv4 to a gateway with IPv6; %-EHOSTDOWN if a bridge does not
 *	know yet by which of its ports the hop is reached; %-ENETDOWN if no interface of a bond is
 *	active; %-EMSGSIZE if packets of the interface are too short; %-EAFNOSUPPORT if the kernel
 *	has no IPv6; or what the kernel says to a route that it does not have.
 */
struct net_device *dump_route_find(const struct dump_server *server, struct dump_way *way)
{
	struct dst_entry *dst = dump_route_lookup(server, way);
	struct net_device *lower;
	unsigned int mtu_min;

	if (IS_ERR(dst))
		return ERR_CAST(dst);
	mtu_min = dump_wire_mtu_min(way);
	/* Anybody may forge ICMP that says that the path has less; in a crash that is tried out. */
	way->mtu = max(dst_mtu(dst), mtu_min);
	/* The interface, and IPv6's neighbours of it, may go away at any time. */
	rcu_read_lock();
	if (READ_ONCE(READ_ONCE(dst->dev)->mtu) < mtu_min) {
		lower = ERR_PTR(-EMSGSIZE);
	} else {
		dump_route_hop(dst, way);
		lower = dump_route_lower(dst, way);
	}
	rcu_read_unlock();
	dst_release(dst);
	return lower;
}

/**
 * dump_route_why() - why there is no way to a server
 * @error: what dump_route_find() says
 *
 * Context: Any.
 * Return: the reason, as people say it.
 */
const char *dump_route_why(int error)
{
	switch (error) {
	case -ENODEV:
		return "there is no such interface";
	case -EADDRNOTAVAIL:
		return "the server, or this machine, has no address for that";
	case -EOPNOTSUPP:
		return "its interface, or its route, is of no kind that is supported";
	case -EHOSTDOWN:
		return "its bridge does not know yet by which port the hop is reached";
	case -ENETDOWN:
		return "no interface of its bond is active";
	case -EMSGSIZE:
		return "packets of its interface are too short";
	case -EAFNOSUPPORT:
		return "there is no IPv6";
	default:
		return "there is no route to the server";
	}
}

/**
 * dump_route_resolve() - the way to a server, with the hop's address
 * @server: the server
 * @way: set to the way
 * @wait_ms: how long to wait for the hop to tell its address, in ms
 *
 * Context: Process context; sleeps.
 * Return: as dump_route_find(); an interface also if the hop has not told its address, unless
 *	a bridge needs that.
 */
struct net_device *dump_route_resolve(const struct dump_server *server, struct dump_way *way,
				      unsigned int wait_ms)
{
	const unsigned int step_ms = 20;
	unsigned int waited_ms;

	for (waited_ms = 0; ; waited_ms += step_ms) {
		struct net_device *lower = dump_route_find(server, way);

		if (waited_ms >= wait_ms || (IS_ERR(lower) ? lower != ERR_PTR(-EHOSTDOWN) :
							     way->has_hop))
			return lower;
		if (!IS_ERR(lower))
			dev_put(lower);
		msleep(step_ms);
	}
}

#ifdef CONFIG_RAS_KUNIT_TEST
#include "route_kunit.c"
#endif
