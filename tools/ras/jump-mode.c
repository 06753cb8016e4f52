// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: a hibernation in the mode "jump".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "array.h"
#include "clock.h"
#include "jump-mode.h"
#include "lockdown.h"
#include "say.h"
#include "whole-file.h"

#define DISK	"/sys/power/disk"
#define STATE	"/sys/power/state"
#define LOADED	"/sys/kernel/kexec_loaded"
#define MODE	"jump"

/* Why the kernel does not jump: Documentation/ras/kexec-jump.rst. */
static const struct {
	int		error;
	const char	*reason;
} reasons[] = {
	{ ENOENT, "no kernel to jump to is loaded, or the handler \"jump\" is switched off" },
	{ EINVAL, "the kernel that is loaded does not have all of the memory below its end" },
	{ ESTALE, "the kernel that is loaded was jumped to before" },
	{ EBUSY, "the crash kernel, or the page for the status, has memory there; or a kernel is "
	  "just being loaded; or a driver or a task cannot be suspended" },
	{ EOPNOTSUPP, "memory is encrypted" },
	{ EPERM, "policy has switched off the trigger hibernate, or the kernel is locked down" },
	{ EREMOTEIO, "the second kernel has panicked, and came back by that" },
	{ EACCES, "this needs root" },
	{ EIO, "a handler was abandoned, or the second kernel has overwritten what it must not" },
	{ ENOMEM, "there is too little free memory" },
};

static const char *reason_of(int error)
{
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].error == error)
			return reasons[i].reason;
	return "the kernel has no special reason";
}

/* Return: 0 or an errno. */
static int write_file(const char *root, const char *path, const char *text)
{
	char full[4096];
	int fd, error;

	snprintf(full, sizeof(full), "%s%s", root, path);
	fd = open(full, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	error = write(fd, text, strlen(text)) < 0 ? errno : 0;
	close(fd);
	return error;
}

static uint64_t time_of(clockid_t id)
{
	struct timespec now;

	if (clock_gettime(id, &now))
		return 0;
	return (uint64_t)now.tv_sec * CLOCK_SECOND + (uint64_t)now.tv_nsec;
}

/* The mode in brackets, to be freed; NULL if there is none. */
static char *read_mode(const char *root)
{
	char *modes = whole_file_line(root, DISK), *open, *close, *mode = NULL;

	open = modes ? strchr(modes, '[') : NULL;
	close = open ? strchr(open, ']') : NULL;
	if (close)
		mode = strndup(open + 1, (size_t)(close - open) - 1);
	free(modes);
	return mode;
}

/* Why the kernel does not have the mode, which is known from the modes that it has. */
static const char *no_mode_because(const char *modes)
{
	if (!modes)
		return "this kernel has no hibernation (CONFIG_HIBERNATION, CONFIG_RAS_JUMP)";
	if (strstr(modes, "[disabled]"))
		return "hibernation is disabled: by \"nohibernate\", a lockdown, memory that "
		       "memfd_secret() hides, or memory on CXL";
	return modes;
}

/**
 * jump_mode_is_free() - can this program load a kernel and jump to it?
 * @root: what is put before the names of the kernel's files
 *
 * Return: the kernel is not locked down, has the mode, and no other kernel is loaded, which would
 *	be lost; otherwise the reason was said.
 */
bool jump_mode_is_free(const char *root)
{
	char *modes, *loaded;
	bool is_free = false;

	if (!lockdown_is_off(root))
		return false;
	modes = whole_file_line(root, DISK);
	loaded = whole_file_line(root, LOADED);
	if (!modes || !strstr(modes, MODE))
		say_failed(DISK, "there is no mode \"" MODE "\": %s", no_mode_because(modes));
	else if (loaded && !strcmp(loaded, "1"))
		say_failed(LOADED, "a kernel is loaded already; 'kexec -u' unloads it");
	else
		is_free = true;
	free(modes);
	free(loaded);
	return is_free;
}

/**
 * jump_mode_go() - go to the kernel that is loaded, and come back
 * @root: what is put before the names of the kernel's files
 * @journey: set @whole_ns and @away_ns
 *
 * Return: this kernel is back; otherwise the reason was said.
 */
bool jump_mode_go(const char *root, struct journey *journey)
{
	uint64_t whole = time_of(CLOCK_BOOTTIME), running = time_of(CLOCK_MONOTONIC);
	char *mode = read_mode(root);
	int error = write_file(root, DISK, MODE);

	if (error) {
		say_failed(DISK, "%s: %s", strerror(error), reason_of(error));
		free(mode);
		return false;
	}
	error = write_file(root, STATE, "disk");
	/* Another hibernation is not to jump. */
	if (mode && strcmp(mode, MODE))
		write_file(root, DISK, mode);
	free(mode);
	if (error) {
		say_failed(STATE, "%s: %s; the kernel's log has more (dmesg)", strerror(error),
			   reason_of(error));
		return false;
	}
	journey->whole_ns = time_of(CLOCK_BOOTTIME) - whole;
	running = time_of(CLOCK_MONOTONIC) - running;
	journey->away_ns = journey->whole_ns > running ? journey->whole_ns - running : 0;
	return true;
}
