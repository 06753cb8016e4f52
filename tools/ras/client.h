/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rasdumpd: clients, each with a socket of its own.
 */
#ifndef RAS_CLIENT_H
#define RAS_CLIENT_H

#include "proven.h"
#include "reception.h"
#include "session.h"
#include "syncer.h"

/**
 * struct client - a client
 * @source: its socket, for epoll
 * @next: with the same hash
 * @address: of it
 * @text: the same, for people
 * @fd: its socket
 * @window: how many packets it may have on their way
 * @session: see struct session
 * @proven: see struct proven
 * @task: for the threads that wait for the disk
 * @is_busy: it belongs to them
 * @is_told: the end of its dump was told
 * @told_ns: when
 * @finished: the number of the packet that has ended it
 */
struct client {
	struct source		source;
	struct client		*next;
	struct sockaddr_in6	address;
	char			text[INET6_ADDRSTRLEN];
	int			fd;
	uint32_t		window;
	struct session		session;
	struct proven		proven;
	struct task		task;
	bool			is_busy;
	bool			is_told;
	uint64_t		told_ns;
	uint32_t		finished;
};

struct client *client_find(const struct reception *reception,
			   const struct sockaddr_in6 *address);
struct client *client_of_session(const struct herald *herald);
struct client *client_begin(struct reception *reception, const struct sockaddr_in6 *address,
			    const struct sockaddr_in6 *here, const struct herald *herald,
			    const struct proof_keys *keys, uint32_t count);
void client_answer(const struct client *client, enum answer answer, uint32_t seq);
void client_end(struct reception *reception, struct client *client);
bool client_has_place(struct reception *reception, bool is_proven);
void client_sync(struct client *client);
void client_synced(struct reception *reception, struct client *client);
void clients_sweep(struct reception *reception, uint64_t now_ns, bool all);
void clients_forgive(uint64_t gap_ns);
bool clients_are_busy(void);
void clients_free_gone(void);

#endif
