/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rasctl: the handlers, as their files show them.
 */
#ifndef RAS_HANDLERS_H
#define RAS_HANDLERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rasctl.h"

/* The handler that starts the crash kernel, and what the names of the dump engine's begin with. */
#define HANDLER_KDUMP	"kdump"
#define HANDLER_DUMP	"dump-"

/**
 * struct handler - a handler
 * @name: its name
 * @priority: the lower runs first
 * @enabled: @armed, @failed: as its files say
 * @on_panic: a panic runs it
 * @waits: it waits for a person
 * @saves: it saves the memory of the machine
 * @reason: why a panic would not run it, by the plan; %NULL: the plan has none
 * @verdict: of its last run
 * @ns: the duration of its last run
 */
struct handler {
	char		*name;
	uint64_t	priority;
	bool		enabled;
	bool		armed;
	bool		failed;
	bool		on_panic;
	bool		waits;
	bool		saves;
	char		*reason;
	char		*verdict;
	uint64_t	ns;
};

struct handlers {
	struct handler	*list;
	size_t		count;
};

bool handlers_load(const struct context *context, struct handlers *handlers);
bool handler_would_save(const struct handler *handler);
const char *handler_reason(const struct handler *handler);
void handlers_free(struct handlers *handlers);

#endif
