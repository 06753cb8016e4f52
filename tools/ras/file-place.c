// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: which block device a file is on, and where.
 */
#include <errno.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "block-name.h"
#include "file-place.h"
#include "say.h"

/* On which block device the file is. */
static bool find_disk(struct file_place *place, int fd, const char *path, const char *root)
{
	struct stat about;

	if (fstat(fd, &about)) {
		say_failed(path, "%s", strerror(errno));
		return false;
	}
	place->major = major(about.st_dev);
	place->minor = minor(about.st_dev);
	if (block_name(root, place->major, place->minor, place->disk, sizeof(place->disk)))
		return true;
	say_failed(path, "its file system is on no block device of its own");
	return false;
}

/* A file of XFS may be on another device than its file system. */
static bool is_elsewhere(int fd, const char *path)
{
	struct fsxattr attributes;

	if (ioctl(fd, FS_IOC_FSGETXATTR, &attributes) ||
	    !(attributes.fsx_xflags & FS_XFLAG_REALTIME))
		return false;
	say_failed(path, "is on a realtime device of XFS");
	return true;
}

/**
 * file_place_find() - find a file on its block device
 * @place: set to the device
 * @extents: set to the parts of the file
 * @fd: of the file
 * @path: of it
 * @size: of it, a multiple of %EXTENT_BLOCK
 * @root: what is put before the names of the kernel's files
 *
 * Return: all of it can be written there; otherwise the reason was said.
 */
bool file_place_find(struct file_place *place, struct extents *extents, int fd, const char *path,
		     uint64_t size, const char *root)
{
	return find_disk(place, fd, path, root) && !is_elsewhere(fd, path) &&
	       extents_read(extents, fd, path, size);
}

/**
 * file_place_is_same() - see whether a file is still where it was
 * @extents: its parts
 * @fd: of the file
 * @path: of it
 * @size: of it
 *
 * Return: it is; otherwise the reason was said.
 */
bool file_place_is_same(const struct extents *extents, int fd, const char *path, uint64_t size)
{
	struct extents *again = calloc(1, sizeof(*again));
	bool good = again && extents_read(again, fd, path, size);

	if (good && (again->count != extents->count ||
		     memcmp(again->extents, extents->extents,
			    again->count * sizeof(again->extents[0])))) {
		say_failed(path, "its file system moves it when it is written");
		good = false;
	}
	free(again);
	return good;
}
