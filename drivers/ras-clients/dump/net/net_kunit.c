// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the dump engine's target net: dumps over a card of memory to a server of
 * memory.  Included by net.c.
 */
#include <kunit/test.h>

#include "wire_kunit.c"
#include "ipv6_kunit.c"
#include "fake_kunit.c"
#include "fake_server_kunit.c"
#include "fake_card_kunit.c"
#include "fake_dump_kunit.c"
#include "proof_kunit.c"
#include "reach_kunit.c"
#include "server_kunit.c"

/* What the server gets is the dump, whatever happens on the way. */
static const struct fake_knobs whole_params[] = {
	{ "nothing is lost", .expect_payload = 1448, .expect_window = 48 },
	{ "on a VLAN", .vlan = 5, .expect_payload = 1448 },
	{ "packets are lost", .drop_packet = 7, .expect_payload = 1448 },
	{ "acks are lost", .drop_ack = 5, .expect_payload = 1448 },
	{ "in reverse", .reverse = true, .expect_payload = 1448 },
	{ "twice", .twice = true, .expect_payload = 1448 },
	{ "all of that", .drop_packet = 11, .drop_ack = 7, .reverse = true, .twice = true,
	  .expect_payload = 1448 },
	{ "pauses", .drop_packet = 10, .pause = true, .expect_payload = 1448 },
	{ "forged acks", .drop_packet = 5, .forged = true, .expect_payload = 1448 },
	{ "a slow card", .drop_packet = 9, .slow = true, .expect_payload = 1448 },
	{ "a server that takes little", .payload = 512, .window = 3, .expect_payload = 512,
	  .expect_window = 3 },
	{ "a server that takes no window", .payload = 1000, .window = U32_MAX,
	  .expect_payload = 1000, .expect_window = 48 },
	{ "long packets", .mtu = 9000, .expect_payload = 8192 },
	{ "long packets are lost", .mtu = 9000, .longest = 1500, .expect_payload = 1448 },
	{ "a tunnel", .longest = 1300, .expect_payload = 1228 },
	{ "IPv6", .ipv6 = true, .expect_payload = 1428, .expect_window = 48 },
	{ "IPv6 on a VLAN, packets and acks are lost", .ipv6 = true, .vlan = 5,
	  .drop_packet = 7, .drop_ack = 5, .expect_payload = 1428 },
	{ "IPv6, long packets", .ipv6 = true, .mtu = 9000, .expect_payload = 8192 },
	{ "IPv6, a tunnel", .ipv6 = true, .longest = 1300, .expect_payload = 1208 },
	{ "IPv6, the hop is late, and questions are lost", .ipv6 = true, .no_hop = true,
	  .late_hop = true, .deaf = 3, .expect_payload = 1428 },
	{ "IPv6, another address on the link", .ipv6 = true, .mac_at = 100,
	  .expect_payload = 1428 },
	{ "FreeBSD", .is_freebsd = true, .expect_payload = 1448, .expect_window = 16 },
	{ "FreeBSD, long packets", .is_freebsd = true, .mtu = 9000, .expect_payload = 4096,
	  .expect_window = 16 },
	{ "FreeBSD, long packets are lost", .is_freebsd = true, .mtu = 9000, .longest = 1500,
	  .expect_payload = 1448, .expect_window = 16 },
	{ "FreeBSD, pauses", .is_freebsd = true, .drop_packet = 10, .pause = true,
	  .expect_payload = 1448 },
	{ "FreeBSD is late", .is_freebsd = true, .is_late = true, .expect_payload = 1448 },
	{ "a server whose disk is slow", .syncs = 20, .expect_payload = 1448 },
	{ "a server is started again", .moves_at = 100, .resumes = true, .expect_payload = 1448 },
	{ "a server gets another address on the link", .mac_at = 100, .expect_payload = 1448 },
	{ "the hop is not known", .no_hop = true, .expect_payload = 1448 },
	{ "a slow card, and questions are lost", .slow = true, .deaf = 2, .expect_payload = 1448 },
	{ "questions are lost", .no_hop = true, .deaf = 5, .expect_payload = 1448 },
	{ "the hop is late", .no_hop = true, .late_hop = true, .expect_payload = 1448 },
	{ "proofs", .key = true, .server_key = true, .expect_payload = 1440,
	  .expect_window = 48 },
	{ "proofs, all is lost, in reverse, and twice", .key = true, .server_key = true,
	  .drop_packet = 11, .drop_ack = 7, .reverse = true, .twice = true,
	  .expect_payload = 1440 },
	{ "proofs, forged answers", .key = true, .server_key = true, .drop_packet = 5,
	  .forged = true, .expect_payload = 1440 },
	{ "proofs, IPv6, a tunnel", .key = true, .server_key = true, .ipv6 = true,
	  .longest = 1300, .expect_payload = 1200 },
	{ "proofs, long packets", .key = true, .server_key = true, .mtu = 9000,
	  .expect_payload = 8192 },
	{ "proofs, a server is started again", .key = true, .server_key = true,
	  .moves_at = 100, .resumes = true, .expect_payload = 1440 },
	{ "proofs, a server is started again with its port", .key = true, .server_key = true,
	  .reborn_at = 100, .resumes = true, .expect_payload = 1440 },
	{ "proofs, a server gets another address on the link", .key = true, .server_key = true,
	  .mac_at = 100, .expect_payload = 1440 },
	{ "proofs, somebody tells a wrong address", .key = true, .server_key = true,
	  .drop_packet = 10, .pause = true, .liar = true, .expect_payload = 1440 },
	{ "proofs, a server is started again, somebody tells a wrong address", .key = true,
	  .server_key = true, .reborn_at = 100, .resumes = true, .liar = true,
	  .expect_payload = 1440 },
	/* A number is this times 64, and the slot; the next one is slot 0, and not 0. */
	{ "numbers begin anew", .seq = U32_MAX / 64, .expect_payload = 1448 },
};

KUNIT_ARRAY_PARAM(whole, whole_params, fake_desc);

static void dump_net_whole(struct kunit *test)
{
	const struct fake_knobs *knobs = test->param_value;
	struct fake_net *fake = test->priv;

	KUNIT_ASSERT_EQ(test, fake_begin(fake, knobs), 0);
	KUNIT_EXPECT_EQ(test, fake->n->file.transfer.payload, knobs->expect_payload);
	/* What is found out is of no file, if there may be something else. */
	if (!knobs->is_freebsd)
		KUNIT_EXPECT_EQ(test, fake->longest, 0);
	fake->longest = 0;
	if (knobs->seq)
		fake->n->file.transfer.seq = knobs->seq;
	KUNIT_ASSERT_EQ(test, fake_dump(fake), 0);
	KUNIT_EXPECT_EQ(test, fake->finished, 0);
	KUNIT_EXPECT_EQ(test, fake_finish(fake, true), 0);
	KUNIT_EXPECT_GE(test, fake->finished, 1);
	KUNIT_EXPECT_EQ(test, fake->longest, knobs->expect_payload);
	if (knobs->expect_window)
		KUNIT_EXPECT_EQ(test, fake->most, knobs->expect_window);
	if (knobs->pause)
		KUNIT_EXPECT_GE(test, fake->asks, 4);
	/* A welcome that comes twice is an old one. */
	if (knobs->key)
		KUNIT_EXPECT_LE(test, fake->n->file.transfer.welcomes, fake->heralds);
	KUNIT_EXPECT_EQ(test, fake->starts, 1);
	KUNIT_EXPECT_EQ(test, fake->stops, 1);
	expect_sound(test, fake);
	expect_file(test, fake);
}

/* What ends a dump, after which nothing is sent. */
static const struct fake_knobs failing_params[] = {
	{ "silence", .silent_at = 70, .error = -ETIMEDOUT },
	{ "silence of FreeBSD", .is_freebsd = true, .silent_at = 70, .error = -ETIMEDOUT },
	{ "answers to nothing but heralds", .hollow_at = 70, .error = -ETIMEDOUT },
	{ "a server begins anew", .moves_at = 70, .error = -EIO },
	{ "a server begins anew with its port", .key = true, .server_key = true, .reborn_at = 70,
	  .error = -EIO },
	{ "the card is gone", .gone_at = 70, .error = -ENODEV },
};

KUNIT_ARRAY_PARAM(failing, failing_params, fake_desc);

static void dump_net_failing(struct kunit *test)
{
	const struct fake_knobs *knobs = test->param_value;
	struct fake_net *fake = test->priv;
	unsigned int sends;

	KUNIT_ASSERT_EQ(test, fake_begin(fake, knobs), 0);
	KUNIT_ASSERT_EQ(test, fake_dump(fake), knobs->error);
	sends = fake->sends;
	fake_pass(fake, NSEC_PER_SEC);
	fake_overdue(fake);
	KUNIT_EXPECT_EQ(test, fake_write(fake, 0, 8), knobs->error);
	KUNIT_EXPECT_EQ(test, fake_write(fake, fake->n->file.end, PAGE_SIZE), knobs->error);
	KUNIT_EXPECT_EQ(test, dump_net_flush(&fake->n->target), knobs->error);
	KUNIT_EXPECT_EQ(test, fake_finish(fake, true), knobs->error);
	KUNIT_EXPECT_EQ(test, fake->sends, sends);
	KUNIT_EXPECT_EQ(test, fake->finished, 0);
	KUNIT_EXPECT_EQ(test, fake->stops, knobs->error != -ENODEV);
	expect_sound(test, fake);
}

/* What keeps a dump from beginning. */
static const struct fake_knobs refusing_params[] = {
	{ "the server does not answer", .deaf = UINT_MAX, .error = -ETIMEDOUT },
	{ "the hop does not answer", .no_hop = true, .deaf = UINT_MAX, .error = -ETIMEDOUT },
	{ "the server takes nothing", .payload = 1, .error = -EPROTO },
	{ "the server has no key", .key = true, .error = -ETIMEDOUT },
	{ "the card does not start", .start_error = -EIO, .error = -EIO },
	{ "the card is not there", .start_error = -ENODEV, .error = -ENODEV },
	{ "the machine is to go on", .resumable = true, .error = -EBUSY },
};

KUNIT_ARRAY_PARAM(refusing, refusing_params, fake_desc);

static void dump_net_refusing(struct kunit *test)
{
	const struct fake_knobs *knobs = test->param_value;
	struct fake_net *fake = test->priv;

	KUNIT_EXPECT_EQ(test, fake_begin(fake, knobs), knobs->error);
	KUNIT_EXPECT_EQ(test, fake->packets, 0);
	KUNIT_EXPECT_EQ(test, fake->starts, !knobs->resumable);
	KUNIT_EXPECT_EQ(test, fake->stops, fake->starts && knobs->error != -ENODEV);
	/* A card that has started is progress, and so is an answer. */
	KUNIT_EXPECT_EQ(test, fake->stop->machine.watch.progress,
			knobs->deaf || knobs->key ? 1 : knobs->payload ? 2 : 0);
	/* Both are asked for again each second, and the server once the hop is known. */
	if (knobs->deaf) {
		KUNIT_EXPECT_GE(test, fake->asks, 6);
		KUNIT_EXPECT_EQ(test, fake->heralds, knobs->no_hop ? 0 : fake->asks);
	}
	expect_sound(test, fake);
}

/* A descriptor waits for its page, of which there is half a packet, until both are wanted. */
static void dump_net_held_back(struct kunit *test)
{
	static const struct fake_knobs knobs;
	struct fake_net *fake = test->priv;
	unsigned int packets;
	u32 progress;

	KUNIT_ASSERT_EQ(test, fake_begin(fake, &knobs), 0);
	packets = fake->packets;
	progress = fake->stop->machine.watch.progress;
	KUNIT_EXPECT_EQ(test, fake_write(fake, FAKE_FRONT, 700), 0);
	KUNIT_EXPECT_EQ(test, fake_describe(fake, 3, FAKE_FRONT, 700), 0);
	KUNIT_EXPECT_EQ(test, fake_describe(fake, 4, FAKE_FRONT, 600), 0);
	KUNIT_EXPECT_EQ(test, fake->packets, packets);
	/* The engine may have other things to do meanwhile. */
	fake_pass(fake, DUMP_SILENCE_NS);
	KUNIT_EXPECT_EQ(test, dump_net_flush(&fake->n->target), 0);
	/* A packet for the page, and one for both descriptors. */
	KUNIT_EXPECT_EQ(test, fake->packets, packets + 2);
	/* Either ack renews the deadline of the handler. */
	KUNIT_EXPECT_EQ(test, fake->stop->machine.watch.progress, progress + 2);
	KUNIT_EXPECT_TRUE(test, fake_is_acked(fake, FAKE_FRONT, 700));
	KUNIT_EXPECT_TRUE(test, fake_is_acked(fake, 3 * sizeof(struct fake_desc),
					      2 * sizeof(struct fake_desc)));
	/* There need not be a descriptor. */
	KUNIT_EXPECT_EQ(test, fake_write(fake, FAKE_FRONT + 700, 10), 0);
	KUNIT_EXPECT_EQ(test, dump_net_flush(&fake->n->target), 0);
	KUNIT_EXPECT_TRUE(test, fake_is_acked(fake, FAKE_FRONT, 710));
	/* What is cut off is not called complete. */
	KUNIT_EXPECT_EQ(test, fake_finish(fake, false), 0);
	KUNIT_EXPECT_EQ(test, fake->finished, 0);
	KUNIT_EXPECT_EQ(test, fake->stops, 1);
	expect_sound(test, fake);
}

/* A packet is sent again when later ones are acknowledged, without waiting for its time. */
static void dump_net_overtaken(struct kunit *test)
{
	static const struct fake_knobs knobs = { .frozen = true };
	struct fake_net *fake = test->priv;

	KUNIT_ASSERT_EQ(test, fake_begin(fake, &knobs), 0);
	/* The fifth. */
	fake->packets = 100;
	fake->knobs.drop_packet = 106;
	KUNIT_EXPECT_EQ(test, fake_write(fake, FAKE_FRONT, 20 * 1448), 0);
	KUNIT_EXPECT_EQ(test, dump_net_flush(&fake->n->target), 0);
	KUNIT_EXPECT_EQ(test, fake->n->file.transfer.again, 1ULL);
	KUNIT_EXPECT_EQ(test, fake_finish(fake, false), 0);
	expect_sound(test, fake);
}

/* An ack of any copy is one of the packet, whatever was sent meanwhile. */
static void dump_net_copies(struct kunit *test)
{
	static const struct fake_knobs knobs = { .copies = true };
	struct fake_net *fake = test->priv;
	unsigned int packets;

	KUNIT_ASSERT_EQ(test, fake_begin(fake, &knobs), 0);
	packets = fake->packets;
	KUNIT_EXPECT_EQ(test, fake_write(fake, FAKE_FRONT, 10 * 1448), 0);
	KUNIT_EXPECT_EQ(test, dump_net_flush(&fake->n->target), 0);
	KUNIT_EXPECT_EQ(test, fake->packets, packets + 20);
	KUNIT_EXPECT_EQ(test, fake_finish(fake, false), 0);
	expect_sound(test, fake);
}

/* A piece may begin in the front, and end behind it; but there are no holes. */
static void dump_net_edges(struct kunit *test)
{
	static const struct fake_knobs knobs;
	struct fake_net *fake = test->priv;

	KUNIT_ASSERT_EQ(test, fake_begin(fake, &knobs), 0);
	KUNIT_EXPECT_EQ(test, fake_write(fake, FAKE_FRONT + 1, 10), -EINVAL);
	KUNIT_EXPECT_EQ(test, fake_write(fake, 0, FAKE_FRONT + 5000), 0);
	KUNIT_EXPECT_EQ(test, fake->n->file.end, FAKE_FRONT + 5000ULL);
	KUNIT_EXPECT_EQ(test, fake_write(fake, FAKE_FRONT, 10), -EINVAL);
	KUNIT_EXPECT_EQ(test, fake_finish(fake, true), 0);
	expect_sound(test, fake);
	expect_file(test, fake);
}

/* FreeBSD's server forgets a client with the answer to its end; another one does not. */
static void dump_net_forgotten(struct kunit *test)
{
	struct fake_knobs knobs = { .forgets = true };
	struct fake_net *fake = test->priv;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		knobs.is_freebsd = i;
		fake->heralds = 0;
		fake->packets = 0;
		fake->finished = 0;
		KUNIT_ASSERT_EQ(test, fake_begin(fake, &knobs), 0);
		KUNIT_ASSERT_EQ(test, fake_write(fake, 0, FAKE_FRONT), 0);
		fake->logs = 0;
		KUNIT_EXPECT_EQ(test, fake_finish(fake, true), i ? 0 : -ETIMEDOUT);
		KUNIT_EXPECT_GE(test, fake->finished, 1);
		KUNIT_EXPECT_EQ(test, fake->stops, i + 1);
		expect_sound(test, fake);
	}
}

/* The log goes first, which is more than is read of it at a time; and what is new goes last. */
static void dump_net_kernel_log(struct kunit *test)
{
	static const struct fake_knobs knobs = { .drop_packet = 5, .reverse = true, .lines = 20 };
	struct fake_net *fake = test->priv;
	const char *at = fake->log;
	unsigned int i;
	char line[32];

	for (i = 0; i < 12; i++)
		pr_info("line %u of the log, %0800u\n", i, i);
	KUNIT_ASSERT_EQ(test, fake_begin(fake, &knobs), 0);
	KUNIT_EXPECT_EQ(test, dump_transfer_settle(&fake->n->file.transfer), 0);
	for (i = 0; i < 12; i++) {
		snprintf(line, sizeof(line), "line %u of the log, 0000", i);
		at = strstr(at, line);
		KUNIT_ASSERT_NOT_NULL_MSG(test, at, "%s", line);
		KUNIT_EXPECT_EQ(test, at[strcspn(at, "\n")], '\n');
	}
	pr_info("the last line of the log\n");
	KUNIT_EXPECT_EQ(test, fake_finish(fake, false), 0);
	KUNIT_EXPECT_NOT_NULL(test, strstr(at, "the last line of the log\n"));
	expect_sound(test, fake);
}

/*
 * The hop is asked for first, and the server hears of us as soon as it is known.  While the
 * server answers nobody else is taken for the hop; who asks for us is told.
 */
static const struct fake_knobs hop_params[] = {
	{ "by ARP", .no_hop = true },
	{ "by neighbour discovery", .no_hop = true, .ipv6 = true },
};

KUNIT_ARRAY_PARAM(hop, hop_params, fake_desc);

static void dump_net_hop(struct kunit *test)
{
	const struct fake_knobs *knobs = test->param_value;
	struct fake_net *fake = test->priv;
	const u8 *hop_mac = fake->n->file.transfer.way.hop_mac;
	struct dump_way rogue = fake_way(knobs->ipv6 ? AF_INET6 : AF_INET, 0, 1500, true);
	const struct dump_heard machine = { .mac = rogue.hop_mac, .from = rogue.there };
	struct fake_answer *answer;

	KUNIT_ASSERT_EQ(test, fake_begin(fake, knobs), 0);
	KUNIT_EXPECT_EQ(test, fake->asks, 1);
	KUNIT_EXPECT_EQ(test, fake->heralds, 1);
	/* There are no other frames than these, and packets. */
	KUNIT_EXPECT_EQ(test, fake->frames - fake->packets, 2);
	KUNIT_EXPECT_TRUE(test, ether_addr_equal(hop_mac, fake->way.mac));

	/* Behind the acks of these. */
	KUNIT_EXPECT_EQ(test, fake_write(fake, FAKE_FRONT, 3 * 1448), 0);
	fake->n->file.transfer.heard_ns -= 2 * NSEC_PER_SEC;
	rogue.mac[5] = 9;
	answer = fake_answer(fake);
	answer->bytes = dump_wire_neighbour(&rogue, answer->frame, &machine);
	answer = fake_answer(fake);
	answer->bytes = dump_wire_neighbour(&fake->way, answer->frame, NULL);
	KUNIT_EXPECT_EQ(test, dump_net_flush(&fake->n->target), 0);
	KUNIT_EXPECT_EQ(test, fake->nr_answers, 0);
	KUNIT_EXPECT_TRUE(test, ether_addr_equal(hop_mac, fake->way.mac));
	KUNIT_EXPECT_EQ(test, fake_write(fake, FAKE_FRONT + 3 * 1448, 10), 0);
	KUNIT_EXPECT_EQ(test, fake_finish(fake, false), 0);
	KUNIT_EXPECT_EQ(test, fake->told, 1);
	KUNIT_EXPECT_EQ(test, fake->asks, 1);
	expect_sound(test, fake);
}

/* No packets are tried that every link carries anyway; with IPv6 those are longer. */
static void dump_net_least(struct kunit *test)
{
	static const struct fake_knobs rows[] = {
		{ .longest = 500, .expect_payload = 524 },
		{ .longest = 1000, .expect_payload = 1208, .ipv6 = true },
	};
	struct fake_net *fake = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		fake->heralds = 0;
		fake->packets = 0;
		KUNIT_ASSERT_EQ(test, fake_begin(fake, &rows[i]), 0);
		KUNIT_EXPECT_EQ(test, fake->n->file.transfer.payload, rows[i].expect_payload);
	}
}

static struct kunit_case dump_net_cases[] = {
	KUNIT_CASE(dump_wire_both_ends),
	KUNIT_CASE(dump_wire_room),
	KUNIT_CASE(dump_wire_known),
	KUNIT_CASE(dump_wire_sum_of_zero),
	KUNIT_CASE_PARAM(dump_wire_changed, wire_gen_params),
	KUNIT_CASE(dump_wire_cut),
	KUNIT_CASE(dump_wire_vlans),
	KUNIT_CASE(dump_wire_options),
	KUNIT_CASE(dump_wire_arp_answer),
	KUNIT_CASE(dump_ipv6_known),
	KUNIT_CASE_PARAM(dump_ipv6_changed, ipv6_gen_params),
	KUNIT_CASE(dump_ipv6_options_there),
	KUNIT_CASE(dump_ipv6_cut),
	KUNIT_CASE(dump_ipv6_answer),
	KUNIT_CASE(dump_ipv6_alone),
	KUNIT_CASE_PARAM(dump_net_whole, whole_gen_params),
	KUNIT_CASE_PARAM(dump_net_failing, failing_gen_params),
	KUNIT_CASE_PARAM(dump_net_refusing, refusing_gen_params),
	KUNIT_CASE(dump_net_held_back),
	KUNIT_CASE(dump_net_overtaken),
	KUNIT_CASE(dump_net_copies),
	KUNIT_CASE(dump_net_edges),
	KUNIT_CASE(dump_net_forgotten),
	KUNIT_CASE(dump_net_kernel_log),
	KUNIT_CASE_PARAM(dump_net_hop, hop_gen_params),
	KUNIT_CASE(dump_net_proofs),
	KUNIT_CASE(dump_net_server_key),
	KUNIT_CASE(dump_net_counts),
	KUNIT_CASE(dump_net_rival),
	KUNIT_CASE(dump_net_least),
	KUNIT_CASE(dump_net_neighbours),
	KUNIT_CASE(dump_net_words),
	KUNIT_CASE(dump_net_refused),
	{}
};

static struct kunit_suite dump_net_suite = {
	.name		= "ras_dump_net",
	.init		= fake_init,
	.exit		= fake_exit,
	.test_cases	= dump_net_cases,
};

kunit_test_suite(dump_net_suite);
