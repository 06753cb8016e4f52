/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rasctl: the targets of the dump engine.
 */
#ifndef RAS_TARGETS_H
#define RAS_TARGETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rasctl.h"
#include "source.h"

#define TARGETS_FILE	"dump/targets"
#define TARGETS_NONE	"none"
#define TARGET_MEMORY	"memory"
/* What the name of a server begins with. */
#define TARGET_NET	"net:"

/**
 * struct target - a target
 * @name: as the list has it
 * @handler: the name of its handler
 * @is_memory: it is the region of memory
 * @is_file: it is a file
 * @is_net: it is a server
 * @is_armed: its handler is armed
 * @reason: why not, in words; %NULL: the plan does not say it
 */
struct target {
	char	*name;
	char	handler[32];
	bool	is_memory;
	bool	is_file;
	bool	is_net;
	bool	is_armed;
	char	*reason;
};

struct targets {
	struct target	*list;
	size_t		count;
};

bool target_is_net(const char *name);
bool targets_load(const struct context *context, struct targets *targets);
const struct target *targets_find(const struct targets *targets, const char *name);
void targets_free(struct targets *targets);
const char *target_reason(const struct target *target);
bool target_open(const struct target *target, struct source *source);
uint64_t target_area_room(const struct source *source);
bool target_memory_room(const struct context *context, uint64_t *room);

#endif
