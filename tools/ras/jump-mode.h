/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: a hibernation in the mode "jump".
 */
#ifndef RAS_JUMP_MODE_H
#define RAS_JUMP_MODE_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct journey - how long a jump there and back took
 * @load_ns: loading the second kernel
 * @whole_ns: from the write until it returned, with what the second kernel took
 * @away_ns: what this kernel's clock does not know of, by the clock of the machine, which
 *	counts seconds
 */
struct journey {
	uint64_t	load_ns;
	uint64_t	whole_ns;
	uint64_t	away_ns;
};

bool jump_mode_is_free(const char *root);
bool jump_mode_go(const char *root, struct journey *journey);

#endif
