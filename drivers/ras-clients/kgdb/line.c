// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client kdb and kgdb: the line to the person.
 *
 * While a session lasts this stands between debug_core and the driver of the line, to
 * see whether anybody is there, to tell a debugger that works from one that hangs, and
 * to type what a command of ours has decided.
 */
#include <linux/cpumask.h>
#include <linux/kdb.h>
#include <linux/kernel.h>
#include <linux/kgdb.h>
#include <linux/serial_core.h>
#include <linux/time64.h>

#include "../../../kernel/debug/debug_core.h"
#include "kgdb.h"

/*
 * In place of the person who does not come: kdb's command, and gdb's packet.  The q leaves
 * kdb's pager, which drops the rest, so that this is typed until it has worked; at a
 * prompt it is taken back.
 */
#define RAS_KDB_GO	"q\bgo\r"
#define RAS_GDB_DETACH	"$D#44"

/**
 * struct ras_kgdb_line - the line
 * @driver: its driver
 * @io: what debug_core has in its place
 * @keys: still to be typed, or NULL
 * @touched: somebody is there
 * @until_ns: the age of the stop at which nobody is waited for any more; 0: for ever
 */
struct ras_kgdb_line {
	/* The type is one of those that are const elsewhere. */
	typeof(dbg_io_ops)	driver;
	typeof(*dbg_io_ops)	io;
	const char		*keys;
	bool			touched;
	u64			until_ns;
};

static struct ras_kgdb_line line;

/**
 * ras_kgdb_type() - type something in place of the person
 * @keys: what; must stay
 */
void ras_kgdb_type(const char *keys)
{
	line.keys = keys;
}

static void ras_kgdb_wait_over(const struct ras_stop *stop)
{
	line.until_ns = ras_age_ns(stop) + NSEC_PER_SEC;
	ras_kgdb_session.nobody = true;
	ras_kgdb_type(dbg_kdb_mode ? RAS_KDB_GO : RAS_GDB_DETACH);
}

/*
 * Is going on no question?  After a crash it is the chain that goes on; a machine that
 * is to be released should better have all its CPUs.
 */
static bool ras_kgdb_may_go(const struct ras_stop *stop)
{
	unsigned int cpu;

	if (!stop->resumable || ras_kgdb_session.verdict == RAS_LAST)
		return true;
	for_each_online_cpu(cpu)
		if (!READ_ONCE(kgdb_info[cpu].enter_kgdb))
			return false;
	return true;
}

/* kdb asks once more before it goes on after an oops. */
static void ras_kgdb_unask(void)
{
#ifdef CONFIG_KGDB_KDB
	KDB_FLAG_CLEAR(CATASTROPHIC);
#endif
}

static int ras_kgdb_read_char(void)
{
	const struct ras_stop *stop = ras_kgdb_session.stop;
	int c;

	ras_progress(stop);
	if (ras_kgdb_may_go(stop))
		ras_kgdb_unask();
	if (line.keys && *line.keys)
		return *line.keys++;
	c = line.driver->read_char();
	/* The driver of a keyboard alone says -1. */
	if (c >= 0 && c != NO_POLL_CHAR)
		line.touched = true;
	else if (!line.touched && line.until_ns && ras_age_ns(stop) > line.until_ns)
		ras_kgdb_wait_over(stop);
	return c;
}

static void ras_kgdb_write_char(u8 c)
{
	ras_progress(ras_kgdb_session.stop);
	line.driver->write_char(c);
}

/**
 * ras_kgdb_take_line() - get between debug_core and the line
 * @stop: the stop
 * @wait_s: as ras_wait_s()
 */
void ras_kgdb_take_line(const struct ras_stop *stop, int wait_s)
{
	line.driver = dbg_io_ops;
	line.io = *dbg_io_ops;
	line.io.read_char = ras_kgdb_read_char;
	line.io.write_char = ras_kgdb_write_char;
	line.keys = NULL;
	line.touched = false;
	line.until_ns = wait_s == RAS_WAIT_FOREVER ? 0 :
			ras_age_ns(stop) + wait_s * (u64)NSEC_PER_SEC;
	dbg_io_ops = &line.io;
}

/**
 * ras_kgdb_give_line() - get out of the way
 *
 * Nothing happens if it is not in the way.
 */
void ras_kgdb_give_line(void)
{
	if (dbg_io_ops == &line.io)
		dbg_io_ops = line.driver;
}
