// SPDX-License-Identifier: GPL-2.0
/*
 * rasdumpd: dumps in a directory.
 *
 *	DIRECTORY/ADDRESS/[PATH/]HOST-2026-11-22-07-00-00		a dump
 *	...-07-00-00.log, .kdh, .key					what came with it
 *	...-07-00-00.SESSION.partial					one that is not complete
 *	...-07-00-00.SESSION.failed					one that could not be synced
 *
 * All is opened below the directory: openat2(2) refuses a path that leads out of it, by a
 * symbolic link as well.  The address comes first, so that no machine makes a name that
 * another one needs.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include "packet.h"
#include "store.h"

/* How many dumps of one machine may have the same second in their names. */
#define SAME_SECOND	1000
/* Directories that a client may have below that of its address. */
#define PATH_NAMES	4
/* How deep directories are looked into for what is used: deeper than there are any. */
#define DEPTH		(PATH_NAMES + 4)
/* What an entry of a directory takes at least. */
#define ENTRY_BYTES	4096

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
 * @is_new: the dump was not begun before
 * @has_bytes: something was written
 * @name: of the dump, when it is complete
 * @partial: what it is called until then; "" when it is
 * @shown: the name with that of the directory, for people
 */
struct stored {
	struct directory	*in;
	int			fd;
	int			files[PARTS];
	bool			is_new;
	bool			has_bytes;
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

/* May a client have this path? */
static bool is_plain(const char *path)
{
	unsigned int names = *path != '\0';
	const char *at;

	for (at = path; *at; at++) {
		names += *at == '/';
		if (*at < ' ' || *at > '~' || *at == ':')
			return false;
	}
	return *path != '/' && !strstr(path, "..") && names <= PATH_NAMES;
}

/* Open the directory of a dump, whose name goes to @stored->shown. */
static int open_place(struct stored *stored, const char *address, const char *below)
{
	char path[PACKET_PATH + 80], *at;

	snprintf(path, sizeof(path), "%s%s%s", address, *below ? "/" : "", below);
	for (at = path; *at; at++)
		if (*at == ':' || *at == '%')
			*at = '-';
	snprintf(stored->shown, sizeof(stored->shown), "%s", path);
	return enter_path(dup(stored->in->fd), path);
}

/* Does the name of a file end with that of this session, if it is not complete? */
static bool is_of_session(const char *name, const char *session)
{
	char end[STORE_SESSION + 16];
	size_t length = strlen(name);
	int of_end = snprintf(end, sizeof(end), ".%s.partial", session);

	return length > (size_t)of_end && !strcmp(name + length - (size_t)of_end, end);
}

/* Find an entry of a directory that is as wanted; its name goes to @found. */
static bool find_entry(int fd, bool (*is_wanted)(const char *name, const char *what),
		       const char *what, char *found, size_t size)
{
	DIR *directory = fdopendir(open_below(fd, ".", O_RDONLY | O_DIRECTORY));
	struct dirent *entry;
	bool is_there = false;

	if (!directory)
		return false;
	while (!is_there && (entry = readdir(directory))) {
		is_there = strlen(entry->d_name) < size && is_wanted(entry->d_name, what);
		if (is_there)
			strcpy(found, entry->d_name);
	}
	closedir(directory);
	return is_there;
}

/* Does an entry have this name, or one that is made of it? */
static bool is_of_name(const char *entry, const char *name)
{
	size_t length = strlen(name);

	return !strncmp(entry, name, length) && (!entry[length] || entry[length] == '.');
}

/* What was written before a reboot may have been lost in the page cache, though acknowledged. */
static bool is_from_this_boot(const struct stat *status)
{
	struct sysinfo info;

	return !sysinfo(&info) && status->st_mtim.tv_sec > time(NULL) - info.uptime;
}

/* Open the dump that was begun in the same session; -1: there is none that can be gone on with. */
static int reopen(struct stored *stored, const char *session)
{
	struct stat status;
	size_t end = strlen(session) + strlen("..partial");
	int fd;

	if (!*session || !find_entry(stored->fd, is_of_session, session, stored->partial,
				     sizeof(stored->name)))
		return -1;
	fd = open_below(stored->fd, stored->partial, O_RDWR);
	if (fd < 0)
		return -1;
	if (fstat(fd, &status) || !S_ISREG(status.st_mode) || !is_from_this_boot(&status)) {
		close(fd);
		return -1;
	}
	snprintf(stored->name, sizeof(stored->name), "%.*s",
		 (int)(strlen(stored->partial) - end), stored->partial);
	return fd;
}

static void set_name(struct stored *stored, const struct place *place, const char *time,
		     unsigned int number)
{
	char text[16] = "";

	if (number > 1)
		snprintf(text, sizeof(text), "-%u", number);
	snprintf(stored->name, sizeof(stored->name), "%s-%s%s",
		 *place->host ? place->host : "vmcore", time, text);
	snprintf(stored->partial, sizeof(stored->partial), "%s%s%s.partial", stored->name,
		 *place->session ? "." : "", place->session);
}

/* Make a file with a name that nothing has, nor begins with. */
static int make(struct stored *stored, const struct place *place)
{
	const time_t seconds = place->seconds;
	char time[32] = "", other[NAME_MAX + 1];
	struct tm parts;
	unsigned int i;

	stored->is_new = true;
	if (gmtime_r(&seconds, &parts))
		strftime(time, sizeof(time), "%Y-%m-%d-%H-%M-%S", &parts);
	for (i = 1; i < SAME_SECOND; i++) {
		set_name(stored, place, time, i);
		if (!find_entry(stored->fd, is_of_name, stored->name, other, sizeof(other)))
			return open_below(stored->fd, stored->partial, O_RDWR | O_CREAT | O_EXCL);
	}
	errno = EEXIST;
	return -1;
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
				       bool *resumed, struct why *why)
{
	struct stored *stored = calloc(1, sizeof(*stored));
	bool plain = is_plain(place->path);

	if (!stored) {
		refuse(why, "%s", strerror(ENOMEM));
		return NULL;
	}
	stored->in = (struct directory *)store;
	memset(stored->files, -1, sizeof(stored->files));
	/* A dump in another place than it was to have is better than none. */
	stored->fd = plain ? open_place(stored, place->address, place->path) : -1;
	if (stored->fd < 0)
		stored->fd = open_place(stored, place->address, "");
	if (stored->fd >= 0) {
		stored->files[PART_DUMP] = reopen(stored, place->session);
		*resumed = stored->files[PART_DUMP] >= 0;
		if (!*resumed)
			stored->files[PART_DUMP] = make(stored, place);
	}
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
	stored->files[part] = open_below(stored->fd, name,
					 O_RDWR | O_CREAT | (stored->is_new ? O_EXCL : 0));
	return stored->files[part] < 0 ? errno : 0;
}

static int directory_write(struct stored *stored, enum part part, const void *data, size_t size,
			   uint64_t offset)
{
	struct store *store = &stored->in->store;
	int error;

	if (!store_has_room(store, size))
		return ENOSPC;
	error = stored->files[part] < 0 ? open_part(stored, part) : 0;
	if (error)
		return error;
	/* Bytes that come twice count twice until the files are counted again. */
	store->used += size;
	store->free -= size < store->free ? size : store->free;
	stored->has_bytes = true;
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
	return 0;
}

/* After an error of fsync(2) another one may succeed: nobody is to go on with this file. */
static bool give_up(struct stored *stored, struct why *why, int error)
{
	char failed[sizeof(stored->partial)];
	size_t length = strlen(stored->partial) - strlen("partial");

	snprintf(failed, sizeof(failed), "%.*sfailed", (int)length, stored->partial);
	if (!renameat2(stored->fd, stored->partial, stored->fd, failed, RENAME_NOREPLACE))
		strcpy(stored->partial, failed);
	return refuse(why, "sync: %s", strerror(error));
}

/* Give a dump its name; what has come there meanwhile stays. */
static int give_name(struct stored *stored)
{
	char name[sizeof(stored->name)];
	unsigned int i;

	for (i = 1; i < SAME_SECOND; i++) {
		snprintf(name, sizeof(name), i > 1 ? "%.100s-again-%u" : "%s", stored->name, i);
		if (!renameat2(stored->fd, stored->partial, stored->fd, name, RENAME_NOREPLACE)) {
			strcpy(stored->name, name);
			return 0;
		}
		if (errno != EEXIST)
			break;
	}
	return errno;
}

static bool directory_finish(struct stored *stored, struct why *why)
{
	unsigned int part;
	int error;

	for (part = 0; part < PARTS; part++)
		if (stored->files[part] >= 0 && fsync(stored->files[part]))
			return give_up(stored, why, errno);
	error = give_name(stored);
	if (error)
		return refuse(why, "rename to %s: %s", stored->name, strerror(error));
	stored->partial[0] = '\0';
	if (fsync(stored->fd))
		return refuse(why, "sync of the directory: %s", strerror(errno));
	return true;
}

/* Nothing came but a herald, whose address may be forged: leave nothing of it. */
static void remove_empty(struct stored *stored)
{
	char *slash;

	if (unlinkat(stored->fd, stored->partial, 0))
		return;
	do {
		/* The directories stay if there is something else. */
		if (unlinkat(stored->in->fd, stored->shown, AT_REMOVEDIR))
			return;
		slash = strrchr(stored->shown, '/');
		if (slash)
			*slash = '\0';
	} while (slash);
}

static void directory_leave(struct stored *stored)
{
	if (stored->is_new && !stored->has_bytes && *stored->partial)
		remove_empty(stored);
	free_stored(stored);
}

/* Add what an entry takes, and what is below it. */
static bool count_below(int fd, unsigned int depth, uint64_t *bytes)
{
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool good = directory;

	if (!directory && fd >= 0)
		close(fd);
	while (good && (entry = readdir(directory))) {
		struct stat status;
		uint64_t takes;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		/* It may be gone by now. */
		if (fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW))
			continue;
		takes = (uint64_t)status.st_blocks * 512;
		*bytes += takes > ENTRY_BYTES ? takes : ENTRY_BYTES;
		if (S_ISDIR(status.st_mode) && depth)
			good = count_below(open_below(fd, entry->d_name, O_RDONLY | O_DIRECTORY),
					   depth - 1, bytes);
	}
	if (directory)
		closedir(directory);
	return good;
}

static void count(struct store *store)
{
	struct directory *in = (struct directory *)store;
	uint64_t used = 0;

	/* If that is not possible now, what was known before is better than nothing. */
	if (count_below(open_below(in->fd, ".", O_RDONLY | O_DIRECTORY), DEPTH, &used))
		store->used = used;
}

static void directory_refresh(struct store *store)
{
	struct directory *in = (struct directory *)store;
	struct statvfs status;

	/* It may take long, so only if somebody wants to know. */
	if (store->quota != UINT64_MAX)
		count(store);
	if (!fstatvfs(in->fd, &status))
		store->free = (uint64_t)status.f_bavail * status.f_frsize;
}

static const struct store_ops directory_ops = {
	.create		= directory_create,
	.write		= directory_write,
	.finish		= directory_finish,
	.leave		= directory_leave,
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
	count(&in->store);
	directory_refresh(&in->store);
	return &in->store;
}
