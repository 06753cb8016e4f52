/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rasdumpd: what is told: a line for each event, and counters for a monitoring system.
 */
#ifndef RAS_TALLY_H
#define RAS_TALLY_H

#include "packet.h"
#include "store.h"

/**
 * enum result - what became of a dump
 * @RESULT_COMPLETE: all of it is safe
 * @RESULT_PARTIAL: the client has fallen silent, or rasdumpd was ended
 * @RESULT_FAILED: it could not be kept
 * @RESULTS: how many there are
 */
enum result {
	RESULT_COMPLETE,
	RESULT_PARTIAL,
	RESULT_FAILED,
	RESULTS,
};

/**
 * struct tally - the counters
 * @clients: dumps that are being received
 * @results: dumps that ended, by what became of them
 * @packets: that were taken
 * @bytes: of dumps that were taken
 * @refused: packets that were not, by the reason
 */
struct tally {
	uint64_t	clients;
	uint64_t	results[RESULTS];
	uint64_t	packets;
	uint64_t	bytes;
	uint64_t	refused[REFUSE_REASONS];
};

/**
 * struct event - something to tell of a client
 * @event: what has happened, in a word
 * @address: of the client
 * @host: its name, or ""
 * @file: its dump, or ""
 * @bytes: how much of it there is
 * @seconds: how long it has taken
 * @reason: why; or ""
 * @is_proven: its packets are
 */
struct event {
	const char	*event;
	const char	*address;
	const char	*host;
	const char	*file;
	uint64_t	bytes;
	double		seconds;
	const char	*reason;
	bool		is_proven;
};

const char *result_name(enum result result);
void tally_packet(struct tally *tally, enum refusal refusal);
void tally_tell(const struct event *event, bool is_json);
bool tally_write(const struct tally *tally, const struct store *store, const char *path,
		 struct why *why);

#endif
