/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rasdumpd: threads that wait for the disk, so that nobody else has to.
 */
#ifndef RAS_SYNCER_H
#define RAS_SYNCER_H

#include <stdbool.h>

#include "why.h"

struct client;

/**
 * struct task - a dump that is to be made safe
 * @next: in a queue
 * @client: whose it is
 */
struct task {
	struct task	*next;
	struct client	*client;
};

bool syncer_start(void (*work)(struct client *client), int *fd, struct why *why);
void syncer_give(struct task *task);
struct client *syncer_done(void);

#endif
