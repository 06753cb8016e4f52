// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: file systems that are mounted while the machine is off.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "block-name.h"
#include "mounts.h"
#include "say.h"
#include "whole-file.h"

/* Of the first program: who calls this one may see less. */
#define MOUNTINFO	"/proc/1/mountinfo"
#define TEXT_MOST	((size_t)4 * 1024 * 1024)

/**
 * mounts_add() - add a block device, unless it is there
 * @mounts: to which
 * @mount: it
 *
 * Return: it is there; otherwise there are too many.
 */
bool mounts_add(struct mounts *mounts, const struct mount *mount)
{
	for (size_t i = 0; i < mounts->count; i++)
		if (!strcmp(mounts->mounts[i].name, mount->name))
			return true;
	if (mounts->count == MOUNTS_MOST)
		return false;
	mounts->mounts[mounts->count++] = *mount;
	return true;
}

/* Has the block device such a directory? */
static bool has(const char *root, const char *name, const char *directory)
{
	char path[4096];
	struct stat about;

	snprintf(path, sizeof(path), "%s/sys/class/block/%s/%s", root, name, directory);
	return !stat(path, &about);
}

/* The numbers of a block device that is named by its path in /dev. */
static bool find_numbers(const char *root, const char *path, struct mount *mount)
{
	char file[4096], *line;
	bool good;

	if (strncmp(path, "/dev/", 5) || strchr(path + 5, '/'))
		return false;
	snprintf(file, sizeof(file), "/sys/class/block/%s/dev", path + 5);
	line = whole_file_line(root, file);
	good = line && sscanf(line, "%u:%u", &mount->major, &mount->minor) == 2;
	free(line);
	return good;
}

/*
 * A line of mountinfo, proc(5).  Btrfs has numbers of its own, which are no device's.
 *
 * Return: it is a file system on a block device, and @mount is that.
 */
static bool read_line(const char *root, const char *line, struct mount *mount)
{
	const char *rest = strstr(line, " - ");
	char source[256];

	if (sscanf(line, "%*u %*u %u:%u", &mount->major, &mount->minor) != 2 || !rest)
		return false;
	if (!mount->major && (sscanf(rest, " - %*s %255s", source) != 1 ||
			      !find_numbers(root, source, mount)))
		return false;
	return block_name(root, mount->major, mount->minor, mount->name, sizeof(mount->name));
}

/* Where the file system begins is known of a disk or a partition only. */
static bool can_watch(const char *root, const char *name)
{
	/* Its file is on another one. */
	if (has(root, name, "loop"))
		return false;
	if (!has(root, name, "dm") && !has(root, name, "md"))
		return true;
	say_note(name, "nobody sees whether its file system is mounted while the machine is off");
	return false;
}

/**
 * mounts_find() - find the file systems that are mounted here
 * @mounts: set to them
 * @root: what is put before the names of the kernel's files
 *
 * Return: they are known; otherwise the reason was said.
 */
bool mounts_find(struct mounts *mounts, const char *root)
{
	char path[4096], *rest, *line;
	struct whole_file file = { 0 };
	struct mount mount = { 0 };
	bool good = true;

	*mounts = (struct mounts){ 0 };
	snprintf(path, sizeof(path), "%s" MOUNTINFO, root);
	if (!whole_file_read(&file, path, TEXT_MOST))
		return false;
	rest = (char *)file.data;
	while (good && (line = strsep(&rest, "\n")))
		if (read_line(root, line, &mount) && can_watch(root, mount.name))
			good = mounts_add(mounts, &mount);
	free(file.data);
	if (!good)
		say_failed(MOUNTINFO, "more than %d block devices are mounted", MOUNTS_MOST);
	return good;
}
