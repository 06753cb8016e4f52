// SPDX-License-Identifier: GPL-2.0
/*
 * rasctl: the present set-up of the dump engine.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "need.h"
#include "policy-file.h"
#include "quote.h"
#include "show.h"
#include "size.h"
#include "targets.h"

/* How much the parameter may have: as many characters as the kernel keeps of it. */
#define BOOT_LONGEST	255

/**
 * struct shown - what is shown
 * @targets: the targets
 * @room: of each, in bytes; 0 if it is not known
 * @arena: how much memory the engine has
 * @need: how large a dump would be
 * @boot: the boot parameter that sets this up; empty if there can be none
 */
struct shown {
	struct targets	targets;
	uint64_t	*room;
	uint64_t	arena;
	uint64_t	need;
	char		boot[4 * (PATH_MAX + 1) + 32];
};

static uint64_t room_of(const struct context *context, const struct target *target)
{
	struct source source;
	uint64_t room = 0;

	/* What a server takes only the server knows. */
	if (target->is_net)
		return 0;
	if (target->is_memory)
		return target_memory_room(context, &room) ? room : 0;
	if (target_open(target, &source))
		room = target_area_room(&source);
	source_close(&source);
	return room;
}

/*
 * When the kernel reads the parameter there is no file system and no /dev: it knows disks by
 * their own names, and neither files nor the network.
 */
static void make_boot(struct shown *shown)
{
	static const char parameter[] = "ras_dump.targets=";
	const struct targets *targets = &shown->targets;

	strcpy(shown->boot, parameter);
	for (size_t i = 0; i < targets->count; i++) {
		const struct target *target = targets->list + i;
		const size_t length = strlen(shown->boot);
		char *real = realpath(target->name, NULL);

		snprintf(shown->boot + length, sizeof(shown->boot) - length, "%s%s", i ? "," : "",
			 real && !target->is_memory && !target->is_net ? real : target->name);
		free(real);
		if (target->is_file || target->is_net) {
			shown->boot[0] = '\0';
			return;
		}
	}
	if (!targets->count || strlen(shown->boot) > strlen(parameter) + BOOT_LONGEST)
		shown->boot[0] = '\0';
}

static bool load(const struct context *context, struct shown *shown)
{
	memset(shown, 0, sizeof(*shown));
	if (!targets_load(context, &shown->targets) ||
	    !policy_read_number(context, "dump/arena", &shown->arena) ||
	    !need_estimate(context, &shown->need))
		return false;
	shown->room = calloc(shown->targets.count + 1, sizeof(*shown->room));
	for (size_t i = 0; shown->room && i < shown->targets.count; i++)
		shown->room[i] = room_of(context, shown->targets.list + i);
	make_boot(shown);
	return shown->room;
}

static void print_targets(const struct shown *shown)
{
	const struct targets *targets = &shown->targets;
	int name = (int)strlen("TARGET"), handler = (int)strlen("HANDLER");

	for (size_t i = 0; i < targets->count; i++) {
		const int length = (int)strlen(targets->list[i].name);
		const int other = (int)strlen(targets->list[i].handler);

		name = length > name ? length : name;
		handler = other > handler ? other : handler;
	}
	printf("%-*s  %-*s  ROOM        STATE\n", name, "TARGET", handler, "HANDLER");
	for (size_t i = 0; i < targets->count; i++) {
		const struct target *target = targets->list + i;
		const char *reason = target_reason(target);

		printf("%-*s  %-*s  %-10s  %s%s\n", name, target->name, handler, target->handler,
		       shown->room[i] ? size_text(shown->room[i]).text : "unknown",
		       reason ? "not armed: " : "armed", reason ? reason : "");
	}
}

static void print_text(const struct shown *shown)
{
	if (!shown->targets.count)
		puts("There is no target: a crash is not dumped.");
	else
		print_targets(shown);
	printf("the engine has %s of memory\n", size_text(shown->arena).text);
	printf("a dump now would take about %s\n", size_text(shown->need).text);
	if (*shown->boot)
		printf("at boot: %s\n", shown->boot);
	else if (shown->targets.count)
		puts("at boot: no parameter does it; see \"At boot\" in rasctl(8)");
}

static void print_target_json(const struct target *target, uint64_t room)
{
	fputs("{\"name\": ", stdout);
	quote_json(target->name);
	fputs(", \"handler\": ", stdout);
	quote_json(target->handler);
	printf(", \"armed\": %s, \"reason\": ", target->is_armed ? "true" : "false");
	quote_json(target_reason(target));
	if (room)
		printf(", \"room\": %" PRIu64 "}", room);
	else
		fputs(", \"room\": null}", stdout);
}

static void print_json(const struct shown *shown)
{
	fputs("{\"targets\": [", stdout);
	for (size_t i = 0; i < shown->targets.count; i++) {
		fputs(i ? ", " : "", stdout);
		print_target_json(shown->targets.list + i, shown->room[i]);
	}
	printf("], \"arena\": %" PRIu64 ", \"need\": %" PRIu64 ", \"boot\": ", shown->arena,
	       shown->need);
	quote_json(*shown->boot ? shown->boot : NULL);
	puts("}");
}

/**
 * show_targets() - show the targets, and what becomes of them at boot
 * @context: the context
 *
 * Return: %ANSWER_YES if there is a target and each is armed.
 */
enum answer show_targets(const struct context *context)
{
	enum answer answer = ANSWER_TROUBLE;
	struct shown shown;

	if (load(context, &shown)) {
		answer = shown.targets.count ? ANSWER_YES : ANSWER_NO;
		for (size_t i = 0; i < shown.targets.count; i++)
			if (!shown.targets.list[i].is_armed)
				answer = ANSWER_NO;
		if (context->json)
			print_json(&shown);
		else
			print_text(&shown);
	}
	targets_free(&shown.targets);
	free(shown.room);
	return answer;
}
