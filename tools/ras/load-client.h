/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-netdump-load: one machine that does not exist, and sends its dump.
 */
#ifndef RAS_LOAD_CLIENT_H
#define RAS_LOAD_CLIENT_H

#include "load-timers.h"
#include "load-way.h"

/**
 * enum client_state - what a client is at
 * @CLIENT_HERALD: its herald is not acknowledged
 * @CLIENT_DATA: it sends its log and its file
 * @CLIENT_FINISHED: all of that is acknowledged, but not FINISHED
 * @CLIENT_ENDED: it is at nothing any more
 */
enum client_state {
	CLIENT_HERALD,
	CLIENT_DATA,
	CLIENT_FINISHED,
	CLIENT_ENDED,
};

/**
 * enum client_end - what has become of a client
 * @END_COMPLETE: FINISHED is acknowledged
 * @END_DIED: it has fallen silent, as asked
 * @END_UNANSWERED: no answer to its herald has come
 * @END_SILENT: the server has fallen silent
 * @END_UNCONFIRMED: the file is acknowledged, and no answer to FINISHED has come
 * @END_WELCOME: the server has answered with a welcome that allows no packet
 * @END_ERROR: the system has refused something
 * @END_INTERRUPTED: the program was to end
 * @ENDS: how many there are
 */
enum client_end {
	END_COMPLETE,
	END_DIED,
	END_UNANSWERED,
	END_SILENT,
	END_UNCONFIRMED,
	END_WELCOME,
	END_ERROR,
	END_INTERRUPTED,
	ENDS,
};

/**
 * struct flight - a packet that was sent
 * @sent: when, the last time; 0 if it never was
 * @repeats: how often it was sent again
 * @is_acked: it is acknowledged
 */
struct flight {
	uint64_t	sent;
	uint32_t	repeats;
	bool		is_acked;
};

/**
 * struct round_trip - how long answers take, as RFC 6298 has it, in nanoseconds
 * @smoothed: on the average; 0 as long as nothing was measured
 * @deviation: how far they are from that
 * @timeout: how long an answer is waited for
 * @backoff: how often that is doubled for new packets, until there is another measurement
 */
struct round_trip {
	uint64_t	smoothed;
	uint64_t	deviation;
	uint64_t	timeout;
	uint32_t	backoff;
};

/**
 * struct client - a client
 * @timer: when it is to be woken; the first member
 * @next_ready: the next of those that may have something to send
 * @is_ready: it is among these
 * @ready_since: since when
 * @content: where its bytes come from
 * @way: to its server
 * @script: which packets it sends
 * @state: what it is at
 * @end: what has become of it, if it has ended
 * @ended: when it has
 * @waiting_since: since when the server is silent; 0 if it has nothing to say
 * @next_due: when packets are to be looked at, whether one is to be sent again
 * @held_until: when the packet that is late is to be sent, if no other was; or %TIMER_NEVER
 * @lone: the herald or FINISHED, which are alone on their way
 * @flights: packets from @first to @next, each in the place of its index modulo @mask + 1
 * @mask: how many places there are, less 1
 * @window: how many packets may be on their way
 * @first: index of the first packet that is not acknowledged
 * @next: index of the first packet that was not sent
 * @round_trip: how long answers take
 * @armed: how long new packets were to wait for their answers when the timer was set
 * @acked: bytes of the file that are acknowledged
 */
struct client {
	struct timer		timer;
	struct client		*next_ready;
	bool			is_ready;
	uint64_t		ready_since;
	struct content		content;
	struct way		way;
	struct script		script;
	enum client_state	state;
	enum client_end		end;
	uint64_t		ended;
	uint64_t		waiting_since;
	uint64_t		next_due;
	uint64_t		held_until;
	struct flight		lone;
	struct flight		*flights;
	uint32_t		mask;
	uint32_t		window;
	uint64_t		first;
	uint64_t		next;
	struct round_trip	round_trip;
	uint64_t		armed;
	uint64_t		acked;
};

/**
 * struct load - all clients, and what they share
 * @options: what is asked for
 * @clients: the clients
 * @running: how many of them have not ended
 * @timers: when they are to be woken
 * @ready: the first of those that may have something to send; %NULL if none has
 * @last_ready: where the next one of these goes
 * @mail: room for the packets of one of them
 * @epoll: tells whose answers have come
 * @now: the time, in nanoseconds
 * @begun: when they have begun
 * @free_at: when the rate allows the next packet
 * @way_counts: what has gone
 * @repeats: packets that were sent again
 * @strange: answers that make no sense
 * @welcomes: how many clients have got a welcome
 * @acked: bytes of all files that are acknowledged
 * @error: what the system has refused, as errno has it; 0 if nothing
 */
struct load {
	const struct load_options	*options;
	struct client			*clients;
	uint32_t			running;
	struct timers			timers;
	struct client			*ready;
	struct client			**last_ready;
	struct mail			*mail;
	int				epoll;
	uint64_t			now;
	uint64_t			begun;
	uint64_t			free_at;
	struct way_counts		way_counts;
	uint64_t			repeats;
	uint64_t			strange;
	uint32_t			welcomes;
	uint64_t			acked;
	int				error;
};

bool client_open(struct load *load, struct client *client, uint32_t number);
void client_start(struct load *load, struct client *client);
void client_receive(struct load *load, struct client *client);
void client_wake(struct load *load, struct client *client);
bool client_turn(struct load *load);
void client_stop(struct load *load, struct client *client);
void client_close(struct client *client);
const char *client_end_name(enum client_end end);

#endif
