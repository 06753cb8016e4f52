// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: the place of an image, as it is named on the command line.
 *
 * It is DEVICE; DEVICE@OFFSET, where the first block is; or a file, which only the kernel that has
 * mounted its file system can find.  Such a file is read and written on its device, past its file
 * system, by all kernels.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "block-name.h"
#include "decimal.h"
#include "file-place.h"
#include "image-form.h"
#include "image-place.h"
#include "say.h"
#include "superblocks.h"

/* Divide DEVICE@OFFSET.  Return: it makes sense; otherwise the reason was said. */
static bool divide(struct image_place *place, const char *name)
{
	char *at;

	place->file = -1;
	place->offset = 0;
	if (strlen(name) >= sizeof(place->device)) {
		say_failed(name, "%s", strerror(ENAMETOOLONG));
		return false;
	}
	strcpy(place->device, name);
	at = strrchr(place->device, '@');
	/* Names may have such a character. */
	if (!at || !access(name, F_OK))
		return true;
	*at++ = 0;
	if (decimal_parse(at, 0, INT64_MAX, &place->offset) && !(place->offset % EXTENT_BLOCK))
		return true;
	say_failed(name, "what is behind the @ is no multiple of %u", EXTENT_BLOCK);
	return false;
}

/**
 * image_place_is_file() - is this the name of a file, and not of a device?
 * @path: the name
 * @root: what is put before the names of the kernel's files; a file that is on no block device
 *	there stands for a device
 */
bool image_place_is_file(const char *path, const char *root)
{
	struct stat about;
	char name[64];

	return !stat(path, &about) && S_ISREG(about.st_mode) &&
	       (!*root || block_name(root, major(about.st_dev), minor(about.st_dev), name,
				     sizeof(name)));
}

/* The list has to be in the first part, and no part where others look at the file system. */
static bool check_parts(const struct image_place *place, const char *name)
{
	const struct extents *extents = &place->extents;

	if (extents->extents[0].length < IMAGE_FIRST + image_list_bytes((uint32_t)extents->count)) {
		say_failed(name, "its first part on the disk is too short for the list of %zu parts",
			   extents->count);
		return false;
	}
	for (size_t i = 0; i < extents->count; i++) {
		if (extents->extents[i].physical < SUPERBLOCKS_BYTES) {
			say_failed(name, "has a part in the disk's first %zu KiB, by the superblock",
				   SUPERBLOCKS_BYTES / 1024);
			return false;
		}
	}
	return true;
}

/**
 * image_place_forget() - have nothing of a file in this kernel's cache
 * @place: of it
 */
void image_place_forget(const struct image_place *place)
{
	if (place->file >= 0)
		posix_fadvise(place->file, 0, 0, POSIX_FADV_DONTNEED);
}

/**
 * image_place_close() - have the file not open any more
 * @place: of it
 */
void image_place_close(struct image_place *place)
{
	image_place_forget(place);
	if (place->file >= 0)
		close(place->file);
	place->file = -1;
}

static bool check_size(struct image_place *place, const char *name)
{
	struct stat about;

	if (fstat(place->file, &about) || fsync(place->file)) {
		say_failed(name, "%s", strerror(errno));
		return false;
	}
	place->bytes = (uint64_t)about.st_size;
	image_place_forget(place);
	if (place->bytes > IMAGE_FIRST && !(place->bytes % EXTENT_BLOCK))
		return true;
	say_failed(name, "is too small for an image, or its size is no multiple of %u",
		   EXTENT_BLOCK);
	return false;
}

static bool find_file(struct image_place *place, const char *name, const char *root)
{
	struct file_place on;

	place->file = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (place->file < 0) {
		say_failed(name, "%s", strerror(errno));
		return false;
	}
	if (!check_size(place, name) ||
	    !file_place_find(&on, &place->extents, place->file, name, place->bytes, root) ||
	    !check_parts(place, name)) {
		image_place_close(place);
		return false;
	}
	snprintf(place->device, sizeof(place->device), "%s/dev/%s", root, on.disk);
	place->offset = place->extents.extents[0].physical;
	return true;
}

/**
 * image_place_find() - find the place of an image
 * @place: set to it
 * @name: DEVICE, DEVICE@OFFSET or a file
 * @root: what is put before the names of the kernel's files
 *
 * Return: the name makes sense, whether there is such a device or not; otherwise the reason was
 *	said.
 */
bool image_place_find(struct image_place *place, const char *name, const char *root)
{
	if (!divide(place, name))
		return false;
	return !image_place_is_file(name, root) || find_file(place, name, root);
}

/**
 * image_place_is_private() - see whether only the user can read a file, and write to it
 * @place: of it
 * @name: of it
 *
 * Return: so it is, or it is no file; otherwise the reason was said.
 */
bool image_place_is_private(const struct image_place *place, const char *name)
{
	struct stat about;

	if (place->file < 0)
		return true;
	if (fstat(place->file, &about)) {
		say_failed(name, "%s", strerror(errno));
		return false;
	}
	if (about.st_uid == geteuid() && !(about.st_mode & 077))
		return true;
	say_failed(name, "can be read or changed by others, and would have all memory; "
		   "it has to be the user's own, with mode 600");
	return false;
}

/**
 * image_place_is_same() - see whether a file is still where it was
 * @place: of it
 * @name: of it
 *
 * Return: it is, or it is no file; otherwise the reason was said.
 */
bool image_place_is_same(const struct image_place *place, const char *name)
{
	return place->file < 0 ||
	       file_place_is_same(&place->extents, place->file, name, place->bytes);
}

/**
 * image_place_is_there() - is there such a device or file?
 * @name: of it
 */
bool image_place_is_there(const char *name)
{
	const char *at = strrchr(name, '@');
	char device[4096];

	if (!access(name, F_OK))
		return true;
	if (!at)
		return false;
	snprintf(device, sizeof(device), "%.*s", (int)(at - name), name);
	return !access(device, F_OK);
}
