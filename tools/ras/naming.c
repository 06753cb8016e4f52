// SPDX-License-Identifier: GPL-2.0
/*
 * tools/ras: a file that gets its name when it is complete.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "naming.h"
#include "say.h"

/**
 * naming_open_directory() - open the directory of a file
 * @path: of the file
 * @name: set to its name in the directory, which is a part of @path
 *
 * Return: a descriptor; or -1, and the reason was said.
 */
int naming_open_directory(const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	char *directory;
	int fd;

	*name = slash ? slash + 1 : path;
	if (!**name || !strcmp(*name, ".") || !strcmp(*name, "..")) {
		say_failed(path, "is no name of a file");
		return -1;
	}
	directory = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	if (!directory) {
		say_failed(path, "no memory");
		return -1;
	}
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		say_failed(directory, "%s", strerror(errno));
	free(directory);
	return fd;
}

/**
 * naming_give() - give a file its name, unless there is such a file
 * @directory: of the file
 * @part: its name until now
 * @name: its name from now on
 *
 * A file system that cannot rename so, as NFS, can link so; if the program ends in between, there
 * are two names.
 *
 * Return: it has the name; otherwise errno says why not.
 */
bool naming_give(int directory, const char *part, const char *name)
{
	if (!renameat2(directory, part, directory, name, RENAME_NOREPLACE))
		return true;
	if (errno != EINVAL && errno != ENOSYS)
		return false;
	return !linkat(directory, part, directory, name, 0) && !unlinkat(directory, part, 0);
}
