/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rasdumpd: sockets, and the clients behind them.
 */
#ifndef RAS_RECEIVER_H
#define RAS_RECEIVER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "store.h"
#include "why.h"

/**
 * struct receiver_options - what the administrator wants
 * @address: where heralds are received
 * @directory: of the store, for people
 * @clients: the most dumps at a time
 * @heralds: the most heralds of an address that are looked at in a second
 * @limit: the most bytes of a dump
 * @silence_s: a dump whose client is silent for so long is over, in seconds
 * @hook: a program for each dump that has ended; or %NULL
 * @metrics: a file for counters; or %NULL
 * @is_json: events are told as JSON
 */
struct receiver_options {
	struct sockaddr_in6	address;
	const char		*directory;
	unsigned int		clients;
	unsigned int		heralds;
	uint64_t		limit;
	unsigned int		silence_s;
	const char		*hook;
	const char		*metrics;
	bool			is_json;
};

bool receiver_open(const struct receiver_options *options, struct store *store,
		   struct why *why);
bool receiver_run(struct why *why);

#endif
