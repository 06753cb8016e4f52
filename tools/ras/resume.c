// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate resume, verify: have a kernel go on that was saved, or see whether it would.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "go-back.h"
#include "image-check.h"
#include "image-memory.h"
#include "image-walk.h"
#include "image-window.h"
#include "kexec-call.h"
#include "say.h"
#include "wish.h"

static const char resume_help[] =
"usage: ras-hibernate resume [OPTION]... DEVICE[@OFFSET]\n"
"\n"
"Restores the memory of a kernel that 'ras-hibernate save' has saved to DEVICE, and has it go on.\n"
"This kernel has to be booted with mem=SIZE, as the second kernel was, and ras_jump.restore.\n"
"The image begins at OFFSET, as 'ras-hibernate where' tells for a file.\n"
"\n"
"      --wait SECONDS    for DEVICE to be there (default: 0)\n"
"      --help            show this text\n"
"\n"
"Exit status: 1 refused or failed; 2 usage; 3 there is no image.\n";

static const char verify_help[] =
"usage: ras-hibernate verify [OPTION]... DEVICE[@OFFSET]\n"
"\n"
"Checks all that 'ras-hibernate resume' checks before it restores anything.\n"
"\n"
"      --wait SECONDS    for DEVICE to be there (default: 0)\n"
"      --help            show this text\n"
"\n"
"Exit status: 0 it can be resumed; 1 it cannot; 2 usage; 3 there is no image.\n";

/* Return: it is there. */
static bool restore_memory(void *to, uint64_t address, const void *data, size_t size,
			   struct why *why)
{
	const int memory = *(const int *)to;
	const uint8_t *from = data;
	struct image_window window;

	if (image_window_open(&window, memory, true, address, size)) {
		memcpy(window.at, data, size);
		image_window_close(&window);
		return true;
	}
	while (size) {
		const ssize_t done = pwrite(memory, from, size, (off_t)address);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return refuse(why, "memory at %#" PRIx64 " cannot be restored: %s", address,
				      done ? strerror(errno) : "nothing was written");
		from += done;
		address += (uint64_t)done;
		size -= (size_t)done;
	}
	return true;
}

static bool restore(const struct checked *checked, int memory)
{
	const struct image_visit visit = {
		.verb = "restored", .memory = restore_memory, .to = &memory,
	};
	struct why why;

	if (image_walk(&checked->disk, &checked->image, &checked->map, &visit, &why))
		return true;
	say_failed(checked->disk.path, "%s; the image is lost, and the machine has to boot anew",
		   why.text);
	return false;
}

/* Why memory cannot be opened for restoring it. */
static const char *no_memory_because(int error)
{
	if (error == EPERM)
		return "is this kernel locked down, or was it booted without ras_jump.restore?";
	return "has this kernel CONFIG_RAS_JUMP, and was it booted with ras_jump.restore?";
}

/* All that may fail and leaves the image as it is. */
static bool prepare(const struct checked *checked, const struct wish *wish, int *memory)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s" IMAGE_MEMORY, wish->root);
	/* What is mapped to be written to has to be readable. */
	*memory = open(path, O_RDWR | O_CLOEXEC);
	if (*memory < 0) {
		say_failed(IMAGE_MEMORY, "%s; %s", strerror(errno), no_memory_because(errno));
		return false;
	}
	if (go_back_load(checked->image.entry, wish->is_dry))
		return true;
	close(*memory);
	return false;
}

/* From the mark on there is no second try: the kernel may have run, and written to its disks. */
static enum result resume(struct checked *checked, const struct wish *wish)
{
	bool good;
	int memory;

	if (!prepare(checked, wish, &memory))
		return RESULT_FAILED;
	checked->image.state = IMAGE_CONSUMED;
	good = image_disk_tell(&checked->disk, &checked->image) && restore(checked, memory);
	close(memory);
	if (good && wish->is_dry)
		return RESULT_GOOD;
	if (good)
		kexec_call_start();
	else if (!wish->is_dry)
		kexec_call_unload();
	return RESULT_FAILED;
}

/* While a machine boots, its disks are found one after the other. */
static void await_device(const struct wish *wish)
{
	const uint64_t begun = clock_ns();

	while (!image_place_is_there(wish->names[0]) && clock_ns() - begun < wish->wait * CLOCK_SECOND)
		usleep(50000);
}

static enum result open_and_check(struct checked *checked, const struct wish *wish, bool is_resume)
{
	enum result result;

	await_device(wish);
	if (is_resume && image_place_is_file(wish->names[0], wish->root)) {
		say_failed(wish->names[0], "is a file, and has to be named as DEVICE@OFFSET");
		return RESULT_FAILED;
	}
	if (!image_disk_open(&checked->disk, wish->names[0], wish->root, is_resume))
		return RESULT_FAILED;
	result = image_check(checked, wish->root);
	if (is_resume && checked->is_void && image_disk_void(&checked->disk))
		say_note(checked->disk.path, "the image was voided");
	if (is_resume && result == RESULT_GOOD)
		result = resume(checked, wish);
	image_disk_close(&checked->disk);
	return result;
}

static enum result run(int argc, char **argv, const char *help, bool is_resume)
{
	const struct wish_syntax syntax = { .help = help, .takes = TAKES_WAIT, .names = 1 };
	struct checked *checked;
	struct wish wish;
	enum result result = wish_read(&wish, &syntax, argc, argv);

	if (result != RESULT_GOOD || wish.is_done)
		return result;
	checked = calloc(1, sizeof(*checked));
	if (!checked)
		return RESULT_FAILED;
	result = open_and_check(checked, &wish, is_resume);
	free(checked);
	return result;
}

/**
 * resume_command() - ras-hibernate resume
 * @argc: number of arguments
 * @argv: the arguments
 */
enum result resume_command(int argc, char **argv)
{
	return run(argc, argv, resume_help, true);
}

/**
 * verify_command() - ras-hibernate verify
 * @argc: number of arguments
 * @argv: the arguments
 */
enum result verify_command(int argc, char **argv)
{
	return run(argc, argv, verify_help, false);
}
