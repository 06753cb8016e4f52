// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: small files that are written, and removed.
 *
 * A file has its old text or the new one, whenever the power fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "naming.h"
#include "new-file.h"
#include "put-file.h"
#include "say.h"
#include "whole-file.h"

static bool failed(const char *path)
{
	say_failed(path, "%s", strerror(errno));
	return false;
}

static bool make_directories(const char *path)
{
	char part[4096];

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		if (mkdir(part, 0755) && errno != EEXIST)
			return failed(part);
	}
	return true;
}

static bool has_text(const char *path, const char *text)
{
	struct whole_file file;
	bool same;

	if (access(path, R_OK) || !whole_file_read(&file, path, 1024 * 1024))
		return false;
	same = file.size == strlen(text) && !memcmp(file.data, text, file.size);
	free(file.data);
	return same;
}

/**
 * put_file_rename() - have a new file be in the place of an old one
 * @from: its path
 * @to: the path of the old one
 *
 * Return: it is; otherwise the reason was said.
 */
bool put_file_rename(const char *from, const char *to)
{
	const char *name;
	bool good;
	int fd;

	if (rename(from, to))
		return failed(to);
	fd = naming_open_directory(to, &name);
	if (fd < 0)
		return false;
	good = !fsync(fd) || failed(to);
	close(fd);
	return good;
}

static bool write_text(const char *path, const char *text)
{
	struct new_file file;
	char fresh[4096];
	bool good;

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	unlink(fresh);
	good = new_file_open(&file, fresh) && new_file_write(&file, text, strlen(text), 0) &&
	       (!fchmod(file.fd, 0644) || failed(fresh)) && new_file_finish(&file);
	new_file_close(&file);
	return good && put_file_rename(fresh, path);
}

/**
 * put_file() - have a file with a text
 * @path: of it
 * @text: of it
 * @is_only_shown: write nothing, print it
 *
 * Return: it is there, and what was done was printed; otherwise the reason was said.
 */
bool put_file(const char *path, const char *text, bool is_only_shown)
{
	if (is_only_shown) {
		printf("%s:\n%s\n", path, text);
		return true;
	}
	if (has_text(path, text)) {
		printf("%s: as before\n", path);
		return true;
	}
	if (!make_directories(path) || !write_text(path, text))
		return false;
	printf("%s: written\n", path);
	return true;
}

/**
 * put_file_remove() - have a file not be there
 * @path: of it
 * @is_only_shown: remove nothing
 *
 * Return: it is not; otherwise the reason was said.
 */
bool put_file_remove(const char *path, bool is_only_shown)
{
	if (access(path, F_OK) && errno == ENOENT)
		return true;
	if (!is_only_shown && unlink(path))
		return failed(path);
	printf("%s: %sremoved\n", path, is_only_shown ? "to be " : "");
	return true;
}
