/* SPDX-License-Identifier: GPL-2.0 */
/* RAS client kdb and kgdb: what its files share. */
#ifndef _RAS_CLIENTS_KGDB_H
#define _RAS_CLIENTS_KGDB_H

#include <linux/atomic.h>
#include <linux/percpu.h>
#include <linux/ras.h>

/* CPUs leave debug_core at once when its master does. */
#define RAS_KGDB_LEAVE_MS	1000

/**
 * struct ras_kgdb_session - the debugger while it runs
 * @stop: the stop that it runs in; NULL if there is none
 * @ready: > 0: parked CPUs may join, < 0: they may not any more, 0: they wait
 * @cpus: how many CPUs take part, the owner included
 * @verdict: what the chain is to do afterwards
 * @nobody: it was left because nobody came
 * @tracing: tracing was on
 * @loglevel: of the consoles, before
 * @lock_warnings: ignore_console_lock_warning, before
 * @setting_breakpoint: kgdb_setting_breakpoint, before
 */
struct ras_kgdb_session {
	const struct ras_stop	*stop;
	atomic_t		ready;
	int			cpus;
	enum ras_verdict	verdict;
	bool			nobody;
	bool			tracing;
	int			loglevel;
	int			lock_warnings;
	int			setting_breakpoint;
};

extern struct ras_kgdb_session ras_kgdb_session;
DECLARE_PER_CPU(bool, ras_kgdb_joining);

/* line.c */
void ras_kgdb_take_line(const struct ras_stop *stop, int wait_s);
void ras_kgdb_give_line(void);
void ras_kgdb_type(const char *keys);

/* commands.c */
void ras_kgdb_say_stop(const struct ras_stop *stop);
int ras_kgdb_add_commands(void);

/* rescue.c */
void ras_kgdb_left(void *arg);
void ras_kgdb_rescue(const struct ras_stop *stop);

#endif /* _RAS_CLIENTS_KGDB_H */
