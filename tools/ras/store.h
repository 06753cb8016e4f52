/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rasdumpd: where dumps are kept.
 *
 * A directory is the one store that there is; another one, for objects on a server say, would
 * be another struct store_ops.
 */
#ifndef RAS_STORE_H
#define RAS_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "why.h"

/* A session, as text with its NUL. */
#define STORE_SESSION	33

/**
 * struct place - what a dump is named by
 * @path: where the client wants it, below the store; or ""
 * @address: of the client
 * @host: the name of its machine; or ""
 * @session: the crash, as 32 digits; "": the client does not tell
 * @seconds: the time, since 1970
 */
struct place {
	const char	*path;
	const char	*address;
	const char	*host;
	char		session[STORE_SESSION];
	int64_t		seconds;
};

/**
 * enum part - what is kept of a client
 * @PART_DUMP: the dump
 * @PART_LOG: the log of its kernel
 * @PART_HEADER: FreeBSD's kernel dump header
 * @PART_KEY: and its encrypted key
 * @PARTS: how many there are
 */
enum part {
	PART_DUMP,
	PART_LOG,
	PART_HEADER,
	PART_KEY,
	PARTS,
};

struct store;
struct stored;

/**
 * struct store_ops - what a store can do
 * @create: make room for a dump, or go on with the one of the same session, and say so in
 *	*resumed; %NULL with @why.  A path that may not be is not followed
 * @write: keep bytes of a part; 0 or an errno: ENOSPC if there is no more room
 * @finish: the dump is complete: have all of it on stable storage, under its name.  May take
 *	long, and is called by another thread than the rest
 * @leave: nothing more comes: keep what there is, and free @stored
 * @name: what it is called now
 * @refresh: every few seconds: see how much room there is
 */
struct store_ops {
	struct stored	*(*create)(struct store *store, const struct place *place, bool *resumed,
				   struct why *why);
	int		(*write)(struct stored *stored, enum part part, const void *data,
				 size_t size, uint64_t offset);
	bool		(*finish)(struct stored *stored, struct why *why);
	void		(*leave)(struct stored *stored);
	const char	*(*name)(const struct stored *stored);
	void		(*refresh)(struct store *store);
};

/**
 * struct store - a store
 * @ops: what it can do
 * @quota: the most bytes that it may have
 * @keep_free: how many bytes have to stay free where it is
 * @used: how many it has
 * @free: and how many are free there
 */
struct store {
	const struct store_ops	*ops;
	uint64_t		quota;
	uint64_t		keep_free;
	uint64_t		used;
	uint64_t		free;
};

bool store_has_room(const struct store *store, uint64_t bytes);
struct store *directory_store(const char *path, struct why *why);

#endif
