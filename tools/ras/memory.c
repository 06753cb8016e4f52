// SPDX-License-Identifier: GPL-2.0
/*
 * ras-savecore: a dump in a region of memory, as the kernel shows it in sysfs.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crc32.h"
#include "source.h"

/* Of the dump's beginning, which tells one dump from another. */
#define MEMORY_SAMPLE	65536

/* The first line of a small file of the region, without its newline. */
static bool read_line(struct source *source, const char *file, char *line, size_t size)
{
	const int fd = openat(source->directory, file, O_RDONLY | O_CLOEXEC);
	ssize_t got = -1;

	if (fd >= 0) {
		got = read(fd, line, size - 1);
		if (got < 0)
			say_failed(source->name, "cannot read %s: %s", file, strerror(errno));
		close(fd);
	} else {
		say_failed(source->name, "%s: %s", file, strerror(errno));
	}
	if (got < 0)
		return false;
	line[got] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return true;
}

static enum outcome read_state(struct source *source, uint32_t *state)
{
	char line[32];

	if (!read_line(source, "state", line, sizeof(line)))
		return FAILED;
	for (*state = 0; area_state_name(*state); ++*state)
		if (!strcmp(line, area_state_name(*state)))
			return DONE;
	return say_failed(source->name, "state \"%s\" is not known", line);
}

static enum outcome read_size(struct source *source, uint64_t *bytes)
{
	char line[32], *end;

	if (!read_line(source, "size", line, sizeof(line)))
		return FAILED;
	errno = 0;
	*bytes = strtoull(line, &end, 10);
	if (line[0] < '0' || line[0] > '9' || *end || errno || *bytes > INT64_MAX)
		return say_failed(source->name, "size \"%s\" is not a number of bytes", line);
	return DONE;
}

/*
 * The region has no time of the dump that user space could see without looking inside: its
 * file is named after the boot that found it, which is the same for all runs of this boot.
 */
static uint64_t boot_time(void)
{
	FILE *file = fopen("/proc/stat", "re");
	uint64_t seconds = (uint64_t)time(NULL), found;
	char *line = NULL;
	size_t room = 0;

	while (file && getline(&line, &room, file) > 0) {
		if (sscanf(line, "btime %" SCNu64, &found) == 1) {
			seconds = found;
			break;
		}
	}
	free(line);
	if (file)
		fclose(file);
	return seconds <= AREA_TIME_MAX ? seconds : 0;
}

static ssize_t memory_read(struct source *source, void *buffer, size_t size, uint64_t offset)
{
	const uint64_t left = source->area.bytes - offset;
	ssize_t done;

	if (left < size)
		size = (size_t)left;
	do
		done = pread(source->fd, buffer, size, (off_t)offset);
	while (done < 0 && errno == EINTR);
	if (done > 0)
		return done;
	say_failed(source->name, "cannot read byte %" PRIu64 " of the dump: %s", offset,
		   done < 0 ? strerror(errno) : "it has ended");
	return -1;
}

/* The checksum of the dump's beginning stands for the UUID that a region does not show. */
static bool sample(struct source *source, uint64_t *crc)
{
	static uint8_t buffer[MEMORY_SAMPLE];
	uint64_t offset = 0;

	*crc = 0;
	while (offset < sizeof(buffer) && offset < source->area.bytes) {
		const ssize_t done = memory_read(source, buffer, sizeof(buffer) - (size_t)offset,
						 offset);

		if (done < 0)
			return false;
		*crc = crc32((uint32_t)*crc, buffer, (size_t)done);
		offset += (uint64_t)done;
	}
	return true;
}

static enum outcome check_same(struct source *source)
{
	uint64_t bytes, crc;
	uint32_t state;

	if (read_state(source, &state) != DONE || read_size(source, &bytes) != DONE)
		return FAILED;
	if (state == source->area.state && bytes == source->area.bytes) {
		if (!sample(source, &crc))
			return FAILED;
		if (crc == source->area.armed)
			return DONE;
	}
	return say_failed(source->name, "not marked as taken: the region has changed while the "
			  "dump was copied");
}

static enum outcome memory_mark(struct source *source)
{
	static const char taken[] = "taken\n";
	const ssize_t size = sizeof(taken) - 1;
	ssize_t done;
	int fd;

	if (check_same(source) != DONE)
		return FAILED;
	fd = openat(source->directory, "state", O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return say_failed(source->name, "cannot mark it as taken: %s", strerror(errno));
	done = write(fd, taken, (size_t)size);
	if (done != size)
		say_failed(source->name, "cannot mark it as taken: %s", strerror(errno));
	close(fd);
	return done == size ? DONE : FAILED;
}

static const struct source_ops memory_ops = {
	.read	= memory_read,
	.mark	= memory_mark,
};

static enum outcome open_dump(struct source *source)
{
	source->fd = openat(source->directory, "file", O_RDONLY | O_CLOEXEC);
	if (source->fd < 0)
		return say_failed(source->name, "file: %s", strerror(errno));
	return sample(source, &source->area.armed) ? DONE : FAILED;
}

/**
 * memory_open() - open the dump in a region of memory
 * @source: the source, to be closed by source_close() whatever comes out
 * @directory: with the files state, size and file
 *
 * Return: %DONE; or %FAILED, and the reason was said.
 */
enum outcome memory_open(struct source *source, const char *directory)
{
	memset(source, 0, sizeof(*source));
	source->ops = &memory_ops;
	source->name = directory;
	source->kind = "memory";
	source->fd = -1;
	source->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (source->directory < 0)
		return say_failed(directory, "%s", strerror(errno));
	source->area.time = boot_time();
	if (read_state(source, &source->area.state) != DONE ||
	    read_size(source, &source->area.bytes) != DONE)
		return FAILED;
	return area_holds_dump(source->area.state) ? open_dump(source) : DONE;
}
