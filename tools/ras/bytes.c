// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump: the bytes of a file, wherever they come from.
 *
 * A file is read, never mapped: one that becomes shorter meanwhile is an error, not a signal.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes.h"

static bool file_read(struct bytes *bytes, void *buffer, size_t size, uint64_t offset)
{
	uint8_t *at = buffer;

	while (size) {
		const ssize_t done = pread(bytes->fd, at, size, (off_t)offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			/* It has become shorter. */
			bytes->error = done < 0 ? errno : ESTALE;
			return false;
		}
		at += done;
		size -= (size_t)done;
		offset += (uint64_t)done;
	}
	return true;
}

/* A file system that knows of no holes has none. */
static uint64_t file_next_data(struct bytes *bytes, uint64_t offset)
{
	const off_t found = lseek(bytes->fd, (off_t)offset, SEEK_DATA);

	if (found >= 0)
		return (uint64_t)found;
	return errno == ENXIO ? bytes->size : offset;
}

static const struct bytes_ops file_ops = {
	.read		= file_read,
	.next_data	= file_next_data,
};

/*
 * The size of a file that says it has none, as those of sysfs and proc: it ends where a byte
 * cannot be read.
 */
static uint64_t find_size(int fd)
{
	uint64_t low = 0, high = 1;
	char byte;

	/* A file ends at or behind @low, and before @high. */
	while (high < INT64_MAX / 2 && pread(fd, &byte, 1, (off_t)(high - 1)) == 1) {
		low = high;
		high *= 2;
	}
	while (high - low > 1) {
		const uint64_t middle = low + (high - low) / 2;

		if (pread(fd, &byte, 1, (off_t)(middle - 1)) == 1)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static bool look(struct bytes *bytes, struct why *why)
{
	struct stat about;
	off_t size;

	if (fstat(bytes->fd, &about))
		return refuse(why, "%s", strerror(errno));
	if (S_ISDIR(about.st_mode))
		return refuse(why, "is a directory");
	if (!S_ISBLK(about.st_mode) && !S_ISREG(about.st_mode))
		return refuse(why, "is neither a file nor a block device");
	size = lseek(bytes->fd, 0, SEEK_END);
	if (size < 0)
		return refuse(why, "has no size: %s", strerror(errno));
	bytes->size = size || S_ISBLK(about.st_mode) ? (uint64_t)size : find_size(bytes->fd);
	return true;
}

/**
 * bytes_open() - open a file to read it
 * @bytes: the file, to be closed by bytes_close() whatever comes out
 * @name: of the file
 * @why: set to the reason if it cannot be opened
 *
 * Return: it is open.
 */
bool bytes_open(struct bytes *bytes, const char *name, struct why *why)
{
	memset(bytes, 0, sizeof(*bytes));
	bytes->ops = &file_ops;
	/* O_NONBLOCK: a FIFO has to be refused, not waited for. */
	bytes->fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (bytes->fd < 0)
		return refuse(why, "%s", strerror(errno));
	return look(bytes, why);
}

/**
 * bytes_of() - read a file that is open for something else
 * @bytes: the file, which is not to be closed by bytes_close()
 * @fd: of it
 * @size: of it
 */
void bytes_of(struct bytes *bytes, int fd, uint64_t size)
{
	*bytes = (struct bytes){ .ops = &file_ops, .size = size, .fd = fd };
}

/**
 * bytes_close() - close a file
 * @bytes: the file
 */
void bytes_close(struct bytes *bytes)
{
	if (bytes->fd >= 0)
		close(bytes->fd);
}

/**
 * bytes_has() - are these bytes within the file?
 * @bytes: the file
 * @offset: where they begin; any number
 * @size: how many; any number
 */
bool bytes_has(const struct bytes *bytes, uint64_t offset, uint64_t size)
{
	return offset <= bytes->size && size <= bytes->size - offset;
}

/**
 * bytes_read() - read bytes of a file
 * @bytes: the file
 * @buffer: to where
 * @size: how many; any number
 * @offset: from where; any number
 *
 * Return: they were read.  Otherwise the file does not have them, or @bytes.error is set.
 */
bool bytes_read(struct bytes *bytes, void *buffer, size_t size, uint64_t offset)
{
	return bytes_has(bytes, offset, size) && bytes->ops->read(bytes, buffer, size, offset);
}

/**
 * window_open() - begin to read a file little by little
 * @window: the window
 * @bytes: the file
 */
void window_open(struct window *window, struct bytes *bytes)
{
	window->bytes = bytes;
	window->offset = 0;
	window->length = 0;
}

/**
 * window_at() - bytes of a file, from the window or read anew
 * @window: the window
 * @offset: where they begin; any number
 * @size: how many, at most %WINDOW_BYTES
 *
 * Return: the bytes, until the next call; or %NULL, see bytes_read().
 */
const void *window_at(struct window *window, uint64_t offset, size_t size)
{
	const struct bytes *bytes = window->bytes;

	if (!bytes_has(bytes, offset, size))
		return NULL;
	if (offset < window->offset || offset - window->offset > window->length ||
	    size > window->length - (size_t)(offset - window->offset)) {
		const uint64_t left = bytes->size - offset;

		window->offset = offset;
		window->length = left < WINDOW_BYTES ? (size_t)left : WINDOW_BYTES;
		if (!bytes_read(window->bytes, window->data, window->length, offset)) {
			window->length = 0;
			return NULL;
		}
	}
	return window->data + (offset - window->offset);
}
