// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: in the second kernel, a dump of the first goes to the extents of a file.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crc32.h"
#include "dump-run.h"
#include "say.h"
#include "sink.h"
#include "stream-form.h"
#include "stream-write.h"

#define PEER		"/dev/ras_peer"

/**
 * struct writer - what is being written
 * @sink: where to
 * @end: what becomes of the stream
 */
struct writer {
	struct sink		sink;
	struct stream_end	end;
};

/* Note the first reason, for the first kernel.  Return: false, for callers that end with it. */
static bool failed(struct writer *writer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool failed(struct writer *writer, const char *format, ...)
{
	va_list arguments;

	if (writer->end.state == STREAM_FAILED)
		return false;
	writer->end.state = STREAM_FAILED;
	va_start(arguments, format);
	vsnprintf(writer->end.message, sizeof(writer->end.message), format, arguments);
	va_end(arguments);
	say_failed(writer->sink.job->disk, "%s", writer->end.message);
	return false;
}

/* The sink does not go on. */
static bool failed_by_sink(struct writer *writer)
{
	const struct sink *sink = &writer->sink;

	if (!sink->is_full)
		return failed(writer, "%s", sink->why.text);
	return failed(writer, "the dump is larger than the %" PRIu64 " MiB of the file; see --size",
		      sink->job->extents.size / 1024 / 1024);
}

static bool write_stream(struct writer *writer, struct dump_run *run)
{
	size_t room, got;

	do {
		uint8_t *to = sink_room(&writer->sink, &room);

		got = dump_run_read(run, to, room);
		writer->end.crc = crc32(writer->end.crc, to, got);
		if (!sink_took(&writer->sink, got))
			return failed_by_sink(writer);
	} while (got == room);
	return sink_finish(&writer->sink) || failed_by_sink(writer);
}

static void dump(struct writer *writer, const char *root)
{
	char peer[4096], why[sizeof(writer->end.message)];
	struct dump_run run;

	snprintf(peer, sizeof(peer), "%s" PEER, root);
	if (access(peer, R_OK)) {
		failed(writer, PEER ": %s; the second kernel cannot see the first's memory",
		       strerror(errno));
		return;
	}
	if (!dump_run_begin(&run, peer)) {
		failed(writer, "makedumpfile cannot be started: %s", strerror(errno));
		return;
	}
	write_stream(writer, &run);
	if (!dump_run_end(&run, why, sizeof(why)))
		failed(writer, "makedumpfile: %.200s", why);
	else if (writer->end.state == STREAM_EMPTY)
		writer->end.state = STREAM_DONE;
}

/* The last thing that is written says what became of the rest. */
static bool write_end(struct writer *writer)
{
	struct stream_head head;

	writer->end.bytes = writer->sink.bytes;
	stream_head_make(&head, writer->sink.job->token, 0, &writer->end);
	return sink_first(&writer->sink, &head) && writer->end.state == STREAM_DONE;
}

/**
 * stream_write() - write a dump of the first kernel
 * @job: where to
 * @root: what is put before the names of the kernel's files
 *
 * Return: it is on the disk; otherwise the reason was said, and written there if possible.
 */
bool stream_write(const struct job *job, const char *root)
{
	struct writer writer = { .end = { .state = STREAM_EMPTY } };
	bool good;

	if (!sink_open(&writer.sink, job, root))
		return false;
	dump(&writer, root);
	good = write_end(&writer);
	sink_close(&writer.sink);
	return good;
}
