// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: the devices of this machine, to be compared.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "array.h"
#include "machine-devices.h"
#include "say.h"
#include "whole-file.h"

#define ONLINE	"/sys/devices/system/cpu/online"

/* Directories with a name for each device, and what of a device is noted besides. */
static const struct {
	const char	*what;
	const char	*directory;
	const char	*file;
	const char	*link;
} kinds[] = {
	{ "block device",	"/sys/class/block",		"size",		NULL },
	{ "network interface",	"/sys/class/net",		"address",	NULL },
	{ "PCI device",		"/sys/bus/pci/devices",		"device",	"driver" },
	{ "USB device",		"/sys/bus/usb/devices",		"modalias",	"driver" },
	{ "input device",	"/sys/class/input",		"name",		NULL },
};

/* Takes over @line, which may be NULL. */
static bool add(struct devices *devices, char *line)
{
	char **lines = realloc(devices->lines, (devices->count + 1) * sizeof(*lines));

	if (lines)
		devices->lines = lines;
	if (!lines || !line) {
		free(line);
		say_failed("devices", "no memory");
		return false;
	}
	lines[devices->count++] = line;
	return true;
}

/* The last part of where a link goes, or "". */
static void read_link(const char *root, const char *path, char *name, size_t size)
{
	char full[4096], to[4096], *slash;
	ssize_t length;

	name[0] = 0;
	snprintf(full, sizeof(full), "%s%s", root, path);
	length = readlink(full, to, sizeof(to) - 1);
	if (length < 0)
		return;
	to[length] = 0;
	slash = strrchr(to, '/');
	snprintf(name, size, "%.255s", slash ? slash + 1 : to);
}

static bool add_device(struct devices *devices, const char *root, size_t kind, const char *name)
{
	char path[512], driver[256] = "", *value, *line;

	snprintf(path, sizeof(path), "%s/%s/%s", kinds[kind].directory, name, kinds[kind].file);
	value = whole_file_line(root, path);
	if (kinds[kind].link) {
		snprintf(path, sizeof(path), "%s/%s/%s", kinds[kind].directory, name,
			 kinds[kind].link);
		read_link(root, path, driver, sizeof(driver));
	}
	if (asprintf(&line, "%s %s%s%s%s%s", kinds[kind].what, name, value ? " " : "",
		     value ? value : "", *driver ? " " : "", driver) < 0)
		line = NULL;
	free(value);
	return add(devices, line);
}

static bool read_kind(struct devices *devices, const char *root, size_t kind)
{
	char path[4096];
	struct dirent *entry;
	bool good = true;
	DIR *directory;

	snprintf(path, sizeof(path), "%s%s", root, kinds[kind].directory);
	directory = opendir(path);
	/* A kernel that has no such devices has no such directory. */
	if (!directory)
		return errno == ENOENT;
	while (good && (entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			good = add_device(devices, root, kind, entry->d_name);
	closedir(directory);
	return good;
}

static int compare(const void *left, const void *right)
{
	return strcmp(*(char * const *)left, *(char * const *)right);
}

/**
 * devices_read() - note the devices
 * @devices: set to them, to be freed by devices_free() whatever comes out
 * @root: what is put before the names of the kernel's files
 *
 * Return: they are noted; otherwise the reason was said.
 */
bool devices_read(struct devices *devices, const char *root)
{
	char *online = whole_file_line(root, ONLINE), *line;
	bool good;

	*devices = (struct devices){ 0 };
	if (asprintf(&line, "CPUs %s", online ? online : "0") < 0)
		line = NULL;
	free(online);
	good = add(devices, line);
	for (size_t kind = 0; good && kind < ARRAY_SIZE(kinds); kind++)
		good = read_kind(devices, root, kind);
	if (good)
		qsort(devices->lines, devices->count, sizeof(*devices->lines), compare);
	return good;
}

/**
 * devices_free() - forget them
 * @devices: the devices
 */
void devices_free(struct devices *devices)
{
	for (size_t i = 0; i < devices->count; i++)
		free(devices->lines[i]);
	free(devices->lines);
	*devices = (struct devices){ 0 };
}

/**
 * devices_compare() - what has changed?
 * @before: the devices as they were
 * @after: as they are
 * @differ: called for each that is in one of them only; or %NULL
 * @to: its argument
 *
 * Return: how many these are.
 */
size_t devices_compare(const struct devices *before, const struct devices *after,
		       devices_differ differ, void *to)
{
	size_t old = 0, new = 0, count = 0;

	while (old < before->count || new < after->count) {
		int order = old == before->count ? 1 : new == after->count ? -1 :
			    strcmp(before->lines[old], after->lines[new]);

		if (order && differ)
			differ(to, order < 0 ? before->lines[old] : after->lines[new], order > 0);
		count += order != 0;
		old += order <= 0;
		new += order >= 0;
	}
	return count;
}
