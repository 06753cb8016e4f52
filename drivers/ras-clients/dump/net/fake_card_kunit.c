// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the dump engine's target net: a card of memory.  Included by net_kunit.c.
 */
#include <linux/bitmap.h>
#include <linux/jhash.h>

static struct fake_frame *fake_frame(struct fake_net *fake, unsigned int i)
{
	return &fake->frame[(fake->first + i) % DUMP_CARD_TAGS];
}

static int fake_start(struct dump_card *card)
{
	struct fake_net *fake = fake_of(card);

	fake->starts++;
	fake_rule(fake, ether_addr_equal(card->mac, fake->n->reach.path[0].way.mac),
		  "the card is to receive frames to another address");
	fake_rule(fake, card->takes_groups == fake->knobs.ipv6,
		  "only IPv6 needs frames to groups");
	fake->nr_frames = 0;
	fake->nr_answers = 0;
	/* What the kernel has in its log by now may be long. */
	fake->n->file.log.cur_seq = fake->n->file.log.next_seq - fake->knobs.lines;
	return fake->knobs.start_error;
}

static void fake_stop(struct dump_card *card)
{
	fake_of(card)->stops++;
}

static void fake_send(struct dump_card *card, unsigned int tag, size_t bytes)
{
	struct fake_net *fake = fake_of(card);
	unsigned int i;

	fake->sends++;
	for (i = 0; i < fake->nr_frames && fake_frame(fake, i)->tag != tag; i++)
		;
	if (i < fake->nr_frames || tag >= DUMP_CARD_TAGS || bytes < ETH_ZLEN ||
	    bytes > card->frame_bytes - DUMP_CARD_HEADROOM) {
		fake_rule(fake, false, "there is a frame that the card cannot send");
		return;
	}
	fake->nr_frames++;
	*fake_frame(fake, i) = (struct fake_frame){
		.tag	= tag,
		.bytes	= bytes,
		.sum	= jhash(dump_card_frame(card, tag), bytes, 0),
	};
}

static void fake_kick(struct dump_card *card)
{
	struct fake_net *fake = fake_of(card);
	unsigned int i;

	fake->most = max_t(unsigned int, fake->most,
			   bitmap_weight(fake->n->file.transfer.waiting, DUMP_SLOTS));
	for (i = 0; i < fake->nr_frames; i++) {
		struct fake_frame *frame = fake_frame(fake, i);

		if (frame->is_sent)
			continue;
		frame->is_sent = true;
		frame->sent_ns = ras_clock_ns();
		fake->looks = 0;
		fake_take(fake, dump_card_frame(card, frame->tag), frame->bytes);
	}
}

/* Packets were sent just now, have a second, and are looked for at once. */
static void fake_freeze(struct fake_net *fake)
{
	struct dump_transfer *t = &fake->n->file.transfer;
	unsigned int i;

	for (i = 0; i < DUMP_SLOTS; i++)
		t->slot[i].last.ns = ras_clock_ns();
	t->rtt_ns = NSEC_PER_SEC;
	t->looked_ns = 0;
}

static int fake_sent(struct dump_card *card, unsigned int *tag)
{
	struct fake_net *fake = fake_of(card);
	const struct fake_frame *frame = fake_frame(fake, 0);

	if (fake->knobs.frozen)
		fake_freeze(fake);
	if (fake->knobs.gone_at && fake->packets >= fake->knobs.gone_at)
		return -ENODEV;
	if (!fake->nr_frames || !frame->is_sent ||
	    (fake->knobs.slow && ras_clock_ns() - frame->sent_ns < FAKE_SLOW_NS))
		return -EAGAIN;
	fake_rule(fake, frame->sum == jhash(dump_card_frame(card, frame->tag), frame->bytes, 0),
		  "a frame was written to while the card was sending it");
	*tag = frame->tag;
	fake->first++;
	fake->nr_frames--;
	return 0;
}

/* The answer that comes next. */
static struct fake_answer *fake_next(struct fake_net *fake)
{
	const unsigned int last = fake->nr_answers - 1;

	return &fake->answer[(fake->oldest + (fake->knobs.reverse ? last : 0)) % FAKE_ANSWERS];
}

static void *fake_receive(struct dump_card *card, size_t *bytes)
{
	struct fake_net *fake = fake_of(card);
	struct fake_answer *answer = fake_next(fake);

	if (!fake->nr_answers || fake->looks++ < FAKE_LOOKS)
		return NULL;
	bitmap_set(fake->acked, answer->offset, answer->size);
	if (answer->size)
		fake->acked_ns = fake_now_ns(fake);
	*bytes = answer->bytes;
	return answer->frame;
}

static void fake_received(struct dump_card *card)
{
	struct fake_net *fake = fake_of(card);

	/* After what the answer means to the machine. */
	fake_pass(fake, fake_next(fake)->busy_ns);
	memset(fake_next(fake)->frame, 0xee, FAKE_ANSWER_BYTES);
	fake->oldest += !fake->knobs.reverse;
	fake->nr_answers--;
	if (fake->knobs.is_late)
		fake->looks = 0;
}

static const struct dump_card_ops fake_ops = {
	.name		= "fake",
	.start		= fake_start,
	.send		= fake_send,
	.kick		= fake_kick,
	.sent		= fake_sent,
	.receive	= fake_receive,
	.received	= fake_received,
	.stop		= fake_stop,
};
