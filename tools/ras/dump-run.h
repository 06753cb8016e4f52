/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: makedumpfile(8), which dumps the first kernel.
 */
#ifndef RAS_DUMP_RUN_H
#define RAS_DUMP_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * struct dump_run - it is running
 * @pid: of it
 * @out: its standard output
 * @log: its standard error, a file in memory
 * @is_hung: it was silent for too long
 */
struct dump_run {
	pid_t	pid;
	int	out;
	int	log;
	bool	is_hung;
};

bool dump_run_begin(struct dump_run *run, const char *core);
size_t dump_run_read(struct dump_run *run, void *buffer, size_t size);
bool dump_run_end(struct dump_run *run, char *why, size_t size);

#endif
