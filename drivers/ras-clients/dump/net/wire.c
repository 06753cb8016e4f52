// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target net: frames on the wire: Ethernet (IEEE 802.3), VLANs
 * (802.1Q), ARP (RFC 826), IPv4 (RFC 791) and UDP (RFC 768).
 */
#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/string.h>
#include <linux/udp.h>
#include <net/checksum.h>
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

static size_t dump_wire_link_bytes(const struct dump_way *way)
{
	return way->vlan ? VLAN_ETH_HLEN : ETH_HLEN;
}

/* Where what UDP carries begins in a frame that is to be sent. */
void *dump_wire_payload(const struct dump_way *way, void *frame)
{
	return frame + dump_wire_link_bytes(way) + sizeof(struct iphdr) + sizeof(struct udphdr);
}

/* How much UDP carries in a packet at the most, in bytes. */
size_t dump_wire_payload_max(const struct dump_way *way)
{
	return way->mtu - sizeof(struct iphdr) - sizeof(struct udphdr);
}

/* The Ethernet header; what is behind it. */
static void *dump_wire_link(const struct dump_way *way, void *frame, const u8 *to, u16 protocol)
{
	struct ethhdr *eth = frame;
	struct vlan_ethhdr *vlan = frame;

	ether_addr_copy(eth->h_dest, to);
	ether_addr_copy(eth->h_source, way->mac);
	if (way->vlan) {
		vlan->h_vlan_proto = htons(ETH_P_8021Q);
		vlan->h_vlan_TCI = htons(way->vlan);
		vlan->h_vlan_encapsulated_proto = htons(protocol);
	} else {
		eth->h_proto = htons(protocol);
	}
	return frame + dump_wire_link_bytes(way);
}

/* Pad a frame to the least that there is; its size. */
static size_t dump_wire_pad(void *frame, size_t bytes)
{
	if (bytes >= ETH_ZLEN)
		return bytes;
	memset(frame + bytes, 0, ETH_ZLEN - bytes);
	return ETH_ZLEN;
}

/**
 * dump_wire_udp() - put headers before what UDP is to carry
 * @way: to the server, whose hop is known
 * @frame: the frame; @size bytes are at dump_wire_payload()
 * @size: how many bytes
 * @from: the port here
 * @to: the port of the server
 *
 * Context: A handler.
 * Return: the size of the frame, in bytes.
 */
size_t dump_wire_udp(const struct dump_way *way, void *frame, size_t size, u16 from, u16 to)
{
	struct iphdr *ip = dump_wire_link(way, frame, way->hop_mac, ETH_P_IP);
	struct udphdr *udp = (void *)(ip + 1);
	const u16 udp_bytes = sizeof(*udp) + size;

	*ip = (struct iphdr){
		.version	= 4,
		.ihl		= sizeof(*ip) / 4,
		.tot_len	= htons(sizeof(*ip) + udp_bytes),
		.frag_off	= htons(IP_DF),
		.ttl		= 64,
		.protocol	= IPPROTO_UDP,
		.saddr		= way->here,
		.daddr		= way->there,
	};
	ip->check = ip_fast_csum(ip, ip->ihl);
	udp->source = htons(from);
	udp->dest = htons(to);
	udp->len = htons(udp_bytes);
	udp->check = 0;
	udp->check = csum_tcpudp_magic(way->here, way->there, udp_bytes, IPPROTO_UDP,
				       csum_partial(udp, udp_bytes, 0)) ?: CSUM_MANGLED_0;
	return dump_wire_pad(frame, (void *)(udp + 1) + size - frame);
}

/**
 * dump_wire_arp() - make a frame that asks for the hop's address, or tells ours
 * @way: to the server
 * @frame: the frame
 * @asker: who has asked; %NULL: we ask
 *
 * Context: A handler.
 * Return: the size of the frame, in bytes.
 */
size_t dump_wire_arp(const struct dump_way *way, void *frame, const struct dump_heard *asker)
{
	static const u8 everybody[ETH_ALEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct dump_arp *arp = dump_wire_link(way, frame, asker ? asker->mac : everybody,
					      ETH_P_ARP);

	arp->head = (struct arphdr){
		.ar_hrd	= htons(ARPHRD_ETHER),
		.ar_pro	= htons(ETH_P_IP),
		.ar_hln	= ETH_ALEN,
		.ar_pln	= sizeof(arp->target),
		.ar_op	= htons(asker ? ARPOP_REPLY : ARPOP_REQUEST),
	};
	ether_addr_copy(arp->sender_mac, way->mac);
	arp->sender = way->here;
	if (asker)
		ether_addr_copy(arp->target_mac, asker->mac);
	else
		eth_zero_addr(arp->target_mac);
	arp->target = asker ? asker->from : way->hop;
	return dump_wire_pad(frame, (void *)(arp + 1) - frame);
}

static void dump_wire_parse_arp(const struct dump_way *way, const struct dump_arp *arp,
				size_t bytes, struct dump_heard *heard)
{
	if (bytes < sizeof(*arp) || arp->head.ar_hrd != htons(ARPHRD_ETHER) ||
	    arp->head.ar_pro != htons(ETH_P_IP) || arp->head.ar_hln != ETH_ALEN ||
	    arp->head.ar_pln != sizeof(arp->target) || arp->target != way->here ||
	    !is_valid_ether_addr(arp->sender_mac))
		return;
	heard->mac = arp->sender_mac;
	heard->from = arp->sender;
	if (arp->head.ar_op == htons(ARPOP_REQUEST))
		heard->kind = DUMP_HEARD_WHO_HAS;
	else if (arp->head.ar_op == htons(ARPOP_REPLY) && arp->sender == way->hop)
		heard->kind = DUMP_HEARD_HOP;
}

/* The UDP packet in a good IP packet of the server, or NULL. */
static const struct udphdr *dump_wire_ip(const struct dump_way *way, const struct iphdr *ip,
					 size_t bytes)
{
	size_t head, size;

	if (bytes < sizeof(*ip) || ip->version != 4 || ip->ihl < 5)
		return NULL;
	head = ip->ihl * 4;
	size = ntohs(ip->tot_len);
	if (size > bytes || size < head + sizeof(struct udphdr) ||
	    ip_fast_csum(ip, ip->ihl) || ip_is_fragment(ip) || ip->protocol != IPPROTO_UDP ||
	    ip->saddr != way->there || ip->daddr != way->here)
		return NULL;
	return (const void *)ip + head;
}

static void dump_wire_parse_ip(const struct dump_way *way, const struct iphdr *ip, size_t bytes,
			       u16 port, struct dump_heard *heard)
{
	const struct udphdr *udp = dump_wire_ip(way, ip, bytes);
	size_t size;

	if (!udp)
		return;
	size = ntohs(udp->len);
	if (size < sizeof(*udp) || size > ntohs(ip->tot_len) - ip->ihl * 4 ||
	    udp->dest != htons(port))
		return;
	if (udp->check && csum_tcpudp_magic(ip->saddr, ip->daddr, size, IPPROTO_UDP,
					    csum_partial(udp, size, 0)))
		return;
	heard->kind = DUMP_HEARD_SERVER;
	heard->port = ntohs(udp->source);
	heard->data = udp + 1;
	heard->size = size - sizeof(*udp);
}

/**
 * dump_wire_parse() - look at a frame that was received
 * @way: to the server
 * @frame: the frame
 * @bytes: its size
 * @port: the port here
 * @heard: set to what it is
 *
 * Context: A handler.
 */
void dump_wire_parse(const struct dump_way *way, const void *frame, size_t bytes, u16 port,
		     struct dump_heard *heard)
{
	size_t link = dump_wire_link_bytes(way);
	const struct vlan_ethhdr *vlan = frame;
	const struct ethhdr *eth = frame;
	__be16 protocol;

	heard->kind = DUMP_HEARD_NOTHING;
	if (bytes < link)
		return;
	protocol = eth->h_proto;
	/* A tag with VLAN 0 has a priority only. */
	if (protocol == htons(ETH_P_8021Q) && bytes >= VLAN_ETH_HLEN) {
		if ((ntohs(vlan->h_vlan_TCI) & VLAN_VID_MASK) != way->vlan)
			return;
		protocol = vlan->h_vlan_encapsulated_proto;
		link = VLAN_ETH_HLEN;
	} else if (way->vlan) {
		return;
	}
	if (protocol == htons(ETH_P_ARP))
		dump_wire_parse_arp(way, frame + link, bytes - link, heard);
	else if (protocol == htons(ETH_P_IP) && ether_addr_equal(eth->h_dest, way->mac))
		dump_wire_parse_ip(way, frame + link, bytes - link, port, heard);
}
