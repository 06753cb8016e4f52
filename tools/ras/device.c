// SPDX-License-Identifier: GPL-2.0
/*
 * rasctl: is a block device used by somebody?
 *
 * The kernel knows, and an exclusive open(2) asks it.  What is looked at before tells people by
 * whom the device is used.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "device.h"
#include "say.h"

static bool is_device(const char *name, dev_t device)
{
	struct stat about;

	return !stat(name, &about) && S_ISBLK(about.st_mode) && about.st_rdev == device;
}

/* Is a line of /proc/self/mountinfo about the device?  Its fifth field is where. */
static bool is_mount_of(const char *line, dev_t device, char *where)
{
	unsigned int first, second;
	char source[4096] = "";
	const char *behind;

	if (sscanf(line, "%*u %*u %u:%u %*s %4095s", &first, &second, where) != 3)
		return false;
	if (makedev(first, second) == device)
		return true;
	/* The number may be the file system's own, as that of btrfs. */
	behind = strstr(line, " - ");
	return behind && sscanf(behind, " - %*s %4095s", source) == 1 &&
	       is_device(source, device);
}

/* Is a line of /proc/swaps about the device?  Its first field is where. */
static bool is_swap_of(const char *line, dev_t device, char *where)
{
	return sscanf(line, "%4095s", where) == 1 && is_device(where, device);
}

/* Look for a line of a file of /proc that is about the device, and for where that is. */
static bool find_line(const struct context *context, const char *file, dev_t device,
		      bool (*is_of)(const char *line, dev_t device, char *where), char *where)
{
	char path[4096], *line = NULL;
	bool found = false;
	size_t room = 0;
	FILE *stream;

	snprintf(path, sizeof(path), "%s/%s", context->proc, file);
	stream = fopen(path, "re");
	while (stream && !found && getline(&line, &room, stream) > 0)
		found = is_of(line, device, where);
	free(line);
	if (stream)
		fclose(stream);
	return found;
}

static bool is_mounted(const struct context *context, const char *name, dev_t device)
{
	char where[4096];

	if (!find_line(context, "self/mountinfo", device, is_mount_of, where))
		return false;
	say_failed(name, "is mounted on %s", where);
	return true;
}

static bool is_swap(const struct context *context, const char *name, dev_t device)
{
	char where[4096];

	if (!find_line(context, "swaps", device, is_swap_of, where))
		return false;
	say_failed(name, "is swap space in use");
	return true;
}

/* The first entry of a directory, or one that has a file; an empty text if there is none. */
static void first_entry(const char *path, const char *file, char *name, size_t size)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;
	char inside[600];

	*name = '\0';
	while (directory && !*name && (entry = readdir(directory))) {
		snprintf(inside, sizeof(inside), "%s/%s", entry->d_name, file);
		if (entry->d_name[0] != '.' && !faccessat(dirfd(directory), inside, F_OK, 0))
			snprintf(name, size, "%s", entry->d_name);
	}
	if (directory)
		closedir(directory);
}

static bool has_others(const char *name, dev_t device)
{
	char path[128], other[256];

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/holders", major(device), minor(device));
	first_entry(path, "", other, sizeof(other));
	if (*other) {
		say_failed(name, "is a part of %s", other);
		return true;
	}
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(device), minor(device));
	first_entry(path, "partition", other, sizeof(other));
	if (*other)
		say_failed(name, "is a disk with partitions, as %s; name one of them", other);
	return *other;
}

/**
 * device_open_unused() - open a block device that nobody uses, and keep others from it
 * @context: the context
 * @name: of the device
 *
 * Return: a descriptor; or -1, and the reason was said.
 */
int device_open_unused(const struct context *context, const char *name)
{
	struct stat about;
	int fd;

	if (stat(name, &about)) {
		say_failed(name, "%s", strerror(errno));
		return -1;
	}
	if (is_mounted(context, name, about.st_rdev) || is_swap(context, name, about.st_rdev) ||
	    has_others(name, about.st_rdev))
		return -1;
	fd = open(name, O_RDWR | O_EXCL | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		say_failed(name, "%s%s", strerror(errno),
			   errno == EBUSY ? ": somebody has it for himself alone" : "");
	return fd;
}
