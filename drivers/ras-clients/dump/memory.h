/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS client: the dump engine, target memory: what it wants of those that keep a dump there.
 */
#ifndef _RAS_DUMP_MEMORY_H
#define _RAS_DUMP_MEMORY_H

#include <linux/types.h>

#include "dump.h"

/* States of a dump in memory.  The next kernel reads them. */
enum dump_kept_state {
	DUMP_KEPT_EMPTY,
	DUMP_KEPT_BEGUN,
	DUMP_KEPT_CUT,
	DUMP_KEPT_WHOLE,
	DUMP_KEPT_TAKEN,
	DUMP_KEPT_STATES,
};

/**
 * struct dump_kept - the dump that is there
 * @state: see enum dump_kept_state
 * @size: of the file, in bytes; as much as there may be if nobody knows where it ends
 */
struct dump_kept {
	enum dump_kept_state	state;
	u64			size;
};

/* Is there something that somebody may still want? */
static inline bool dump_kept_is_wanted(const struct dump_kept *kept)
{
	return kept->state != DUMP_KEPT_EMPTY && kept->state != DUMP_KEPT_TAKEN;
}

struct dump_keeper;

/**
 * struct dump_keeper_ops - what is done with a dump that is there, in process context
 * @look: what there is
 * @read: copy @size bytes of the file at @offset, all of which is there
 * @taken: nobody wants the dump any more
 */
struct dump_keeper_ops {
	void			(*look)(struct dump_keeper *keeper, struct dump_kept *kept);
	void			(*read)(struct dump_keeper *keeper, u64 offset, void *buf,
					size_t size);
	void			(*taken)(struct dump_keeper *keeper);
};

/**
 * struct dump_keeper - memory that keeps a dump over a reboot
 * @target: how the engine writes there
 * @ops: what is done with it afterwards
 */
struct dump_keeper {
	struct dump_target	target;
	const struct dump_keeper_ops *ops;
};

/* region.c */
struct dump_keeper *dump_region_init(const char *text);

/* borrow.c */
/* What ras_dump.memory= says for it. */
#define DUMP_BORROW		"borrow"

struct dump_keeper *dump_borrow_init(void);

#endif /* _RAS_DUMP_MEMORY_H */
