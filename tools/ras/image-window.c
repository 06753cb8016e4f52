// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: a part of the memory of another kernel, mapped.
 *
 * Those who read or write by calls of the kernel take turns there; those who have a part mapped
 * do not.
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "image-memory.h"
#include "image-window.h"
#include "say.h"

/* Less is read or written sooner than mapped. */
#define LEAST	((size_t)64 * 1024)

/* A file that stands for memory in a test may end anywhere, and then a mapping has no end. */
static bool is_device(int memory)
{
	struct stat about;

	return !fstat(memory, &about) && S_ISCHR(about.st_mode);
}

/**
 * image_window_open() - map a part of memory
 * @window: set to it, to be closed by image_window_close()
 * @memory: the file %IMAGE_MEMORY, open
 * @is_for_writing: to write to it, for which the file is open; otherwise to read it
 * @address: where it begins, on a page
 * @size: of it, in bytes
 *
 * Return: it is mapped; otherwise the part has to be read or written, which always works.  If the
 *	kernel has refused it, that was said, once.
 */
bool image_window_open(struct image_window *window, int memory, bool is_for_writing,
		       uint64_t address, size_t size)
{
	static atomic_bool is_said;
	const int protection = is_for_writing ? PROT_WRITE : PROT_READ;

	if (size < LEAST || !is_device(memory))
		return false;
	window->size = size;
	window->at = mmap(NULL, size, protection, MAP_SHARED, memory, (off_t)address);
	if (window->at != MAP_FAILED)
		return true;
	if (!atomic_exchange(&is_said, true))
		say_note(IMAGE_MEMORY, "cannot be mapped: %s", strerror(errno));
	return false;
}

/**
 * image_window_close() - unmap a part of memory
 * @window: the part
 */
void image_window_close(const struct image_window *window)
{
	munmap(window->at, window->size);
}
