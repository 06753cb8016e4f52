// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: has anybody mounted a file system of a kernel that was saved?
 *
 * A kernel that mounts a file system to write to it changes its superblock: ext4 has the time and
 * the number of mounts there, btrfs a generation, FAT a dirty bit, XFS what it counts, when it is
 * unmounted.  All have it within the first 128 KiB.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block-name.h"
#include "clock.h"
#include "crc32.h"
#include "extents.h"
#include "say.h"
#include "superblocks.h"

#define BLOCKS		"/sys/class/block"
/* So long may a disk take to be there. */
#define WAIT_NS		(20 * CLOCK_SECOND)

/* Past the cache: another kernel may have written there.  Return: it could be read. */
static bool read_crc(const char *root, const char *name, uint32_t *crc)
{
	uint8_t *data = aligned_alloc(EXTENT_BLOCK, SUPERBLOCKS_BYTES);
	char path[4096];
	ssize_t got = -1;
	int fd;

	snprintf(path, sizeof(path), "%s/dev/%s", root, name);
	fd = data ? open(path, O_RDONLY | O_DIRECT | O_CLOEXEC | O_NONBLOCK) : -1;
	if (fd >= 0) {
		got = pread(fd, data, SUPERBLOCKS_BYTES, 0);
		close(fd);
	}
	if (got > 0)
		*crc = crc32(0, data, (size_t)got);
	free(data);
	return got > 0;
}

/* Under its name, or under another one that its numbers have here. */
static bool read_mount(const char *root, const struct mount *mount, uint32_t *crc)
{
	char name[MOUNT_NAME];

	if (read_crc(root, mount->name, crc))
		return true;
	return block_name(root, mount->major, mount->minor, name, sizeof(name)) &&
	       read_crc(root, name, crc);
}

/* Likewise; it may take time to be there. */
static bool wait_for(const char *root, const struct mount *mount, uint64_t until, uint32_t *crc)
{
	while (!read_mount(root, mount, crc)) {
		if (clock_ns() >= until)
			return false;
		usleep(100000);
	}
	return true;
}

static uint64_t wait_until(const char *root)
{
	return clock_ns() + (*root ? 0 : WAIT_NS);
}

/**
 * superblocks_note() - in the second kernel, note what the file systems begin with
 * @mounts: set their checksums; those that are not there are left out, which is said
 * @root: what is put before the names of the kernel's files
 */
void superblocks_note(struct mounts *mounts, const char *root)
{
	const uint64_t until = wait_until(root);
	size_t count = 0;

	for (size_t i = 0; i < mounts->count; i++) {
		struct mount *mount = mounts->mounts + i;

		if (wait_for(root, mount, until, &mount->crc))
			mounts->mounts[count++] = *mount;
		else
			say_note(mount->name, "is not there: nobody sees whether its file system "
				 "is mounted while the machine is off");
	}
	mounts->count = count;
}

/* Is there a block device of any name that begins so? */
static bool is_anywhere(const char *root, uint32_t wanted)
{
	char path[4096];
	struct dirent *entry;
	bool found = false;
	uint32_t crc;
	DIR *all;

	snprintf(path, sizeof(path), "%s" BLOCKS, root);
	all = opendir(path);
	while (all && !found && (entry = readdir(all)))
		found = entry->d_name[0] != '.' && read_crc(root, entry->d_name, &crc) &&
			crc == wanted;
	if (all)
		closedir(all);
	return found;
}

/**
 * superblocks_check() - see whether nobody has changed the file systems meanwhile
 * @mounts: with their checksums
 * @root: what is put before the names of the kernel's files
 * @has_changed: set to true if somebody has; it stays as it was otherwise
 * @why: set to the reason
 *
 * Return: all are there, and as they were.
 */
bool superblocks_check(const struct mounts *mounts, const char *root, bool *has_changed,
		       struct why *why)
{
	const uint64_t until = wait_until(root);

	for (size_t i = 0; i < mounts->count; i++) {
		const struct mount *mount = mounts->mounts + i;
		uint32_t crc = 0;
		const bool is_there = wait_for(root, mount, until, &crc);

		/* Disks may have been found in another order. */
		if ((is_there && crc == mount->crc) || is_anywhere(root, mount->crc))
			continue;
		if (!is_there)
			return refuse(why, "%s, which has a file system of the kernel that was "
				      "saved, is not there", mount->name);
		*has_changed = true;
		return refuse(why, "the file system on %s was mounted or changed since it was "
			      "saved", mount->name);
	}
	return true;
}
