// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate init: the first program of a second kernel, and of one that resumes.
 *
 * It is alone in its initial file system, but for modules, which are loaded in the order of their
 * names.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "array.h"
#include "clock.h"
#include "hibernate.h"
#include "initrd.h"
#include "say.h"
#include "whole-file.h"

/* For the people at the console to read why the machine starts anew. */
#define READ_S		5
#define WORD		"ras_hibernate.resume="

static const char help[] =
"usage: ras-hibernate init\n"
"\n"
"Is the first program of a second kernel, in the initial file system that 'ras-hibernate initrd'\n"
"makes: mounts what is needed, loads modules, and does what 'ras-hibernate second' does.  With\n"
"ras_hibernate.resume=DEVICE on the command line it does what 'ras-hibernate resume' does, and\n"
"restarts the machine if there is nothing to resume.\n"
"\n"
"Exit status: 1 it is not the first program, or it has failed; 2 usage.\n";

static void mount_all(void)
{
	static const struct {
		const char *type, *place;
	} all[] = { { "proc", "/proc" }, { "sysfs", "/sys" }, { "devtmpfs", "/dev" } };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (mount(all[i].type, all[i].place, all[i].type, 0, NULL))
			say_failed(all[i].place, "%s", strerror(errno));
}

static void load_module(const char *name)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), INITRD_MODULES "/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST))
		say_failed(name, "%s", strerror(errno));
	if (fd >= 0)
		close(fd);
}

static int is_module(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Their names begin with numbers: what others need comes first. */
static void load_modules(void)
{
	struct dirent **entries;
	const int count = scandir(INITRD_MODULES, &entries, is_module, alphasort);

	for (int i = 0; i < count; i++) {
		load_module(entries[i]->d_name);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

/* What a word of the kernel's command line says; "" if there is none. */
static char *word(char *line, const char *name)
{
	char *rest = line, *one;

	while (rest && (one = strsep(&rest, " \n")))
		if (!strncmp(one, name, strlen(name)))
			return one + strlen(name);
	return line + strlen(line);
}

static void resume(char *device)
{
	char *argv[] = {
		(char []){ "resume" }, (char []){ "--wait" }, (char []){ "20" }, device, NULL,
	};

	resume_command(ARRAY_SIZE(argv) - 1, argv);
	fflush(stdout);
	say_note(device, "was not resumed: the machine starts anew");
	sleep(READ_S);
	sync();
	reboot(RB_AUTOBOOT);
}

/**
 * init_command() - ras-hibernate init
 * @argc: number of arguments; the kernel hands over words that it does not know
 * @argv: the arguments
 */
enum result init_command(int argc, char **argv)
{
	char *second[] = { (char []){ "second" }, NULL };
	char *line, *device;

	if (getpid() != 1) {
		if (argc == 2 && !strcmp(argv[1], "--help")) {
			fputs(help, stdout);
			return RESULT_GOOD;
		}
		say_failed("init", "is for the first program of a kernel only");
		return RESULT_FAILED;
	}
	mount_all();
	load_modules();
	printf("up after %.2f s\n", (double)clock_ns() / (double)CLOCK_SECOND);
	fflush(stdout);
	line = whole_file_line("", "/proc/cmdline");
	device = line ? word(line, WORD) : NULL;
	if (device && *device)
		resume(device);
	else
		second_command(1, second);
	free(line);
	/* The kernel panics, and goes back to the first one if it can. */
	return RESULT_FAILED;
}
