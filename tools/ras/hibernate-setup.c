// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate setup: have 'systemctl hibernate' of this machine hibernate by this program.
 *
 * What it writes belongs to one machine.  What reads it is installed with the program and does
 * nothing without: the boot entry, the hooks, and what makes initial file systems.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "array.h"
#include "conf.h"
#include "hibernate-texts.h"
#include "initrd.h"
#include "put-file.h"
#include "say.h"
#include "whole-file.h"
#include "wish.h"

#define MIB		(UINT64_C(1024) * 1024)
#define PREFIX		"vmlinuz-"

static const char help[] =
"usage: ras-hibernate setup [OPTION]... [DEVICE]\n"
"\n"
"Has 'systemctl hibernate' of this machine save its memory to DEVICE by 'ras-hibernate save', and\n"
"the next boot resume it: writes /etc/ras/hibernate.conf, the second kernel's initial file system\n"
"and settings of systemd, and has the boot loader's entries and the initial file systems of\n"
"ordinary boots made anew.  What was set before and is not named stays.\n"
"\n"
WISH_HELP_KERNEL
"      --compress NAME   how memory is stored: none, lz4 or zstd (default: lz4)\n"
"      --program FILE    the program (default: this one), which must need no libraries\n"
"      --update          do it again, if it was done before; --kernel names a new kernel\n"
"      --remove          undo it\n"
"      --dry-run         write nothing, show what would be written\n"
"      --help            show this text\n"
"\n"
"Exit status: 0 it is set up; 1 refused or failed; 2 usage.\n";

static bool is_there(const struct wish *wish, const char *path, const char *reason)
{
	char name[4096];

	snprintf(name, sizeof(name), "%s%s", wish->root, path);
	if (!access(name, F_OK))
		return true;
	say_failed(path, "%s: %s", strerror(errno), reason);
	return false;
}

/* The release in the name of the second kernel; NULL if there is none. */
static const char *release_of(const struct wish *wish)
{
	const char *slash = strrchr(wish->kernel, '/');

	slash = slash ? slash + 1 : wish->kernel;
	return strncmp(slash, PREFIX, strlen(PREFIX)) ? NULL : slash + strlen(PREFIX);
}

/* As far as anybody has left its configuration beside it. */
static bool can_second(const struct wish *wish)
{
	const char *release = release_of(wish);
	char name[4096];
	char *text;
	bool good;

	if (!is_there(wish, wish->kernel, "there is no such kernel; --kernel names another one"))
		return false;
	if (!release)
		return true;
	snprintf(name, sizeof(name), "%.*sconfig-%s",
		 (int)(release - wish->kernel) - (int)strlen(PREFIX), wish->kernel, release);
	text = whole_file_line(wish->root, name);
	good = !text || strstr(text, "\nCONFIG_RAS_JUMP=y");
	free(text);
	if (!good)
		say_failed(wish->kernel, "was built without CONFIG_RAS_JUMP, as %s has it", name);
	return good;
}

static bool can_first(const struct wish *wish)
{
	return is_there(wish, "/sys/kernel/ras/jump", "this kernel needs CONFIG_RAS_JUMP") &&
	       is_there(wish, "/sys/firmware/memmap", "this kernel needs CONFIG_FIRMWARE_MEMMAP");
}

/* What all of memory would take; less may do, which a save finds out. */
static void compare_sizes(const struct wish *wish, const char *device, uint64_t size)
{
	char *text = whole_file_line(wish->root, "/proc/meminfo");
	uint64_t kib;

	if (text && sscanf(text, "MemTotal: %" SCNu64, &kib) == 1 && size / 1024 < kib)
		say_note(device, "has %" PRIu64 " MiB, and the machine %" PRIu64 " MiB of memory: "
			 "a save is refused while more is in use", size / MIB, kib / 1024);
	free(text);
}

/* With --root a file stands for it. */
static bool is_device(const struct wish *wish, const char *device)
{
	struct stat about;
	uint64_t size;
	int fd = open(device, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &about)) {
		say_failed(device, "%s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	size = (uint64_t)about.st_size;
	if (!(S_ISBLK(about.st_mode) && !ioctl(fd, BLKGETSIZE64, &size)) &&
	    !(S_ISREG(about.st_mode) && *wish->root)) {
		say_failed(device, "is no block device");
		close(fd);
		return false;
	}
	close(fd);
	if (*device != '/' || strpbrk(device, " \t\n\"'\\$`")) {
		say_failed(device, "has no path that a boot entry could have");
		return false;
	}
	compare_sizes(wish, device, size);
	return true;
}

static bool make_initrd(const struct wish *wish, const char *device)
{
	char path[4096], fresh[4096 + 8];
	struct modules modules = { 0 };
	struct utsname name;
	bool good = true;

	snprintf(path, sizeof(path), "%s%s", wish->root, wish->initrd);
	if (wish->is_only_shown) {
		printf("%s: to be made\n", path);
		return true;
	}
	if (!uname(&name) && release_of(wish) && strcmp(release_of(wish), name.release))
		modules.release = release_of(wish);
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	unlink(fresh);
	if (!*wish->root)
		good = modules_add_for(&modules, device);
	good = good && initrd_make(fresh, wish->program, &modules) && put_file_rename(fresh, path);
	modules_free(&modules);
	return good;
}

static bool put(const struct wish *wish, const char *path, const char *text)
{
	char name[4096];

	snprintf(name, sizeof(name), "%s%s", wish->root, path);
	return text && put_file(name, text, wish->is_only_shown);
}

/* What others make of the settings.  A machine may have another boot loader, or none of these. */
static bool tell_others(const struct wish *wish)
{
	static const char * const commands[] = {
		"update-grub", "update-initramfs -u -k all", "systemctl daemon-reload",
	};
	bool good = true;
	char line[256];

	if (*wish->root || wish->is_only_shown)
		return true;
	fflush(stdout);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		const int length = (int)strcspn(commands[i], " ");

		/* In a hook of a package, the package does that. */
		if (wish->is_update && i)
			break;
		snprintf(line, sizeof(line), "! command -v %.*s >/dev/null || %s", length,
			 commands[i], commands[i]);
		if (system(line)) {
			say_failed(commands[i], "has failed");
			good = false;
		}
	}
	return good;
}

static enum result set_up(const struct wish *wish)
{
	const char *device = wish->names[0];
	char *conf, *service;
	bool good;

	if (!can_second(wish) || (!wish->is_update && !can_first(wish)) ||
	    !is_device(wish, device) || !make_initrd(wish, device))
		return RESULT_FAILED;
	conf = texts_conf(wish, device);
	service = texts_service();
	good = put(wish, CONF_PATH, conf) && put(wish, TEXTS_SERVICE, service) &&
	       put(wish, TEXTS_LOGIND, texts_logind()) && tell_others(wish);
	free(conf);
	free(service);
	return good ? RESULT_GOOD : RESULT_FAILED;
}

static enum result take_down(const struct wish *wish)
{
	const char * const paths[] = { TEXTS_SERVICE, TEXTS_LOGIND, CONF_PATH, wish->initrd };
	bool good = true;
	char name[4096];

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		snprintf(name, sizeof(name), "%s%s", wish->root, paths[i]);
		good &= put_file_remove(name, wish->is_only_shown);
	}
	return good && tell_others(wish) ? RESULT_GOOD : RESULT_FAILED;
}

/**
 * setup_command() - ras-hibernate setup
 * @argc: number of arguments
 * @argv: the arguments
 */
enum result setup_command(int argc, char **argv)
{
	const struct wish_syntax syntax = {
		.help = help, .takes = TAKES_KERNEL | TAKES_PLACE | TAKES_COMPRESS | TAKES_PROGRAM |
				       TAKES_DRY | TAKES_SETUP,
		.names = 1,
	};
	struct wish wish;
	enum result result = wish_read(&wish, &syntax, argc, argv);

	if (result != RESULT_GOOD || wish.is_done)
		return result;
	if (wish.is_removal)
		return take_down(&wish);
	/* --update */
	if (!wish.count)
		return RESULT_GOOD;
	return set_up(&wish);
}
