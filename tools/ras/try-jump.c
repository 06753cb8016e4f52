// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate rehearse: go to the second kernel and back, and see whether all is as before.
 */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "job.h"
#include "json.h"
#include "jump-mode.h"
#include "machine-devices.h"
#include "memory-use.h"
#include "say.h"
#include "second-kernel.h"
#include "wish.h"

/* Some devices, as those of USB, take a while to come back. */
#define WAIT_NS	(10 * CLOCK_SECOND)
#define MIB	(1024u * 1024)

static const char help[] =
"usage: ras-hibernate rehearse [OPTION]...\n"
"\n"
"Gives the machine to a second kernel that gives it back at once, and sees whether the devices\n"
"are as before.\n"
"\n"
WISH_HELP_KERNEL
"      --json            write JSON\n"
"      --help            show this text\n"
"\n"
"Exit status: 0 all is as before; 1 refused or failed; 2 usage.\n";

/**
 * struct trial - a rehearsal
 * @before: the devices before it
 * @after: the devices after it
 * @journey: how long it took
 * @differ: how many devices are not as before
 * @image: what a hibernation would have to write, in bytes
 */
struct trial {
	struct devices	before;
	struct devices	after;
	struct journey	journey;
	size_t		differ;
	uint64_t	image;
};

static bool load_and_go(struct trial *trial, const struct wish *wish)
{
	const uint64_t begun = clock_ns();
	bool good;

	if (!second_kernel_load(wish, "do=rehearse\n"))
		return false;
	trial->journey.load_ns = clock_ns() - begun;
	good = jump_mode_go(wish->root, &trial->journey);
	second_kernel_unload(wish);
	return good;
}

static bool look_again(struct trial *trial, const struct wish *wish)
{
	const uint64_t begun = clock_ns();
	bool good;

	for (;;) {
		good = devices_read(&trial->after, wish->root);
		trial->differ = devices_compare(&trial->before, &trial->after, NULL, NULL);
		if (!good || !trial->differ || clock_ns() - begun > (wish->is_dry ? 0 : WAIT_NS))
			return good;
		devices_free(&trial->after);
		usleep(100000);
	}
}

static void tell_device(void *to, const char *device, bool is_new)
{
	(void)to;
	printf("devices %s: %s\n", is_new ? "new" : "missing", device);
}

static void tell(const struct trial *trial)
{
	const struct journey *journey = &trial->journey;

	printf("load    %.3f s\n", (double)journey->load_ns / 1e9);
	printf("whole   %.3f s\n", (double)journey->whole_ns / 1e9);
	printf("away    %.0f s, by the machine's clock\n", (double)journey->away_ns / 1e9);
	printf("image   %" PRIu64 " MiB, what a hibernation would have to write\n",
	       trial->image / MIB);
	devices_compare(&trial->before, &trial->after, tell_device, NULL);
	printf("devices %s, of %zu\n", trial->differ ? "differ" : "same", trial->before.count);
}

static void tell_json_device(void *to, const char *device, bool is_new)
{
	struct json *json = to;

	json_begin(json, NULL, '{');
	json_string(json, "device", device);
	json_boolean(json, "new", is_new);
	json_end(json, '}');
}

static void tell_json(const struct trial *trial)
{
	struct json json = { .file = stdout };

	json_begin(&json, NULL, '{');
	json_number(&json, "load_ns", trial->journey.load_ns);
	json_number(&json, "whole_ns", trial->journey.whole_ns);
	json_number(&json, "away_ns", trial->journey.away_ns);
	json_number(&json, "image_bytes", trial->image);
	json_number(&json, "devices", trial->before.count);
	json_begin(&json, "differ", '[');
	devices_compare(&trial->before, &trial->after, tell_json_device, &json);
	json_end(&json, ']');
	json_end(&json, '}');
	fputc('\n', stdout);
}

static enum result try(struct trial *trial, const struct wish *wish)
{
	/* Before the load.  What is in the second kernel's memory is elsewhere then, and counts. */
	trial->image = memory_use_of_all(wish->root);
	if (!jump_mode_is_free(wish->root) || !devices_read(&trial->before, wish->root) ||
	    !load_and_go(trial, wish) || !look_again(trial, wish))
		return RESULT_FAILED;
	if (wish->is_json)
		tell_json(trial);
	else
		tell(trial);
	if (!trial->differ)
		return RESULT_GOOD;
	say_failed("devices", "%zu are not as before", trial->differ);
	return RESULT_FAILED;
}

/**
 * try_command() - ras-hibernate rehearse
 * @argc: number of arguments
 * @argv: the arguments
 */
enum result try_command(int argc, char **argv)
{
	const struct wish_syntax syntax = { .help = help, .takes = TAKES_KERNEL | TAKES_JSON };
	struct trial trial = { 0 };
	struct wish wish;
	enum result result = wish_read(&wish, &syntax, argc, argv);

	if (result != RESULT_GOOD || wish.is_done)
		return result;
	result = try(&trial, &wish);
	devices_free(&trial.before);
	devices_free(&trial.after);
	return result;
}
