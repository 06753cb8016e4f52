// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the dump engine's target net: proofs.  Included by net_kunit.c.
 */

/* The proofs are those of libsodium 1.0.18, for the keys that both sides make. */
static void dump_net_proofs(struct kunit *test)
{
	static const u64 known[DUMP_PROOF_KINDS] = {
		0x9a73adc6e610ebe2ULL, 0x9b687094ed13d78cULL, 0x14d7db89bef4782fULL,
		0x4d192adc1cc1441cULL,
	};
	struct dump_proof *proof = kunit_kzalloc(test, sizeof(*proof), GFP_KERNEL);
	u8 secret[RAS_NETDUMP_KEY_BYTES], session[32];
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, proof);
	for (i = 0; i < sizeof(secret); i++) {
		secret[i] = 1 + i;
		session[i] = i;
	}
	KUNIT_EXPECT_TRUE(test, dump_agree(proof->base, proof->client, secret, bob_public));
	dump_proof_begin(proof, session);
	/* The challenge is behind the session here. */
	dump_proof_go_on(proof, session + RAS_NETDUMP_SESSION_BYTES);
	for (i = 0; i < DUMP_PROOF_KINDS; i++)
		KUNIT_EXPECT_EQ_MSG(test, be64_to_cpu(dump_proof_of(proof, i, "netdump", 7)),
				    known[i], "kind %u", i);
}

/* What is no public key changes nothing; the keys are in memory that no dump has. */
static void dump_net_server_key(struct kunit *test)
{
	static const u8 weak[RAS_NETDUMP_KEY_BYTES] = { 1 };
	struct fake_net *fake = test->priv;
	const struct dump_proof *proof;
	u8 client[RAS_NETDUMP_KEY_BYTES];

	/* So that it is taken back. */
	fake->knobs.key = true;
	KUNIT_ASSERT_EQ(test, dump_proof_set(bob_public), 0);
	proof = dump_proof_get();
	KUNIT_ASSERT_NOT_NULL(test, proof);
	KUNIT_EXPECT_FALSE(test, memcmp(proof->server, bob_public, sizeof(bob_public)));
	KUNIT_EXPECT_TRUE(test, PageOffline(virt_to_page(proof)));
	KUNIT_EXPECT_EQ(test, dump_proof_set(weak), -EINVAL);
	KUNIT_EXPECT_PTR_EQ(test, dump_proof_get(), proof);
	/* Each time there is another key pair. */
	memcpy(client, proof->client, sizeof(client));
	KUNIT_ASSERT_EQ(test, dump_proof_set(bob_public), 0);
	KUNIT_EXPECT_TRUE(test, memcmp(dump_proof_get()->client, client, sizeof(client)));
	KUNIT_EXPECT_EQ(test, dump_proof_set(NULL), 0);
	KUNIT_EXPECT_NULL(test, dump_proof_get());
}

/* A dump that begins again in one stop is one session, in which no count comes twice. */
static void dump_net_counts(struct kunit *test)
{
	static const struct fake_knobs knobs = { .key = true, .server_key = true };
	struct fake_net *fake = test->priv;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		KUNIT_ASSERT_EQ(test, fake_begin(fake, &knobs), 0);
		KUNIT_EXPECT_EQ(test, fake_write(fake, FAKE_FRONT, 3 * 1440), 0);
		KUNIT_EXPECT_EQ(test, fake_finish(fake, false), 0);
		expect_sound(test, fake);
	}
}

/*
 * A server that can prove who it is shows which address of the hop is right.  While it is silent,
 * packets go where they went before, whatever somebody tells.
 */
static void dump_net_rival(struct kunit *test)
{
	static const struct fake_knobs knobs = { .key = true, .server_key = true };
	struct fake_net *fake = test->priv;
	const struct dump_transfer *t = &fake->n->file.transfer;
	struct dump_way rogue = fake_way(AF_INET, 0, 1500, true);
	const struct dump_heard machine = { .mac = rogue.hop_mac, .from = rogue.there };
	unsigned int heralds, i, rivals = 0;
	struct fake_answer *answer;

	KUNIT_ASSERT_EQ(test, fake_begin(fake, &knobs), 0);
	KUNIT_ASSERT_EQ(test, fake_write(fake, FAKE_FRONT, 1440), 0);
	KUNIT_ASSERT_EQ(test, dump_net_flush(&fake->n->target), 0);
	fake->silent = true;
	rogue.mac[5] = 9;
	answer = fake_answer(fake);
	answer->bytes = dump_wire_neighbour(&rogue, answer->frame, &machine);
	heralds = t->heralds;
	for (i = 1; i <= 4; i++) {
		/* A packet on its way, so that there is somebody to hear from. */
		fake_pass(fake, i == 1 ? 0 : 2 * NSEC_PER_SEC);
		fake->looks = i == 1 ? 0 : FAKE_LOOKS;
		KUNIT_ASSERT_EQ(test, fake_write(fake, FAKE_FRONT + i * 1440, 1440), 0);
		rivals += ether_addr_equal(t->herald_mac, rogue.mac);
	}
	KUNIT_EXPECT_EQ(test, fake->nr_answers, 0);
	KUNIT_EXPECT_TRUE(test, ether_addr_equal(t->rival_mac, rogue.mac));
	KUNIT_EXPECT_TRUE(test, ether_addr_equal(t->way.hop_mac, fake->way.mac));
	/* Each of the two addresses has its turn. */
	KUNIT_EXPECT_EQ(test, t->heralds - heralds, 3);
	KUNIT_EXPECT_GE(test, rivals, 1);
	KUNIT_EXPECT_LE(test, rivals, 2);
}
