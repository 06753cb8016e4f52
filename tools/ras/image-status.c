// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate status, abort: what a save has left, and its end.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "image-disk.h"
#include "json.h"
#include "say.h"
#include "size.h"
#include "stream-form.h"
#include "when.h"
#include "wish.h"

static const char status_help[] =
"usage: ras-hibernate status [OPTION]... DEVICE[@OFFSET]|FILE\n"
"\n"
"Shows what 'ras-hibernate save' has left on DEVICE.\n"
"\n"
"      --json            write JSON\n"
"      --help            show this text\n"
"\n"
"Exit status: 0 it was shown; 1 it cannot be read; 2 usage.\n";

static const char abort_help[] =
"usage: ras-hibernate abort [OPTION]... DEVICE[@OFFSET]|FILE\n"
"\n"
"Voids the image on DEVICE: it cannot be resumed any more.\n"
"\n"
"      --help            show this text\n"
"\n"
"Exit status: 0 voided; 1 it cannot be; 2 usage; 3 there is no image.\n";

/* What the states are called. */
static const char * const states[] = {
	[IMAGE_SAVED]	 = "saved",
	[IMAGE_CONSUMED] = "consumed",
	[IMAGE_FAILED]	 = "failed",
	[IMAGE_STAYED]	 = "went on",
};

static const char *state_of(enum image_found found, const struct image *image)
{
	if (found == IMAGE_FOUND)
		return states[image->state];
	return found == IMAGE_NONE ? "none" : "damaged";
}

/* Times by how much it became smaller. */
static double ratio(const struct image *image)
{
	return image->stored ? (double)image->bytes / (double)image->stored : 0;
}

static void show(const struct image_disk *disk, enum image_found found, const struct image *image)
{
	char when[WHEN_TEXT];

	printf("%s", disk->path);
	if (disk->place.file >= 0)
		printf(" at %s@%" PRIu64, disk->place.device, disk->offset);
	printf(": %s", state_of(found, image));
	if (found == IMAGE_FOUND && image->state == IMAGE_FAILED) {
		printf(": %s", image->message);
	} else if (found == IMAGE_FOUND) {
		when_text((int64_t)image->when, when);
		printf(", %s, %s", *when ? when : "at an unknown time", image->release);
		printf(", %s", size_text(image->bytes).text);
		printf(" in %s, ratio %.2f", size_text(image->stored).text, ratio(image));
	}
	fputc('\n', stdout);
}

static void show_json(const struct image_disk *disk, enum image_found found,
		      const struct image *image)
{
	struct json json = { .file = stdout };

	json_begin(&json, NULL, '{');
	json_string(&json, "device", disk->path);
	if (disk->place.file >= 0) {
		json_string(&json, "on", disk->place.device);
		json_number(&json, "offset", disk->offset);
	}
	json_string(&json, "state", state_of(found, image));
	if (found == IMAGE_FOUND) {
		json_string(&json, "reason", image->message);
		json_string(&json, "release", image->release);
		json_string(&json, "version", image->version);
		json_number(&json, "when", image->when);
		json_number(&json, "memory", image->memory_end);
		json_number(&json, "entry", image->entry);
		json_number(&json, "bytes", image->bytes);
		json_number(&json, "stored", image->stored);
		json_number(&json, "records", image->records);
	}
	json_end(&json, '}');
	fputc('\n', stdout);
}

/**
 * status_command() - ras-hibernate status
 * @argc: number of arguments
 * @argv: the arguments
 */
enum result status_command(int argc, char **argv)
{
	const struct wish_syntax syntax = {
		.help = status_help, .takes = TAKES_JSON | TAKES_PLACE, .names = 1,
	};
	struct image_disk disk;
	struct image image;
	struct wish wish;
	enum result result = wish_read(&wish, &syntax, argc, argv);
	enum image_found found;

	if (result != RESULT_GOOD || wish.is_done)
		return result;
	if (!image_disk_open(&disk, wish.names[0], wish.root, false))
		return RESULT_FAILED;
	if (image_disk_read(&disk)) {
		found = image_head_read(disk.block, &image);
		if (wish.is_json)
			show_json(&disk, found, &image);
		else
			show(&disk, found, &image);
	} else {
		result = RESULT_FAILED;
	}
	image_disk_close(&disk);
	return result;
}

static enum result void_image(struct image_disk *disk)
{
	struct image image;

	if (!image_disk_read(disk))
		return RESULT_FAILED;
	/* A mark is what is left if the machine has lost its power during a save. */
	if (image_head_read(disk->block, &image) == IMAGE_NONE &&
	    memcmp(disk->block, STREAM_MAGIC, sizeof(STREAM_MAGIC) - 1)) {
		printf("%s: no image\n", disk->path);
		return RESULT_NOTHING;
	}
	if (!image_disk_void(disk))
		return RESULT_FAILED;
	printf("%s: voided\n", disk->path);
	return RESULT_GOOD;
}

/**
 * abort_command() - ras-hibernate abort
 * @argc: number of arguments
 * @argv: the arguments
 */
enum result abort_command(int argc, char **argv)
{
	const struct wish_syntax syntax = {
		.help = abort_help, .takes = TAKES_PLACE, .names = 1,
	};
	struct image_disk disk;
	struct wish wish;
	enum result result = wish_read(&wish, &syntax, argc, argv);

	if (result != RESULT_GOOD || wish.is_done)
		return result;
	if (!image_disk_open(&disk, wish.names[0], wish.root, true))
		return RESULT_FAILED;
	result = void_image(&disk);
	image_disk_close(&disk);
	return result;
}
