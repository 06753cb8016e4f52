// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: a second kernel, ready to be loaded.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kexec-call.h"
#include "say.h"
#include "second-kernel.h"
#include "ramdisk.h"

/* Nobody has more than 2 GiB of memory for it. */
#define FILE_MOST	(2048ul * 1024 * 1024)
/* Below that there is memory that firmware and trampolines use. */
#define LOW_MEMORY	0x100000u

static uint64_t whole_pages(uint64_t size)
{
	return (size + MEMORY_PAGE - 1) & ~(uint64_t)(MEMORY_PAGE - 1);
}

static bool no_room(const struct wish *wish, const char *what, uint64_t size)
{
	say_failed(what, "%" PRIu64 " KiB of it have no place in %" PRIu64 " MiB; see --memory",
		   size / 1024, wish->memory / 1024 / 1024);
	return false;
}

static bool place_kernel(struct second_kernel *kernel, const struct wish *wish)
{
	struct piece piece = {
		.name = "kernel", .data = kernel->image.data, .size = kernel->image.size,
		.room = kernel->image.room,
	};

	if (!layout_find_low(&kernel->layout, kernel->image.least, kernel->image.align, piece.room,
			     &piece.start))
		return no_room(wish, wish->kernel, piece.room);
	kernel->way.entry = piece.start + BZIMAGE_ENTRY;
	layout_add(&kernel->layout, &piece);
	return true;
}

static bool place_initrd(struct second_kernel *kernel, const struct wish *wish)
{
	struct piece piece = {
		.name = "initrd", .data = kernel->initrd.data, .size = kernel->initrd.size,
		.room = whole_pages(kernel->initrd.size),
	};

	if (!layout_find_high(&kernel->layout, piece.room, &piece.start) ||
	    piece.start < LOW_MEMORY)
		return no_room(wish, wish->initrd, piece.room);
	kernel->way.initrd = piece.start;
	kernel->way.initrd_size = piece.size;
	layout_add(&kernel->layout, &piece);
	return true;
}

static bool place_data(struct second_kernel *kernel, const struct wish *wish)
{
	struct piece piece = {
		.name = "boot data", .data = kernel->data, .size = sizeof(*kernel->data),
		.room = whole_pages(sizeof(*kernel->data)),
	};

	if (!layout_find_low(&kernel->layout, LOW_MEMORY, MEMORY_PAGE, piece.room, &piece.start))
		return no_room(wish, "boot data", piece.room);
	kernel->way.data = piece.start;
	layout_add(&kernel->layout, &piece);
	return true;
}

static bool read_files(struct second_kernel *kernel, const struct wish *wish, const char *job)
{
	if (!whole_file_read(&kernel->file, wish->kernel, FILE_MOST) ||
	    !bzimage_check(&kernel->image, wish->kernel, kernel->file.data, kernel->file.size) ||
	    !whole_file_read(&kernel->initrd, wish->initrd, FILE_MOST))
		return false;
	if (!kernel->initrd.size) {
		say_failed(wish->initrd, "is empty");
		return false;
	}
	return !job || ramdisk_add_job(&kernel->initrd, job);
}

static bool read_memory(struct second_kernel *kernel, const struct wish *wish)
{
	struct memory_map map;

	return memory_map_read(&map, wish->root) &&
	       memory_map_below(&kernel->layout.low, &map, wish->memory) &&
	       memory_map_for_second(&kernel->map, &map, wish->memory);
}

/**
 * second_kernel_make() - read a second kernel, and say where its parts are
 * @kernel: set to it, to be freed by second_kernel_free() whatever comes out
 * @wish: what is asked for
 * @job: what it is to do, or %NULL
 *
 * Return: it is ready to be loaded; otherwise the reason was said.
 */
bool second_kernel_make(struct second_kernel *kernel, const struct wish *wish, const char *job)
{
	memset(kernel, 0, sizeof(*kernel));
	if (!read_files(kernel, wish, job) || !read_memory(kernel, wish))
		return false;
	kernel->data = calloc(1, sizeof(*kernel->data));
	if (!kernel->data) {
		say_failed("boot data", "no memory");
		return false;
	}
	if (!boot_data_words(kernel->data, &kernel->image.header, wish->root, wish->memory,
			     wish->append) ||
	    !place_kernel(kernel, wish) || !place_initrd(kernel, wish) ||
	    !place_data(kernel, wish) || !layout_cover(&kernel->layout))
		return false;
	boot_data_fill(kernel->data, &kernel->image.header, &kernel->way, &kernel->map,
		       wish->root);
	return true;
}

/**
 * second_kernel_free() - free what a second kernel has
 * @kernel: the kernel
 */
void second_kernel_free(struct second_kernel *kernel)
{
	free(kernel->file.data);
	free(kernel->initrd.data);
	free(kernel->data);
}

/**
 * second_kernel_load() - load a second kernel
 * @wish: what is asked for; if @wish.is_dry, all is done but the load
 * @job: what it is to do, or %NULL
 *
 * Return: it is loaded; otherwise the reason was said.
 */
bool second_kernel_load(const struct wish *wish, const char *job)
{
	struct second_kernel *kernel = calloc(1, sizeof(*kernel));
	bool good;

	if (!kernel) {
		say_failed(wish->kernel, "no memory");
		return false;
	}
	good = second_kernel_make(kernel, wish, job);
	if (good && !wish->is_dry)
		good = kexec_call_load(&kernel->layout, kernel->way.data);
	second_kernel_free(kernel);
	free(kernel);
	return good;
}

/**
 * second_kernel_unload() - forget a second kernel that was jumped to
 * @wish: what is asked for
 *
 * It cannot be used again, and has memory.
 */
void second_kernel_unload(const struct wish *wish)
{
	if (!wish->is_dry)
		kexec_call_unload();
}
