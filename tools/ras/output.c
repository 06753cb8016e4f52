// SPDX-License-Identifier: GPL-2.0
/*
 * ras-savecore: the file that a dump is copied to.
 *
 * The dump is written to FILE.part.  FILE.part.state says of which dump it is and how much of
 * it is durable; it is locked while the program runs.  FILE.part becomes FILE when all of it
 * is durable, and FILE.part.state goes when the area is marked: whenever the program or the
 * machine dies, the next run knows what there is to do.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "naming.h"
#include "output.h"

#define OWN_FLAGS (O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/* Open one of our files, or make it.  Sets errno. */
static int open_own(int directory, const char *name, bool *is_new)
{
	int fd = openat(directory, name, OWN_FLAGS);
	struct stat about;

	*is_new = fd < 0 && errno == ENOENT;
	if (*is_new)
		fd = openat(directory, name, OWN_FLAGS | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || (!fstat(fd, &about) && S_ISREG(about.st_mode)))
		return fd;
	close(fd);
	errno = EEXIST;
	return -1;
}

/* Open the directory of FILE, and name the files in it. */
static enum outcome open_directory(struct output *output, const char *path)
{
	const char *name;

	output->directory = naming_open_directory(path, &name);
	if (output->directory < 0)
		return FAILED;
	output->name = strdup(name);
	if (!output->name ||
	    asprintf(&output->part, "%s.part", name) < 0 ||
	    asprintf(&output->state_name, "%s.part.state", name) < 0)
		return say_failed(path, "no memory");
	return DONE;
}

static bool has(const struct output *output, const char *name, struct stat *about)
{
	return !fstatat(output->directory, name, about, AT_SYMLINK_NOFOLLOW);
}

/*
 * Open FILE.part.state and lock it.  The lock keeps two runs from writing to one file.  A run
 * that has ended between the opening and the lock has removed the file.
 */
static enum outcome open_state(struct output *output, bool *is_new)
{
	struct stat about;

	output->state.fd = open_own(output->directory, output->state_name, is_new);
	if (output->state.fd < 0)
		return say_failed(output->path, "its .part.state: %s", strerror(errno));
	if (flock(output->state.fd, LOCK_EX | LOCK_NB) || fstat(output->state.fd, &about) ||
	    !about.st_nlink)
		return say_failed(output->path, "another ras-savecore is at work");
	state_load(&output->state);
	return DONE;
}

/* FILE is there.  Is it what an earlier run has made of this dump, before it was ended? */
static bool is_named(const struct output *output, const struct state *dump,
		     const struct stat *file)
{
	const struct state *state = &output->state.state;

	return state_is_of(&output->state, dump) && state->done == dump->bytes &&
	       S_ISREG(file->st_mode) && file->st_ino == state->inode &&
	       (uint64_t)file->st_size == dump->bytes;
}

/* Open FILE.part, which has to be new, empty, or of this dump. */
static enum outcome open_part(struct output *output, const struct state *dump)
{
	const bool is_ours = state_is_of(&output->state, dump);
	uint64_t done = is_ours ? output->state.state.done : 0;
	struct stat about;
	bool is_new;

	output->fd = open_own(output->directory, output->part, &is_new);
	if (output->fd < 0 || fstat(output->fd, &about))
		return say_failed(output->path, "its .part: %s", strerror(errno));
	if (about.st_size && !is_ours)
		return say_failed(output->path, "its .part is not of this dump; name another file, "
				  "or remove it");
	if (done > (uint64_t)about.st_size || done > dump->bytes) {
		if (!is_new)
			say_note(output->path, "its .part was shortened; copies all of the dump");
		done = 0;
	}
	/* What is behind was not known to be durable: it may be anything. */
	if (ftruncate(output->fd, (off_t)done))
		return say_failed(output->path, "its .part: %s", strerror(errno));
	output->state.state = *dump;
	output->state.state.done = done;
	output->state.state.inode = about.st_ino;
	if (!state_save(&output->state))
		return say_failed(output->path, "its .part.state: %s", strerror(errno));
	return DONE;
}

static enum outcome open_files(struct output *output, const struct state *dump)
{
	struct stat file;

	if (!has(output, output->name, &file))
		return open_part(output, dump);
	if (!is_named(output, dump, &file))
		return say_failed(output->path, "exists; it is not overwritten");
	output->is_named = true;
	return DONE;
}

/**
 * output_open() - open FILE.part for a dump, be it new or from an earlier run
 * @output: the output, to be closed by output_close() whatever comes out
 * @path: of FILE
 * @dump: the dump; @dump->done and @dump->inode do not count
 *
 * Afterwards @output->state.state.done says how much of the dump is there.
 *
 * Return: %DONE; or %FAILED, and the reason was said.
 */
enum outcome output_open(struct output *output, const char *path, const struct state *dump)
{
	enum outcome outcome;
	bool is_new = false;

	memset(output, 0, sizeof(*output));
	output->path = path;
	output->directory = -1;
	output->fd = -1;
	output->state.fd = -1;
	if (open_directory(output, path) != DONE)
		return FAILED;
	outcome = open_state(output, &is_new);
	if (outcome == DONE)
		outcome = open_files(output, dump);
	/* A run that was refused leaves nothing. */
	if (outcome != DONE && is_new && !output->state.sequence)
		output_forget(output);
	return outcome;
}

/**
 * output_write() - write a part of the dump
 * @output: the output
 * @data: the bytes
 * @size: how many
 * @offset: where in the dump
 *
 * Return: how many were written; if that is less than @size, errno says why.
 */
size_t output_write(struct output *output, const void *data, size_t size, uint64_t offset)
{
	size_t written = 0;

	while (written < size) {
		const ssize_t done = pwrite(output->fd, (const uint8_t *)data + written,
					    size - written, (off_t)(offset + written));

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			break;
		written += (size_t)done;
	}
	return written;
}

/**
 * output_note() - make what was written durable, and note it
 * @output: the output
 * @done: how many bytes of the dump were written
 *
 * The order counts: the state must not say more than is there.  If the first step fails, it
 * must not be tried again, since the kernel says only once that it has lost something.
 *
 * Return: %DONE; or %FAILED, and the reason was said.
 */
enum outcome output_note(struct output *output, uint64_t done)
{
	if (fdatasync(output->fd))
		return say_failed(output->path, "its .part: %s", strerror(errno));
	output->state.state.done = done;
	if (!state_save(&output->state))
		return say_failed(output->path, "its .part.state: %s", strerror(errno));
	return DONE;
}

/* If an earlier run has ended when the file had two names. */
static void remove_first_name(const struct output *output)
{
	struct stat about;

	if (has(output, output->part, &about) && about.st_ino == output->state.state.inode)
		unlinkat(output->directory, output->part, 0);
}

/**
 * output_finish() - the dump is copied: give the file its name, and make that durable
 * @output: the output
 *
 * Return: %DONE; or %FAILED, and the reason was said.
 */
enum outcome output_finish(struct output *output)
{
	if (output->is_named)
		remove_first_name(output);
	else if (fsync(output->fd) ||
		 !naming_give(output->directory, output->part, output->name))
		return say_failed(output->path, "%s; the dump is in its .part", strerror(errno));
	if (fsync(output->directory))
		return say_failed(output->path, "its directory: %s", strerror(errno));
	return DONE;
}

/**
 * output_forget() - remove FILE.part.state: the next run has nothing to go on with
 * @output: the output
 */
void output_forget(struct output *output)
{
	unlinkat(output->directory, output->state_name, 0);
}

/**
 * output_close() - close what output_open() has opened
 * @output: the output
 */
void output_close(struct output *output)
{
	if (output->fd >= 0)
		close(output->fd);
	if (output->state.fd >= 0)
		close(output->state.fd);
	if (output->directory >= 0)
		close(output->directory);
	free(output->name);
	free(output->part);
	free(output->state_name);
}
