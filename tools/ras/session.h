/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rasdumpd: a client, from its herald to the end of its dump.  No sockets: what comes is given
 * to it, and it says what is to be answered.
 */
#ifndef RAS_SESSION_H
#define RAS_SESSION_H

#include "packet.h"
#include "store.h"

/**
 * enum session_state - how far a dump is
 * @SESSION_RECEIVES: its packets are taken
 * @SESSION_SYNCS: the client has finished, and the store makes the dump safe
 * @SESSION_COMPLETE: that is done
 * @SESSION_FAILED: nothing more is taken: the store could not keep it
 */
enum session_state {
	SESSION_RECEIVES,
	SESSION_SYNCS,
	SESSION_COMPLETE,
	SESSION_FAILED,
};

/**
 * enum answer - what a packet is answered with
 * @ANSWER_NOTHING: nothing
 * @ANSWER_ACK: its number
 * @ANSWER_WELCOME: its number, and what may be sent
 * @ANSWER_LATER: its number, when session_finish() has been called and has succeeded
 */
enum answer {
	ANSWER_NOTHING,
	ANSWER_ACK,
	ANSWER_WELCOME,
	ANSWER_LATER,
};

/**
 * struct session - a client
 * @state: see enum session_state
 * @herald: what it has said
 * @stored: what is kept of it
 * @store: where
 * @limit: the most that its file can have, in bytes
 * @payload: the most bytes that it may send in a packet
 * @is_resumed: its file was begun before, and what was acknowledged then is in it
 * @bytes: how many bytes of the file it has sent, what came twice included
 * @end: and where the last of them ends
 * @packets: how many packets were taken
 * @begun_ns: when it has begun, by the monotonic clock
 * @last_ns: when it has sent something that was taken
 * @why: why it has failed
 */
struct session {
	enum session_state	state;
	struct herald		herald;
	struct stored		*stored;
	struct store		*store;
	uint64_t		limit;
	uint32_t		payload;
	bool			is_resumed;
	uint64_t		bytes;
	uint64_t		end;
	uint64_t		packets;
	uint64_t		begun_ns;
	uint64_t		last_ns;
	struct why		why;
};

bool session_begin(struct session *session, struct store *store, const struct herald *herald,
		   const char *address, int64_t seconds, uint64_t limit, uint64_t now_ns);
bool session_is_same(const struct session *session, const struct herald *herald);
enum refusal session_take_herald(const struct session *session, const struct herald *herald,
				 enum answer *answer);
enum refusal session_take(struct session *session, const struct packet *packet,
			  uint64_t now_ns, enum answer *answer);
void session_finish(struct session *session);
void session_finished(struct session *session, uint64_t now_ns);
void session_end(struct session *session);

#endif
