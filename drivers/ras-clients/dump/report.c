// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine: what the log is told of a dump.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/printk.h>

#include "dump.h"

/* How often the log is told how far a dump is, in s: the console may be a slow one. */
#define DUMP_TELL_S		2

static const char * const dump_pass_names[DUMP_NR_PASSES] = {
	[DUMP_PASS_FIRST]	= "kernel image",
	[DUMP_PASS_SLAB]	= "slab",
	[DUMP_PASS_KERNEL]	= "kernel",
	[DUMP_PASS_REST]	= "rest",
	[DUMP_PASS_AGAIN]	= "what another target has",
};

/**
 * dump_tell_progress() - tell the log how far a dump is, every two seconds
 * @s: the session
 * @pass: the pass that it is in
 *
 * A line each: printk() has none that renews itself, and the log is to have them all.
 *
 * Context: A handler.
 */
void dump_tell_progress(struct dump_session *s, enum dump_pass pass)
{
	u64 done = s->result->written + s->result->unreadable, now_ns = ras_clock_ns(), ms, kib;

	if (now_ns - s->told_ns < DUMP_TELL_S * (u64)NSEC_PER_SEC || !done)
		return;
	s->told_ns = now_ns;
	ms = dump_ms(now_ns - s->begin_ns);
	kib = (s->end - s->layout.data) >> 10;
	pr_info("dump to %s: %s: %llu of %llu pages, %llu MiB, %llu KiB/s, %llu %% of their size, %llu s left\n",
		s->target->name, dump_pass_names[pass], done, s->layout.nr_pages, kib >> 10,
		div64_u64(kib * MSEC_PER_SEC, ms),
		div64_u64(kib * 100, done << (PAGE_SHIFT - 10)),
		div64_u64(ms * (s->layout.nr_pages - done), done * MSEC_PER_SEC));
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

/**
 * dump_tell() - tell the log what became of a dump, and where the time went
 * @s: the session, over
 *
 * Context: A handler.
 */
void dump_tell(const struct dump_session *s)
{
	const struct dump_result *result = s->result;
	const u64 *pass_ns = result->pass_ns, *pass_bytes = result->pass_bytes;
	u32 ms = dump_ms(ras_clock_ns() - s->begin_ns);

	pr_info("dump to %s: %s: %llu of %llu pages, %llu KiB%s in %u ms\n", s->target->name,
		dump_end_name(result->end), result->written, s->layout.nr_pages,
		result->bytes >> 10, s->log.seal ? ", sealed," : "", ms);
	pr_info("dump to %s: ms: classify %u, start %u, kernel image %u, slab %u, kernel %u, rest %u\n",
		s->target->name, dump_ms(result->classify_ns), dump_ms(result->start_ns),
		dump_ms(pass_ns[DUMP_PASS_FIRST]), dump_ms(pass_ns[DUMP_PASS_SLAB]),
		dump_ms(pass_ns[DUMP_PASS_KERNEL]), dump_ms(pass_ns[DUMP_PASS_REST]));
	pr_info("dump to %s: bytes: front %llu, kernel image %llu, slab %llu, kernel %llu, rest %llu\n",
		s->target->name, s->layout.data, pass_bytes[DUMP_PASS_FIRST],
		pass_bytes[DUMP_PASS_SLAB], pass_bytes[DUMP_PASS_KERNEL],
		pass_bytes[DUMP_PASS_REST]);
	if (result->unreadable)
		pr_info("dump to %s: %llu pages could not be read\n", s->target->name,
			result->unreadable);
}
