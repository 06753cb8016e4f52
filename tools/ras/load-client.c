// SPDX-License-Identifier: GPL-2.0
/*
 * ras-netdump-load: one machine that does not exist, and sends its dump.
 *
 * A client is driven by three things: an answer comes, its timer fires, or it is its turn to
 * send.  The first two send nothing; they put the client at the end of those that are ready.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "load-client.h"

#define MS	1000000ull
#define SECOND	(1000 * MS)

/* How long a herald waits for its answer. */
#define HERALD_NS	SECOND
/* The same of FINISHED: doubled from the one to the other, since the server writes to a disk. */
#define FINISHED_NS	(250 * MS)
#define FINISHED_MAX_NS	SECOND

/* The same of other packets, by what was measured; and as long as nothing was. */
#define TIMEOUT_MIN_NS	(5 * MS)
#define TIMEOUT_MAX_NS	SECOND
#define BACKOFF_MAX	8

/* How many packets a client sends before it is the turn of others. */
#define TURN	32
/* What the clock of the rate may be behind, to be made up for at once. */
#define BURST_NS	(5 * MS)

/* How long a packet is late that no other one follows. */
#define LATE_NS	(2 * MS)

/**
 * client_end_name() - what has become of a client, in words
 * @end: what has
 */
const char *client_end_name(enum client_end end)
{
	static const char * const names[ENDS] = {
		[END_COMPLETE]		= "complete",
		[END_DIED]		= "died as asked",
		[END_UNANSWERED]	= "no answer to the herald",
		[END_SILENT]		= "server fell silent",
		[END_UNCONFIRMED]	= "unconfirmed",
		[END_WELCOME]		= "bad welcome",
		[END_ERROR]		= "error of the system",
		[END_INTERRUPTED]	= "interrupted",
	};

	return names[end];
}

/**
 * client_open() - make a client, which does nothing yet
 * @load: all clients
 * @client: the client, zeros; to be closed by client_close()
 * @number: of it
 *
 * Return: it was made; otherwise errno is set.
 */
bool client_open(struct load *load, struct client *client, uint32_t number)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = client };

	client->content = (struct content){ .seed = load->options->seed, .client = number };
	client->next_due = TIMER_NEVER;
	client->held_until = TIMER_NEVER;
	client->round_trip.timeout = TIMEOUT_MAX_NS;
	return way_open(&client->way, load->options, &client->content) &&
	       !epoll_ctl(load->epoll, EPOLL_CTL_ADD, client->way.fd, &event);
}

/**
 * client_close() - free what a client has
 * @client: the client
 */
void client_close(struct client *client)
{
	way_close(&client->way);
	free(client->flights);
	client->flights = NULL;
}

/* Who is ready is woken by its turn. */
static void make_ready(struct load *load, struct client *client)
{
	if (client->is_ready)
		return;
	timer_cancel(&load->timers, &client->timer);
	client->is_ready = true;
	client->ready_since = load->now;
	client->next_ready = NULL;
	*load->last_ready = client;
	load->last_ready = &client->next_ready;
}

static struct client *take_ready(struct load *load)
{
	struct client *client = load->ready;

	load->ready = client->next_ready;
	if (!load->ready)
		load->last_ready = &load->ready;
	client->is_ready = false;
	return client;
}

/* The socket of a machine that has died stays open: nobody there says that a port is closed. */
static void end(struct load *load, struct client *client, enum client_end how)
{
	client->state = CLIENT_ENDED;
	client->end = how;
	client->ended = load->now;
	timer_cancel(&load->timers, &client->timer);
	epoll_ctl(load->epoll, EPOLL_CTL_DEL, client->way.fd, NULL);
	if (how != END_DIED)
		client_close(client);
	load->running--;
}

static void end_by_error(struct load *load, struct client *client)
{
	load->error = errno;
	end(load, client, END_ERROR);
}

/* The next state is that of a packet which is alone on its way. */
static void begin_lone(struct load *load, struct client *client, enum client_state state)
{
	client->state = state;
	client->lone = (struct flight){ 0 };
	client->next_due = 0;
	make_ready(load, client);
}

/**
 * client_start() - have a client begin
 * @load: all clients
 * @client: the client
 */
void client_start(struct load *load, struct client *client)
{
	begin_lone(load, client, CLIENT_HERALD);
}

/*
 * As RFC 6298 has it for one measurement in a round trip.  There are @samples of them, which
 * count less each: packets that were sent at once say all the same.
 */
static void measure(struct round_trip *round_trip, uint64_t time, uint64_t samples)
{
	uint64_t *smoothed = &round_trip->smoothed, *deviation = &round_trip->deviation, off;

	if (!*smoothed) {
		*smoothed = time;
		*deviation = time / 2;
	} else {
		off = time > *smoothed ? time - *smoothed : *smoothed - time;
		*deviation = *deviation - *deviation / (4 * samples) + off / (4 * samples);
		*smoothed = *smoothed - *smoothed / (8 * samples) + time / (8 * samples);
	}
	round_trip->timeout = *smoothed + 4 * *deviation;
	if (round_trip->timeout < TIMEOUT_MIN_NS)
		round_trip->timeout = TIMEOUT_MIN_NS;
	if (round_trip->timeout > TIMEOUT_MAX_NS)
		round_trip->timeout = TIMEOUT_MAX_NS;
	round_trip->backoff = 0;
}

/* Double a time so often, up to a limit. */
static uint64_t doubled(uint64_t time, uint32_t times, uint64_t most)
{
	time <<= times < BACKOFF_MAX ? times : BACKOFF_MAX;
	return time < most ? time : most;
}

/* How long to wait for the answer to a packet that was sent so often before. */
static uint64_t timeout_of(const struct client *client, uint32_t repeats)
{
	const struct round_trip *round_trip = &client->round_trip;

	switch (client->state) {
	case CLIENT_HERALD:
		return HERALD_NS;
	case CLIENT_FINISHED:
		return doubled(FINISHED_NS, repeats, FINISHED_MAX_NS);
	default:
		return doubled(round_trip->timeout, repeats ? repeats : round_trip->backoff,
			       TIMEOUT_MAX_NS);
	}
}

/* When a packet is to be sent again, as far as is known now. */
static uint64_t due_of(const struct client *client, const struct flight *flight)
{
	return flight->sent + timeout_of(client, flight->repeats);
}

static struct flight *flight_at(const struct client *client, uint64_t index)
{
	return &client->flights[index & client->mask];
}

/* Does the rate allow a packet now? */
static bool may_send(const struct load *load)
{
	return !load->options->rate || load->free_at <= load->now;
}

static void take_rate(struct load *load, size_t bytes)
{
	if (!load->options->rate)
		return;
	if (load->free_at + BURST_NS < load->now)
		load->free_at = load->now - BURST_NS;
	load->free_at += (uint64_t)((double)bytes * 8e9 / load->options->rate);
}

/* Karn's rule: the next packets wait as long as this one, until a measurement says better. */
static void count_repeat(struct load *load, struct client *client, struct flight *flight)
{
	load->repeats++;
	flight->repeats++;
	if (client->round_trip.backoff < flight->repeats)
		client->round_trip.backoff = flight->repeats;
}

/* Is a packet late now, this one or one that was sent before? */
static void note_held(const struct load *load, struct client *client, uint64_t index)
{
	if (client->way.held == HELD_NONE)
		client->held_until = TIMER_NEVER;
	else if (client->way.held == index)
		client->held_until = load->now + LATE_NS;
}

/* Send the packet that is late, if it has waited for another one long enough. */
static void release(struct load *load, struct client *client)
{
	if (client->held_until > load->now)
		return;
	client->held_until = TIMER_NEVER;
	take_rate(load, way_release(&client->way, load->mail, &client->script,
				    &client->content));
}

/* Return: the packet was sent; otherwise this turn is over, with more to send. */
static bool put(struct load *load, struct client *client, uint64_t index,
		struct flight *flight, unsigned int *left)
{
	if (!*left || !may_send(load))
		return false;
	--*left;
	take_rate(load, way_send(&client->way, load->mail, &client->script, &client->content,
				 index));
	note_held(load, client, index);
	if (flight->sent)
		count_repeat(load, client, flight);
	flight->sent = load->now;
	if (due_of(client, flight) < client->next_due)
		client->next_due = due_of(client, flight);
	if (!client->waiting_since)
		client->waiting_since = load->now;
	return true;
}

/* Return: nothing is left to send now. */
static bool send_lone(struct load *load, struct client *client, unsigned int *left)
{
	if (client->next_due > load->now)
		return true;
	client->next_due = TIMER_NEVER;
	if (!put(load, client, client->next, &client->lone, left)) {
		client->next_due = load->now;
		return false;
	}
	return true;
}

/* Send packets again that are due.  Return: none is left. */
static bool send_again(struct load *load, struct client *client, unsigned int *left)
{
	if (client->next_due > load->now)
		return true;
	client->next_due = TIMER_NEVER;
	for (uint64_t index = client->first; index < client->next; index++) {
		struct flight *flight = flight_at(client, index);

		if (flight->is_acked)
			continue;
		if (due_of(client, flight) <= load->now &&
		    !put(load, client, index, flight, left)) {
			client->next_due = load->now;
			return false;
		}
		if (due_of(client, flight) < client->next_due)
			client->next_due = due_of(client, flight);
	}
	return true;
}

static bool has_new(const struct client *client)
{
	return client->next < client->script.last &&
	       client->next - client->first < client->window;
}

/* Send packets that were not sent yet.  Return: the window has no room, or none is left. */
static bool send_new(struct load *load, struct client *client, unsigned int *left)
{
	while (has_new(client)) {
		struct flight *flight = flight_at(client, client->next);

		*flight = (struct flight){ 0 };
		if (!put(load, client, client->next, flight, left))
			return false;
		client->next++;
	}
	return true;
}

/* When there is something to send, if no answer comes. */
static uint64_t next_send(const struct client *client)
{
	return client->next_due < client->held_until ? client->next_due : client->held_until;
}

/* Set the timer: to when a packet is due, or the server was silent for too long. */
static void arm(struct load *load, struct client *client)
{
	uint64_t due = next_send(client);

	if (client->waiting_since && client->waiting_since + load->options->silence_ns < due)
		due = client->waiting_since + load->options->silence_ns;
	client->armed = timeout_of(client, 0);
	timer_set(&load->timers, &client->timer, due);
}

/* The time in which it was not its turn is no silence of the server. */
static void forgive_queue(const struct load *load, struct client *client)
{
	if (client->waiting_since)
		client->waiting_since += load->now - client->ready_since;
	/* An answer may have come in that time. */
	if (client->waiting_since > load->now)
		client->waiting_since = load->now;
}

/**
 * client_turn() - have the client that is ready first send
 * @load: all clients, one of which is ready
 *
 * Return: there may be another turn now; otherwise the rate allows none before @load->free_at.
 */
bool client_turn(struct load *load)
{
	struct client *client;
	unsigned int left = TURN;
	bool is_done;

	if (!may_send(load))
		return false;
	client = take_ready(load);
	if (client->state == CLIENT_ENDED)
		return true;
	forgive_queue(load, client);
	release(load, client);
	if (client->state == CLIENT_DATA)
		is_done = send_again(load, client, &left) && send_new(load, client, &left);
	else
		is_done = send_lone(load, client, &left);
	way_flush(&client->way, load->mail);
	if (is_done)
		arm(load, client);
	else
		make_ready(load, client);
	return true;
}

static void give_up(struct load *load, struct client *client)
{
	if (client->state == CLIENT_HERALD)
		end(load, client, END_UNANSWERED);
	else
		end(load, client, client->state == CLIENT_FINISHED ? END_UNCONFIRMED : END_SILENT);
}

/**
 * client_wake() - the timer of a client has fired
 * @load: all clients
 * @client: the client
 *
 * An answer that has come, and that nobody has looked at, is taken first.
 */
void client_wake(struct load *load, struct client *client)
{
	client_receive(load, client);
	if (client->state == CLIENT_ENDED || client->is_ready)
		return;
	if (client->waiting_since &&
	    load->now - client->waiting_since >= load->options->silence_ns)
		give_up(load, client);
	else if (next_send(client) <= load->now)
		make_ready(load, client);
	else
		arm(load, client);
}

/**
 * client_stop() - end a client that has not ended
 * @load: all clients
 * @client: the client
 */
void client_stop(struct load *load, struct client *client)
{
	if (client->state != CLIENT_ENDED)
		end(load, client, END_INTERRUPTED);
}

/* After an acknowledgment: is the client to die, is all there, or is there more to send? */
static void go_on(struct load *load, struct client *client)
{
	if (client->acked >= load->options->die_at)
		end(load, client, END_DIED);
	else if (client->first == client->script.last)
		begin_lone(load, client, CLIENT_FINISHED);
	else if (has_new(client) || client->next_due <= load->now)
		make_ready(load, client);
}

/* The answer to a herald, as far as it is a welcome. */
struct welcome {
	bool		is_there;
	uint32_t	payload;
	uint32_t	window;
};

static struct welcome read_welcome(const struct load_options *options,
				   const struct answer *answer)
{
	struct ras_netdump_welcome wire;
	struct welcome welcome = { 0 };

	if (options->is_plain || answer->size < sizeof(wire))
		return welcome;
	memcpy(&wire, answer->bytes, sizeof(wire));
	welcome.is_there = !memcmp(wire.magic, RAS_NETDUMP_WELCOME_MAGIC, sizeof(wire.magic)) &&
			   be32toh(wire.version) >= RAS_NETDUMP_VERSION;
	welcome.payload = be32toh(wire.payload);
	welcome.window = be32toh(wire.window);
	return welcome;
}

static uint32_t least(uint32_t one, uint32_t other)
{
	return one < other ? one : other;
}

/* Return: there is memory. */
static bool make_flights(struct client *client, uint32_t window)
{
	uint32_t places = 1;

	while (places < window)
		places *= 2;
	client->window = window;
	client->mask = places - 1;
	client->flights = calloc(places, sizeof(*client->flights));
	return client->flights;
}

/* Lay down what is sent, within what the server allows.  Return: the client has not ended. */
static bool prepare(struct load *load, struct client *client, const struct welcome *welcome)
{
	const struct load_options *options = load->options;
	uint32_t payload = least(options->payload, RAS_NETDUMP_BYTES);
	uint32_t window = options->window;

	if (welcome->is_there) {
		load->welcomes++;
		payload = least(options->payload, welcome->payload);
		window = least(window, welcome->window);
	}
	if (!payload || !window) {
		end(load, client, END_WELCOME);
		return false;
	}
	if (!make_flights(client, window)) {
		end_by_error(load, client);
		return false;
	}
	script_write(&client->script, options, payload, welcome->is_there);
	return true;
}

/* The first answer: from now on all goes where it came from. */
static void take_first(struct load *load, struct client *client, const struct answer *answer)
{
	const struct welcome welcome = read_welcome(load->options, answer);

	if (!way_connect(&client->way, answer->from)) {
		end_by_error(load, client);
		return;
	}
	if (!prepare(load, client, &welcome))
		return;
	client->state = CLIENT_DATA;
	client->first = 1;
	client->next = 1;
	client->next_due = TIMER_NEVER;
	client->waiting_since = 0;
	go_on(load, client);
}

/*
 * By Karn's rule, not of a packet that was sent again: nobody knows which one is acknowledged.
 * Nor of a herald: a server has more to do for it than for other packets.
 */
static void measure_flight(const struct load *load, struct client *client,
			   const struct flight *flight)
{
	if (flight->repeats || load->now <= flight->sent)
		return;
	measure(&client->round_trip, load->now - flight->sent,
		(client->next - client->first + 1) / 2);
	/* Packets may be due much earlier than it has seemed. */
	if (timeout_of(client, 0) < client->armed / 2)
		client->next_due = 0;
}

static void take_acked(struct load *load, struct client *client, uint64_t index)
{
	const struct scene scene = script_at(&client->script, index);
	struct flight *flight = flight_at(client, index);

	if (flight->is_acked)
		return;
	flight->is_acked = true;
	measure_flight(load, client, flight);
	if (scene.type == RAS_NETDUMP_DATA) {
		client->acked += scene.size;
		load->acked += scene.size;
	}
	while (client->first < client->next && flight_at(client, client->first)->is_acked)
		client->first++;
}

/* The index of the packet that a number is of, from the one on that is not acknowledged. */
static uint64_t index_of(const struct client *client, uint32_t seq)
{
	return client->first + (uint32_t)(seq - (uint32_t)(client->first + 1));
}

/* Was a packet of this number sent, ever? */
static bool was_sent(const struct client *client, uint32_t seq)
{
	const bool has_finished = client->state == CLIENT_FINISHED && client->lone.sent;
	const uint64_t sent = client->next + has_finished;

	return (uint32_t)((uint32_t)sent - seq) < sent;
}

static void take_ack(struct load *load, struct client *client, uint32_t seq)
{
	const uint64_t index = index_of(client, seq);

	if (!was_sent(client, seq)) {
		load->strange++;
		return;
	}
	if (client->state == CLIENT_FINISHED && index == client->script.last) {
		end(load, client, END_COMPLETE);
		return;
	}
	if (client->state == CLIENT_DATA && index < client->next)
		take_acked(load, client, index);
	client->waiting_since = client->first < client->next ||
				client->state == CLIENT_FINISHED ? load->now : 0;
	if (client->state == CLIENT_DATA)
		go_on(load, client);
}

/*
 * Is an answer of the server, as far as that can be known?  The first is a welcome with a proof:
 * anything that comes before may be forged, or come from a server without the key.
 */
static bool is_genuine(struct load *load, struct client *client, const struct answer *answer)
{
	struct prover *prover = &client->way.prover;

	if (!prover->is_on)
		return true;
	if (prover_takes_welcome(prover, answer->bytes, answer->size, answer->from) ||
	    (client->state != CLIENT_HERALD &&
	     prover_takes_ack(prover, answer->bytes, answer->size)))
		return true;
	load->strange += client->state != CLIENT_HERALD;
	return false;
}

static void take_answer(struct load *load, struct client *client, const struct answer *answer)
{
	struct ras_netdump_ack ack;
	uint32_t seq;

	if (answer->size < sizeof(ack)) {
		load->strange++;
		return;
	}
	if (!is_genuine(load, client, answer))
		return;
	memcpy(&ack, answer->bytes, sizeof(ack));
	seq = be32toh(ack.seq);
	if (client->state != CLIENT_HERALD)
		take_ack(load, client, seq);
	else if (seq == 1)
		take_first(load, client, answer);
	else
		load->strange++;
}

/**
 * client_receive() - take the answers that have come
 * @load: all clients
 * @client: the client
 */
void client_receive(struct load *load, struct client *client)
{
	unsigned int count;

	if (client->state == CLIENT_ENDED)
		return;
	count = way_receive(&client->way, load->mail);
	for (unsigned int i = 0; i < count && client->state != CLIENT_ENDED; i++) {
		const struct answer answer = mail_answer(load->mail, i);

		take_answer(load, client, &answer);
	}
}
