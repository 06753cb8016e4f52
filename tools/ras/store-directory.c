// SPDX-License-Identifier: GPL-2.0
/*
 * rasdumpd: dumps in a directory.
 *
 *	DIRECTORY/[PATH/]ADDRESS/HOST-2026-11-22-07-00-00		a dump
 *	...-07-00-00.log, .kdh, .key					what came with it
 *	...-07-00-00.SESSION.partial					one that is not complete
 *
 * All is opened below the directory: openat2(2) refuses a path that leads out of it, by a
 * symbolic link as well.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "store.h"

/* How many dumps of one machine may have the same second in their names. */
#define SAME_SECOND	1000
/* How deep directories are looked into for what is used. */
#define DEPTH		16

static const char * const endings[PARTS] = { "", ".log", ".kdh", ".key" };

/**
 * struct directory - the store
 * @store: what all stores have
 * @fd: the directory
 */
struct directory {
	struct store	store;
	int		fd;
};

/**
 * struct stored - a dump
 * @in: the store
 * @fd: its directory
 * @files: its parts; -1: there is none
 * @sizes: of them
 * @name: of the dump, when it is complete
 * @partial: what it is called until then; "" when it is
 * @shown: the name with that of the directory, for people
 */
struct stored {
	struct directory	*in;
	int			fd;
	int			files[PARTS];
	uint64_t		sizes[PARTS];
	char			name[128];
	char			partial[192];
	char			shown[PATH_MAX];
};

static int open_below(int fd, const char *path, uint64_t flags)
{
	struct open_how how = {
		.flags		= flags | O_CLOEXEC,
		.mode		= flags & O_CREAT ? 0600 : 0,
		.resolve	= RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, fd, path, &how, sizeof(how));
}

/* Open a directory of one name, which is made if need be. */
static int enter(int fd, const char *name)
{
	if (mkdirat(fd, name, 0700) && errno != EEXIST)
		return -1;
	return open_below(fd, name, O_RDONLY | O_DIRECTORY);
}

/* Open the directory of @path below @fd; consumes @fd. */
static int enter_path(int fd, char *path)
{
	char *next, *name = strtok_r(path, "/", &next);

	while (name && fd >= 0) {
		int below = strcmp(name, ".") ? enter(fd, name) : dup(fd);

		close(fd);
		fd = below;
		name = strtok_r(NULL, "/", &next);
	}
	return fd;
}

/* The directory of a dump, whose name goes to @shown; -1 with errno. */
static int open_place(const struct directory *in, const struct place *place, char *shown,
		      size_t size)
{
	char path[512], *at;

	/* What leads out of the directory is refused below, and what is absolute here. */
	snprintf(path, sizeof(path), "%s%s%s", place->path, *place->path ? "/" : "",
		 place->address);
	if (strstr(path, "..") || *path == '/') {
		errno = EXDEV;
		return -1;
	}
	for (at = path; *at; at++)
		if (*at == ':' || *at == '%' || *at < ' ' || *at == 127)
			*at = '-';
	snprintf(shown, size, "%s", path);
	return enter_path(dup(in->fd), path);
}

/* Does the name of a file end with that of this session, if it is not complete? */
static bool is_of_session(const char *name, const char *session)
{
	char end[STORE_SESSION + 16];
	size_t length = strlen(name);
	int of_end = snprintf(end, sizeof(end), ".%s.partial", session);

	return length > (size_t)of_end && !strcmp(name + length - (size_t)of_end, end);
}

/* Find the part of a dump that was begun in the same session. */
static bool find_partial(struct stored *stored, const char *session)
{
	DIR *directory = fdopendir(dup(stored->fd));
	struct dirent *entry;
	bool found = false;

	if (!directory)
		return false;
	rewinddir(directory);
	while (!found && (entry = readdir(directory))) {
		found = is_of_session(entry->d_name, session) &&
			strlen(entry->d_name) < sizeof(stored->name);
		if (found) {
			strcpy(stored->partial, entry->d_name);
			snprintf(stored->name, sizeof(stored->name), "%.*s",
				 (int)(strlen(entry->d_name) - strlen(session) - 9),
				 entry->d_name);
		}
	}
	closedir(directory);
	return found;
}

static int reopen(struct stored *stored)
{
	struct stat status;
	int fd = open_below(stored->fd, stored->partial, O_RDWR);

	if (fd >= 0 && (fstat(fd, &status) || !S_ISREG(status.st_mode))) {
		close(fd);
		return -1;
	}
	if (fd >= 0)
		stored->sizes[PART_DUMP] = (uint64_t)status.st_size;
	return fd;
}

/* Make a file whose name, when it is complete, nothing has yet. */
static int make(struct stored *stored, const struct place *place)
{
	const time_t seconds = place->seconds;
	char time[32] = "";
	struct tm parts;
	unsigned int i;
	int fd = -1;

	if (gmtime_r(&seconds, &parts))
		strftime(time, sizeof(time), "%Y-%m-%d-%H-%M-%S", &parts);
	for (i = 1; i < SAME_SECOND; i++) {
		char number[16] = "";

		if (i > 1)
			snprintf(number, sizeof(number), "-%u", i);
		snprintf(stored->name, sizeof(stored->name), "%s-%s%s",
			 *place->host ? place->host : "vmcore", time, number);
		snprintf(stored->partial, sizeof(stored->partial), "%s%s%s.partial", stored->name,
			 *place->session ? "." : "", place->session);
		if (!faccessat(stored->fd, stored->name, F_OK, AT_SYMLINK_NOFOLLOW)) {
			errno = EEXIST;
			continue;
		}
		fd = open_below(stored->fd, stored->partial, O_RDWR | O_CREAT | O_EXCL);
		if (fd >= 0 || errno != EEXIST)
			break;
	}
	return fd;
}

static void free_stored(struct stored *stored)
{
	unsigned int part;

	for (part = 0; part < PARTS; part++)
		if (stored->files[part] >= 0)
			close(stored->files[part]);
	if (stored->fd >= 0)
		close(stored->fd);
	free(stored);
}

static struct stored *directory_create(struct store *store, const struct place *place,
				       struct why *why)
{
	struct directory *in = (struct directory *)store;
	struct stored *stored = calloc(1, sizeof(*stored));
	bool again;

	if (!stored) {
		refuse(why, "%s", strerror(ENOMEM));
		return NULL;
	}
	stored->in = in;
	memset(stored->files, -1, sizeof(stored->files));
	stored->fd = open_place(in, place, stored->shown, sizeof(stored->shown));
	if (stored->fd < 0) {
		refuse(why, "path \"%s\": %s", place->path, strerror(errno));
		free_stored(stored);
		return NULL;
	}
	again = *place->session && find_partial(stored, place->session);
	stored->files[PART_DUMP] = again ? reopen(stored) : make(stored, place);
	if (stored->files[PART_DUMP] < 0) {
		refuse(why, "%s/%s: %s", stored->shown, stored->partial, strerror(errno));
		free_stored(stored);
		return NULL;
	}
	return stored;
}

static const char *directory_name(const struct stored *stored)
{
	static char text[PATH_MAX + 256];

	snprintf(text, sizeof(text), "%s/%s", stored->shown,
		 *stored->partial ? stored->partial : stored->name);
	return text;
}

/* The other parts are there from their first byte on, under their names. */
static int open_part(struct stored *stored, enum part part)
{
	char name[160];

	snprintf(name, sizeof(name), "%s%s", stored->name, endings[part]);
	stored->files[part] = open_below(stored->fd, name, O_RDWR | O_CREAT);
	return stored->files[part] < 0 ? errno : 0;
}

static int directory_write(struct stored *stored, enum part part, const void *data, size_t size,
			   uint64_t offset)
{
	struct store *store = &stored->in->store;
	uint64_t end = offset + size;
	uint64_t grows = end > stored->sizes[part] ? end - stored->sizes[part] : 0;
	int error;

	if (!store_has_room(store, grows))
		return ENOSPC;
	error = stored->files[part] < 0 ? open_part(stored, part) : 0;
	if (error)
		return error;
	while (size) {
		ssize_t done = pwrite(stored->files[part], data, size, (off_t)offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done ? errno : EIO;
		data = (const char *)data + done;
		size -= (size_t)done;
		offset += (uint64_t)done;
	}
	store->used += grows;
	store->free -= grows < store->free ? grows : store->free;
	stored->sizes[part] += grows;
	return 0;
}

static bool directory_finish(struct stored *stored, struct why *why)
{
	unsigned int part;

	for (part = 0; part < PARTS; part++)
		if (stored->files[part] >= 0 && fsync(stored->files[part]))
			return refuse(why, "sync: %s", strerror(errno));
	if (renameat2(stored->fd, stored->partial, stored->fd, stored->name, RENAME_NOREPLACE))
		return refuse(why, "rename to %s: %s", stored->name, strerror(errno));
	stored->partial[0] = '\0';
	if (fsync(stored->fd))
		return refuse(why, "sync of the directory: %s", strerror(errno));
	return true;
}

/* What is below a directory, in bytes; consumes @fd. */
static uint64_t count_below(int fd, unsigned int depth)
{
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	uint64_t bytes = 0;

	if (!directory) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while ((entry = readdir(directory))) {
		struct stat status;

		if (entry->d_name[0] == '.' && (!entry->d_name[1] || !strcmp(entry->d_name, "..")))
			continue;
		if (fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW))
			continue;
		if (S_ISREG(status.st_mode))
			bytes += (uint64_t)status.st_size;
		else if (S_ISDIR(status.st_mode) && depth)
			bytes += count_below(open_below(fd, entry->d_name,
							O_RDONLY | O_DIRECTORY), depth - 1);
	}
	closedir(directory);
	return bytes;
}

static void directory_refresh(struct store *store)
{
	struct directory *in = (struct directory *)store;
	struct statvfs status;

	store->used = count_below(open_below(in->fd, ".", O_RDONLY | O_DIRECTORY), DEPTH);
	if (!fstatvfs(in->fd, &status))
		store->free = (uint64_t)status.f_bavail * status.f_frsize;
}

static const struct store_ops directory_ops = {
	.create		= directory_create,
	.write		= directory_write,
	.finish		= directory_finish,
	.leave		= free_stored,
	.name		= directory_name,
	.refresh	= directory_refresh,
};

/**
 * store_has_room() - may a store take so much?
 * @store: the store
 * @bytes: so much
 *
 * Return: it may.
 */
bool store_has_room(const struct store *store, uint64_t bytes)
{
	return store->used <= store->quota && bytes <= store->quota - store->used &&
	       store->free >= store->keep_free && bytes <= store->free - store->keep_free;
}

/**
 * directory_store() - keep dumps in a directory
 * @path: the directory
 * @why: set if that is not possible
 *
 * Return: the store, with no limits; %NULL if that is not possible.
 */
struct store *directory_store(const char *path, struct why *why)
{
	struct directory *in = calloc(1, sizeof(*in));

	if (!in) {
		refuse(why, "%s", strerror(ENOMEM));
		return NULL;
	}
	in->store.ops = &directory_ops;
	in->store.quota = UINT64_MAX;
	in->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (in->fd < 0 || faccessat(in->fd, ".", W_OK | X_OK, AT_EACCESS)) {
		refuse(why, "%s", strerror(errno));
		if (in->fd >= 0)
			close(in->fd);
		free(in);
		return NULL;
	}
	directory_refresh(&in->store);
	return &in->store;
}
