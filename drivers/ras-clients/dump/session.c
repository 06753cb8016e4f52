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

/**
 * dump_run() - write a dump
 * @s: the session: stop, arena, target, policy and result
 *
 * Context: A handler.
 */
void dump_run(struct dump_session *s)
{
	struct dump_result *result = s->result;
	bool begun = false;

	memset(result, 0, sizeof(*result));
	/* Until it is known better: this CPU may be taken out of here at any time. */
	result->end = DUMP_FAILED;
	result->target = s->target->name;
	s->begin_ns = ras_clock_ns();
	s->told_ns = s->begin_ns;

	dump_stamp_vmcoreinfo(s->arena);
	dump_classify(s);
	dump_mark_first(s->arena);
	dump_lay_out(s);
	result->error = ras_save_notes(s->stop) ?:
			s->target->ops->start(s->target, s->stop, &s->layout);
	if (!result->error) {
		result->error = dump_write_meta(s);
		begun = !result->error;
	}
	result->start_ns = ras_clock_ns() - s->begin_ns - result->classify_ns;
	if (!result->error)
		result->error = dump_write_pages(s);
	if (!result->error)
		result->error = dump_write_header(s, true);
	result->end = dump_end_of(result->error);
	result->bytes = begun ? s->end : 0;
	if (begun)
		s->target->ops->finish(s->target, s->end, !result->error);
	dump_tell(s);
}
