// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the dump engine's target net: a dump, from a card of memory to a server of
 * memory.  Included by net_kunit.c.
 */
#include <linux/prandom.h>
#include <linux/sched.h>

static void fake_exit(struct kunit *test)
{
	struct fake_net *fake = test->priv;

	if (!fake)
		return;
	if (fake->knobs.key)
		dump_proof_set(NULL);
	if (fake->n)
		dump_net_release(&fake->n->target);
	kvfree(fake->card.frames);
	kvfree(fake->stop);
	kvfree(fake->file);
	kvfree(fake->got);
	bitmap_free(fake->acked);
	kvfree(fake);
}

static void fake_make_stop(struct kunit *test, struct fake_net *fake)
{
	struct fake_stop *stop = kvzalloc(struct_size(stop, slots, nr_cpu_ids), GFP_KERNEL);
	unsigned int cpu;

	KUNIT_ASSERT_NOT_NULL(test, stop);
	fake->stop = stop;
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		stop->slots[cpu] = &stop->slot;
	stop->machine.slot = stop->slots;
	stop->machine.arch = &ras_arch;
	atomic64_set(&stop->machine.claim, RAS_CLAIM(ras_arch.this_cpu(), 0));
}

static int fake_init(struct kunit *test)
{
	struct fake_net *fake = kvzalloc(sizeof(*fake), GFP_KERNEL);
	struct dump_target *target;
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_NULL(test, fake);
	test->priv = fake;
	/* As in a stop; clocks of two CPUs may differ. */
	set_cpus_allowed_ptr(current, cpumask_of(raw_smp_processor_id()));
	fake->card.ops = &fake_ops;
	fake->card.frame_bytes = ALIGN(DUMP_CARD_HEADROOM + VLAN_ETH_HLEN + FAKE_MTU_MAX, 64);
	fake->card.frames = kvzalloc(DUMP_CARD_TAGS * fake->card.frame_bytes, GFP_KERNEL);
	fake->file = kvzalloc(FAKE_BYTES, GFP_KERNEL);
	fake->got = kvzalloc(FAKE_BYTES, GFP_KERNEL);
	fake->acked = bitmap_zalloc(FAKE_BYTES, GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, fake->card.frames && fake->file && fake->got && fake->acked);
	prandom_seed_state(&rnd, 12);
	prandom_bytes_state(&rnd, fake->file + FAKE_BITMAPS, FAKE_BYTES - FAKE_BITMAPS);
	memset(fake->got, 0xee, FAKE_BYTES);
	fake_make_stop(test, fake);
	target = dump_net_new("net:192.0.2.20");
	KUNIT_ASSERT_FALSE(test, IS_ERR(target));
	fake->n = dump_net_of(target);
	fake->n->reach.path[0].card = &fake->card;
	fake->port = FAKE_PORT;
	return 0;
}

static int fake_begin(struct fake_net *fake, const struct fake_knobs *knobs)
{
	const struct dump_layout layout = { .data = FAKE_FRONT, .nr_pages = 50 };
	const struct dump_session s = { .stop = &fake->stop->machine.stop, .layout = layout };
	const u16 family = knobs->ipv6 ? AF_INET6 : AF_INET;
	const unsigned int mtu = knobs->mtu ?: 1500;

	fake->knobs = *knobs;
	fake->stop->machine.stop.resumable = knobs->resumable;
	fake->way = fake_way(family, knobs->vlan, mtu, true);
	fake->n->reach.path[0].way = fake_way(family, knobs->vlan, mtu, false);
	if (knobs->no_hop) {
		fake->n->reach.path[0].way.has_hop = false;
		eth_zero_addr(fake->n->reach.path[0].way.hop_mac);
	}
	fake->card.frame_bytes = ALIGN(DUMP_CARD_HEADROOM + VLAN_ETH_HLEN + mtu, 64);
	if (knobs->key && dump_proof_set(bob_public))
		return -ENOMEM;
	return dump_net_start(&fake->n->target, &s, &layout);
}

static int fake_write(struct fake_net *fake, u64 offset, size_t size)
{
	return dump_net_write(&fake->n->target, offset, fake->file + offset, size);
}

static int fake_describe(struct fake_net *fake, unsigned int rank, u64 offset, u64 size)
{
	const struct fake_desc desc = { .offset = offset, .size = size };

	memcpy(fake->file + rank * sizeof(desc), &desc, sizeof(desc));
	return fake_write(fake, rank * sizeof(desc), sizeof(desc));
}

/*
 * Write a dump: a front without descriptors; pages of all sizes with a descriptor each, at first
 * in order, then a few here and there; parts of the bitmaps, so that more is held back than
 * there is room for; and the header, which tells of all pages.
 */
static int fake_dump(struct fake_net *fake)
{
	const unsigned int nr_descs = FAKE_BITMAPS / sizeof(struct fake_desc) - 1;
	const size_t part = 8190;
	struct rnd_state rnd;
	unsigned int i;
	u64 at, size;
	int ret = 0;

	prandom_seed_state(&rnd, 7);
	for (at = 0; at < FAKE_FRONT && !ret; at += PAGE_SIZE)
		ret = fake_write(fake, at, PAGE_SIZE);
	for (i = 0; at + PAGE_SIZE <= FAKE_BYTES && !ret; i++) {
		const unsigned int rank = 1 + (i < 64 ? i : i / 4 * 1501 + i % 4) % nr_descs;

		size = 1 + prandom_u32_state(&rnd) % PAGE_SIZE;
		ret = fake_write(fake, at, size);
		/* The later one of two for one place counts. */
		if (!ret && i > 96 && i % 8 == 0)
			ret = fake_describe(fake, rank, at, 0);
		ret = ret ?: fake_describe(fake, rank, at, size);
		if (!ret && i < 96 && i % 3 == 0)
			ret = fake_write(fake, FAKE_BITMAPS + i / 3 % 16 * part, part);
		at += size;
	}
	return ret ?: fake_describe(fake, 0, FAKE_FRONT, at - FAKE_FRONT);
}

static int fake_finish(struct fake_net *fake, bool whole)
{
	return dump_net_finish(&fake->n->target, fake->n->file.end, whole);
}

static void expect_sound(struct kunit *test, const struct fake_net *fake)
{
	KUNIT_EXPECT_NULL_MSG(test, fake->broken, "%s", fake->broken);
	/* Nothing that FreeBSD's server does not know. */
	if (fake->knobs.is_freebsd)
		KUNIT_EXPECT_EQ(test, fake->logs, 0);
}

static void expect_file(struct kunit *test, const struct fake_net *fake)
{
	u64 at = 0;

	while (at < fake->n->file.end && fake->got[at] == fake->file[at])
		at++;
	KUNIT_EXPECT_EQ(test, at, fake->n->file.end);
}

static void fake_desc(const struct fake_knobs *knobs, char *desc)
{
	strscpy(desc, knobs->desc, KUNIT_PARAM_DESC_SIZE);
}
