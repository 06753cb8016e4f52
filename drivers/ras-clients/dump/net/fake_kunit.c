// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the dump engine's target net: a network of memory that loses, delays and forges.
 * fake_server_kunit.c and fake_card_kunit.c are at its ends.  Included by net_kunit.c.
 */
#include <linux/ras_arch.h>

/* For ras_progress(), which looks at the machine around a stop. */
#include "../../../../kernel/ras/state.h"

#include "../rfc7748_kunit.h"

/* Descriptors, and after them bitmaps, which do not tell of anything here. */
#define FAKE_BITMAPS		(64 * 1024)
#define FAKE_FRONT		(192 * 1024)
#define FAKE_BYTES		(496 * 1024)
#define FAKE_MTU_MAX		9000
#define FAKE_LOG_BYTES		(32 * 1024)
#define FAKE_ANSWERS		256
#define FAKE_ANSWER_BYTES	160
#define FAKE_PORT		40000
/* Looks for answers, while nothing is sent, until they are there: so a window is used up. */
#define FAKE_LOOKS		2
#define FAKE_SLOW_NS		(40 * NSEC_PER_MSEC)
/* A question that is lost takes most of a second, after which it is asked again. */
#define FAKE_LOST_NS		(980 * NSEC_PER_MSEC)
#define FAKE_LATE_NS		(900 * NSEC_PER_MSEC)
/* No more time than that passes without an ack, unless that is to end the dump. */
#define FAKE_PATIENCE_NS	(DUMP_SILENCE_NS / 2)

/* What a page descriptor is here; the header is the first one. */
struct fake_desc {
	u64	offset;
	u64	size;
};

/* What is special about a server, the network to it or the card; and what is expected then. */
struct fake_knobs {
	const char	*desc;
	/* The server has an address of IPv6. */
	bool		ipv6;
	/* Of the way; and what the network carries.  0: 1500, and everything. */
	unsigned int	mtu, longest;
	u16		vlan;
	/* The hop's address is not known; it tells it late, and the first herald is lost. */
	bool		no_hop, late_hop;
	/* So many questions for the hop and the server are lost. */
	unsigned int	deaf;
	/* It answers a herald with an ack only; that takes it a second, and another herald. */
	bool		is_freebsd, is_late;
	/* What the welcome says; 0: 8192 and 64. */
	u32		payload, window;
	/* Every so many-th is lost; and then a second passes, as long as there are acks. */
	unsigned int	drop_packet, drop_ack;
	bool		pause;
	/* Acks come last one first; twice; and for packets that were lost, but do not count. */
	bool		reverse, twice, forged;
	/* The machine, and the server, have keys; somebody tells a wrong address of the hop. */
	bool		key, server_key, liar;
	/* The first copy of a packet is acknowledged when the second comes. */
	bool		copies;
	/* The card keeps frames for a while; no time passes for packets. */
	bool		slow, frozen;
	/*
	 * At this packet the server says nothing any more, and its time is over; it answers
	 * heralds only; it becomes another process, with another port or with the same one; it
	 * gets another address on the link; the card is gone.
	 */
	unsigned int	silent_at, hollow_at, moves_at, reborn_at, mac_at, gone_at;
	/* The other process goes on with the file. */
	bool		resumes;
	/* After the end it answers so many heralds, one in a second, and then that; or never. */
	unsigned int	syncs;
	bool		forgets;
	/* The machine is to go on. */
	bool		resumable;
	int		start_error;
	/* Of the log, that there are by now. */
	unsigned int	lines;
	/* What packets are counted from. */
	u32		seq;
	/* Bytes of the file in a packet, and packets on their way at a time; 0: any number. */
	size_t		expect_payload;
	unsigned int	expect_window;
	int		error;
};

/* The server's secret key, which belongs to bob_public: RFC 7748, 6.1. */
static const u8 bob_secret[] = {
	0x5d, 0xab, 0x08, 0x7e, 0x62, 0x4a, 0x8a, 0x4b, 0x79, 0xe1, 0x7f, 0x8b, 0x83, 0x80, 0x0e,
	0xe6, 0x6f, 0x3b, 0xb1, 0x29, 0x26, 0x18, 0xb6, 0xfd, 0x1c, 0x2f, 0x8b, 0x27, 0xff, 0x88,
	0xe0, 0xeb,
};

/* A machine that has been stopped by this CPU, whichever that is. */
struct fake_stop {
	struct ras_machine	machine;
	struct ras_slot		slot;
	struct ras_slot		*slots[];
};

/* A frame in the ring of the card, and what it was when it came there. */
struct fake_frame {
	unsigned int	tag;
	size_t		bytes;
	u32		sum;
	bool		is_sent;
	u64		sent_ns;
};

/* A frame to the machine, the bytes of the file that it acknowledges, and what it is busy for. */
struct fake_answer {
	u8	frame[FAKE_ANSWER_BYTES];
	size_t	bytes;
	u64	offset;
	size_t	size;
	u64	busy_ns;
};

/* A card, a network and a server. */
struct fake_net {
	struct dump_net		*n;
	struct dump_card	card;
	struct fake_stop	*stop;
	struct fake_knobs	knobs;
	/* The ring of the card. */
	struct fake_frame	frame[DUMP_CARD_TAGS];
	unsigned int		first, nr_frames;
	/* What is on its way to the machine, and how often that was looked for in vain. */
	struct fake_answer	answer[FAKE_ANSWERS];
	unsigned int		oldest, nr_answers, looks;
	/* From the server to the machine; and its port for this dump. */
	struct dump_way		way;
	u16			port;
	bool			silent;
	/* The server's proofs, its challenge, and the counts that it has seen last. */
	struct dump_proof	proof;
	u8			challenge[RAS_NETDUMP_CHALLENGE_BYTES];
	u32			herald, packet;
	/* It is another process, for which there was no packet yet. */
	bool			reborn;
	/* What is sent, what has arrived, which bytes of that are acknowledged, and since when. */
	u8			*file, *got;
	unsigned long		*acked;
	u64			acked_ns;
	char			log[FAKE_LOG_BYTES + 1];
	/* Numbers of packets that have come once, by their slots. */
	__be32			once[64];
	/* Time that has not really passed. */
	u64			passed_ns;
	/* Calls of the card, and frames that it was given, and has sent. */
	unsigned int		starts, stops, sends, frames;
	/* Questions for the hop, and answers to such questions. */
	unsigned int		asks, told;
	/* Heralds, and when the last one came; other packets; those of the log; ends. */
	unsigned int		heralds;
	u64			herald_ns;
	unsigned int		packets, logs, finished;
	unsigned int		acks;
	/* The most bytes of the file in a packet, and packets on their way. */
	size_t			longest;
	unsigned int		most;
	/* FreeBSD's server has bytes that it has not written. */
	bool			buffers;
	/* A rule that was not kept. */
	const char		*broken;
};

static struct fake_net *fake_of(struct dump_card *card)
{
	return container_of(card, struct fake_net, card);
}

static void fake_rule(struct fake_net *fake, bool kept, const char *rule)
{
	if (!kept && !fake->broken)
		fake->broken = rule;
}

/* Every so many-th, the first one of which is not the first at all. */
static bool fake_is_nth(unsigned int count, unsigned int n)
{
	return n && count % n == n - 1;
}

/* Time passes in which nothing comes. */
static void fake_pass(struct fake_net *fake, u64 ns)
{
	fake->n->file.transfer.heard_ns -= ns;
	fake->n->file.transfer.acked_ns -= ns;
	fake->n->file.transfer.asked_ns -= ns;
	fake->passed_ns += ns;
}

static u64 fake_now_ns(const struct fake_net *fake)
{
	return ras_clock_ns() + fake->passed_ns;
}
