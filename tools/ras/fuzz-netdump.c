// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz what rasdumpd makes of packets.  An input is a herald and what follows it: each packet is
 * two bytes that say how long it is, and so many bytes.
 *
 * The store writes down nothing.  It watches what it is asked for: never a byte beyond what the
 * herald has said, nothing after the end.
 */
#include <stdlib.h>
#include <string.h>

#include "say.h"
#include "session.h"

#define LIMIT		(1ULL << 40)
#define MAX_PACKET	(sizeof(struct ras_netdump_head) + RAS_NETDUMP_BYTES_MAX + 1)

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

/* The next packet, in memory of its size, so that a sanitizer sees what is read behind it. */
static uint8_t *next_packet(const uint8_t **data, size_t *size, size_t *length)
{
	uint8_t *packet;

	if (*size < 2)
		return NULL;
	*length = (size_t)(*data)[0] << 8 | (*data)[1];
	*data += 2;
	*size -= 2;
	if (*length > *size)
		*length = *size;
	if (*length > MAX_PACKET)
		*length = MAX_PACKET;
	packet = malloc(*length ? *length : 1);
	if (!packet)
		abort();
	memcpy(packet, *data, *length);
	*data += *length;
	*size -= *length;
	return packet;
}

static bool begin(struct session *session, struct store *store, const uint8_t *bytes,
		  size_t length)
{
	struct packet packet;
	struct herald herald;

	if (packet_parse(&packet, bytes, length) || packet.type != RAS_NETDUMP_HERALD ||
	    herald_parse(&herald, &packet))
		return false;
	the_dump.limit = herald.has_hello && herald.bytes && herald.bytes < LIMIT ?
			 herald.bytes : LIMIT;
	return session_begin(session, store, &herald, "192.0.2.1", 1795330800, LIMIT, 1);
}

static void go_on(struct session *session, const uint8_t *bytes, size_t length, uint64_t now)
{
	enum answer answer = ANSWER_NOTHING;
	uint64_t before = session->packets;
	struct packet packet;

	if (packet_parse(&packet, bytes, length))
		return;
	if (session_take(session, &packet, now, &answer))
		insist(answer == ANSWER_NOTHING && session->packets == before);
	if (answer == ANSWER_LATER) {
		session_finish(session);
		session_finished(session, now);
		insist(session->state == SESSION_COMPLETE || session->state == SESSION_FAILED);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store store = { .ops = &ops };
	struct session session;
	bool begun = false;
	uint64_t now = 1;
	uint8_t *packet;
	size_t length;

	memset(&the_dump, 0, sizeof(the_dump));
	the_dump.failing = (unsigned int)(size % 7);
	while ((packet = next_packet(&data, &size, &length))) {
		if (begun)
			go_on(&session, packet, length, now++);
		else
			begun = begin(&session, &store, packet, length);
		free(packet);
	}
	if (begun)
		session_end(&session);
	return 0;
}
