// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: files of kernel modules.
 *
 * modprobe(8) knows what a module needs, and which modules a device has.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "modules.h"
#include "say.h"
#include "whole-file.h"

#define DEVICES	"/sys/devices/"

static bool add(struct modules *modules, const char *path)
{
	char **paths;

	for (size_t i = 0; i < modules->count; i++)
		if (!strcmp(modules->paths[i], path))
			return true;
	paths = realloc(modules->paths, (modules->count + 1) * sizeof(*paths));
	if (paths) {
		modules->paths = paths;
		paths[modules->count] = strdup(path);
	}
	if (paths && paths[modules->count]) {
		modules->count++;
		return true;
	}
	say_failed(path, "no memory");
	return false;
}

/* "insmod PATH [OPTIONS]"; what is built in has no path.  Return: it goes on. */
static bool take_line(struct modules *modules, char *line)
{
	const char *path;

	if (strncmp(line, "insmod ", 7))
		return true;
	line += 7;
	path = strsep(&line, " \n");
	return add(modules, path);
}

/*
 * Ask modprobe(8).
 *
 * Return: it knows the name; @is_good is set to false if there was no memory.
 */
static bool ask(struct modules *modules, const char *name, bool *is_good)
{
	char command[4096], line[4096];
	FILE *said;

	/* They become words of a shell. */
	if (strchr(name, '\'') || strlen(name) > 2048 ||
	    (modules->release && (strchr(modules->release, '\'') ||
				  strlen(modules->release) > 255)))
		return false;
	snprintf(command, sizeof(command), "modprobe %s%s%s-D -- '%s' 2>/dev/null",
		 modules->release ? "-S '" : "", modules->release ? modules->release : "",
		 modules->release ? "' " : "", name);
	said = popen(command, "re");
	if (!said)
		return false;
	while (*is_good && fgets(line, sizeof(line), said))
		*is_good = take_line(modules, line);
	return !pclose(said);
}

/**
 * modules_add() - add a module, and those that it needs
 * @modules: to which
 * @name: of the module, or its file, which has a slash in its name
 *
 * Return: they are there; otherwise the reason was said.
 */
bool modules_add(struct modules *modules, const char *name)
{
	bool is_good = true;

	if (strchr(name, '/'))
		return add(modules, name);
	if (ask(modules, name, &is_good))
		return is_good;
	if (is_good)
		say_failed(name, "modprobe(8) knows no such module");
	return false;
}

/* The modules of a device in sysfs, and of all that it is on: a disk, its controller, its bus. */
static bool add_chain(struct modules *modules, char *path)
{
	bool is_good = true;
	char *alias, *slash;

	while (is_good && !strncmp(path, DEVICES, strlen(DEVICES))) {
		const size_t length = strlen(path);

		strcpy(path + length, "/modalias");
		alias = access(path, R_OK) ? NULL : whole_file_line("", path);
		path[length] = 0;
		/* One that nobody knows is built in, or needs none. */
		if (alias)
			ask(modules, alias, &is_good);
		free(alias);
		slash = strrchr(path, '/');
		*slash = 0;
	}
	return is_good;
}

/**
 * modules_add_for() - add what a block device needs
 * @modules: to which
 * @device: the path of the device
 *
 * Return: they are there; otherwise the reason was said.
 */
bool modules_add_for(struct modules *modules, const char *device)
{
	char link[64], path[PATH_MAX + 16];
	struct stat about;

	if (stat(device, &about)) {
		say_failed(device, "%s", strerror(errno));
		return false;
	}
	if (!S_ISBLK(about.st_mode)) {
		say_failed(device, "is no block device");
		return false;
	}
	snprintf(link, sizeof(link), "/sys/dev/block/%u:%u", major(about.st_rdev),
		 minor(about.st_rdev));
	if (realpath(link, path))
		return add_chain(modules, path);
	say_failed(link, "%s", strerror(errno));
	return false;
}

/**
 * modules_free() - forget them
 * @modules: them
 */
void modules_free(struct modules *modules)
{
	while (modules->count)
		free(modules->paths[--modules->count]);
	free(modules->paths);
	*modules = (struct modules){ 0 };
}
