/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-savecore: the file that a dump is copied to.
 */
#ifndef RAS_OUTPUT_H
#define RAS_OUTPUT_H

#include <stddef.h>

#include "say.h"
#include "state.h"

/**
 * struct output - the file
 * @path: of FILE, as the user knows it
 * @name: of FILE in its directory
 * @part: the same, of FILE.part
 * @state_name: the same, of FILE.part.state
 * @directory: that directory
 * @fd: of FILE.part; -1 if @is_named
 * @state: FILE.part.state
 * @is_named: an earlier run has copied all and given the file its name, but was ended then
 */
struct output {
	const char		*path;
	char			*name;
	char			*part;
	char			*state_name;
	int			directory;
	int			fd;
	struct state_file	state;
	bool			is_named;
};

enum outcome output_open(struct output *output, const char *path, const struct state *dump);
size_t output_write(struct output *output, const void *data, size_t size, uint64_t offset);
enum outcome output_note(struct output *output, uint64_t done);
enum outcome output_finish(struct output *output);
void output_forget(struct output *output);
void output_close(struct output *output);

#endif
