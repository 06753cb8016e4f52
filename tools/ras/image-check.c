// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: can this kernel resume an image?
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "image-check.h"
#include "image-walk.h"
#include "paging.h"
#include "say.h"
#include "superblocks.h"

#define MIB	(1024u * 1024)

static bool refused(const struct checked *checked, const char *reason)
{
	say_failed(checked->disk.path, "%s", reason);
	return false;
}

/**
 * image_find() - see whether there is an image
 * @checked: has the device; set @checked.image
 *
 * Return: %RESULT_GOOD: there is one, whatever its state; %RESULT_NOTHING: there is none, which
 *	was said; %RESULT_FAILED: the reason was said.
 */
enum result image_find(struct checked *checked)
{
	if (!image_disk_read(&checked->disk))
		return RESULT_FAILED;
	switch (image_head_read(checked->disk.block, &checked->image)) {
	case IMAGE_FOUND:
		return RESULT_GOOD;
	case IMAGE_DAMAGED:
		refused(checked, "its first block is damaged");
		return RESULT_FAILED;
	case IMAGE_NONE:
		break;
	}
	printf("%s: no image\n", checked->disk.path);
	return RESULT_NOTHING;
}

static bool check_state(const struct checked *checked)
{
	switch (checked->image.state) {
	case IMAGE_SAVED:
		return true;
	case IMAGE_CONSUMED:
		return refused(checked, "a resume of this image has begun before, which cannot be "
			       "done again");
	case IMAGE_STAYED:
		return refused(checked, "the kernel went on after it was saved");
	case IMAGE_FAILED:
		say_failed(checked->disk.path, "the kernel was not saved: %.160s",
			   checked->image.message);
		break;
	}
	return false;
}

/* The first block by itself. */
static bool check_numbers(const struct checked *checked)
{
	const struct image *image = &checked->image;

	if (image->memory_end % MEMORY_PAGE || !image->memory_end || !image->records ||
	    image->stored / sizeof(struct image_record) < image->records ||
	    image->entry < image->memory_end)
		return refused(checked, "the numbers in its first block make no sense");
	return true;
}

static bool check_map(struct checked *checked, const char *root)
{
	if (!memory_map_of_firmware(&checked->map, root))
		return false;
	if (memory_map_crc(&checked->map) == checked->image.map_crc)
		return true;
	checked->is_void = true;
	return refused(checked, "the firmware has changed the memory map since it was saved");
}

/* All that this kernel uses must be below what is to be restored. */
static bool check_memory(const struct checked *checked, const char *root)
{
	struct memory_map map;
	uint64_t end = 0;

	if (!memory_map_of_kernel(&map, root))
		return false;
	for (size_t i = 0; i < map.count; i++)
		if (map.ranges[i].type == MEMORY_RAM)
			end = map.ranges[i].end;
	if (end && end <= checked->image.memory_end)
		return true;
	say_failed(checked->disk.path, "this kernel has memory up to %" PRIu64 " MiB, and has to "
		   "be booted with mem=%" PRIu64 "M", end / MIB, checked->image.memory_end / MIB);
	return false;
}

static bool check_levels(const struct checked *checked, const char *root)
{
	const uint32_t levels = paging_levels(root);

	if (checked->image.levels == levels)
		return true;
	say_failed(checked->disk.path, "its kernel has page tables of %" PRIu32 " levels, this one "
		   "of %" PRIu32, checked->image.levels, levels);
	return false;
}

/* What the kernel knows of its file systems must still be so. */
static bool check_mounts(struct checked *checked, const char *root)
{
	struct why why;

	return superblocks_check(&checked->image.mounts, root, &checked->is_void, &why) ||
	       refused(checked, why.text);
}

static bool check_records(const struct checked *checked)
{
	const struct image_visit visit = { .verb = "checked" };
	struct why why;

	if (image_walk(&checked->disk, &checked->image, &checked->map, &visit, &why))
		return true;
	return refused(checked, why.text);
}

/**
 * image_check() - see whether there is an image that this kernel can resume
 * @checked: has the device; set to what is found
 * @root: what is put before the names of the kernel's files
 *
 * Return: %RESULT_GOOD: there is; %RESULT_NOTHING: there is no image; %RESULT_FAILED: the reason
 *	was said.
 */
enum result image_check(struct checked *checked, const char *root)
{
	const enum result result = image_find(checked);

	if (result != RESULT_GOOD)
		return result;
	if (!check_state(checked) || !check_numbers(checked) || !check_map(checked, root) ||
	    !check_memory(checked, root) || !check_levels(checked, root) ||
	    !check_mounts(checked, root) || !check_records(checked))
		return RESULT_FAILED;
	return RESULT_GOOD;
}
