/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: programs that are run before a save, and afterwards.
 */
#ifndef RAS_SAVE_HOOKS_H
#define RAS_SAVE_HOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SAVE_HOOKS_MOST	64

/**
 * struct save_hooks - the programs, in the order in which they run before a save
 * @paths: of them
 * @count: how many there are
 * @begun: how many of them have run before the save
 * @seconds: that each of them may take
 */
struct save_hooks {
	char		*paths[SAVE_HOOKS_MOST];
	size_t		count;
	size_t		begun;
	uint64_t	seconds;
};

bool save_hooks_find(struct save_hooks *hooks, const char *root, uint64_t seconds);
bool save_hooks_before(struct save_hooks *hooks);
void save_hooks_after(struct save_hooks *hooks, bool is_resumed);

#endif
