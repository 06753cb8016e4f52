/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-savecore: what is known of a copy that was begun: the file FILE.part.state.
 */
#ifndef RAS_STATE_H
#define RAS_STATE_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct state - what is known of a copy
 * @uuid: @armed, @time, @bytes: of the dump, see struct ras_dump_stamp
 * @done: how many bytes of it are durable in FILE.part
 * @inode: of FILE.part, and of FILE once it has its name
 */
struct state {
	uint8_t		uuid[16];
	uint64_t	armed;
	uint64_t	time;
	uint64_t	bytes;
	uint64_t	done;
	uint64_t	inode;
};

/**
 * struct state_file - the file
 * @fd: of it, locked
 * @sequence: of the newest of its blocks, 0 if it has none
 * @state: what that says
 */
struct state_file {
	int		fd;
	uint64_t	sequence;
	struct state	state;
};

void state_load(struct state_file *file);
bool state_save(struct state_file *file);
bool state_is_of(const struct state_file *file, const struct state *dump);

#endif
