// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the dump engine's target net: the way to a server.  Included by net_kunit.c.
 */

/* The hop has told its address; what others do is no reason to look for the way again. */
static void dump_net_neighbours(struct kunit *test)
{
	const struct in6_addr hop = { { { 0xfe, 0x80, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 } } };
	struct fake_net *fake = test->priv;
	struct dump_reach *r = &fake->n->reach;
	struct dump_way *way = &r->path[r->path_nr].way;
	struct neighbour *neighbour = kunit_kzalloc(test, sizeof(*neighbour) + sizeof(hop),
						    GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, neighbour);
	neighbour->tbl = kunit_kzalloc(test, sizeof(*neighbour->tbl), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, neighbour->tbl);
	r->server.family = AF_INET6;
	way->hop.v6 = hop;
	neighbour->tbl->family = AF_INET6;
	neighbour->tbl->key_len = sizeof(hop);
	memcpy(neighbour->primary_key, &hop, sizeof(hop));
	neighbour->nud_state = NUD_REACHABLE;
	KUNIT_EXPECT_TRUE(test, dump_reach_is_hop(r, neighbour));
	neighbour->nud_state = NUD_FAILED;
	KUNIT_EXPECT_FALSE(test, dump_reach_is_hop(r, neighbour));
	neighbour->nud_state = NUD_STALE;
	neighbour->primary_key[sizeof(hop) - 1]++;
	KUNIT_EXPECT_FALSE(test, dump_reach_is_hop(r, neighbour));
	neighbour->primary_key[sizeof(hop) - 1]--;
	KUNIT_EXPECT_TRUE(test, dump_reach_is_hop(r, neighbour));
	/* Of the other family the key is shorter, and begins alike. */
	neighbour->tbl->family = AF_INET;
	neighbour->tbl->key_len = sizeof(way->hop.v4);
	KUNIT_EXPECT_FALSE(test, dump_reach_is_hop(r, neighbour));
	r->server.family = AF_INET;
	KUNIT_EXPECT_TRUE(test, dump_reach_is_hop(r, neighbour));
}
