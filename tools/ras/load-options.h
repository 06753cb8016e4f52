/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-netdump-load: what is asked for.
 */
#ifndef RAS_LOAD_OPTIONS_H
#define RAS_LOAD_OPTIONS_H

#include <linux/ras_netdump.h>
#include <stdbool.h>
#include <stdint.h>

#include "load-address.h"

/* The most that there may be of each. */
#define LOAD_CLIENTS	10000
#define LOAD_WINDOW	4096
/* A name leaves room for "-" and the number of a client. */
#define LOAD_HOST	(RAS_NETDUMP_HOST_BYTES - 8)

/* What load_options.show is if a run is asked for. */
#define SHOW_NOTHING	(-1)

/**
 * struct load_options - what is asked for
 * @server: where heralds go
 * @from: the address of client 0
 * @has_from: there is one
 * @clients: how many machines are simulated
 * @bytes: of the file of each
 * @log: bytes of the log of each
 * @payload: the most bytes in a packet
 * @window: the most packets of a client that are on their way
 * @is_plain: heralds have no hello
 * @server_key: its public key
 * @has_server_key: there is one: all packets are proven
 * @host: what the names of the machines begin with
 * @seed: of contents, sessions and of what is lost
 * @loss: how many of 2^32 packets are dropped
 * @duplicate: how many of 2^32 are sent twice
 * @reorder: how many of 2^32 are sent late
 * @die_at: a client falls silent when so many bytes are acknowledged; %UINT64_MAX: never
 * @silence_ns: how long a client waits for an answer
 * @rate: bits that all clients together send in a second; 0: any number
 * @show: number of the client whose file is shown, or %SHOW_NOTHING
 * @is_json: the results are written as JSON
 */
struct load_options {
	struct address	server;
	struct address	from;
	bool		has_from;
	uint32_t	clients;
	uint64_t	bytes;
	uint64_t	log;
	uint32_t	payload;
	uint32_t	window;
	bool		is_plain;
	uint8_t		server_key[RAS_NETDUMP_KEY_BYTES];
	bool		has_server_key;
	const char	*host;
	uint64_t	seed;
	uint64_t	loss;
	uint64_t	duplicate;
	uint64_t	reorder;
	uint64_t	die_at;
	uint64_t	silence_ns;
	double		rate;
	int32_t		show;
	bool		is_json;
};

/**
 * enum parsed - what comes of a command line
 * @PARSED_RUN: it makes sense
 * @PARSED_HELP: it asks for help, which was shown
 * @PARSED_WRONG: it makes no sense, and the reason was said
 */
enum parsed {
	PARSED_RUN,
	PARSED_HELP,
	PARSED_WRONG,
};

enum parsed options_parse(struct load_options *options, int argc, char **argv);

#endif
