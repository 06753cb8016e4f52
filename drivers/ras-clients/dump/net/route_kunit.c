// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the dump engine's target net: what VLANs and bridges do to the tag of frames.
 * Included by route.c.
 */
#include <kunit/test.h>

struct fake_route {
	const char		*name;
	struct net_device_path	path[3];
	int			ret;
	u16			vlan;
};

#define FAKE_VLAN(number, protocol) {					\
	.type	= DEV_PATH_VLAN,					\
	.encap	= { .id = (number), .proto = htons(protocol) },		\
}

#define FAKE_BRIDGE(mode, number, protocol) {				\
	.type	= DEV_PATH_BRIDGE,					\
	.bridge	= { .vlan_mode = DEV_PATH_BR_VLAN_##mode,		\
		    .vlan_id = (number), .vlan_proto = htons(protocol) },	\
}

/* DEV_PATH_ETHERNET is 0: the rest of each path is the card. */
static const struct fake_route fake_routes[] = {
	{ "a card", {}, 0, 0 },
	{ "a VLAN", { FAKE_VLAN(5, ETH_P_8021Q) }, 0, 5 },
	{ "a VLAN of a provider", { FAKE_VLAN(5, ETH_P_8021AD) }, -EOPNOTSUPP },
	{ "two VLANs", { FAKE_VLAN(5, ETH_P_8021Q), FAKE_VLAN(6, ETH_P_8021Q) }, -EOPNOTSUPP },
	{ "a bridge", { FAKE_BRIDGE(KEEP, 1, ETH_P_8021Q) }, 0, 0 },
	{ "a bridge that tags", { FAKE_BRIDGE(TAG, 7, ETH_P_8021Q) }, 0, 7 },
	{ "a bridge of a provider", { FAKE_BRIDGE(TAG, 7, ETH_P_8021AD) }, -EOPNOTSUPP },
	{ "a VLAN on a bridge",
	  { FAKE_VLAN(5, ETH_P_8021Q), FAKE_BRIDGE(KEEP, 5, ETH_P_8021Q) }, 0, 5 },
	{ "a VLAN on a bridge that untags",
	  { FAKE_VLAN(5, ETH_P_8021Q), FAKE_BRIDGE(UNTAG, 5, ETH_P_8021Q) }, 0, 0 },
	{ "a VLAN on a bridge whose hardware untags",
	  { FAKE_VLAN(5, ETH_P_8021Q), FAKE_BRIDGE(UNTAG_HW, 5, ETH_P_8021Q) }, 0, 0 },
	{ "a VLAN on a bridge that tags",
	  { FAKE_VLAN(5, ETH_P_8021Q), FAKE_BRIDGE(TAG, 7, ETH_P_8021Q) }, -EOPNOTSUPP },
	{ "a VLAN on a bridge that untags, on another VLAN",
	  { FAKE_VLAN(5, ETH_P_8021Q), FAKE_BRIDGE(UNTAG, 5, ETH_P_8021Q),
	    FAKE_VLAN(6, ETH_P_8021Q) }, 0, 6 },
	{ "a switch of the kernel's", { { .type = DEV_PATH_DSA } }, -EOPNOTSUPP },
};

static void dump_route_tags(struct kunit *test)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(fake_routes); i++) {
		const struct fake_route *route = &fake_routes[i];
		struct dump_way way = {};
		int ret = 0;

		for (j = 0; j < ARRAY_SIZE(route->path) && !ret; j++)
			ret = dump_route_pass(&way, &route->path[j]);
		KUNIT_EXPECT_EQ_MSG(test, ret, route->ret, "%s", route->name);
		if (!ret)
			KUNIT_EXPECT_EQ_MSG(test, way.vlan, route->vlan, "%s", route->name);
	}
}

static struct kunit_case dump_route_cases[] = {
	KUNIT_CASE(dump_route_tags),
	{}
};

static struct kunit_suite dump_route_suite = {
	.name		= "ras_dump_route",
	.test_cases	= dump_route_cases,
};

kunit_test_suite(dump_route_suite);
