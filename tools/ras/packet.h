/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rasdumpd: packets of netdump, as they come; see include/uapi/linux/ras_netdump.h.
 */
#ifndef RAS_PACKET_H
#define RAS_PACKET_H

#include <linux/ras_netdump.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A path that a herald may have, with its NUL. */
#define PACKET_PATH	256

/**
 * enum refusal - why a packet is not taken
 * @REFUSE_NOTHING: it is
 * @REFUSE_SHORT: it is shorter than its head, or than the head says
 * @REFUSE_LONG: it is longer than the head says, or than packets may be
 * @REFUSE_TYPE: it is of no known type
 * @REFUSE_OFFSET: its bytes are beyond what the file may have
 * @REFUSE_PATH: a herald with a path that is too long, or has no end
 * @REFUSE_STRAY: it is nothing that may come now
 * @REFUSE_RATE: heralds come too fast, or too many dumps are being received
 * @REFUSE_FULL: there is no room for it
 * @REFUSE_PROOF: its proof does not hold, or it has none and needs one
 * @REFUSE_REPLAY: its count was used before: it is a copy
 * @REFUSE_REASONS: how many reasons there are
 */
enum refusal {
	REFUSE_NOTHING,
	REFUSE_SHORT,
	REFUSE_LONG,
	REFUSE_TYPE,
	REFUSE_OFFSET,
	REFUSE_PATH,
	REFUSE_STRAY,
	REFUSE_RATE,
	REFUSE_FULL,
	REFUSE_PROOF,
	REFUSE_REPLAY,
	REFUSE_REASONS,
};

/**
 * struct packet - a packet
 * @head: where it begins, in the memory that was parsed
 * @type: see enum ras_netdump_type
 * @seq: the number of the packet
 * @offset: where its bytes go
 * @data: these, in the same memory
 * @size: how many
 * @count: of a proven packet: no other packet of the client has the same
 */
struct packet {
	const void	*head;
	uint32_t	type;
	uint32_t	seq;
	uint64_t	offset;
	const uint8_t	*data;
	uint32_t	size;
	uint32_t	count;
};

/**
 * struct herald - what a herald says
 * @path: where to put the dump, below the directory; "" if the client does not mind
 * @has_hello: there is a hello, from which the rest is
 * @session: of the crash
 * @bytes: the most that the file can have
 * @payload: the most bytes that the client can send in a packet
 * @host: the name of the machine; may be ""
 * @offers: there is an offer to prove all packets, from which the rest is
 * @public_key: of the client
 * @proof: how many bytes of the packet are in front of its proof; 0: it is cut off
 * @name: a partial file is found again by it: the session; or what proven_herald() makes of that
 */
struct herald {
	char		path[PACKET_PATH];
	bool		has_hello;
	uint8_t		session[RAS_NETDUMP_SESSION_BYTES];
	uint64_t	bytes;
	uint32_t	payload;
	char		host[RAS_NETDUMP_HOST_BYTES + 1];
	bool		offers;
	uint8_t		public_key[RAS_NETDUMP_KEY_BYTES];
	size_t		proof;
	uint8_t		name[RAS_NETDUMP_SESSION_BYTES];
};

const char *refusal_name(enum refusal refusal);
enum refusal packet_parse(struct packet *packet, const void *bytes, size_t size,
			  size_t behind);
enum refusal herald_parse(struct herald *herald, const struct packet *packet);

#endif
