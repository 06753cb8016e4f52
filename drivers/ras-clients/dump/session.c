// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine: a dump from its beginning to its end.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/errno.h>
#include <linux/printk.h>

#include "dump.h"

static enum dump_end dump_end_of(int error)
{
	switch (error) {
	case 0:
		return DUMP_WHOLE;
	case -ENOSPC:
		return DUMP_FULL;
	case -ETIMEDOUT:
		return DUMP_LATE;
	default:
		return DUMP_FAILED;
	}
}

/* What became of a dump, in words. */
const char *dump_end_name(enum dump_end end)
{
	static const char * const names[] = {
		[DUMP_WHOLE]	= "whole",
		[DUMP_FULL]	= "cut off: no more room",
		[DUMP_LATE]	= "cut off: no more time",
		[DUMP_FAILED]	= "cut off: the target failed",
	};

	return names[end];
}

static void dump_tell(const struct dump_session *s)
{
	const struct dump_result *result = s->result;
	const u64 *pass_ns = result->pass_ns;
	u32 ms = dump_ms(ras_clock_ns() - s->begin_ns);

	pr_info("dump to %s: %s: %llu of %llu pages, %llu KiB in %u ms\n", s->target->name,
		dump_end_name(result->end), result->written, s->layout.nr_pages,
		result->bytes >> 10, ms);
	pr_info("dump to %s: ms: classify %u, start %u, kernel image %u, slab %u, kernel %u, rest %u\n",
		s->target->name, dump_ms(result->classify_ns), dump_ms(result->start_ns),
		dump_ms(pass_ns[DUMP_PASS_FIRST]), dump_ms(pass_ns[DUMP_PASS_SLAB]),
		dump_ms(pass_ns[DUMP_PASS_KERNEL]), dump_ms(pass_ns[DUMP_PASS_REST]));
	if (result->unreadable)
		pr_info("dump to %s: %llu pages could not be read\n", s->target->name,
			result->unreadable);
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
