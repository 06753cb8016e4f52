// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: in the second kernel, a dump of the first goes to the extents of a file.
 *
 * The file system is the first kernel's, which has it mounted: only the extents are written, past
 * all caches, and only after each was found to have the mark of the first kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "crc32.h"
#include "dump-run.h"
#include "say.h"
#include "stream-form.h"
#include "stream-write.h"

#define PIECE		((size_t)256 * 1024)
/* So long may the disk take to be there. */
#define WAIT_NS		(20 * CLOCK_SECOND)
#define PEER		"/dev/ras_peer"

/**
 * struct writer - what is being written
 * @job: where to
 * @disk: the block device
 * @buffer: %PIECE bytes, aligned
 * @offset: where the next byte goes in the file
 * @end: what becomes of the stream
 */
struct writer {
	const struct job	*job;
	int			disk;
	uint8_t			*buffer;
	uint64_t		offset;
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
	say_failed(writer->job->disk, "%s", writer->end.message);
	return false;
}

/* Does each extent begin with its mark? */
static bool has_marks(int disk, const struct job *job, uint8_t *buffer)
{
	struct stream_end end;
	uint64_t at = 0;

	for (size_t i = 0; i < job->extents.count; i++) {
		const struct extent *extent = job->extents.extents + i;

		if (pread(disk, buffer, EXTENT_BLOCK, (off_t)extent->physical) != EXTENT_BLOCK ||
		    !stream_head_read((const void *)buffer, job->token, at, &end))
			return false;
		at += extent->length;
	}
	return true;
}

/* Return: it is the disk, and writer->disk is it. */
static bool try_disk(struct writer *writer, const char *root, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/dev/%s", root, name);
	writer->disk = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (writer->disk >= 0 && has_marks(writer->disk, writer->job, writer->buffer))
		return true;
	if (writer->disk >= 0)
		close(writer->disk);
	writer->disk = -1;
	return false;
}

/* By its numbers, if its name is another's here. */
static bool try_numbers(struct writer *writer, const char *root)
{
	char link[4096], to[4096], *slash;
	ssize_t length;

	snprintf(link, sizeof(link), "%s/sys/dev/block/%u:%u", root, writer->job->major,
		 writer->job->minor);
	length = readlink(link, to, sizeof(to) - 1);
	if (length < 0)
		return false;
	to[length] = 0;
	slash = strrchr(to, '/');
	return try_disk(writer, root, slash ? slash + 1 : to);
}

static bool find_disk(struct writer *writer, const char *root, uint64_t wait_ns)
{
	const uint64_t begun = clock_ns();

	for (;;) {
		if (try_disk(writer, root, writer->job->disk) || try_numbers(writer, root))
			return true;
		if (clock_ns() - begun > wait_ns)
			break;
		usleep(100000);
	}
	/* Nobody can be told but who reads the console. */
	say_failed(writer->job->disk, "is not there, or has not the marks of the file");
	return false;
}

/* Write whole blocks of the buffer to where they belong. */
static bool write_blocks(struct writer *writer, uint64_t offset, size_t size)
{
	const uint8_t *from = writer->buffer;

	while (size) {
		uint64_t length, at = extents_find(&writer->job->extents, offset, &length);
		const size_t piece = size < length ? size : (size_t)length;
		const ssize_t done = pwrite(writer->disk, from, piece, (off_t)at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0 || done % EXTENT_BLOCK)
			return failed(writer, "cannot be written at byte %" PRIu64 ": %s", at,
				      done < 0 ? strerror(errno) : "it takes no whole blocks");
		from += done;
		offset += (uint64_t)done;
		size -= (size_t)done;
	}
	return true;
}

/* A part of the stream, less than a piece only at its end. */
static bool write_piece(struct writer *writer, size_t size)
{
	const size_t whole = (size + EXTENT_BLOCK - 1) / EXTENT_BLOCK * EXTENT_BLOCK;

	if (whole > writer->job->extents.size - writer->offset)
		return failed(writer, "the dump is larger than the %" PRIu64 " MiB of the file; "
			      "see --size", writer->job->extents.size / 1024 / 1024);
	memset(writer->buffer + size, 0, whole - size);
	if (!write_blocks(writer, writer->offset, whole))
		return false;
	writer->end.crc = crc32(writer->end.crc, writer->buffer, size);
	writer->end.bytes += size;
	writer->offset += whole;
	return true;
}

static bool write_stream(struct writer *writer, struct dump_run *run)
{
	size_t got;

	do {
		got = dump_run_read(run, writer->buffer, PIECE);
		if (got && !write_piece(writer, got))
			return false;
	} while (got == PIECE);
	return true;
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
	else if (writer->end.state == STREAM_EMPTY && !fsync(writer->disk))
		writer->end.state = STREAM_DONE;
	else
		failed(writer, "cannot be written: %s", strerror(errno));
}

/* The last thing that is written says what became of the rest. */
static bool write_end(struct writer *writer)
{
	const bool good = writer->end.state == STREAM_DONE;

	stream_head_make((void *)writer->buffer, writer->job->token, 0, &writer->end);
	return write_blocks(writer, 0, EXTENT_BLOCK) && !fsync(writer->disk) && good;
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
	struct writer writer = { .job = job, .disk = -1, .offset = STREAM_FIRST };
	bool good = false;

	writer.buffer = aligned_alloc(EXTENT_BLOCK, PIECE);
	if (!writer.buffer) {
		say_failed(job->disk, "no memory");
		return false;
	}
	if (find_disk(&writer, root, *root ? 0 : WAIT_NS)) {
		dump(&writer, root);
		good = write_end(&writer);
		close(writer.disk);
	}
	free(writer.buffer);
	return good;
}
