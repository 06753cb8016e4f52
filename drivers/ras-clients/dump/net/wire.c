// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target net: frames on the wire: UDP (RFC 768) over either family,
 * of which ipv4.c and ipv6.c have what differs.
 */
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/socket.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip6_checksum.h>

#include "wire.h"

/* What every IPv4 host takes (RFC 791), and a herald needs. */
#define DUMP_IPV4_MTU_MIN	576

static bool dump_wire_is_ipv6(const struct dump_way *way)
{
	return way->family == AF_INET6;
}

/* What every link of the family carries, in bytes. */
unsigned int dump_wire_mtu_min(const struct dump_way *way)
{
	return dump_wire_is_ipv6(way) ? IPV6_MIN_MTU : DUMP_IPV4_MTU_MIN;
}

/* How long the headers of IP and UDP are in a packet that is to be sent. */
static size_t dump_wire_heads(const struct dump_way *way)
{
	const size_t ip = dump_wire_is_ipv6(way) ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);

	return ip + sizeof(struct udphdr);
}

/* Where what UDP carries begins in a frame that is to be sent. */
void *dump_wire_payload(const struct dump_way *way, void *frame)
{
	return frame + dump_link_bytes(way) + dump_wire_heads(way);
}

/* How much UDP carries in a packet at the most, in bytes. */
size_t dump_wire_payload_max(const struct dump_way *way)
{
	return way->mtu - dump_wire_heads(way);
}

/* The checksum of UDP between us and the server, in either direction. */
static __sum16 dump_wire_sum(const struct dump_way *way, const struct udphdr *udp, size_t bytes)
{
	const __wsum sum = csum_partial(udp, bytes, 0);

	if (dump_wire_is_ipv6(way))
		return csum_ipv6_magic(&way->here.v6, &way->there.v6, bytes, IPPROTO_UDP, sum);
	return csum_tcpudp_magic(way->here.v4, way->there.v4, bytes, IPPROTO_UDP, sum);
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
	const u16 udp_bytes = sizeof(struct udphdr) + size;
	struct udphdr *udp = dump_wire_is_ipv6(way) ? dump_ipv6_head(way, frame, udp_bytes) :
						      dump_ipv4_head(way, frame, udp_bytes);

	udp->source = htons(from);
	udp->dest = htons(to);
	udp->len = htons(udp_bytes);
	udp->check = 0;
	/* 0 would say that there is none, which IPv6 does not take (RFC 8200, 8.1). */
	udp->check = dump_wire_sum(way, udp, udp_bytes) ?: CSUM_MANGLED_0;
	return dump_link_pad(frame, (void *)(udp + 1) + size - frame);
}

/**
 * dump_wire_neighbour() - make a frame that asks for the hop's address, or tells ours
 * @way: to the server
 * @frame: the frame
 * @asker: who has asked; %NULL: we ask
 *
 * Context: A handler.
 * Return: the size of the frame, in bytes.
 */
size_t dump_wire_neighbour(const struct dump_way *way, void *frame,
			   const struct dump_heard *asker)
{
	return dump_wire_is_ipv6(way) ? dump_ipv6_neighbour(way, frame, asker) :
					dump_ipv4_neighbour(way, frame, asker);
}

/* UDP from the server, of which there are so many bytes: is it for us? */
static void dump_wire_parse_udp(const struct dump_way *way, const struct udphdr *udp,
				size_t bytes, u16 port, struct dump_heard *heard)
{
	const size_t size = ntohs(udp->len);

	if (size < sizeof(*udp) || size > bytes || udp->dest != htons(port))
		return;
	/* IPv4 alone can do without a checksum. */
	if (udp->check ? dump_wire_sum(way, udp, size) != 0 : dump_wire_is_ipv6(way))
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
	const bool is_ipv6 = dump_wire_is_ipv6(way);
	const struct udphdr *udp = NULL;
	const struct ethhdr *eth = frame;
	size_t link, size = 0;
	const void *packet;
	u16 protocol;

	heard->kind = DUMP_HEARD_NOTHING;
	link = dump_link_parse(way, frame, bytes, &protocol);
	if (!link)
		return;
	packet = frame + link;
	bytes -= link;
	if (protocol == ETH_P_IPV6 && is_ipv6) {
		dump_ipv6_parse_neighbour(way, eth, packet, bytes, heard);
		udp = dump_ipv6_parse(way, packet, bytes, &size);
	} else if (protocol == ETH_P_ARP && !is_ipv6) {
		dump_ipv4_parse_arp(way, packet, bytes, heard);
	} else if (protocol == ETH_P_IP && !is_ipv6) {
		udp = dump_ipv4_parse(way, packet, bytes, &size);
	}
	if (udp && ether_addr_equal(eth->h_dest, way->mac))
		dump_wire_parse_udp(way, udp, size, port, heard);
}
