// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate snapshot: the second kernel dumps the memory of this one, which goes on.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "job.h"
#include "json.h"
#include "jump-mode.h"
#include "memory-use.h"
#include "say.h"
#include "second-kernel.h"
#include "stream-file.h"
#include "stream-take.h"
#include "wish.h"

#define MIB		(UINT64_C(1024) * 1024)
/* For what the dump says of itself, and what is in use a little later. */
#define MARGIN		(32 * MIB)

static const char help[] =
"usage: ras-hibernate snapshot [OPTION]... FILE\n"
"\n"
"Gives the machine to a second kernel that dumps the memory of this one, and gives it back.\n"
"FILE is a dump as makedumpfile(8) makes it.  Until it is there FILE.stream is needed, on ext4\n"
"or xfs, which the second kernel writes.\n"
"\n"
WISH_HELP_KERNEL
"      --size SIZE       of FILE.stream (default: an estimate)\n"
"      --json            write JSON\n"
"      --help            show this text\n"
"\n"
"Exit status: 0 there is a dump; 1 refused or failed; 2 usage.\n";

/**
 * struct snapshot - what is being made
 * @wish: what is asked for
 * @path: of the dump
 * @stream: the path of the file that the second kernel writes
 * @job: of the second kernel
 * @journey: how long it took
 * @take_ns: how long it took to put the dump in order
 * @bytes: size of the dump
 */
struct snapshot {
	const struct wish	*wish;
	const char		*path;
	char			*stream;
	struct job		job;
	struct journey		journey;
	uint64_t		take_ns;
	uint64_t		bytes;
};

static uint64_t size_of_stream(const struct wish *wish)
{
	uint64_t bytes;

	if (wish->size)
		return wish->size;
	bytes = memory_use_of_kernel(wish->root);
	/* Some do not become smaller, and there are 24 bytes for each page. */
	bytes += bytes / 8 + MARGIN;
	return (bytes + MIB - 1) / MIB * MIB;
}

static bool is_new(const char *path)
{
	struct stat about;

	if (lstat(path, &about) && errno == ENOENT)
		return true;
	say_failed(path, "exists; it is not overwritten");
	return false;
}

static bool load_and_go(struct snapshot *snapshot)
{
	const uint64_t begun = clock_ns();
	char *text = job_text(&snapshot->job);
	bool good = text && second_kernel_load(snapshot->wish, text);

	free(text);
	if (!good)
		return false;
	snapshot->journey.load_ns = clock_ns() - begun;
	good = jump_mode_go(snapshot->wish->root, &snapshot->journey);
	second_kernel_unload(snapshot->wish);
	return good;
}

static bool take(struct snapshot *snapshot)
{
	const uint64_t begun = clock_ns();
	const enum taken taken = stream_take(snapshot->stream, snapshot->path,
					     snapshot->job.token, &snapshot->bytes);

	snapshot->take_ns = clock_ns() - begun;
	if (taken == TAKEN_FAILED)
		say_note(snapshot->stream, "has the dump; 'ras-hibernate take' makes a file of it");
	else
		unlink(snapshot->stream);
	return taken == TAKEN;
}

static void tell(const struct snapshot *snapshot)
{
	const struct journey *journey = &snapshot->journey;
	struct json json = { .file = stdout };

	if (!snapshot->wish->is_json) {
		printf("%s: %" PRIu64 " bytes; load %.3f s, whole %.3f s, away %.0f s by the "
		       "machine's clock, order %.3f s\n", snapshot->path, snapshot->bytes,
		       (double)journey->load_ns / 1e9, (double)journey->whole_ns / 1e9,
		       (double)journey->away_ns / 1e9, (double)snapshot->take_ns / 1e9);
		return;
	}
	json_begin(&json, NULL, '{');
	json_string(&json, "file", snapshot->path);
	json_number(&json, "bytes", snapshot->bytes);
	json_number(&json, "load_ns", journey->load_ns);
	json_number(&json, "whole_ns", journey->whole_ns);
	json_number(&json, "away_ns", journey->away_ns);
	json_number(&json, "order_ns", snapshot->take_ns);
	json_end(&json, '}');
	fputc('\n', stdout);
}

static enum result make(struct snapshot *snapshot)
{
	const struct wish *wish = snapshot->wish;

	if (!is_new(snapshot->path) || !jump_mode_is_free(wish->root) ||
	    !stream_file_make(snapshot->stream, size_of_stream(wish), wish->is_json, wish->root,
			      &snapshot->job))
		return RESULT_FAILED;
	if (!load_and_go(snapshot)) {
		unlink(snapshot->stream);
		return RESULT_FAILED;
	}
	if (!take(snapshot))
		return RESULT_FAILED;
	tell(snapshot);
	return RESULT_GOOD;
}

/**
 * snapshot_command() - ras-hibernate snapshot
 * @argc: number of arguments
 * @argv: the arguments
 */
enum result snapshot_command(int argc, char **argv)
{
	const struct wish_syntax syntax = {
		.help = help, .takes = TAKES_KERNEL | TAKES_JSON | TAKES_SIZE, .names = 1,
	};
	struct snapshot *snapshot;
	struct wish wish;
	enum result result = wish_read(&wish, &syntax, argc, argv);

	if (result != RESULT_GOOD || wish.is_done)
		return result;
	snapshot = calloc(1, sizeof(*snapshot));
	if (!snapshot)
		return RESULT_FAILED;
	snapshot->wish = &wish;
	snapshot->path = wish.names[0];
	snapshot->job.what = JOB_SNAPSHOT;
	if (asprintf(&snapshot->stream, "%s.stream", snapshot->path) < 0)
		snapshot->stream = NULL;
	result = snapshot->stream ? make(snapshot) : RESULT_FAILED;
	free(snapshot->stream);
	free(snapshot);
	return result;
}
