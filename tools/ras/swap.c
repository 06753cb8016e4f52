// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: a swap device that is needed for something else for a while.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <unistd.h>

#include "extents.h"
#include "memory-use.h"
#include "say.h"
#include "swap.h"
#include "whole-file.h"

#define SWAPS		"/proc/swaps"
#define TEXT_MOST	((size_t)1024 * 1024)
#define MIB		(UINT64_C(1024) * 1024)
/* What has to stay free when all that is in swap is back in memory. */
#define RESERVE		(32 * MIB)
/* mkswap(8); of pages of 4096 bytes. */
#define SIGNATURE	"SWAPSPACE2"

/**
 * swap_is_header() - is it the first block of a swap device?
 * @block: of %EXTENT_BLOCK bytes
 */
bool swap_is_header(const void *block)
{
	const size_t length = sizeof(SIGNATURE) - 1;

	return !memcmp((const char *)block + EXTENT_BLOCK - length, SIGNATURE, length);
}

/* Are these two names of one device?  For tests, of one file. */
static bool is_same(const char *one, const char *two)
{
	struct stat a, b;

	if (stat(one, &a) || stat(two, &b))
		return false;
	if (S_ISBLK(a.st_mode) && S_ISBLK(b.st_mode))
		return a.st_rdev == b.st_rdev;
	return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* A line of swaps, proc(5).  Return: it is about the device, and @used is how much is in it. */
static bool read_line(struct swap *swap, const char *line, uint64_t *used)
{
	char name[256];
	uint64_t kib;

	if (sscanf(line, "%255s %*s %*u %" SCNu64 " %d", name, &kib, &swap->priority) != 3 ||
	    !is_same(name, swap->path))
		return false;
	*used = kib * 1024;
	return true;
}

/* Return: it is known whether it is in use; otherwise the reason was said. */
static bool find(struct swap *swap, uint64_t *used)
{
	char path[4096], *rest, *line;
	struct whole_file file = { 0 };

	snprintf(path, sizeof(path), "%s" SWAPS, swap->root);
	/* A kernel without CONFIG_SWAP has no such file. */
	if (access(path, F_OK))
		return true;
	if (!whole_file_read(&file, path, TEXT_MOST))
		return false;
	rest = (char *)file.data;
	while (!swap->was_on && (line = strsep(&rest, "\n")))
		swap->was_on = read_line(swap, line, used);
	free(file.data);
	return true;
}

/* What is in it must fit into memory, or the kernel ends programs. */
static bool fits(const struct swap *swap, uint64_t used)
{
	const uint64_t available = memory_use_available(swap->root);

	if (used + RESERVE <= available)
		return true;
	say_failed(swap->path, "is swap with %" PRIu64 " MiB in it, which do not fit into the %"
		   PRIu64 " MiB of memory that are available", used / MIB, available / MIB);
	return false;
}

/**
 * swap_take() - have a device not be swap
 * @swap: set to what it was
 * @path: of the device
 * @root: what is put before the names of the kernel's files
 *
 * Return: it is not; otherwise the reason was said, and it is as it was.
 */
bool swap_take(struct swap *swap, const char *path, const char *root)
{
	uint64_t used = 0;

	*swap = (struct swap){ .path = path, .root = root };
	if (!find(swap, &used))
		return false;
	if (!swap->was_on)
		return true;
	if (!fits(swap, used))
		return false;
	if (*root || !swapoff(path))
		return true;
	say_failed(path, "is swap that cannot be switched off: %s", strerror(errno));
	return false;
}

/**
 * swap_give_back() - have a device be swap again if it was
 * @swap: what it was
 */
void swap_give_back(const struct swap *swap)
{
	int flags = 0;

	if (!swap->was_on || *swap->root)
		return;
	/* Negative ones are the kernel's own choice. */
	if (swap->priority >= 0)
		flags = SWAP_FLAG_PREFER | (swap->priority & SWAP_FLAG_PRIO_MASK);
	if (swapon(swap->path, flags))
		say_failed(swap->path, "is not swap again: %s", strerror(errno));
}
