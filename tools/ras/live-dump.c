// SPDX-License-Identifier: GPL-2.0
/*
 * rasctl: a live dump: the machine stops while its memory is copied, and goes on; the copy is
 * written to a file.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy-file.h"
#include "progress.h"
#include "quote.h"
#include "say.h"
#include "stop.h"

#define LIVE	"dump/live"
#define PIECE	(1024 * 1024)

/* There must be none yet: the kernel keeps one at a time. */
static bool is_free(const struct context *context)
{
	char *state = policy_read(context, LIVE "/state");
	const bool good = state && !strcmp(state, "empty");

	if (state && !good)
		say_failed(LIVE, "holds a dump; copy its file, and: rasctl set %s/state taken", LIVE);
	free(state);
	return good;
}

/* Write all of @size bytes.  Sets errno. */
static bool write_all(int fd, const char *data, size_t size)
{
	while (size) {
		const ssize_t got = write(fd, data, size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		data += got;
		size -= (size_t)got;
	}
	return true;
}

static bool copy_pieces(int from, int to, const char *path, struct progress *progress,
			uint64_t bytes)
{
	char *piece = malloc(PIECE);
	uint64_t done = 0;
	ssize_t got = 1;

	while (piece && done < bytes && got && !stop_reason()) {
		got = read(from, piece, PIECE);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || !write_all(to, piece, (size_t)got))
			break;
		done += (uint64_t)got;
		progress_show(progress, done);
	}
	if (done < bytes)
		say_failed(path, "%s; the kernel keeps the dump in " LIVE "/file",
			   !piece ? "no memory" : stop_reason() ? stop_reason() :
			   got ? strerror(errno) : "the dump ends before its size");
	free(piece);
	return done == bytes;
}

/* Copy the dump to the file, and have it on the disk. */
static bool copy(const struct context *context, int to, const char *path, uint64_t *bytes)
{
	struct progress progress;
	bool good;
	int from;

	if (!policy_read_number(context, LIVE "/size", bytes))
		return false;
	from = openat(context->directory, LIVE "/file", O_RDONLY | O_CLOEXEC);
	if (from < 0) {
		say_failed(LIVE "/file", "%s", strerror(errno));
		return false;
	}
	progress_begin(&progress, path, "copied", *bytes, 0, context->json);
	good = copy_pieces(from, to, path, &progress, *bytes);
	close(from);
	if (good && fsync(to)) {
		say_failed(path, "%s; the kernel keeps the dump in " LIVE "/file", strerror(errno));
		good = false;
	}
	if (good)
		progress_end(&progress, *bytes);
	return good;
}

static void tell(const struct context *context, const char *path, uint64_t bytes, uint64_t ns)
{
	if (!context->json) {
		printf("%s: %" PRIu64 " bytes; the machine was stopped for %.1f ms\n", path, bytes,
		       (double)ns / 1e6);
		return;
	}
	fputs("{\"file\": ", stdout);
	quote_json(path);
	printf(", \"bytes\": %" PRIu64 ", \"stopped_ns\": %" PRIu64 "}\n", bytes, ns);
}

static enum answer dump_to(const struct context *context, int fd, const char *path)
{
	uint64_t bytes, stop_ns, held_ns;

	say_note("live dump", "every CPU stops while memory is copied");
	if (!policy_write(context, "trigger", "dump"))
		return ANSWER_NO;
	if (!policy_read_number(context, "last/stop_ns", &stop_ns) ||
	    !policy_read_number(context, "last/held_ns", &held_ns))
		return ANSWER_TROUBLE;
	if (!copy(context, fd, path, &bytes) || !policy_write(context, LIVE "/state", "taken"))
		return ANSWER_NO;
	tell(context, path, bytes, stop_ns + held_ns);
	return ANSWER_YES;
}

/**
 * live_command() - rasctl dump --live FILE
 * @context: the context
 * @argc: number of arguments
 * @argv: the arguments
 */
enum answer live_command(const struct context *context, int argc, char **argv)
{
	const char *path = argv[1];
	enum answer answer;
	int fd;

	(void)argc;
	if (!policy_has(context, LIVE "/state")) {
		say_failed(LIVE, "this kernel has no dump engine (CONFIG_RAS_DUMP)");
		return ANSWER_TROUBLE;
	}
	if (!is_free(context))
		return ANSWER_NO;
	stop_catch_signals();
	/* Before the machine is stopped for it: a file that is there is not overwritten. */
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		say_failed(path, "cannot be made: %s", strerror(errno));
		return ANSWER_NO;
	}
	answer = dump_to(context, fd, path);
	if (close(fd) && answer == ANSWER_YES) {
		say_failed(path, "%s", strerror(errno));
		answer = ANSWER_NO;
	}
	if (answer != ANSWER_YES)
		unlink(path);
	return answer;
}
