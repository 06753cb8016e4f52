// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target net: the link: Ethernet (IEEE 802.3) and VLANs (802.1Q).
 */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/string.h>

#include "wire.h"

/* How long the header is of a frame that is to be sent. */
size_t dump_link_bytes(const struct dump_way *way)
{
	return way->vlan ? VLAN_ETH_HLEN : ETH_HLEN;
}

/* Write the header of a frame; what is behind it. */
void *dump_link_head(const struct dump_way *way, void *frame, const u8 *to, u16 protocol)
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
	return frame + dump_link_bytes(way);
}

/* Pad a frame to the least that there is; its size. */
size_t dump_link_pad(void *frame, size_t bytes)
{
	if (bytes >= ETH_ZLEN)
		return bytes;
	memset(frame + bytes, 0, ETH_ZLEN - bytes);
	return ETH_ZLEN;
}

/* How long the header of a frame is that was received; 0 if the frame is not of our network. */
size_t dump_link_parse(const struct dump_way *way, const void *frame, size_t bytes,
		       u16 *protocol)
{
	const struct vlan_ethhdr *vlan = frame;
	const struct ethhdr *eth = frame;

	if (bytes < dump_link_bytes(way))
		return 0;
	*protocol = ntohs(eth->h_proto);
	/* A tag with VLAN 0 has a priority only. */
	if (*protocol == ETH_P_8021Q && bytes >= VLAN_ETH_HLEN) {
		if ((ntohs(vlan->h_vlan_TCI) & VLAN_VID_MASK) != way->vlan)
			return 0;
		*protocol = ntohs(vlan->h_vlan_encapsulated_proto);
		return VLAN_ETH_HLEN;
	}
	return way->vlan ? 0 : ETH_HLEN;
}
