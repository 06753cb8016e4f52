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
#include <linux/if_vlan.h>
#include <linux/netdevice.h>
#include <linux/printk.h>
#include <net/arp.h>
#include <net/neighbour.h>
#include <net/net_namespace.h>
#include <net/route.h>

#include "route.h"
#include "wire.h"

/* What every IPv4 host takes (RFC 791), and a herald needs. */
#define DUMP_MTU_MIN		576

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

/* The interface that frames of @dev go out by, which is held; and how they look. */
static struct net_device *dump_route_lower(const struct rtable *rt, struct dump_way *way)
{
	/* Once: it is another one when the interface goes away, and then it may be freed. */
	struct net_device *dev = READ_ONCE(rt->dst.dev);

	if (dev->type != ARPHRD_ETHER)
		return ERR_PTR(-EOPNOTSUPP);
	ether_addr_copy(way->mac, dev->dev_addr);
	way->vlan = 0;
	if (is_vlan_dev(dev)) {
		struct net_device *real = vlan_dev_real_dev(dev);

		/* One tag, of 802.1Q. */
		if (vlan_dev_vlan_proto(dev) != htons(ETH_P_8021Q) ||
		    dev_get_iflink(dev) != real->ifindex)
			return ERR_PTR(-EOPNOTSUPP);
		way->vlan = vlan_dev_vlan_id(dev);
		dev = real;
	}
	dev_hold(dev);
	return dev;
}

/* What is known of the hop's address, and have the kernel find out. */
static void dump_route_hop(struct rtable *rt, struct dump_way *way)
{
	struct neighbour *n = dst_neigh_lookup(&rt->dst, &way->hop);

	way->has_hop = false;
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

/**
 * dump_route_find() - the way to a server
 * @there: its address
 * @interface: by which to go; "": the routes decide
 * @way: set to the way; has_hop is false if the hop's address is not known yet, and then the
 *	kernel is finding it out
 *
 * Context: Process context.
 * Return: the interface whose card sends the frames, for dev_put(); %-ENODEV if @interface is
 *	not there; %-EADDRNOTAVAIL if the address is no other machine's; %-EOPNOTSUPP if the
 *	interface is no Ethernet, or has more than one tag; %-EMSGSIZE if its packets are too
 *	short; or what the kernel says to a route that it does not have.
 */
struct net_device *dump_route_find(__be32 there, const char *interface, struct dump_way *way)
{
	struct flowi4 flow = { .daddr = there };
	struct net_device *lower;
	struct rtable *rt;
	int index = dump_route_index(interface);

	if (index < 0)
		return ERR_PTR(index);
	flow.flowi4_oif = index;
	rt = ip_route_output_key(&init_net, &flow);
	if (IS_ERR(rt))
		return ERR_CAST(rt);
	way->mtu = dst_mtu(&rt->dst);
	if (rt->rt_type != RTN_UNICAST) {
		lower = ERR_PTR(-EADDRNOTAVAIL);
	} else if (rt->rt_gw_family == AF_INET6) {
		lower = ERR_PTR(-EOPNOTSUPP);
	} else if (way->mtu < DUMP_MTU_MIN) {
		lower = ERR_PTR(-EMSGSIZE);
	} else {
		way->here = flow.saddr;
		way->there = there;
		way->hop = rt->rt_gw_family ? rt->rt_gw4 : there;
		rcu_read_lock();
		lower = dump_route_lower(rt, way);
		rcu_read_unlock();
		dump_route_hop(rt, way);
	}
	ip_rt_put(rt);
	return lower;
}

/**
 * dump_route_resolve() - the way to a server, with the hop's address
 * @there: as dump_route_find()
 * @interface: likewise
 * @way: likewise
 * @wait_ms: how long to wait for the hop to tell its address, in ms
 *
 * Context: Process context; sleeps.
 * Return: 0, also if the hop has not answered; or the errno of dump_route_find().
 */
int dump_route_resolve(__be32 there, const char *interface, struct dump_way *way,
		       unsigned int wait_ms)
{
	const unsigned int step_ms = 20;
	unsigned int waited_ms;

	for (waited_ms = 0; ; waited_ms += step_ms) {
		struct net_device *lower = dump_route_find(there, interface, way);

		if (IS_ERR(lower))
			return PTR_ERR(lower);
		dev_put(lower);
		if (way->has_hop || waited_ms >= wait_ms)
			return 0;
		msleep(step_ms);
	}
}
