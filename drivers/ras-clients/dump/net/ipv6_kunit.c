// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the dump engine's target net: IPv6 and neighbour discovery.  Included by
 * net_kunit.c, after wire_kunit.c.
 */
#include <linux/icmpv6.h>
#include <linux/ipv6.h>
#include <net/ip6_checksum.h>

/* Frames that were not made by what is tested. */
static void dump_ipv6_known(struct kunit *test)
{
	static const u8 udp[] = {
		0x02, 0x00, 0x00, 0x00, 0x00, 0x02, 0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x86, 0xdd,
		0x60, 0x00, 0x00, 0x00, 0x00, 0x0f, 0x11, 0x40, 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0a, 0x20, 0x01, 0x0d, 0xb8,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x14, 0x4e, 0x38,
		0x4e, 0x37, 0x00, 0x0f, 0x3f, 0x99, 'n', 'e', 't', 'd', 'u', 'm', 'p',
	};
	static const u8 solicits[] = {
		0x33, 0x33, 0xff, 0x00, 0x00, 0x14, 0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x86, 0xdd,
		0x60, 0x00, 0x00, 0x00, 0x00, 0x20, 0x3a, 0xff, 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0a, 0xff, 0x02, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0xff, 0x00, 0x00, 0x14, 0x87, 0x00,
		0x1b, 0xfa, 0x00, 0x00, 0x00, 0x00, 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x14, 0x01, 0x01, 0x02, 0x00, 0x00, 0x00,
		0x00, 0x01,
	};
	/* To somebody who has no address yet. */
	static const u8 advertises[] = {
		0x33, 0x33, 0x00, 0x00, 0x00, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x86, 0xdd,
		0x60, 0x00, 0x00, 0x00, 0x00, 0x20, 0x3a, 0xff, 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0a, 0xff, 0x02, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x88, 0x00,
		0xf9, 0x18, 0x20, 0x00, 0x00, 0x00, 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0a, 0x02, 0x01, 0x02, 0x00, 0x00, 0x00,
		0x00, 0x01,
	};
	const struct dump_way here = fake_way(AF_INET6, 0, 1500, false);
	const struct dump_heard nobody = { .mac = here.hop_mac };
	u8 *frame = wire_frame(test);

	memcpy(dump_wire_payload(&here, frame), "netdump", 7);
	KUNIT_EXPECT_EQ(test, dump_wire_udp(&here, frame, 7, WIRE_FROM, WIRE_TO), sizeof(udp));
	KUNIT_EXPECT_FALSE(test, memcmp(frame, udp, sizeof(udp)));
	KUNIT_EXPECT_EQ(test, dump_wire_neighbour(&here, frame, NULL), sizeof(solicits));
	KUNIT_EXPECT_FALSE(test, memcmp(frame, solicits, sizeof(solicits)));
	KUNIT_EXPECT_EQ(test, dump_wire_neighbour(&here, frame, &nobody), sizeof(advertises));
	KUNIT_EXPECT_FALSE(test, memcmp(frame, advertises, sizeof(advertises)));
}

/* Frames to the machine that are changed. */
enum ipv6_base {
	IPV6_UDP,
	/* Somebody asks the group; us alone; to see whether the address is taken; the same with
	 * what must not be there: an option, our address instead of the group's.
	 */
	IPV6_ASKS,
	IPV6_ASKS_US,
	IPV6_DAD,
	IPV6_DAD_OPTION,
	IPV6_DAD_US,
	/* The hop tells us, or all. */
	IPV6_TELLS,
	IPV6_TELLS_ALL,
	IPV6_BASES,
};

struct ipv6_param {
	const char		*desc;
	enum ipv6_base		base;
	enum dump_heard_kind	kind;
	/* Where it is changed, if there is no VLAN, and which bits. */
	unsigned int		at;
	u8			bits;
	/* The checksum is right again after the change, or there is none. */
	enum { IPV6_AS_IT_IS, IPV6_SUM, IPV6_NO_SUM } sum;
	unsigned int		more;
	/* Who asks has no option, so that its address is that of the frame. */
	bool			from_frame;
};

#define ASKED		DUMP_HEARD_WHO_HAS
#define TOLD		DUMP_HEARD_HOP

static const struct ipv6_param ipv6_params[] = {
	{ "UDP", IPV6_UDP, HEARD },
	{ "with bytes behind it", IPV6_UDP, HEARD, .more = 4 },
	{ "another hop limit", IPV6_UDP, HEARD, 21, 0x30 },
	{ "traffic class and flow", IPV6_UDP, HEARD, 15, 0xff },
	{ "to another card", IPV6_UDP, REFUSED, 5, 1 },
	{ "to a group of cards", IPV6_UDP, REFUSED, 0, 1 },
	{ "not IPv6", IPV6_UDP, REFUSED, 13, 1 },
	{ "IP version", IPV6_UDP, REFUSED, 14, 0x20 },
	{ "IP longer than the frame", IPV6_UDP, REFUSED, 19, 0x10 },
	{ "IP shorter than UDP", IPV6_UDP, REFUSED, 19, 0x01 },
	{ "IP shorter than a header of UDP", IPV6_UDP, REFUSED, 19, 0x6b },
	{ "options for each hop", IPV6_UDP, REFUSED, 20, 0x11, IPV6_SUM },
	{ "a fragment", IPV6_UDP, REFUSED, 20, 0x3d, IPV6_SUM },
	{ "not UDP", IPV6_UDP, REFUSED, 20, 0x17, IPV6_SUM },
	{ "from another machine", IPV6_UDP, REFUSED, 37, 0x01, IPV6_SUM },
	{ "from another network", IPV6_UDP, REFUSED, 22, 0x01, IPV6_SUM },
	{ "from another machine, our checksum", IPV6_UDP, REFUSED, 37, 0x01 },
	{ "to another machine", IPV6_UDP, REFUSED, 53, 0x01, IPV6_SUM },
	{ "to another machine, our checksum", IPV6_UDP, REFUSED, 53, 0x01 },
	{ "to another port", IPV6_UDP, REFUSED, 57, 0x01, IPV6_SUM },
	{ "UDP longer than IP", IPV6_UDP, REFUSED, 59, 0x10, IPV6_SUM },
	{ "UDP shorter than its header", IPV6_UDP, REFUSED, 59, 0x6b, IPV6_SUM },
	{ "UDP checksum", IPV6_UDP, REFUSED, 60, 0x01 },
	{ "without a UDP checksum", IPV6_UDP, REFUSED, 62, 0x01, IPV6_NO_SUM },
	{ "data", IPV6_UDP, REFUSED, 62 + WIRE_DATA - 1, 0x80 },

	{ "asks", IPV6_ASKS, ASKED },
	{ "asks, with bytes behind it", IPV6_ASKS, ASKED, .more = 4 },
	{ "asks, of another machine", IPV6_ASKS, ASKED, 37, 0x01, IPV6_SUM },
	{ "asks, and has bits that are reserved", IPV6_ASKS, ASKED, 58, 0xff, IPV6_SUM },
	{ "asks, hop limit 254", IPV6_ASKS, REFUSED, 21, 0x01 },
	{ "asks, checksum", IPV6_ASKS, REFUSED, 57, 0x01 },
	{ "asks, code", IPV6_ASKS, REFUSED, 55, 0x01, IPV6_SUM },
	{ "asks for routers", IPV6_ASKS, REFUSED, 54, 0x02, IPV6_SUM },
	{ "an echo", IPV6_ASKS, REFUSED, 54, 0x07, IPV6_SUM },
	{ "asks for another address", IPV6_ASKS, REFUSED, 77, 0x01, IPV6_SUM },
	{ "asks another group", IPV6_ASKS, REFUSED, 53, 0x01, IPV6_SUM },
	{ "a group asks", IPV6_ASKS, REFUSED, 22, 0xdf, IPV6_SUM },
	{ "asks, shorter than its header", IPV6_ASKS, REFUSED, 19, 0x37, IPV6_SUM },
	{ "asks, longer than the frame", IPV6_ASKS, REFUSED, 19, 0x08, IPV6_SUM },
	{ "asks behind options for each hop", IPV6_ASKS, REFUSED, 20, 0x3a, IPV6_SUM },
	{ "asks, option of length 0", IPV6_ASKS, REFUSED, 79, 0x01, IPV6_SUM },
	{ "asks, option longer than the rest", IPV6_ASKS, REFUSED, 79, 0x03, IPV6_SUM },
	{ "asks, address of a group", IPV6_ASKS, REFUSED, 80, 0x01, IPV6_SUM },
	{ "asks, another option", IPV6_ASKS, ASKED, 78, 0x0f, IPV6_SUM, .from_frame = true },
	{ "asks us", IPV6_ASKS_US, ASKED },
	{ "asks us, another option", IPV6_ASKS_US, ASKED, 78, 0x0f, IPV6_SUM,
	  .from_frame = true },
	{ "asks another machine", IPV6_ASKS_US, REFUSED, 53, 0x01, IPV6_SUM },
	{ "is the address taken", IPV6_DAD, ASKED, .from_frame = true },
	{ "is the address taken, of a group", IPV6_DAD, REFUSED, 6, 0x01 },
	{ "is another address taken", IPV6_DAD, REFUSED, 77, 0x01, IPV6_SUM },
	{ "is the address taken, with an option", IPV6_DAD_OPTION, REFUSED },
	{ "is the address taken, to us", IPV6_DAD_US, REFUSED },

	{ "the hop tells", IPV6_TELLS, TOLD },
	{ "the hop tells from another address", IPV6_TELLS, TOLD, 37, 0x01, IPV6_SUM },
	{ "the hop tells, other flags", IPV6_TELLS, TOLD, 58, 0xe0, IPV6_SUM },
	{ "the hop tells, hop limit 254", IPV6_TELLS, REFUSED, 21, 0x01 },
	{ "the hop tells, checksum", IPV6_TELLS, REFUSED, 57, 0x01 },
	{ "the hop tells, code", IPV6_TELLS, REFUSED, 55, 0x01, IPV6_SUM },
	{ "the hop redirects", IPV6_TELLS, REFUSED, 54, 0x01, IPV6_SUM },
	{ "the hop tells, option of length 0", IPV6_TELLS, REFUSED, 79, 0x01, IPV6_SUM },
	{ "the hop tells, another option", IPV6_TELLS, REFUSED, 78, 0x0f, IPV6_SUM },
	{ "the hop tells, option of who asks", IPV6_TELLS, REFUSED, 78, 0x03, IPV6_SUM },
	{ "the hop tells, address of a group", IPV6_TELLS, REFUSED, 80, 0x01, IPV6_SUM },
	{ "another machine tells", IPV6_TELLS, REFUSED, 77, 0x01, IPV6_SUM },
	{ "the hop tells another machine", IPV6_TELLS, REFUSED, 53, 0x01, IPV6_SUM },
	{ "the hop tells all", IPV6_TELLS_ALL, REFUSED },
};

static void ipv6_desc(const struct ipv6_param *param, char *desc)
{
	strscpy(desc, param->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(ipv6, ipv6_params, ipv6_desc);

/* What UDP or ICMPv6 of so many bytes has for a checksum. */
static void ipv6_sum(struct ipv6hdr *ip, bool is_udp, bool has_sum)
{
	struct udphdr *udp = (void *)(ip + 1);
	struct icmp6hdr *icmp = (void *)(ip + 1);
	const size_t bytes = ntohs(is_udp ? udp->len : ip->payload_len);
	__sum16 *sum = is_udp ? &udp->check : &icmp->icmp6_cksum;

	*sum = 0;
	if (has_sum)
		*sum = csum_ipv6_magic(&ip->saddr, &ip->daddr, bytes,
				       is_udp ? IPPROTO_UDP : IPPROTO_ICMPV6,
				       csum_partial(ip + 1, bytes, 0));
}

/* Make of who asks what is wanted. */
static size_t ipv6_change_asker(const struct dump_way *there, u8 *frame, size_t bytes,
				enum ipv6_base base)
{
	const size_t link = there->vlan ? VLAN_ETH_HLEN : ETH_HLEN;
	struct ipv6hdr *ip = (void *)frame + link;

	if (base == IPV6_ASKS_US || base == IPV6_DAD_US) {
		ether_addr_copy(frame, there->hop_mac);
		ip->daddr = there->there.v6;
	}
	if (base != IPV6_ASKS_US)
		memset(&ip->saddr, 0, sizeof(ip->saddr));
	if (base == IPV6_DAD || base == IPV6_DAD_US) {
		be16_add_cpu(&ip->payload_len, -8);
		bytes -= 8;
	}
	ipv6_sum(ip, false, true);
	return bytes;
}

/* A frame from the server, or from who asks. */
static size_t ipv6_base_frame(u8 *frame, enum ipv6_base base, u16 vlan)
{
	const struct dump_way there = fake_way(AF_INET6, vlan, 1500, true);
	struct dump_heard asker = { .mac = there.hop_mac, .from = there.there };
	size_t bytes;

	switch (base) {
	case IPV6_UDP:
		return dump_wire_udp(&there, frame, WIRE_DATA, WIRE_FROM, WIRE_TO);
	case IPV6_TELLS_ALL:
		memset(&asker.from, 0, sizeof(asker.from));
		fallthrough;
	case IPV6_TELLS:
		return dump_wire_neighbour(&there, frame, &asker);
	case IPV6_ASKS:
		return dump_wire_neighbour(&there, frame, NULL);
	default:
		bytes = dump_wire_neighbour(&there, frame, NULL);
		return ipv6_change_asker(&there, frame, bytes, base);
	}
}

static void dump_ipv6_changed(struct kunit *test)
{
	const struct ipv6_param *param = test->param_value;
	u8 *made = wire_frame(test), *room = wire_frame(test), *frame;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wire_vlans); i++) {
		const struct dump_way here = fake_way(AF_INET6, wire_vlans[i], 1500, false);
		const size_t tag = wire_vlans[i] ? VLAN_HLEN : 0;
		const struct ipv6hdr *ip;
		struct dump_heard heard;
		size_t bytes;

		memset(made, 0xee, WIRE_BYTES);
		bytes = ipv6_base_frame(made, param->base, wire_vlans[i]) + param->more;
		frame = wire_at_end(room, made, bytes);
		ip = (void *)frame + tag + ETH_HLEN;
		frame[param->at + (param->at < 12 ? 0 : tag)] ^= param->bits;
		if (param->sum)
			ipv6_sum((void *)frame + tag + ETH_HLEN, param->base == IPV6_UDP,
				 param->sum == IPV6_SUM);
		dump_wire_parse(&here, frame, bytes, WIRE_TO, &heard);
		KUNIT_ASSERT_EQ(test, heard.kind, param->kind);
		if (param->kind == HEARD) {
			KUNIT_EXPECT_EQ(test, heard.size, WIRE_DATA);
			KUNIT_EXPECT_EQ(test, heard.port, WIRE_FROM);
		} else if (param->kind != REFUSED) {
			KUNIT_EXPECT_PTR_EQ(test, heard.mac,
					    frame + (param->from_frame ? 6 : tag + 80));
			KUNIT_EXPECT_FALSE(test, memcmp(&heard.from, param->kind == TOLD ?
							&here.hop.v6 : &ip->saddr, 16));
		}
	}
}

/* Options are looked through to the end, and one that is bad spoils all. */
static void dump_ipv6_options_there(struct kunit *test)
{
	static const struct {
		u8			option[24];
		size_t			bytes;
		enum dump_heard_kind	kind;
		/* Where the address is, from the first option on; or that of the frame. */
		int			mac;
	} rows[] = {
		{ { 1, 1, 2, 0, 0, 0, 0, 7 }, 8, ASKED, 2 },
		{ { 14, 1, 9, 9, 9, 9, 9, 9, 1, 1, 2, 0, 0, 0, 0, 7 }, 16, ASKED, 10 },
		{ { 14, 2, [16] = 1, 1, 2, 0, 0, 0, 0, 7 }, 24, ASKED, 18 },
		{ { 1, 1, 2, 0, 0, 0, 0, 7, 255, 2 }, 24, ASKED, 2 },
		{ { 2, 1, 2, 0, 0, 0, 0, 7 }, 8, ASKED, -1 },
		{ { 0 }, 0, ASKED, -1 },
		{ { 1, 1, 2, 0, 0, 0, 0, 7, 14, 0 }, 16, REFUSED },
		{ { 1, 1, 2, 0, 0, 0, 0, 7, 14, 2 }, 16, REFUSED },
		{ { 1, 1, 2, 0, 0, 0, 0, 7, 14 }, 9, REFUSED },
		{ { 1, 1, 2, 0, 0, 0, 0, 7, 14, 1 }, 10, REFUSED },
		{ { 1, 1, 2, 0, 0, 0, 0, 7, 1, 1 }, 15, REFUSED },
		{ { 1, 2, 2, 0, 0, 0, 0, 7 }, 16, REFUSED },
		{ { 1, 1, 2, 0, 0, 0, 0, 7, 1, 1, 0 }, 16, REFUSED },
		{ { 1, 255, 2, 0, 0, 0, 0, 7 }, 24, REFUSED },
	};
	const struct dump_way here = fake_way(AF_INET6, 0, 1500, false);
	u8 *made = wire_frame(test), *room = wire_frame(test), *frame;
	struct ipv6hdr *ip = (void *)made + ETH_HLEN;
	const size_t head = ETH_HLEN + sizeof(*ip) + 24;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct dump_heard heard;

		ipv6_base_frame(made, IPV6_ASKS, 0);
		memcpy(made + head, rows[i].option, rows[i].bytes);
		ip->payload_len = htons(24 + rows[i].bytes);
		ipv6_sum(ip, false, true);
		frame = wire_at_end(room, made, head + rows[i].bytes);
		dump_wire_parse(&here, frame, head + rows[i].bytes, WIRE_TO, &heard);
		KUNIT_EXPECT_EQ_MSG(test, heard.kind, rows[i].kind, "row %u", i);
		if (heard.kind == ASKED)
			KUNIT_EXPECT_PTR_EQ_MSG(test, heard.mac, frame +
						(rows[i].mac < 0 ? ETH_ALEN : head + rows[i].mac),
						"row %u", i);
	}
}

/* A frame is cut, and its IP header may know. */
static void ipv6_expect_cut(struct kunit *test, const struct dump_way *here, u8 *frame,
			    size_t size)
{
	const size_t link = here->vlan ? VLAN_ETH_HLEN : ETH_HLEN;
	struct ipv6hdr *ip = (void *)frame + link;
	struct dump_heard heard;

	dump_wire_parse(here, frame, size, WIRE_TO, &heard);
	KUNIT_EXPECT_EQ_MSG(test, heard.kind, REFUSED, "%zu bytes", size);
	if (size < link + sizeof(*ip))
		return;
	ip->payload_len = htons(size - link - sizeof(*ip));
	dump_wire_parse(here, frame, size, WIRE_TO, &heard);
	KUNIT_EXPECT_EQ_MSG(test, heard.kind, REFUSED, "%zu bytes of IP", size);
}

/* What is behind the end of a frame does not count, wherever that is. */
static void dump_ipv6_cut(struct kunit *test)
{
	u8 *frame = wire_frame(test), *room = wire_frame(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wire_vlans) * IPV6_BASES; i++) {
		const u16 vlan = wire_vlans[i % 2];
		const struct dump_way here = fake_way(AF_INET6, vlan, 1500, false);
		size_t size = ipv6_base_frame(frame, i / 2, vlan);

		while (size--)
			ipv6_expect_cut(test, &here, wire_at_end(room, frame, size), size);
	}
}

/* Who asks for our address is told it, whether that is the hop or not. */
static void dump_ipv6_answer(struct kunit *test)
{
	u8 *frame = wire_frame(test), *answer = wire_frame(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wire_vlans); i++) {
		const struct dump_way here = fake_way(AF_INET6, wire_vlans[i], 1500, false);
		struct dump_way there = fake_way(AF_INET6, wire_vlans[i], 1500, true);
		const size_t link = wire_vlans[i] ? VLAN_ETH_HLEN : ETH_HLEN;
		struct dump_heard heard, told;
		size_t bytes;

		there.here.v6.s6_addr[15]++;
		there.mac[4]++;
		bytes = dump_wire_neighbour(&there, frame, NULL);
		dump_wire_parse(&here, frame, bytes, WIRE_TO, &heard);
		KUNIT_ASSERT_EQ(test, heard.kind, ASKED);
		bytes = dump_wire_neighbour(&here, answer, &heard);
		KUNIT_EXPECT_TRUE(test, ether_addr_equal(answer, there.mac));
		/* It is the answer to a question, and replaces what was known. */
		KUNIT_EXPECT_EQ(test, answer[link + sizeof(struct ipv6hdr) + 4], 0x60);
		dump_wire_parse(&there, answer, bytes, WIRE_TO, &told);
		KUNIT_ASSERT_EQ(test, told.kind, TOLD);
		KUNIT_EXPECT_TRUE(test, ether_addr_equal(told.mac, here.mac));
	}
}

/* Each family is deaf to the other one, even if the bits of the addresses are the same. */
static void dump_ipv6_alone(struct kunit *test)
{
	u8 *frame = wire_frame(test);
	struct dump_heard heard;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wire_families) * 2; i++) {
		const struct dump_way there = fake_way(wire_families[i / 2], 0, 1500, true);
		struct dump_way here = fake_way(wire_families[i / 2], 0, 1500, false);
		const size_t bytes = i % 2 ? dump_wire_neighbour(&there, frame, NULL) :
			dump_wire_udp(&there, frame, WIRE_DATA, WIRE_FROM, WIRE_TO);

		dump_wire_parse(&here, frame, bytes, WIRE_TO, &heard);
		KUNIT_EXPECT_NE(test, heard.kind, REFUSED);
		here.family = wire_families[!(i / 2)];
		dump_wire_parse(&here, frame, bytes, WIRE_TO, &heard);
		KUNIT_EXPECT_EQ(test, heard.kind, REFUSED);
	}
}
