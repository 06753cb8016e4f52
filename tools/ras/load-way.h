/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-netdump-load: the way between a client and its server, on which packets are lost.
 */
#ifndef RAS_LOAD_WAY_H
#define RAS_LOAD_WAY_H

#include "load-address.h"
#include "load-prover.h"
#include "load-script.h"

/* How many packets the system is given, or gives, at a time. */
#define WAY_BATCH	64
/* An answer is never as long as this. */
#define WAY_ANSWER	256

/* That no packet is held back. */
#define HELD_NONE	0

/**
 * struct way - the way of a client
 * @fd: the socket; -1 if there is none
 * @is_connected: it is connected to where the first answer came from
 * @key: of the numbers that decide what is lost
 * @drawn: how many of them were used
 * @held: index of the packet that is late, or %HELD_NONE
 * @prover: gives packets their proofs
 */
struct way {
	int		fd;
	bool		is_connected;
	uint64_t	key;
	uint64_t	drawn;
	uint64_t	held;
	struct prover	prover;
};

/**
 * struct answer - what has come from a server
 * @from: where from, as long as the socket is not connected
 * @bytes: what it consists of
 * @size: how many bytes it has; what is beyond %WAY_ANSWER is cut off
 */
struct answer {
	const struct address	*from;
	const uint8_t		*bytes;
	size_t			size;
};

/**
 * struct way_counts - what has gone on all ways
 * @sent: packets that clients have sent, also those that were lost
 * @lost: those that were dropped on purpose
 * @doubled: those that were sent twice on purpose
 * @late: those that were sent late on purpose
 * @failed: those that the system has not sent
 * @error: why, the last time
 */
struct way_counts {
	uint64_t	sent;
	uint64_t	lost;
	uint64_t	doubled;
	uint64_t	late;
	uint64_t	failed;
	int		error;
};

struct mail;

struct mail *mail_new(const struct load_options *options, struct way_counts *counts);
void mail_free(struct mail *mail);
bool way_open(struct way *way, const struct load_options *options,
	      const struct content *content);
void way_close(struct way *way);
bool way_connect(struct way *way, const struct address *to);
size_t way_send(struct way *way, struct mail *mail, const struct script *script,
		const struct content *content, uint64_t index);
size_t way_release(struct way *way, struct mail *mail, const struct script *script,
		   const struct content *content);
void way_flush(struct way *way, struct mail *mail);
unsigned int way_receive(struct way *way, struct mail *mail);
struct answer mail_answer(const struct mail *mail, unsigned int number);

#endif
