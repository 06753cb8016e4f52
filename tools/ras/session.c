// SPDX-License-Identifier: GPL-2.0
/*
 * rasdumpd: a client, from its herald to the end of its dump.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "session.h"

/* FreeBSD's kernel dump header, version 4. */
#define HEADER_BYTES	512
/* What other parts than the dump may have. */
#define LOG_BYTES	(64 << 20)
#define KEY_BYTES	(64 << 10)

static void session_text(char *text, const struct herald *herald)
{
	unsigned int i;

	*text = '\0';
	for (i = 0; herald->has_hello && i < sizeof(herald->name); i++)
		snprintf(text + 2 * i, 3, "%02x", herald->name[i]);
}

/**
 * session_begin() - take on a client
 * @session: set up
 * @store: where to keep its dump
 * @herald: what it has said
 * @address: of it, as text
 * @seconds: the time, since 1970
 * @limit: the most that a file may have whose client does not say how much it is
 * @now_ns: the time, by the monotonic clock
 *
 * Return: its dump can be kept; otherwise @session->why is set.
 */
bool session_begin(struct session *session, struct store *store, const struct herald *herald,
		   const char *address, int64_t seconds, uint64_t limit, uint64_t now_ns)
{
	struct place place = {
		.path		= herald->path,
		.address	= address,
		.host		= herald->host,
		.seconds	= seconds,
	};

	memset(session, 0, sizeof(*session));
	session->herald = *herald;
	session->store = store;
	session->limit = limit;
	session->payload = RAS_NETDUMP_BYTES;
	session->begun_ns = now_ns;
	session->last_ns = now_ns;
	if (herald->has_hello) {
		if (herald->payload)
			session->payload = herald->payload < RAS_NETDUMP_BYTES_MAX ?
					   herald->payload : RAS_NETDUMP_BYTES_MAX;
		if (herald->bytes && herald->bytes < limit)
			session->limit = herald->bytes;
	}
	session_text(place.session, herald);
	session->stored = store->ops->create(store, &place, &session->is_resumed, &session->why);
	return session->stored;
}

/**
 * session_is_same() - is a herald one more of the dump that is being received?
 * @session: the client
 * @herald: what the same client has said now
 *
 * Return: it is.  A client without sessions sends no second one once it has sent data.  Whoever
 * has another key, or none, is somebody else, whatever session is named.
 */
bool session_is_same(const struct session *session, const struct herald *herald)
{
	const struct herald *before = &session->herald;

	if (before->has_hello != herald->has_hello || before->offers != herald->offers)
		return false;
	if (herald->offers && memcmp(before->public_key, herald->public_key,
				     sizeof(herald->public_key)))
		return false;
	if (herald->has_hello)
		return !memcmp(before->session, herald->session, sizeof(herald->session));
	return !session->bytes && !strcmp(before->path, herald->path);
}

/* Keep bytes of a part, of which there may be @limit. */
static enum refusal keep(struct session *session, enum part part, const struct packet *packet,
			 uint64_t limit)
{
	int error;

	if (packet->offset > limit || packet->size > limit - packet->offset)
		return REFUSE_OFFSET;
	/* FreeBSD's server takes such a packet for a flush. */
	if (!packet->size)
		return REFUSE_NOTHING;
	error = session->store->ops->write(session->stored, part, packet->data, packet->size,
					   packet->offset);
	if (!error)
		return REFUSE_NOTHING;
	session->state = SESSION_FAILED;
	refuse(&session->why, "%s", error == ENOSPC ? "no room, or not as much as is allowed" :
				    strerror(error));
	return REFUSE_FULL;
}

static enum refusal take_data(struct session *session, const struct packet *packet)
{
	enum refusal refusal;

	if (packet->size > session->payload)
		return REFUSE_LONG;
	refusal = keep(session, PART_DUMP, packet, session->limit);
	if (refusal)
		return refusal;
	session->bytes += packet->size;
	if (packet->size && packet->offset + packet->size > session->end)
		session->end = packet->offset + packet->size;
	return REFUSE_NOTHING;
}

static enum refusal take(struct session *session, const struct packet *packet)
{
	switch (packet->type) {
	case RAS_NETDUMP_DATA:
		return take_data(session, packet);
	case RAS_NETDUMP_LOG:
		if (!session->herald.has_hello)
			return REFUSE_TYPE;
		return packet->size > session->payload ? REFUSE_LONG :
		       keep(session, PART_LOG, packet, LOG_BYTES);
	case RAS_NETDUMP_HEADER:
		if (packet->size != HEADER_BYTES || packet->offset)
			return REFUSE_OFFSET;
		return keep(session, PART_HEADER, packet, HEADER_BYTES);
	case RAS_NETDUMP_KEY:
		return keep(session, PART_KEY, packet, KEY_BYTES);
	default:
		return REFUSE_STRAY;
	}
}

static enum refusal take_finished(struct session *session, enum answer *answer)
{
	switch (session->state) {
	case SESSION_RECEIVES:
		session->state = SESSION_SYNCS;
		*answer = ANSWER_LATER;
		return REFUSE_NOTHING;
	case SESSION_SYNCS:
		return REFUSE_NOTHING;
	case SESSION_COMPLETE:
		/* The answer was lost. */
		*answer = ANSWER_ACK;
		return REFUSE_NOTHING;
	default:
		return REFUSE_STRAY;
	}
}

/**
 * session_take_herald() - take one more herald of a client
 * @session: the client
 * @herald: what it says
 * @answer: set to what it is answered with
 *
 * Return: %REFUSE_NOTHING, or why it is not taken; then there is no answer.
 */
enum refusal session_take_herald(const struct session *session, const struct herald *herald,
				 enum answer *answer)
{
	*answer = ANSWER_NOTHING;
	if (session->state != SESSION_RECEIVES || !session_is_same(session, herald))
		return REFUSE_STRAY;
	*answer = herald->has_hello ? ANSWER_WELCOME : ANSWER_ACK;
	return REFUSE_NOTHING;
}

/**
 * session_take() - take a packet of a client
 * @session: the client
 * @packet: the packet, which is no herald
 * @now_ns: the time, by the monotonic clock
 * @answer: set to what it is answered with
 *
 * Return: %REFUSE_NOTHING, or why it is not taken; then there is no answer.
 */
enum refusal session_take(struct session *session, const struct packet *packet,
			  uint64_t now_ns, enum answer *answer)
{
	enum refusal refusal;

	*answer = ANSWER_NOTHING;
	if (packet->type == RAS_NETDUMP_FINISHED) {
		refusal = take_finished(session, answer);
		if (refusal)
			return refusal;
	} else {
		if (session->state != SESSION_RECEIVES)
			return REFUSE_STRAY;
		refusal = take(session, packet);
		if (refusal)
			return refusal;
		*answer = ANSWER_ACK;
	}
	session->packets++;
	session->last_ns = now_ns;
	return REFUSE_NOTHING;
}

/**
 * session_finish() - have a dump on stable storage
 * @session: the client, which has finished; nobody else may use it meanwhile
 */
void session_finish(struct session *session)
{
	if (!session->store->ops->finish(session->stored, &session->why))
		session->state = SESSION_FAILED;
}

/**
 * session_finished() - after session_finish()
 * @session: the client
 * @now_ns: the time, by the monotonic clock
 */
void session_finished(struct session *session, uint64_t now_ns)
{
	if (session->state == SESSION_SYNCS)
		session->state = SESSION_COMPLETE;
	session->last_ns = now_ns;
}

/**
 * session_end() - let a client go; what there is of its dump is kept
 * @session: the client
 */
void session_end(struct session *session)
{
	if (session->stored)
		session->store->ops->leave(session->stored);
	session->stored = NULL;
}
