/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS client: the dump engine, target net: the client's side of netdump(4).
 */
#ifndef _RAS_DUMP_TRANSFER_H
#define _RAS_DUMP_TRANSFER_H

#include <linux/bitmap.h>
#include <linux/ras_netdump.h>
#include <linux/time64.h>
#include <linux/types.h>

#include "card.h"
#include "wire.h"

struct dump_proof;
struct ras_stop;

/* Packets that may be on their way; a slot has the frame of the same tag. */
#define DUMP_SLOTS		48
/* A server that is silent for so long is given up, in ns. */
#define DUMP_SILENCE_NS		(12 * (u64)NSEC_PER_SEC)

/**
 * struct dump_try - a packet on its way
 * @seq: its number, by which it is answered; each time another one
 * @ns: when it was sent
 * @order: among all that was sent
 */
struct dump_try {
	u32	seq;
	u64	ns;
	u64	order;
};

/**
 * struct dump_slot - a packet that is not acknowledged
 * @size: of what UDP carries, in bytes
 * @tries: how often it was sent
 * @first: how it was sent first
 * @last: how it was sent last
 */
struct dump_slot {
	size_t		size;
	unsigned int	tries;
	struct dump_try	first;
	struct dump_try	last;
};

/**
 * struct dump_transfer - a dump on its way to a server
 * @card: the card
 * @way: to the server, as it was when the dump began
 * @stop: the stop
 * @name: of the target, for messages
 * @server_port: of the server, for heralds
 * @hello: what goes behind the path in a herald
 * @proof: proofs, by which the server is known; NULL: any server will do
 * @herald_mac: the address on the link that the last herald was sent to
 * @welcome: count of the herald that was answered last
 * @rival_mac: another address that somebody has told for the hop; zeros: none
 * @challenge: of the server, by which it knows that packets are not old ones
 * @is_unproven: there were answers without a proof
 * @port: of the server, for this dump; 0: it has not answered yet
 * @is_ours: it has answered with a welcome
 * @payload: the most bytes of the file in a packet
 * @window: how many packets may be on their way
 * @slot: the packets
 * @used: slots that are taken
 * @waiting: slots whose packets wait for an answer
 * @seq: counts what was sent, for numbers
 * @order: counts what was sent; goes on if the same dump begins again
 * @answered: the highest order of a packet that was answered
 * @rtt_ns: the round trip, smoothed; 0: none was measured yet
 * @rtt_var_ns: how much it varies
 * @heard_ns: when the server has answered last, whatever
 * @acked_ns: when it has taken something last
 * @asked_ns: when a herald, or the question for the hop, went out last
 * @looked_ns: when it was looked last for what has to be sent again
 * @told: the frame that was used last to tell our address
 * @heralds: counts heralds; goes on if the same dump begins again
 * @welcomes: counts their answers
 * @finishing: the server was told that the dump is complete
 * @error: why the server was given up, or 0
 * @packets: how many were sent for the first time
 * @again: how many were sent again
 */
struct dump_transfer {
	struct dump_card		*card;
	struct dump_way			way;
	const struct ras_stop		*stop;
	const char			*name;
	u16				server_port;
	struct ras_netdump_hello	hello;
	struct dump_proof		*proof;
	u8				herald_mac[ETH_ALEN];
	u32				welcome;
	u8				rival_mac[ETH_ALEN];
	u8				challenge[RAS_NETDUMP_CHALLENGE_BYTES];
	bool				is_unproven;
	u16				port;
	bool				is_ours;
	size_t				payload;
	unsigned int			window;
	struct dump_slot		slot[DUMP_SLOTS];
	DECLARE_BITMAP(used, DUMP_SLOTS);
	DECLARE_BITMAP(waiting, DUMP_SLOTS);
	u32				seq;
	u64				order;
	u64				answered;
	u64				rtt_ns;
	u64				rtt_var_ns;
	u64				heard_ns;
	u64				acked_ns;
	u64				asked_ns;
	u64				looked_ns;
	unsigned int			told;
	u32				heralds;
	u32				welcomes;
	bool				finishing;
	int				error;
	u64				packets;
	u64				again;
};

size_t dump_transfer_most(const struct dump_transfer *t);
int dump_transfer_begin(struct dump_transfer *t);
int dump_transfer_slot(struct dump_transfer *t, unsigned int *slot, void **data);
void dump_transfer_post(struct dump_transfer *t, unsigned int slot, enum ras_netdump_type type,
			u64 offset, size_t size);
void dump_transfer_drop(struct dump_transfer *t, unsigned int slot);
int dump_transfer_settle(struct dump_transfer *t);
int dump_transfer_flush(struct dump_transfer *t);
int dump_transfer_finish(struct dump_transfer *t);

#endif /* _RAS_DUMP_TRANSFER_H */
