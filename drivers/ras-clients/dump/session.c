// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine: a dump from its beginning to its end.
 */
#include <linux/errno.h>

#include "dump.h"

static enum dump_end dump_end_of(int error)
{
	switch (error) {
	case 0:
		return DUMP_WHOLE;
	case -ENOSPC:
		return DUMP_FULL;
	/* Not -ETIMEDOUT, which is of a device that does not answer. */
	case -ETIME:
		return DUMP_LATE;
	default:
		return DUMP_FAILED;
	}
}

/*
 * What all targets of a stop share.  ras-dump merge tells by the time of the crash whether two
 * dumps are of one crash.
 */
static void dump_begin_stop(struct dump_arena *arena, u32 stop)
{
	if (arena->stop == stop)
		return;
	arena->stop = stop;
	memset(&arena->mark, 0, sizeof(arena->mark));
	dump_stamp_vmcoreinfo(arena);
}

/* Note for the next target what this one has. */
static void dump_leave_mark(struct dump_session *s)
{
	const struct dump_mark *before = &s->before, *after = &s->after;

	/* What failed may not be read again. */
	if (s->result->end != DUMP_FULL && s->result->end != DUMP_LATE)
		return;
	if (after->pass > before->pass || (after->pass == before->pass &&
					   after->pfn > before->pfn))
		s->arena->mark = *after;
}

/**
 * dump_run() - write a dump
 * @s: the session: stop, arena, target, policy and result
 *
 * Context: A handler.
 */
void dump_run(struct dump_session *s)
{
	struct dump_result *result = s->result;
	int finished = 0;
	bool begun;

	memset(result, 0, sizeof(*result));
	/* Until it is known better: this CPU may be taken out of here at any time. */
	result->end = DUMP_FAILED;
	result->target = s->target->name;
	s->begin_ns = ras_clock_ns();
	s->told_ns = s->begin_ns;
	dump_begin_stop(s->arena, s->stop->sequence);
	s->before = s->arena->mark;
	dump_seal_begin(&s->log, dump_seal_get());
	dump_classify(s);
	/* After a takeover the arena belongs to the new owner: this CPU must leave it alone. */
	if (!ras_owns_stop())
		return;
	dump_mark_first(s->arena);
	dump_lay_out(s);
	result->error = ras_save_notes(s->stop) ?: dump_store_start(s);
	begun = !result->error;
	if (!result->error)
		result->error = dump_write_meta(s);
	result->start_ns = ras_clock_ns() - s->begin_ns - result->classify_ns;
	if (!result->error)
		result->error = dump_write_pages(s);
	if (!ras_owns_stop())
		return;
	if (!result->error)
		result->error = dump_write_header(s, true);
	if (begun) {
		finished = dump_store_finish(s, !result->error);
		result->bytes = dump_store_bytes(s);
	}
	/* What could not be ended is not whole, and what it has nobody knows. */
	result->end = dump_end_of(finished ?: result->error);
	result->error = result->error ?: finished;
	if (!finished)
		dump_leave_mark(s);
	dump_tell(s);
}
