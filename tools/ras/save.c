// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate save: the second kernel saves the memory of this one, and switches off.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>

#include "block-name.h"
#include "clock.h"
#include "image-disk.h"
#include "image-method.h"
#include "job.h"
#include "jump-mode.h"
#include "memory-map.h"
#include "memory-use.h"
#include "paging.h"
#include "random.h"
#include "save-hooks.h"
#include "say.h"
#include "second-kernel.h"
#include "stream-form.h"
#include "swap.h"
#include "token.h"
#include "wish.h"

#define MIB		(UINT64_C(1024) * 1024)
/* For what is in use a little later. */
#define MARGIN		(16 * MIB)

static const char help[] =
"usage: ras-hibernate save [OPTION]... [DEVICE|FILE]\n"
"\n"
"Gives the machine to a second kernel that saves the memory of this one to DEVICE, and switches\n"
"the machine off.  DEVICE is a block device that nobody uses, and what is on it is lost; or swap,\n"
"which is switched off meanwhile.  FILE is one that 'ras-hibernate make-file' makes, or a swap\n"
"file.  When the machine was resumed, this program goes on, and ends.  By default DEVICE, and the\n"
"options, are those of /etc/ras/hibernate.conf.\n"
"\n"
WISH_HELP_KERNEL
"      --compress NAME   how memory is stored: none, lz4 or zstd (default: lz4)\n"
"      --no-power-off    go on when all was saved, without an image; for tests\n"
"      --help            show this text\n"
"\n"
"Exit status: 0 resumed; 1 refused or failed; 2 usage.\n";

/**
 * struct saving - what is being saved
 * @wish: what is asked for
 * @disk: where to
 * @job: of the second kernel
 * @journey: how long it took
 */
struct saving {
	const struct wish	*wish;
	struct image_disk	disk;
	struct job		job;
	struct journey		journey;
};

/* Nothing may become smaller, and each page may be a record of its own. */
static bool has_room(const struct saving *saving)
{
	const uint64_t used = memory_use_of_all(saving->wish->root) + saving->wish->memory;
	const uint64_t need = used + used / 128 + MARGIN;

	if (saving->disk.room >= need)
		return true;
	say_failed(saving->disk.path, "has %" PRIu64 " MiB, the image may have %" PRIu64 " MiB",
		   saving->disk.room / MIB, (need + MIB - 1) / MIB);
	return false;
}

/* How the second kernel finds the device. */
static bool name_disk(struct saving *saving)
{
	struct job *job = &saving->job;
	const char *slash;
	struct stat about;

	if (fstat(saving->disk.fd, &about)) {
		say_failed(saving->disk.path, "%s", strerror(errno));
		return false;
	}
	job->major = major(about.st_rdev);
	job->minor = minor(about.st_rdev);
	if (block_name(saving->wish->root, job->major, job->minor, job->disk, sizeof(job->disk)))
		return true;
	slash = strrchr(saving->disk.place.device, '/');
	slash = slash ? slash + 1 : saving->disk.place.device;
	/* A file that stands for a device has no name but its own. */
	if (*saving->wish->root && strlen(slash) < sizeof(job->disk)) {
		strcpy(job->disk, slash);
		return true;
	}
	say_failed(saving->disk.path, "the kernel has no name for it");
	return false;
}

/* Where the second kernel writes. */
static bool name_extents(struct saving *saving)
{
	const struct image_place *place = &saving->disk.place;

	if (place->file < 0)
		return extents_add(&saving->job.extents, 0, saving->disk.size);
	saving->job.extents = place->extents;
	printf("%s: the image begins at %s@%" PRIu64 "\n", saving->disk.path, place->device,
	       place->offset);
	fflush(stdout);
	return true;
}

/* What is to be the same when it is resumed. */
static bool describe_machine(struct saving *saving)
{
	const struct wish *wish = saving->wish;
	struct job *job = &saving->job;
	struct memory_map map;
	struct utsname name;

	if (!memory_map_of_firmware(&map, wish->root))
		return false;
	job->map_crc = memory_map_crc(&map);
	job->levels = paging_levels(wish->root);
	job->memory_end = wish->memory;
	if (uname(&name)) {
		say_failed("uname", "%s", strerror(errno));
		return false;
	}
	snprintf(job->release, sizeof(job->release), "%s", name.release);
	snprintf(job->version, sizeof(job->version), "%s", name.version);
	return mounts_find(&job->mounts, wish->root);
}

/* The second kernel has this program, too. */
static bool can_store(const struct wish *wish)
{
	if (!wish->has_method || image_method_is_built_in(wish->method))
		return true;
	say_failed("--compress", "this program was built without %s",
		   image_method_name(wish->method));
	return false;
}

static bool prepare(struct saving *saving)
{
	const struct wish *wish = saving->wish;
	struct job *job = &saving->job;

	job->what = JOB_SAVE;
	job->is_staying = wish->is_staying;
	job->has_method = wish->has_method;
	job->method = wish->method;
	return has_room(saving) && name_disk(saving) && describe_machine(saving) &&
	       token_make(job->token) && name_extents(saving);
}

static bool load(struct saving *saving)
{
	const uint64_t begun = clock_ns();
	char *text = job_text(&saving->job);
	const bool good = text && second_kernel_load(saving->wish, text);

	free(text);
	saving->journey.load_ns = clock_ns() - begun;
	return good;
}

static bool not_saved(const struct saving *saving, const char *reason)
{
	say_failed(saving->disk.path, "the second kernel %s", reason);
	return false;
}

/* This kernel is back.  Return: as it was to be. */
static bool judge(const struct saving *saving, const struct image *image)
{
	if (memcmp(image->token, saving->job.token, sizeof(image->token)))
		return not_saved(saving, "has left the image of another kernel");
	switch (image->state) {
	case IMAGE_CONSUMED:
		printf("%s: resumed; load %.3f s, away %.0f s by the machine's clock\n",
		       saving->disk.path, (double)saving->journey.load_ns / 1e9,
		       (double)saving->journey.away_ns / 1e9);
		return true;
	case IMAGE_STAYED:
		printf("%s: saved and went on; %" PRIu64 " MiB in %" PRIu64 " MiB, load %.3f s, "
		       "away %.0f s by the machine's clock\n", saving->disk.path,
		       image->bytes / MIB, image->stored / MIB,
		       (double)saving->journey.load_ns / 1e9,
		       (double)saving->journey.away_ns / 1e9);
		return saving->job.is_staying;
	case IMAGE_FAILED:
		say_failed(saving->disk.path, "the second kernel: %.160s", image->message);
		return false;
	case IMAGE_SAVED:
		break;
	}
	return not_saved(saving, "has saved everything and came back, nobody knows why");
}

/* What the device says has become of it. */
static bool look(struct saving *saving)
{
	struct stream_end end;
	struct image image;

	if (!image_disk_read(&saving->disk))
		return false;
	if (image_head_read(saving->disk.block, &image) == IMAGE_FOUND)
		return judge(saving, &image);
	if (stream_head_read(saving->disk.block, saving->job.token, 0, &end))
		return not_saved(saving, "has saved nothing");
	return not_saved(saving, "has left something that makes no sense");
}

/*
 * Nobody ends this program while swap is off or there may be an image: not even a terminal that
 * is gone.
 */
static void hold_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
}

/* Whatever comes of it, this kernel runs, so that it must never be resumed again. */
static bool go(struct saving *saving)
{
	bool good = image_disk_mark(&saving->disk, &saving->job.extents, saving->job.token);

	if (good) {
		good = jump_mode_go(saving->wish->root, &saving->journey);
		random_reseed(saving->wish->root);
		/* If it is not there, the look at it, or the write to it, says so. */
		image_disk_find_again(&saving->disk, saving->wish->root,
				      saving->job.token);
		good = good && look(saving);
		image_disk_forget(&saving->disk);
	}
	return image_disk_void(&saving->disk) && good;
}

/* All of a device is taken, or a file that nobody else can read. */
static bool can_take(const struct saving *saving)
{
	const struct image_place *place = &saving->disk.place;

	if (place->file < 0 && place->offset) {
		say_failed(saving->disk.path, "has to be named as a file, or a device as a whole");
		return false;
	}
	return image_place_is_private(place, saving->disk.path);
}

/* The device is this program's. */
static bool use(struct saving *saving)
{
	bool good;

	if (!prepare(saving) || !load(saving))
		return false;
	image_disk_forget(&saving->disk);
	/* What the first block was has to be safe before it is overwritten. */
	good = image_place_is_same(&saving->disk.place, saving->disk.path) &&
	       image_disk_keep(&saving->disk) && go(saving);
	second_kernel_unload(saving->wish);
	return good;
}

/* Return: it was saved and resumed, and nothing is taken any more. */
static bool take_and_use(struct saving *saving)
{
	const struct wish *wish = saving->wish;
	struct swap swap;
	bool good;

	if (!swap_take(&swap, wish->names[0], wish->root))
		return false;
	good = image_disk_open(&saving->disk, wish->names[0], wish->root, true);
	if (good) {
		good = can_take(saving) && use(saving);
		image_disk_close(&saving->disk);
	}
	swap_give_back(&swap);
	return good;
}

static enum result save(struct saving *saving)
{
	const struct wish *wish = saving->wish;
	struct save_hooks hooks;
	bool good;

	hold_signals();
	if (!can_store(wish) || !jump_mode_is_free(wish->root) ||
	    !save_hooks_find(&hooks, wish->root, wish->hook_seconds))
		return RESULT_FAILED;
	good = save_hooks_before(&hooks) && take_and_use(saving);
	save_hooks_after(&hooks, good);
	return good ? RESULT_GOOD : RESULT_FAILED;
}

/**
 * save_command() - ras-hibernate save
 * @argc: number of arguments
 * @argv: the arguments
 */
enum result save_command(int argc, char **argv)
{
	const struct wish_syntax syntax = {
		.help = help, .takes = TAKES_KERNEL | TAKES_PLACE | TAKES_STAY | TAKES_COMPRESS,
		.names = 1,
	};
	struct saving *saving;
	struct wish wish;
	enum result result = wish_read(&wish, &syntax, argc, argv);

	if (result != RESULT_GOOD || wish.is_done)
		return result;
	saving = calloc(1, sizeof(*saving));
	if (!saving)
		return RESULT_FAILED;
	saving->wish = &wish;
	result = save(saving);
	free(saving);
	return result;
}
