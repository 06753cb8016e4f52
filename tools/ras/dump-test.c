// SPDX-License-Identifier: GPL-2.0
/*
 * rasctl: all of a dump that can be tried while the machine runs.
 *
 * What cannot is to write through a polled driver: it resets the device, which the driver of
 * the kernel would find in a state that it does not know when the stop is released.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "installed.h"
#include "list.h"
#include "need.h"
#include "policy-file.h"
#include "rehearse.h"
#include "say.h"
#include "size.h"
#include "targets.h"

#define AREAS		"/etc/ras/areas"
#define PROGRAM		"ras-savecore"
#define UNIT		"ras-savecore.service"
#define NO_NEED		UINT64_MAX

/**
 * struct trial - how it goes
 * @context: the context
 * @failed: something is not as it has to be
 * @need: how large a dump would be, or %NO_NEED
 * @areas: from which ras-savecore fetches
 */
struct trial {
	const struct context	*context;
	bool			failed;
	uint64_t		need;
	struct list		areas;
};

enum {
	RESULT_OK,
	RESULT_FAILED,
	RESULT_NOT_TRIED,
};

__attribute__((format(printf, 4, 5)))
static void tell(struct trial *trial, int result, const char *object, const char *format, ...)
{
	static const char * const words[] = { "ok", "FAILED", "not tried" };
	va_list arguments;

	trial->failed |= result == RESULT_FAILED;
	printf("%-9s  %s: ", words[result], object);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	fflush(stdout);
}

static void check_armed(struct trial *trial, const struct target *target)
{
	const char *reason = target_reason(target);

	if (reason)
		tell(trial, RESULT_FAILED, target->name, "%s is not armed: %s", target->handler,
		     reason);
	else
		tell(trial, RESULT_OK, target->name, "%s is armed", target->handler);
}

static void check_room(struct trial *trial, const char *name, uint64_t room)
{
	const bool fits = trial->need != NO_NEED && trial->need <= room;
	struct size_text need;

	if (trial->need == NO_NEED) {
		tell(trial, RESULT_NOT_TRIED, name, "nobody knows how large a dump would be");
		return;
	}
	need = size_text(trial->need);
	tell(trial, fits ? RESULT_OK : RESULT_FAILED, name,
	     "room for %s; a dump now would take about %s%s", size_text(room).text, need.text,
	     fits ? "" : ", and would be cut off");
}

static void uuid_text(const uint8_t *uuid, char *text)
{
	for (int i = 0; i < 16; i++)
		text += sprintf(text, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
				uuid[i]);
}

/* What the ordinary driver reads of a disk: is it what the kernel would look for? */
static void check_stamps(struct trial *trial, const struct target *target, struct source *source)
{
	const struct area *area = &source->area;
	const uint64_t there = area->start[area->extents];
	const off_t size = lseek(source->fd, 0, SEEK_END);
	char uuid[40];

	uuid_text(area->uuid, uuid);
	if (size < 0 || there != (uint64_t)size / RAS_DUMP_BLOCK * RAS_DUMP_BLOCK) {
		tell(trial, RESULT_FAILED, target->name, "its stamps are of %" PRIu64
		     " bytes, and it has %jd", there, (intmax_t)size);
		return;
	}
	tell(trial, RESULT_OK, target->name, "%" PRIu32 " stamp%s on the disk: area %s, armed %"
	     PRIu64 " time%s", area->extents, area->extents == 1 ? "" : "s", uuid, area->armed,
	     area->armed == 1 ? "" : "s");
	/* The kernel compares the stamp with the one that it has written when it armed the area. */
	if (area_holds_dump(area->state))
		tell(trial, RESULT_FAILED, target->name, "holds a dump (%s) of %" PRIu64
		     " bytes that was not fetched", area_state_name(area->state), area->bytes);
	else if (area->state == RAS_DUMP_TAKEN)
		tell(trial, RESULT_FAILED, target->name, "its dump was taken: arm it again");
	else
		tell(trial, RESULT_OK, target->name, "holds no dump");
}

static void check_disk(struct trial *trial, const struct target *target)
{
	struct source source;

	if (target_open(target, &source)) {
		check_stamps(trial, target, &source);
		check_room(trial, target->name, target_area_room(&source));
	} else {
		tell(trial, RESULT_FAILED, target->name, "%s", say_last());
	}
	source_close(&source);
}

static void check_memory(struct trial *trial, const struct target *target)
{
	char *state = policy_read(trial->context, "dump/memory/state");
	uint64_t room;

	if (!state || (strcmp(state, area_state_name(RAS_DUMP_EMPTY)) &&
		       strcmp(state, area_state_name(RAS_DUMP_TAKEN))))
		tell(trial, RESULT_FAILED, target->name, "holds a dump (%s) that was not fetched",
		     state ? state : "nobody knows");
	else
		tell(trial, RESULT_OK, target->name, "holds no dump");
	free(state);
	if (target_memory_room(trial->context, &room))
		check_room(trial, target->name, room);
	else
		tell(trial, RESULT_NOT_TRIED, target->name, "nobody knows how much room there is");
}

static bool is_same(const struct stat *one, const struct stat *other)
{
	if (S_ISBLK(one->st_mode) && S_ISBLK(other->st_mode))
		return one->st_rdev == other->st_rdev;
	return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

/* Is an area, perhaps by another name, among those that are fetched from? */
static bool is_fetched(const struct trial *trial, const struct target *target)
{
	struct stat one, other;

	for (size_t i = 0; i < trial->areas.count; i++) {
		const struct list_entry *entry = trial->areas.entries + i;

		if (entry->is_memory != target->is_memory)
			continue;
		if (target->is_memory)
			return true;
		if (!stat(entry->name, &one) && !stat(target->name, &other) &&
		    is_same(&one, &other))
			return true;
	}
	return false;
}

static void check_target(struct trial *trial, const struct target *target, const char *areas)
{
	check_armed(trial, target);
	if (target->is_net) {
		tell(trial, RESULT_NOT_TRIED, target->name,
		     "the server is not asked: it would take that for a dump");
		return;
	}
	if (target->is_memory)
		check_memory(trial, target);
	else
		check_disk(trial, target);
	if (is_fetched(trial, target))
		tell(trial, RESULT_OK, target->name, "%s names it", areas);
	else
		tell(trial, RESULT_FAILED, target->name, "%s does not name it", areas);
}

static void check_stop(struct trial *trial)
{
	struct rehearsal rehearsal;

	if (rehearse(trial->context, &rehearsal) == ANSWER_YES)
		tell(trial, RESULT_OK, "rehearsal", "every CPU stopped, within %.3f ms",
		     (double)rehearsal.stop_ns / 1e6);
	else
		tell(trial, RESULT_FAILED, "rehearsal", "%s", say_last());
	rehearsal_free(&rehearsal);
}

static void check_savecore(struct trial *trial)
{
	const bool is_there = installed_program(PROGRAM);

	tell(trial, is_there ? RESULT_OK : RESULT_FAILED, PROGRAM, "is %sinstalled",
	     is_there ? "" : "not ");
	switch (installed_unit(UNIT)) {
	case UNIT_ENABLED:
		tell(trial, RESULT_OK, UNIT, "is enabled");
		break;
	case UNIT_NOT_ENABLED:
		tell(trial, RESULT_FAILED, UNIT, "is not enabled");
		break;
	default:
		tell(trial, RESULT_NOT_TRIED, UNIT, "there is no systemctl to ask");
	}
}

static enum answer parse(int argc, char **argv, const char **areas)
{
	static const struct option long_options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*areas = AREAS;
	optind = 0;
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (option != 'c')
			return usage_error(NULL);
		*areas = optarg;
	}
	return optind == argc ? ANSWER_YES : usage_error("dump test takes no argument");
}

static void try_all(struct trial *trial, const struct targets *targets, const char *areas)
{
	bool has_disk = false, has_local = false;

	if (!targets->count)
		tell(trial, RESULT_FAILED, TARGETS_FILE, "there is no target");
	for (size_t i = 0; i < targets->count; i++) {
		has_disk |= !targets->list[i].is_memory;
		has_local |= !targets->list[i].is_net;
	}
	if (has_local && list_read(&trial->areas, areas) != DONE)
		tell(trial, RESULT_FAILED, areas, "cannot be used");
	for (size_t i = 0; i < targets->count; i++)
		check_target(trial, targets->list + i, areas);
	check_stop(trial);
	/* What a server has need not be fetched. */
	if (has_local || !targets->count)
		check_savecore(trial);
	if (has_disk)
		tell(trial, RESULT_NOT_TRIED, "write",
		     "a polled driver resets the device, and the kernel's own could not go on");
	else if (targets->count)
		tell(trial, RESULT_NOT_TRIED, "write",
		     "only a reboot shows that the firmware leaves the region of memory alone");
}

/**
 * dump_test_command() - rasctl dump test [--config FILE]
 * @context: the context
 * @argc: number of arguments
 * @argv: the arguments
 */
enum answer dump_test_command(const struct context *context, int argc, char **argv)
{
	struct trial trial = { .context = context };
	struct targets targets;
	const char *areas;

	if (parse(argc, argv, &areas) != ANSWER_YES)
		return ANSWER_TROUBLE;
	if (!targets_load(context, &targets)) {
		targets_free(&targets);
		return ANSWER_TROUBLE;
	}
	if (!need_estimate(context, &trial.need))
		trial.need = NO_NEED;
	try_all(&trial, &targets, areas);
	list_free(&trial.areas);
	targets_free(&targets);
	puts(trial.failed ? "A dump would fail, or would not be fetched: see above." :
			    "All that could be tried is as it has to be.");
	return trial.failed ? ANSWER_NO : ANSWER_YES;
}
