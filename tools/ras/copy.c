// SPDX-License-Identifier: GPL-2.0
/*
 * ras-savecore: the way of the bytes from a source to a file.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "copy.h"
#include "progress.h"
#include "stop.h"

/* How much is read at a time. */
#ifndef COPY_CHUNK
#define COPY_CHUNK	(1024 * 1024)
#endif
/* After how much it is made durable: what a run that dies may lose.  The test makes it less. */
#ifndef COPY_NOTE
#define COPY_NOTE	(64 * 1024 * 1024)
#endif

/* The copy cannot go on.  What there is is kept, for the next run. */
static enum outcome give_up(const struct source *source, struct output *output, uint64_t done,
			    const char *reason)
{
	if (output_note(output, done) != DONE)
		return FAILED;
	return say_failed(output->path, "%s: %" PRIu64 " of %" PRIu64 " bytes are kept in its "
			  ".part, %s is not marked as taken", reason, done, source->area.bytes,
			  source->name);
}

/* Copy what one read gives.  Return: DONE, and *done is increased; or FAILED. */
static enum outcome copy_some(struct source *source, struct output *output, void *buffer,
			      uint64_t *done)
{
	const ssize_t size = source->ops->read(source, buffer, COPY_CHUNK, *done);
	size_t written;

	if (size < 0) {
		output_note(output, *done);
		return FAILED;
	}
	written = output_write(output, buffer, (size_t)size, *done);
	*done += written;
	if (written < (size_t)size)
		return give_up(source, output, *done, strerror(errno));
	return DONE;
}

static enum outcome copy_all(struct source *source, struct output *output, void *buffer,
			     struct progress *progress, uint64_t *done)
{
	while (*done < source->area.bytes) {
		if (stop_reason())
			return give_up(source, output, *done, stop_reason());
		if (copy_some(source, output, buffer, done) != DONE)
			return FAILED;
		if (*done - output->state.state.done >= COPY_NOTE &&
		    output_note(output, *done) != DONE)
			return FAILED;
		progress_show(progress, *done);
	}
	return output_note(output, *done);
}

/**
 * copy_dump() - copy what is not there yet
 * @source: the source
 * @output: the output; afterwards its state is what there is
 * @is_quiet: show no progress
 *
 * Zeros are written as they are: a dump has hardly any, since it is compressed, and a file
 * with holes may find no room later.
 *
 * Return: %DONE, and all of it is durable; or %FAILED, and the reason was said.
 */
enum outcome copy_dump(struct source *source, struct output *output, bool is_quiet)
{
	uint64_t done = output->state.state.done;
	void *buffer = malloc(COPY_CHUNK);
	struct progress progress;
	enum outcome outcome;

	if (!buffer)
		return say_failed(source->name, "no memory");
	progress_begin(&progress, source->name, "copied", source->area.bytes, done, is_quiet);
	outcome = copy_all(source, output, buffer, &progress, &done);
	if (outcome == DONE)
		progress_end(&progress, done);
	free(buffer);
	return outcome;
}
