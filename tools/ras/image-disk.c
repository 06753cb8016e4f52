// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: the device of an image.
 *
 * It is read and written past the cache: what another kernel has written there, this kernel's
 * cache does not know, and what this one writes has to be there when the power is gone.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "image-disk.h"
#include "say.h"
#include "stream-form.h"
#include "swap.h"

#define OPEN	(O_DIRECT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
/* So long may a disk take to be found again. */
#define WAIT_NS	(20 * CLOCK_SECOND)

static bool failed(const struct image_disk *disk)
{
	say_failed(disk->path, "%s", errno == EBUSY ? "is in use: it is mounted, swap, or a part "
		   "of another device" : strerror(errno));
	return false;
}

/* The device has all parts of the file, or something behind the first block. */
static bool has_room(struct image_disk *disk)
{
	const struct extents *extents = &disk->place.extents;

	if (disk->place.file < 0) {
		disk->room = disk->size > disk->offset ? disk->size - disk->offset : 0;
		if (disk->room > IMAGE_FIRST)
			return true;
		say_failed(disk->path, "is too small for an image");
		return false;
	}
	disk->room = extents->size;
	for (size_t i = 0; i < extents->count; i++) {
		if (extents->extents[i].physical + extents->extents[i].length > disk->size) {
			say_failed(disk->path, "has a part that is not on %s", disk->place.device);
			return false;
		}
	}
	return true;
}

/* For tests, a file may stand for it. */
static bool look(struct image_disk *disk, bool may_be_file)
{
	struct stat about;
	off_t size;

	if (fstat(disk->fd, &about))
		return failed(disk);
	if (!S_ISBLK(about.st_mode) && !(may_be_file && S_ISREG(about.st_mode))) {
		say_failed(disk->path, "is no block device");
		return false;
	}
	size = lseek(disk->fd, 0, SEEK_END);
	if (size < 0)
		return failed(disk);
	disk->size = (uint64_t)size / EXTENT_BLOCK * EXTENT_BLOCK;
	return has_room(disk);
}

static bool open_device(struct image_disk *disk, bool is_owner)
{
	/*
	 * Of a block device, O_EXCL is what mounts and swap have, too; the device of a file is
	 * mounted.
	 */
	const int owns = disk->place.file < 0 ? O_RDWR | O_EXCL : O_RDWR;

	disk->flags = (is_owner ? owns : O_RDONLY) | OPEN;
	disk->offset = disk->place.offset;
	disk->fd = open(disk->place.device, disk->flags);
	return disk->fd >= 0 || failed(disk);
}

/**
 * image_disk_open() - open a device
 * @disk: set to it
 * @path: of it, with @OFFSET behind it if the image does not begin with it; or of a file on it
 * @root: what is put before the names of the kernel's files
 * @is_owner: nobody else may use it, unless it is a file's, and it can be written to
 *
 * Return: it is open; otherwise the reason was said.
 */
bool image_disk_open(struct image_disk *disk, const char *path, const char *root, bool is_owner)
{
	*disk = (struct image_disk){ .path = path };
	if (!image_place_find(&disk->place, path, root))
		return false;
	if (!open_device(disk, is_owner)) {
		image_place_close(&disk->place);
		return false;
	}
	disk->block = aligned_alloc(EXTENT_BLOCK, EXTENT_BLOCK);
	if (disk->block && look(disk, *root))
		return true;
	if (!disk->block)
		say_failed(path, "no memory");
	image_disk_close(disk);
	return false;
}

static bool can_read(const struct image_disk *disk, int fd)
{
	return pread(fd, disk->block, EXTENT_BLOCK, (off_t)disk->offset) == EXTENT_BLOCK;
}

/* Open it anew, if that is the device with the token.  Return: it is. */
static bool open_again(struct image_disk *disk, const char *path, const char *token)
{
	const struct image_head *head = disk->block;
	const int fd = open(path, disk->flags);

	if (fd < 0)
		return false;
	/* A mark has it in the same place. */
	if (!can_read(disk, fd) || memcmp(head->token, token, sizeof(head->token))) {
		close(fd);
		return false;
	}
	close(disk->fd);
	disk->fd = fd;
	return true;
}

/* It may have another name. */
static bool look_everywhere(struct image_disk *disk, const char *root, const char *token)
{
	char path[4096];
	struct dirent *entry;
	bool found = false;
	DIR *all;

	snprintf(path, sizeof(path), "%s/sys/class/block", root);
	all = opendir(path);
	while (all && !found && (entry = readdir(all))) {
		snprintf(path, sizeof(path), "%s/dev/%s", root, entry->d_name);
		found = entry->d_name[0] != '.' && open_again(disk, path, token);
	}
	if (all)
		closedir(all);
	return found;
}

/**
 * image_disk_find_again() - have the device open after this kernel was away
 * @disk: the device
 * @root: what is put before the names of the kernel's files
 * @token: of the image or the mark there
 *
 * A USB disk that has lost its power is another one to the kernel.
 *
 * Return: it can be read; otherwise nobody has said so.
 */
bool image_disk_find_again(struct image_disk *disk, const char *root, const char *token)
{
	const uint64_t begun = clock_ns();

	if (can_read(disk, disk->fd))
		return true;
	while (clock_ns() - begun < WAIT_NS) {
		usleep(100000);
		if (open_again(disk, disk->place.device, token) || look_everywhere(disk, root, token))
			return true;
	}
	return false;
}

/**
 * image_disk_close() - close a device
 * @disk: the device
 */
void image_disk_close(struct image_disk *disk)
{
	image_place_close(&disk->place);
	close(disk->fd);
	free(disk->block);
}

/**
 * image_disk_read() - read the first block
 * @disk: the device; set @disk.block
 *
 * Return: it was read; otherwise the reason was said.
 */
bool image_disk_read(struct image_disk *disk)
{
	const ssize_t got = pread(disk->fd, disk->block, EXTENT_BLOCK, (off_t)disk->offset);

	if (got == EXTENT_BLOCK)
		return true;
	say_failed(disk->path, "its first block cannot be read: %s",
		   got < 0 ? strerror(errno) : "it has become shorter");
	return false;
}

/**
 * image_disk_write() - write the first block, and have it there
 * @disk: the device, with @disk.block
 *
 * Return: it is there; otherwise the reason was said.
 */
bool image_disk_write(struct image_disk *disk)
{
	const ssize_t done = pwrite(disk->fd, disk->block, EXTENT_BLOCK, (off_t)disk->offset);

	if (done == EXTENT_BLOCK && !fsync(disk->fd))
		return true;
	say_failed(disk->path, "its first block cannot be written: %s",
		   done < 0 || done == EXTENT_BLOCK ? strerror(errno) : "it takes no whole block");
	return false;
}

/**
 * image_disk_mark() - have each part begin with a mark, by which another kernel knows it
 * @disk: the device; @disk.block changes
 * @extents: the parts
 * @token: of the image
 *
 * From here on what was there is lost.
 *
 * Return: all have it; otherwise the reason was said.
 */
bool image_disk_mark(struct image_disk *disk, const struct extents *extents, const char *token)
{
	const struct stream_end nothing = { .state = STREAM_EMPTY };
	uint64_t at = extents->size;

	/* The first one is the last that is written. */
	for (size_t i = extents->count; i-- > 0;) {
		const struct extent *extent = extents->extents + i;

		at -= extent->length;
		stream_head_make(disk->block, token, at, &nothing);
		if (!i)
			break;
		if (pwrite(disk->fd, disk->block, EXTENT_BLOCK, (off_t)extent->physical) !=
		    EXTENT_BLOCK) {
			say_failed(disk->path, "its part %zu cannot be written: %s", i,
				   strerror(errno));
			return false;
		}
	}
	return image_disk_write(disk);
}

/**
 * image_disk_tell() - have the first block say something else, and see that it does
 * @disk: the device
 * @image: what it is to say
 *
 * Return: it does; otherwise the reason was said.
 */
bool image_disk_tell(struct image_disk *disk, const struct image *image)
{
	struct image_head head;

	image_head_make(&head, image);
	memcpy(disk->block, &head, sizeof(head));
	if (!image_disk_write(disk) || !image_disk_read(disk))
		return false;
	if (!memcmp(disk->block, &head, sizeof(head)))
		return true;
	say_failed(disk->path, "its first block is not what was written there");
	return false;
}

static bool write_kept(const struct image_disk *disk)
{
	const ssize_t done = pwrite(disk->fd, disk->block, EXTENT_BLOCK,
				    (off_t)(disk->offset + IMAGE_KEPT));

	if (done == EXTENT_BLOCK && !fsync(disk->fd))
		return true;
	say_failed(disk->path, "its second block cannot be written: %s",
		   done < 0 || done == EXTENT_BLOCK ? strerror(errno) : "it takes no whole block");
	return false;
}

/**
 * image_disk_keep() - keep the first block if it is that of swap
 * @disk: the device; @disk.block changes
 *
 * Return: it is in the second block; otherwise the reason was said.
 */
bool image_disk_keep(struct image_disk *disk)
{
	if (!image_disk_read(disk))
		return false;
	/* Of an image, or a mark, that nobody has voided: it is there already. */
	if (!memcmp(disk->block, IMAGE_MAGIC, sizeof(IMAGE_MAGIC) - 1) ||
	    !memcmp(disk->block, STREAM_MAGIC, sizeof(STREAM_MAGIC) - 1))
		return true;
	if (!swap_is_header(disk->block))
		memset(disk->block, 0, EXTENT_BLOCK);
	return write_kept(disk);
}

/**
 * image_disk_void() - have no image there, and swap if there was
 * @disk: the device, with an image or its mark
 *
 * Return: there is none; otherwise the reason was said.
 */
bool image_disk_void(struct image_disk *disk)
{
	const ssize_t got = pread(disk->fd, disk->block, EXTENT_BLOCK,
				  (off_t)(disk->offset + IMAGE_KEPT));

	if (got != EXTENT_BLOCK || !swap_is_header(disk->block))
		memset(disk->block, 0, EXTENT_BLOCK);
	return image_disk_write(disk);
}

/**
 * image_disk_forget() - have nothing of it in this kernel's cache
 * @disk: the device
 *
 * It is for before and after another kernel writes to it.
 */
void image_disk_forget(struct image_disk *disk)
{
	fsync(disk->fd);
	image_place_forget(&disk->place);
	/* Of a file, which is for tests, there is nothing. */
	ioctl(disk->fd, BLKFLSBUF, 0);
}
