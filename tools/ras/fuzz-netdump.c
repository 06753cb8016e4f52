// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz what rasdumpd makes of packets.  An input is a herald and what follows it: each packet is
 * two bytes that say how long it is, and so many bytes.  The two highest bits of the length say
 * that the packet is given a proof that holds, and, of a herald, that the receiver has a key.
 *
 * The store writes down nothing.  It watches what it is asked for: never a byte beyond what the
 * herald has said, nothing after the end.  Of a dump that is proven, no packet is taken without
 * a proof, and none twice.
 */
#include <stdlib.h>
#include <string.h>

#include "proven.h"
#include "say.h"

#define LIMIT		(1ULL << 40)
#define MAX_PACKET	(sizeof(struct ras_netdump_head) + RAS_NETDUMP_BYTES_MAX + 1)
#define GETS_PROOF	0x8000u
#define HAS_KEY		0x4000u
#define PORT		4711

const char say_program[] = "fuzz-netdump";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/**
 * struct stored - a dump that is not kept
 * @limit: the most that it may have
 * @is_over: nothing may come any more
 * @failing: the write that fails, if it comes to that
 * @writes: how many there were
 */
struct stored {
	uint64_t	limit;
	bool		is_over;
	unsigned int	failing;
	unsigned int	writes;
};

static struct stored the_dump;

/**
 * struct input - a packet of the input
 * @flags: what is special about it
 * @bytes: the packet, in memory of its size, so that a sanitizer sees what is read behind it
 * @size: how many bytes it has
 */
struct input {
	unsigned int	flags;
	uint8_t		*bytes;
	size_t		size;
};

/**
 * struct dialogue - a client, and the receiver for it
 * @demand: what that demands
 * @session: the client
 * @proven: what is known of its proofs
 */
struct dialogue {
	struct demand	demand;
	struct session	session;
	struct proven	proven;
};

static const uint8_t secret[RAS_NETDUMP_KEY_BYTES] = "the secret key of the receiver";

static void insist(bool holds)
{
	if (!holds)
		abort();
}

/* A place that leads out of the directory is refused, as by the real store. */
static struct stored *create(struct store *store, const struct place *place, bool *resumed,
			     struct why *why)
{
	(void)store;
	insist(strlen(place->path) < PACKET_PATH);
	insist(strlen(place->host) <= RAS_NETDUMP_HOST_BYTES && !strchr(place->host, '/'));
	insist(strlen(place->session) == 0 || strlen(place->session) == STORE_SESSION - 1);
	*resumed = false;
	if (strstr(place->path, "..")) {
		refuse(why, "leads out of it");
		return NULL;
	}
	return &the_dump;
}

static int write_part(struct stored *stored, enum part part, const void *data, size_t size,
		      uint64_t offset)
{
	static volatile uint8_t sum;
	size_t i;

	insist(!stored->is_over && part < PARTS && offset + size <= LIMIT);
	insist(part != PART_DUMP || offset + size <= stored->limit);
	/* All of it can be read. */
	for (i = 0; i < size; i++)
		sum = (uint8_t)(sum + ((const uint8_t *)data)[i]);
	return ++stored->writes == stored->failing ? 28 : 0;
}

static bool finish(struct stored *stored, struct why *why)
{
	insist(!stored->is_over);
	stored->is_over = true;
	return stored->failing != 1 || refuse(why, "the disk is broken");
}

static void leave(struct stored *stored)
{
	stored->is_over = true;
}

static const char *name(const struct stored *stored)
{
	(void)stored;
	return "dump";
}

static const struct store_ops ops = {
	.create	= create,
	.write	= write_part,
	.finish	= finish,
	.leave	= leave,
	.name	= name,
};

static bool next_input(const uint8_t **data, size_t *size, struct input *input)
{
	unsigned int first;

	if (*size < 2)
		return false;
	first = (unsigned int)(*data)[0] << 8 | (*data)[1];
	*data += 2;
	*size -= 2;
	input->flags = first & (GETS_PROOF | HAS_KEY);
	input->size = first & ~(GETS_PROOF | HAS_KEY);
	if (input->size > *size)
		input->size = *size;
	if (input->size > MAX_PACKET)
		input->size = MAX_PACKET;
	input->bytes = malloc(input->size ? input->size : 1);
	if (!input->bytes)
		abort();
	memcpy(input->bytes, *data, input->size);
	*data += input->size;
	*size -= input->size;
	return true;
}

/* Give a herald the proof of somebody who has the secret key of its public key.  Return: is one. */
static bool sign_herald(struct input *input)
{
	struct proof_keys keys;
	struct packet packet;
	struct herald herald;

	if (packet_parse(&packet, input->bytes, input->size, 0) ||
	    packet.type != RAS_NETDUMP_HERALD)
		return false;
	if (!herald_parse(&herald, &packet) && herald.proof &&
	    proof_session(&keys, secret, herald.public_key, herald.session))
		proof_put(&keys, PROOF_HERALD, input->bytes, herald.proof);
	return true;
}

/* Give another packet a proof, which is behind it. */
static void sign(const struct dialogue *dialogue, struct input *input)
{
	input->bytes = realloc(input->bytes, input->size + PROOF_BYTES);
	if (!input->bytes)
		abort();
	proof_put(&dialogue->proven.keys, PROOF_PACKET, input->bytes, input->size);
	input->size += PROOF_BYTES;
}

static bool begin(struct dialogue *dialogue, struct store *store, struct input *input)
{
	struct proof_keys keys = { 0 };
	struct packet packet;
	struct herald herald;

	memset(dialogue, 0, sizeof(*dialogue));
	if (input->flags & HAS_KEY)
		dialogue->demand.secret = secret;
	if (input->flags & GETS_PROOF)
		sign_herald(input);
	if (packet_parse(&packet, input->bytes, input->size, 0) ||
	    packet.type != RAS_NETDUMP_HERALD ||
	    proven_read(&dialogue->demand, &packet, &herald) ||
	    proven_herald(&dialogue->demand, NULL, &packet, &herald, &keys))
		return false;
	the_dump.limit = herald.has_hello && herald.bytes && herald.bytes < LIMIT ?
			 herald.bytes : LIMIT;
	insist(!herald.offers || input->flags == (GETS_PROOF | HAS_KEY));
	if (herald.offers)
		insist(proven_begin(&dialogue->proven, &keys, packet.count, PORT));
	return session_begin(&dialogue->session, store, &herald, "192.0.2.1", 1795330800, LIMIT,
			     1);
}

/* As client.c does. */
static enum refusal take(struct dialogue *dialogue, const struct input *input, uint64_t now,
			 enum answer *answer)
{
	struct packet packet;
	const enum refusal refusal = proven_parse(&dialogue->proven, &packet, input->bytes,
						  input->size);

	if (refusal)
		return refusal;
	if (packet.type != RAS_NETDUMP_HERALD)
		return session_take(&dialogue->session, &packet, now, answer);
	return proven_take_herald(&dialogue->proven, &dialogue->demand, &dialogue->session,
				  &packet, answer);
}

/* The answer has room, and its proof, if there is one, is behind all of it. */
static void check_answer(const struct dialogue *dialogue, enum answer answer)
{
	const size_t plain = answer == ANSWER_WELCOME ? sizeof(struct ras_netdump_welcome) :
							sizeof(struct ras_netdump_ack);
	const enum proof_use use = answer == ANSWER_WELCOME ? PROOF_WELCOME : PROOF_ACK;
	union proven_answer bytes = { 0 };
	const size_t size = proven_answer(&dialogue->proven, answer, &bytes, plain);

	insist(size <= sizeof(bytes) && (size > plain) == dialogue->proven.is_on);
	insist(size == plain || proof_holds(&dialogue->proven.keys, use, &bytes,
					    size - PROOF_BYTES));
}

static void go_on(struct dialogue *dialogue, struct input *input, uint64_t now)
{
	struct session *session = &dialogue->session;
	enum answer answer = ANSWER_NOTHING, again = ANSWER_NOTHING;
	uint64_t before = session->packets;

	if ((input->flags & GETS_PROOF) && !sign_herald(input) && dialogue->proven.is_on)
		sign(dialogue, input);
	if (take(dialogue, input, now, &answer)) {
		insist(answer == ANSWER_NOTHING && session->packets == before);
		return;
	}
	check_answer(dialogue, answer);
	if (dialogue->proven.is_on) {
		insist(input->flags & GETS_PROOF);
		insist(take(dialogue, input, now, &again) == REFUSE_REPLAY);
	}
	if (answer == ANSWER_LATER) {
		session_finish(session);
		session_finished(session, now);
		insist(session->state == SESSION_COMPLETE || session->state == SESSION_FAILED);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store store = { .ops = &ops };
	struct dialogue dialogue;
	bool begun = false;
	struct input input;
	uint64_t now = 1;

	memset(&the_dump, 0, sizeof(the_dump));
	the_dump.failing = (unsigned int)(size % 7);
	while (next_input(&data, &size, &input)) {
		if (begun)
			go_on(&dialogue, &input, now++);
		else
			begun = begin(&dialogue, &store, &input);
		free(input.bytes);
	}
	if (begun)
		session_end(&dialogue.session);
	return 0;
}
