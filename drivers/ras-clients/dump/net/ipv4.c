// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target net: IPv4 (RFC 791) and ARP (RFC 826).
 */
#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <net/ip.h>

#include "wire.h"

/* ARP of Ethernet and IPv4, behind struct arphdr. */
struct dump_arp {
	struct arphdr	head;
	u8		sender_mac[ETH_ALEN];
	__be32		sender;
	u8		target_mac[ETH_ALEN];
	__be32		target;
} __packed;

/* Put headers before UDP of so many bytes, its own header among them; where that begins. */
struct udphdr *dump_ipv4_head(const struct dump_way *way, void *frame, size_t bytes)
{
	struct iphdr *ip = dump_link_head(way, frame, way->hop_mac, ETH_P_IP);

	*ip = (struct iphdr){
		.version	= 4,
		.ihl		= sizeof(*ip) / 4,
		.tot_len	= htons(sizeof(*ip) + bytes),
		.frag_off	= htons(IP_DF),
		.ttl		= 64,
		.protocol	= IPPROTO_UDP,
		.saddr		= way->here.v4,
		.daddr		= way->there.v4,
	};
	ip->check = ip_fast_csum(ip, ip->ihl);
	return (void *)(ip + 1);
}

/* As dump_wire_neighbour(), by ARP. */
size_t dump_ipv4_neighbour(const struct dump_way *way, void *frame,
			   const struct dump_heard *asker)
{
	static const u8 everybody[ETH_ALEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct dump_arp *arp = dump_link_head(way, frame, asker ? asker->mac : everybody,
					      ETH_P_ARP);

	arp->head = (struct arphdr){
		.ar_hrd	= htons(ARPHRD_ETHER),
		.ar_pro	= htons(ETH_P_IP),
		.ar_hln	= ETH_ALEN,
		.ar_pln	= sizeof(arp->target),
		.ar_op	= htons(asker ? ARPOP_REPLY : ARPOP_REQUEST),
	};
	ether_addr_copy(arp->sender_mac, way->mac);
	arp->sender = way->here.v4;
	if (asker)
		ether_addr_copy(arp->target_mac, asker->mac);
	else
		eth_zero_addr(arp->target_mac);
	arp->target = asker ? asker->from.v4 : way->hop.v4;
	return dump_link_pad(frame, (void *)(arp + 1) - frame);
}

/* Is ARP for us?  Then @heard is set. */
void dump_ipv4_parse_arp(const struct dump_way *way, const void *packet, size_t bytes,
			 struct dump_heard *heard)
{
	const struct dump_arp *arp = packet;

	if (bytes < sizeof(*arp) || arp->head.ar_hrd != htons(ARPHRD_ETHER) ||
	    arp->head.ar_pro != htons(ETH_P_IP) || arp->head.ar_hln != ETH_ALEN ||
	    arp->head.ar_pln != sizeof(arp->target) || arp->target != way->here.v4 ||
	    !is_valid_ether_addr(arp->sender_mac))
		return;
	heard->mac = arp->sender_mac;
	heard->from = (union dump_address){ .v4 = arp->sender };
	if (arp->head.ar_op == htons(ARPOP_REQUEST))
		heard->kind = DUMP_HEARD_WHO_HAS;
	else if (arp->head.ar_op == htons(ARPOP_REPLY) && arp->sender == way->hop.v4)
		heard->kind = DUMP_HEARD_HOP;
}

/* The UDP packet in a good packet of the server, and what there is of it; or NULL. */
const struct udphdr *dump_ipv4_parse(const struct dump_way *way, const struct iphdr *ip,
				     size_t bytes, size_t *size)
{
	size_t head, total;

	if (bytes < sizeof(*ip) || ip->version != 4 || ip->ihl < 5)
		return NULL;
	head = ip->ihl * 4;
	total = ntohs(ip->tot_len);
	if (total > bytes || total < head + sizeof(struct udphdr) ||
	    ip_fast_csum(ip, ip->ihl) || ip_is_fragment(ip) || ip->protocol != IPPROTO_UDP ||
	    ip->saddr != way->there.v4 || ip->daddr != way->here.v4)
		return NULL;
	*size = total - head;
	return (const void *)ip + head;
}
