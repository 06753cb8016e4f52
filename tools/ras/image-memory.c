// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: in the second kernel, the memory of the first, as a sparse file.
 *
 * What is a hole was free, or is no RAM, or is this kernel's.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "image-memory.h"
#include "image-window.h"

/**
 * image_memory_open() - open the memory
 * @memory: set to it
 * @root: what is put before the names of the kernel's files
 * @least: where it can begin
 * @why: set to the reason if it cannot be opened
 *
 * Return: it is open.
 */
bool image_memory_open(struct image_memory *memory, const char *root, uint64_t least,
		       struct why *why)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s" IMAGE_MEMORY, root);
	*memory = (struct image_memory){
		.fd = open(path, O_RDONLY | O_CLOEXEC), .least = least,
	};
	if (memory->fd >= 0)
		return true;
	return refuse(why, IMAGE_MEMORY ": %s; the second kernel cannot see the first's memory",
		      strerror(errno));
}

/**
 * image_memory_close() - close the memory
 * @memory: it
 */
void image_memory_close(struct image_memory *memory)
{
	close(memory->fd);
}

/* Find memory in use behind the end; it is empty if there is no more. */
static bool find_run(struct image_memory *memory, struct why *why)
{
	const off_t start = lseek(memory->fd, (off_t)memory->end, SEEK_DATA);
	off_t end;

	if (start < 0 && errno == ENXIO) {
		memory->at = memory->end;
		return true;
	}
	end = start < 0 ? -1 : lseek(memory->fd, start, SEEK_HOLE);
	if (end < 0)
		return refuse(why, IMAGE_MEMORY ": %s", strerror(errno));
	memory->at = (uint64_t)start;
	memory->end = (uint64_t)end;
	if (end > start && start % EXTENT_BLOCK == 0 && end % EXTENT_BLOCK == 0 &&
	    memory->at >= memory->least)
		return true;
	return refuse(why, IMAGE_MEMORY ": memory from %#" PRIx64 " to %#" PRIx64
		      " makes no sense", memory->at, memory->end);
}

/**
 * image_memory_count() - how much memory is in use
 * @memory: the memory, which begins anew
 * @bytes: set to how much
 * @why: set to the reason if it cannot be counted, or there is none
 *
 * Return: there is some.
 */
bool image_memory_count(struct image_memory *memory, uint64_t *bytes, struct why *why)
{
	memory->end = 0;
	*bytes = 0;
	do {
		if (!find_run(memory, why))
			return false;
		*bytes += memory->end - memory->at;
	} while (memory->at < memory->end);
	memory->at = 0;
	memory->end = 0;
	return *bytes || refuse(why, IMAGE_MEMORY ": shows no memory in use");
}

/**
 * image_memory_next() - the next memory for a record
 * @memory: the memory
 * @record: set to its address and size; the size is 0 if there is no more
 * @why: set to the reason if that makes no sense
 *
 * Return: it makes sense.
 */
bool image_memory_next(struct image_memory *memory, struct image_record *record,
		       struct why *why)
{
	uint64_t left;

	if (memory->at == memory->end && !find_run(memory, why))
		return false;
	left = memory->end - memory->at;
	*record = (struct image_record){
		.address = memory->at, .bytes = left < IMAGE_PIECE ? (uint32_t)left : IMAGE_PIECE,
	};
	memory->at += record->bytes;
	return true;
}

/**
 * image_memory_read() - read the memory of a record
 * @memory: the memory
 * @record: the record
 * @to: to where
 * @why: set to the reason if that fails
 *
 * Several threads may do so at the same time.
 *
 * Return: it was read.
 */
bool image_memory_read(const struct image_memory *memory, const struct image_record *record,
		       void *to, struct why *why)
{
	uint64_t address = record->address;
	struct image_window window;
	size_t size = record->bytes;
	uint8_t *at = to;

	if (image_window_open(&window, memory->fd, false, address, size)) {
		memcpy(to, window.at, size);
		image_window_close(&window);
		return true;
	}
	while (size) {
		const ssize_t got = pread(memory->fd, at, size, (off_t)address);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return refuse(why, IMAGE_MEMORY ": memory at %#" PRIx64
				      " cannot be read: %s", address,
				      got ? strerror(errno) : "it ends there");
		at += got;
		address += (uint64_t)got;
		size -= (size_t)got;
	}
	return true;
}
