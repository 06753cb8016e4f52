// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the dump engine's target net: frames on the wire.  Included by net_kunit.c.
 */
#include <kunit/test.h>
#include <linux/if_arp.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <net/checksum.h>

#define WIRE_BYTES	2048
/* UDP at both ends in the tests of frames. */
#define WIRE_FROM	20024
#define WIRE_TO		20023
#define WIRE_DATA	100

/*
 * A machine, 192.0.2.10 or 2001:db8::a, and a server, 192.0.2.20 or 2001:db8::14, on one
 * network.
 */
static struct dump_way fake_way(u16 family, u16 vlan, unsigned int mtu, bool of_server)
{
	const union dump_address ipv6 = { .v6.s6_addr = { 0x20, 0x01, 0x0d, 0xb8 } };
	struct dump_way way = {
		.mac		= { 2, 0, 0, 0, 0, 1 },
		.hop_mac	= { 2, 0, 0, 0, 0, 2 },
		.has_hop	= true,
		.vlan		= vlan,
		.family		= family,
		.here.v4	= htonl(0xc000020a),
		.there.v4	= htonl(0xc0000214),
		.mtu		= mtu,
	};

	if (family == AF_INET6) {
		way.here = ipv6;
		way.here.v6.s6_addr[15] = 0x0a;
		way.there = ipv6;
		way.there.v6.s6_addr[15] = 0x14;
	}
	if (of_server) {
		swap(way.here, way.there);
		swap(way.mac[5], way.hop_mac[5]);
	}
	way.hop = way.there;
	return way;
}

static u8 *wire_frame(struct kunit *test)
{
	u8 *frame = kunit_kmalloc(test, WIRE_BYTES, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, frame);
	memset(frame, 0xee, WIRE_BYTES);
	return frame;
}

/* The same frame with nothing behind it: KASAN sees who reads on. */
static u8 *wire_at_end(u8 *room, const u8 *frame, size_t bytes)
{
	return memcpy(room + WIRE_BYTES - bytes, frame, bytes);
}

static const u16 wire_vlans[] = { 0, 5 };
static const u16 wire_families[] = { AF_INET, AF_INET6 };

/* What one end makes the other end takes, and there is nothing behind it but padding. */
static void wire_expect_both_ends(struct kunit *test, u16 family, u16 vlan, u8 *frame,
				  const u8 *data, size_t size)
{
	const size_t head = (vlan ? VLAN_ETH_HLEN : ETH_HLEN) + (family == AF_INET6 ? 48 : 28);
	const struct dump_way here = fake_way(family, vlan, 1500, false);
	const struct dump_way there = fake_way(family, vlan, 1500, true);
	struct dump_heard heard;
	size_t bytes;

	memset(frame, 0xee, WIRE_BYTES);
	KUNIT_EXPECT_PTR_EQ(test, dump_wire_payload(&here, frame), (void *)frame + head);
	memcpy(frame + head, data, size);
	bytes = dump_wire_udp(&here, frame, size, WIRE_FROM, WIRE_TO);
	KUNIT_EXPECT_EQ(test, bytes, max_t(size_t, head + size, ETH_ZLEN));
	KUNIT_EXPECT_NULL(test, memchr_inv(frame + head + size, 0, bytes - head - size));
	KUNIT_EXPECT_EQ(test, frame[bytes], 0xee);
	dump_wire_parse(&there, frame, bytes, WIRE_TO, &heard);
	KUNIT_ASSERT_EQ(test, heard.kind, DUMP_HEARD_SERVER);
	KUNIT_EXPECT_EQ(test, heard.port, WIRE_FROM);
	KUNIT_EXPECT_PTR_EQ(test, heard.data, (const void *)frame + head);
	KUNIT_EXPECT_EQ(test, heard.size, size);
	KUNIT_EXPECT_FALSE(test, memcmp(heard.data, data, size));
}

static void dump_wire_both_ends(struct kunit *test)
{
	static const size_t sizes[] = { 0, 1, 13, 14, 17, 18, 19, 333, 1452 };
	u8 *frame = wire_frame(test), *data = wire_frame(test);
	unsigned int i;

	for (i = 0; i < WIRE_DATA * 16; i++)
		data[i] = i * 7 + i / 256;
	for (i = 0; i < ARRAY_SIZE(sizes) * 4; i++)
		wire_expect_both_ends(test, wire_families[i / 2 % 2], wire_vlans[i % 2], frame,
				      data, sizes[i / 4]);
	/* The longest. */
	wire_expect_both_ends(test, AF_INET, 5, frame, data, 1472);
}

/* So much fits into packets, and the least that every link carries. */
static void dump_wire_room(struct kunit *test)
{
	const struct dump_way ipv4 = fake_way(AF_INET, 5, 1500, false);
	const struct dump_way ipv6 = fake_way(AF_INET6, 5, 1500, false);

	KUNIT_EXPECT_EQ(test, dump_wire_payload_max(&ipv4), 1472);
	KUNIT_EXPECT_EQ(test, dump_wire_payload_max(&ipv6), 1452);
	KUNIT_EXPECT_EQ(test, dump_wire_mtu_min(&ipv4), 576);
	KUNIT_EXPECT_EQ(test, dump_wire_mtu_min(&ipv6), 1280);
}

/* Frames that were not made by what is tested. */
static void dump_wire_known(struct kunit *test)
{
	static const u8 udp[ETH_ZLEN] = {
		0x02, 0x00, 0x00, 0x00, 0x00, 0x02, 0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00,
		0x45, 0x00, 0x00, 0x23, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0xb6, 0xab, 0xc0, 0x00,
		0x02, 0x0a, 0xc0, 0x00, 0x02, 0x14, 0x4e, 0x38, 0x4e, 0x37, 0x00, 0x0f, 0x17, 0x0a,
		'n', 'e', 't', 'd', 'u', 'm', 'p',
	};
	static const u8 arp[ETH_ZLEN] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x08, 0x06,
		0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x01,
		0xc0, 0x00, 0x02, 0x0a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xc0, 0x00, 0x02, 0x14,
	};
	const struct dump_way here = fake_way(AF_INET, 0, 1500, false);
	u8 *frame = wire_frame(test);

	memcpy(dump_wire_payload(&here, frame), "netdump", 7);
	KUNIT_EXPECT_EQ(test, dump_wire_udp(&here, frame, 7, WIRE_FROM, WIRE_TO), sizeof(udp));
	KUNIT_EXPECT_FALSE(test, memcmp(frame, udp, sizeof(udp)));
	KUNIT_EXPECT_EQ(test, dump_wire_neighbour(&here, frame, NULL), sizeof(arp));
	KUNIT_EXPECT_FALSE(test, memcmp(frame, arp, sizeof(arp)));
}

/* A checksum that is 0 would say that there is none (RFC 768), which IPv6 does not take. */
static void dump_wire_sum_of_zero(struct kunit *test)
{
	u8 *frame = wire_frame(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wire_families); i++) {
		const struct dump_way here = fake_way(wire_families[i], 0, 1500, false);
		const struct dump_way there = fake_way(wire_families[i], 0, 1500, true);
		void *data = dump_wire_payload(&here, frame);
		struct udphdr *udp = data - sizeof(*udp);
		struct dump_heard heard;
		size_t bytes;

		memset(data, 0, 2);
		dump_wire_udp(&here, frame, 2, WIRE_FROM, WIRE_TO);
		memcpy(data, &udp->check, 2);
		bytes = dump_wire_udp(&here, frame, 2, WIRE_FROM, WIRE_TO);
		KUNIT_EXPECT_EQ(test, ntohs((__force __be16)udp->check), 0xffff);
		dump_wire_parse(&there, frame, bytes, WIRE_TO, &heard);
		KUNIT_EXPECT_EQ(test, heard.kind, DUMP_HEARD_SERVER);
	}
}

/* Frames of a server that are changed. */
enum wire_base {
	WIRE_UDP,
	WIRE_ASKS,
	WIRE_TELLS,
};

/* What is right again after the change. */
#define WIRE_SUM_IP	BIT(0)
#define WIRE_SUM_UDP	BIT(1)
#define WIRE_NO_SUM	BIT(2)

struct wire_param {
	const char		*desc;
	enum wire_base		base;
	enum dump_heard_kind	kind;
	/* Where it is changed, if there is no VLAN, and which bits. */
	unsigned int		at;
	u8			bits;
	unsigned int		sums;
	unsigned int		more;
};

#define HEARD		DUMP_HEARD_SERVER
#define REFUSED		DUMP_HEARD_NOTHING

static const struct wire_param wire_params[] = {
	{ "UDP", WIRE_UDP, HEARD },
	{ "with bytes behind it", WIRE_UDP, HEARD, .more = 4 },
	{ "without a UDP checksum", WIRE_UDP, HEARD, 42, 1, WIRE_NO_SUM },
	{ "another TTL", WIRE_UDP, HEARD, 22, 0x30, WIRE_SUM_IP },
	{ "to another card", WIRE_UDP, REFUSED, 5, 1 },
	{ "to all cards", WIRE_UDP, REFUSED, 0, 1 },
	{ "not IPv4", WIRE_UDP, REFUSED, 13, 1 },
	{ "IP version", WIRE_UDP, REFUSED, 14, 0x20, WIRE_SUM_IP },
	{ "IP header too short", WIRE_UDP, REFUSED, 14, 0x01, WIRE_SUM_IP },
	{ "no IP header", WIRE_UDP, REFUSED, 14, 0x05, WIRE_SUM_IP },
	{ "IP longer than the frame", WIRE_UDP, REFUSED, 17, 0x01, WIRE_SUM_IP },
	{ "IP shorter than its header", WIRE_UDP, REFUSED, 17, 0x90, WIRE_SUM_IP },
	{ "the first fragment", WIRE_UDP, REFUSED, 20, 0x20, WIRE_SUM_IP },
	{ "a later fragment", WIRE_UDP, REFUSED, 21, 0x01, WIRE_SUM_IP },
	{ "not UDP", WIRE_UDP, REFUSED, 23, 0x17, WIRE_SUM_IP },
	{ "IP checksum", WIRE_UDP, REFUSED, 25, 0x01 },
	{ "from another machine", WIRE_UDP, REFUSED, 29, 0x01, WIRE_SUM_IP | WIRE_SUM_UDP },
	{ "from another machine, our checksum", WIRE_UDP, REFUSED, 29, 0x01, WIRE_SUM_IP },
	{ "to another machine", WIRE_UDP, REFUSED, 33, 0x01, WIRE_SUM_IP | WIRE_SUM_UDP },
	{ "to another machine, our checksum", WIRE_UDP, REFUSED, 33, 0x01, WIRE_SUM_IP },
	{ "to another port", WIRE_UDP, REFUSED, 37, 0x01, WIRE_SUM_UDP },
	{ "UDP longer than IP", WIRE_UDP, REFUSED, 39, 0x01, WIRE_SUM_UDP },
	{ "UDP shorter than its header", WIRE_UDP, REFUSED, 39, 0x6b, WIRE_NO_SUM },
	{ "UDP checksum", WIRE_UDP, REFUSED, 40, 0x01 },
	{ "data", WIRE_UDP, REFUSED, 42 + WIRE_DATA - 1, 0x80 },
	{ "who has", WIRE_ASKS, DUMP_HEARD_WHO_HAS },
	{ "who has, of another machine", WIRE_ASKS, DUMP_HEARD_WHO_HAS, 31, 0x01 },
	{ "who has another address", WIRE_ASKS, REFUSED, 41, 0x01 },
	{ "not ARP", WIRE_ASKS, REFUSED, 13, 0x01 },
	{ "ARP of another link", WIRE_ASKS, REFUSED, 15, 0x07 },
	{ "ARP of another protocol", WIRE_ASKS, REFUSED, 16, 0x80 },
	{ "ARP, size of addresses on the link", WIRE_ASKS, REFUSED, 18, 0x01 },
	{ "ARP, size of addresses", WIRE_ASKS, REFUSED, 19, 0x01 },
	{ "ARP, operation", WIRE_ASKS, REFUSED, 21, 0x02 },
	{ "ARP of a group", WIRE_ASKS, REFUSED, 22, 0x01 },
	{ "the hop tells", WIRE_TELLS, DUMP_HEARD_HOP },
	{ "another machine tells", WIRE_TELLS, REFUSED, 31, 0x01 },
	{ "the hop tells another machine", WIRE_TELLS, REFUSED, 41, 0x01 },
};

static void wire_desc(const struct wire_param *param, char *desc)
{
	strscpy(desc, param->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(wire, wire_params, wire_desc);

/* A frame from the server, and how much of it is not padding. */
static size_t wire_base_frame(u8 *frame, enum wire_base base, u16 vlan, size_t *bytes)
{
	const struct dump_way there = fake_way(AF_INET, vlan, 1500, true);
	const struct dump_heard asker = { .mac = there.hop_mac, .from = there.there };
	const size_t link = vlan ? VLAN_ETH_HLEN : ETH_HLEN;

	if (base == WIRE_UDP) {
		*bytes = dump_wire_udp(&there, frame, WIRE_DATA, WIRE_FROM, WIRE_TO);
		return link + 28 + WIRE_DATA;
	}
	*bytes = dump_wire_neighbour(&there, frame, base == WIRE_TELLS ? &asker : NULL);
	return link + 28;
}

static void wire_sum(struct iphdr *ip, unsigned int sums)
{
	struct udphdr *udp = (void *)(ip + 1);

	if (sums & WIRE_SUM_IP) {
		ip->check = 0;
		ip->check = csum_fold(csum_partial(ip, ip->ihl * 4, 0));
	}
	if (sums & (WIRE_SUM_UDP | WIRE_NO_SUM))
		udp->check = 0;
	if (sums & WIRE_SUM_UDP)
		udp->check = csum_tcpudp_magic(ip->saddr, ip->daddr, ntohs(udp->len), IPPROTO_UDP,
					       csum_partial(udp, ntohs(udp->len), 0));
}

static void dump_wire_changed(struct kunit *test)
{
	const struct wire_param *param = test->param_value;
	u8 *frame = wire_frame(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wire_vlans); i++) {
		const struct dump_way here = fake_way(AF_INET, wire_vlans[i], 1500, false);
		const size_t tag = wire_vlans[i] ? VLAN_HLEN : 0;
		struct dump_heard heard;
		size_t bytes;

		wire_base_frame(frame, param->base, wire_vlans[i], &bytes);
		frame[param->at + (param->at < 12 ? 0 : tag)] ^= param->bits;
		wire_sum((void *)frame + tag + ETH_HLEN, param->sums);
		dump_wire_parse(&here, frame, bytes + param->more, WIRE_TO, &heard);
		KUNIT_ASSERT_EQ(test, heard.kind, param->kind);
		if (param->kind == DUMP_HEARD_SERVER) {
			KUNIT_EXPECT_EQ(test, heard.size, WIRE_DATA);
			KUNIT_EXPECT_EQ(test, heard.port, WIRE_FROM);
		} else if (param->kind != DUMP_HEARD_NOTHING) {
			KUNIT_EXPECT_PTR_EQ(test, heard.mac, (const u8 *)frame + tag + 22);
			KUNIT_EXPECT_EQ(test, ntohl(heard.from.v4), 0xc0000214 ^ param->bits);
		}
	}
}

/* What is behind the end of a frame does not count, wherever that is. */
static void dump_wire_cut(struct kunit *test)
{
	u8 *frame = wire_frame(test), *room = wire_frame(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wire_vlans) * (WIRE_TELLS + 1); i++) {
		const u16 vlan = wire_vlans[i % 2];
		const struct dump_way here = fake_way(AF_INET, vlan, 1500, false);
		size_t bytes, size = wire_base_frame(frame, i / 2, vlan, &bytes);
		struct dump_heard heard;

		dump_wire_parse(&here, frame, size, WIRE_TO, &heard);
		KUNIT_EXPECT_NE(test, heard.kind, DUMP_HEARD_NOTHING);
		while (size--) {
			dump_wire_parse(&here, wire_at_end(room, frame, size), size, WIRE_TO,
					&heard);
			KUNIT_EXPECT_EQ_MSG(test, heard.kind, DUMP_HEARD_NOTHING, "%zu bytes",
					    size);
		}
	}
}

/* A tag may have a priority, and no VLAN; with and without a VLAN are two networks. */
static void dump_wire_vlans(struct kunit *test)
{
	static const struct {
		u16			sent;
		u16			heard;
		u8			at;
		u8			bits;
		enum dump_heard_kind	kind;
	} rows[] = {
		{ 5, 5, 14, 0xf0, HEARD },
		{ 5, 5, 14, 0x01, REFUSED },
		{ 5, 5, 13, 0x01, REFUSED },
		{ 5, 6, 0, 0, REFUSED },
		{ 0, 5, 0, 0, REFUSED },
		{ 5, 0, 0, 0, REFUSED },
		{ 5, 0, 15, 0x05, HEARD },
		{ 5, 5, 15, 0x05, REFUSED },
	};
	u8 *frame = wire_frame(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct dump_way here = fake_way(AF_INET, rows[i].heard, 1500, false);
		struct dump_heard heard;
		size_t bytes;

		wire_base_frame(frame, WIRE_UDP, rows[i].sent, &bytes);
		frame[rows[i].at] ^= rows[i].bits;
		dump_wire_parse(&here, frame, bytes, WIRE_TO, &heard);
		KUNIT_EXPECT_EQ_MSG(test, heard.kind, rows[i].kind, "row %u", i);
	}
}

/* UDP is behind the options of an IP header. */
static void dump_wire_options(struct kunit *test)
{
	const struct dump_way here = fake_way(AF_INET, 0, 1500, false);
	u8 *frame = wire_frame(test);
	struct iphdr *ip = (void *)frame + ETH_HLEN;
	struct dump_heard heard;
	size_t bytes;

	wire_base_frame(frame, WIRE_UDP, 0, &bytes);
	memmove((void *)(ip + 1) + 4, ip + 1, sizeof(struct udphdr) + WIRE_DATA);
	memset(ip + 1, IPOPT_NOOP, 4);
	ip->ihl++;
	be16_add_cpu(&ip->tot_len, 4);
	wire_sum(ip, WIRE_SUM_IP);
	dump_wire_parse(&here, frame, bytes + 4, WIRE_TO, &heard);
	KUNIT_ASSERT_EQ(test, heard.kind, DUMP_HEARD_SERVER);
	KUNIT_EXPECT_PTR_EQ(test, heard.data, (const void *)(ip + 1) + 4 + sizeof(struct udphdr));
	KUNIT_EXPECT_EQ(test, heard.size, WIRE_DATA);
}

/* Who asks for our address is told it, whether that is the hop or not. */
static void dump_wire_arp_answer(struct kunit *test)
{
	u8 *frame = wire_frame(test), *answer = wire_frame(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wire_vlans); i++) {
		const struct dump_way here = fake_way(AF_INET, wire_vlans[i], 1500, false);
		struct dump_way there = fake_way(AF_INET, wire_vlans[i], 1500, true);
		struct dump_heard heard, told;
		size_t bytes;

		there.here.v4 ^= htonl(1);
		bytes = dump_wire_neighbour(&there, frame, NULL);
		dump_wire_parse(&here, frame, bytes, WIRE_TO, &heard);
		bytes = dump_wire_neighbour(&here, answer, &heard);
		KUNIT_EXPECT_EQ(test, bytes, ETH_ZLEN);
		KUNIT_EXPECT_TRUE(test, ether_addr_equal(answer, there.mac));
		dump_wire_parse(&there, answer, bytes, WIRE_TO, &told);
		KUNIT_ASSERT_EQ(test, told.kind, DUMP_HEARD_HOP);
		KUNIT_EXPECT_TRUE(test, ether_addr_equal(told.mac, here.mac));
		/* Whom it is for. */
		KUNIT_EXPECT_TRUE(test, ether_addr_equal(told.mac + ETH_ALEN + 4, there.mac));
	}
}
