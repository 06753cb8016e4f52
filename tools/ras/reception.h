/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rasdumpd: what all of the receiver shares.
 */
#ifndef RAS_RECEPTION_H
#define RAS_RECEPTION_H

#include <netinet/in.h>

#include "proven.h"
#include "tally.h"

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
 * @demand: what is demanded of clients that prove their packets
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
	struct demand		demand;
};

/**
 * struct reception - what all of the receiver shares
 * @options: see struct receiver_options
 * @store: where dumps are kept
 * @tally: the counters
 * @epoll: what is waited for
 * @seed: of hashes, so that nobody can choose an address with the hash of another one
 */
struct reception {
	const struct receiver_options	*options;
	struct store			*store;
	struct tally			tally;
	int				epoll;
	uint32_t			seed;
};

/**
 * struct source - something that can be read
 * @ready: called when it can
 *
 * What epoll tells of is the address of a source.
 */
struct source {
	void	(*ready)(struct reception *reception, struct source *source);
};

bool reception_watch(const struct reception *reception, int fd, struct source *source);
unsigned int reception_hash(const struct reception *reception,
			    const struct sockaddr_in6 *address, bool with_port);

/* How many values reception_hash() has. */
#define RECEPTION_HASHES	4096

#endif
