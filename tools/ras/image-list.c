// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: the list of the parts that an image has on its device.
 *
 * Who resumes knows where the image begins, and does not mount the file system that has the other
 * parts.  So the list is in the image, in its first part.
 */
#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crc32.h"
#include "image-list.h"

/**
 * image_list_is_needed() - does a list have to tell where an image is?
 * @extents: its parts
 */
bool image_list_is_needed(const struct extents *extents)
{
	return extents->count != 1 || extents->extents[0].physical;
}

/**
 * image_list_make() - make the list
 * @extents: the parts
 * @size: set to its size, as image_list_bytes() has it
 *
 * Return: the list, which the caller frees; %NULL if there is no memory.
 */
uint8_t *image_list_make(const struct extents *extents, size_t *size)
{
	struct image_part *parts;

	*size = image_list_bytes((uint32_t)extents->count);
	parts = calloc(1, *size);
	for (size_t i = 0; parts && i < extents->count; i++) {
		parts[i].physical = htole64(extents->extents[i].physical);
		parts[i].length = htole64(extents->extents[i].length);
	}
	return (uint8_t *)parts;
}

/* Nothing of it is used before it was checked. */
static bool take(struct extents *extents, const struct image_disk *disk,
		 const struct image_part *parts, uint32_t count, struct why *why)
{
	for (uint32_t i = 0; i < count; i++) {
		const uint64_t physical = le64toh(parts[i].physical);
		const uint64_t length = le64toh(parts[i].length);

		if (!extents_add(extents, physical, length))
			return refuse(why, "the list of its parts makes no sense at part %" PRIu32,
				      i);
		if (physical > disk->size || length > disk->size - physical)
			return refuse(why, "part %" PRIu32 " of it is not on the device", i);
	}
	if (extents->extents[0].physical != disk->offset ||
	    extents->extents[0].length < IMAGE_FIRST + image_list_bytes(count))
		return refuse(why, "the list of its parts is of another place");
	return true;
}

static bool read_list(struct extents *extents, const struct image_disk *disk,
		      const struct image *image, uint8_t *list, struct why *why)
{
	const size_t size = image_list_bytes(image->parts);
	const ssize_t got = pread(disk->fd, list, size, (off_t)(disk->offset + IMAGE_FIRST));

	if (got < 0 || (size_t)got != size)
		return refuse(why, "the list of its parts cannot be read");
	if (crc32(0, list, size) != image->parts_crc)
		return refuse(why, "the list of its parts is damaged: its checksum is wrong");
	return take(extents, disk, (const struct image_part *)list, image->parts, why);
}

/**
 * image_list_read() - find all parts of an image
 * @extents: set to them; without a list that is all behind the first block
 * @disk: the device
 * @image: what the first block says
 * @why: set to the reason if they make no sense
 *
 * Return: they do.
 */
bool image_list_read(struct extents *extents, const struct image_disk *disk,
		     const struct image *image, struct why *why)
{
	uint8_t *list;
	bool good;

	extents->count = 0;
	extents->size = 0;
	if (!image->parts)
		return extents_add(extents, disk->offset, disk->size - disk->offset) ||
		       refuse(why, "has no room");
	if (image->parts > EXTENTS)
		return refuse(why, "has too many parts");
	list = aligned_alloc(EXTENT_BLOCK, image_list_bytes(image->parts));
	if (!list)
		return refuse(why, "no memory");
	good = read_list(extents, disk, image, list, why);
	free(list);
	return good;
}
