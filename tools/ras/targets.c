// SPDX-License-Identifier: GPL-2.0
/*
 * rasctl: the targets of the dump engine.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "crc32.h"
#include "handlers.h"
#include "plan.h"
#include "policy-file.h"
#include "say.h"
#include "size.h"
#include "targets.h"

/* What the kernel keeps of a region of memory for itself. */
#define MEMORY_HEAD	4096

/* Letters and digits as the kernel knows them, those of Latin-1 among them. */
static bool is_letter(unsigned char letter)
{
	if (letter < 0x80)
		return isalnum(letter);
	return letter >= 0xc0 && letter != 0xd7 && letter != 0xf7;
}

/* Is it the name of a server? */
bool target_is_net(const char *name)
{
	return !strncmp(name, TARGET_NET, strlen(TARGET_NET));
}

/* As dump_name() of the kernel names a handler. */
static void name_handler(struct target *target)
{
	const char *slash = strrchr(target->name, '/'), *from = target->name;
	const size_t most = sizeof(target->handler) - 1;
	size_t at = strlen(HANDLER_DUMP);

	strcpy(target->handler, HANDLER_DUMP);
	if (target->is_net) {
		strcpy(target->handler + at, "net-");
		at += strlen("net-");
		from += strlen(TARGET_NET);
	} else if (slash) {
		from = slash + 1;
	}
	for (; *from && at < most; from++) {
		if (target->is_net && (*from == '[' || *from == ']'))
			continue;
		target->handler[at++] =
			is_letter((unsigned char)*from) || *from == '_' ? *from : '-';
	}
	target->handler[at] = '\0';
	if (target->is_net && from[strspn(from, "[]")])
		snprintf(target->handler + at - strlen("-1234"), sizeof("-1234"), "-%04x",
			 (unsigned int)crc32(0, target->name, strlen(target->name)) & 0xffff);
}

static bool add(struct targets *targets, const char *name)
{
	const size_t size = (targets->count + 1) * sizeof(*targets->list);
	struct target *list = realloc(targets->list, size), *target;
	struct stat about;

	if (list)
		targets->list = list;
	else
		return false;
	target = list + targets->count;
	memset(target, 0, sizeof(*target));
	target->name = strdup(name);
	if (!target->name)
		return false;
	targets->count++;
	target->is_memory = !strcmp(name, TARGET_MEMORY);
	target->is_net = target_is_net(name);
	target->is_file = !target->is_memory && !target->is_net && !stat(name, &about) &&
			  S_ISREG(about.st_mode);
	name_handler(target);
	return true;
}

/* Ask its handler, if it has one. */
static bool load(const struct context *context, struct target *target, const char *plan)
{
	char path[64];

	snprintf(path, sizeof(path), "handlers/%s/armed", target->handler);
	target->reason = plan ? plan_reason(plan, NULL, target->handler) : NULL;
	return !policy_has(context, path) ||
	       policy_read_switch(context, path, &target->is_armed);
}

/**
 * targets_load() - read which targets there are
 * @context: the context
 * @targets: set to them; to be freed
 *
 * Return: it is known; otherwise the reason was said.
 */
bool targets_load(const struct context *context, struct targets *targets)
{
	char *text, *plan, *rest;
	bool good = true;

	memset(targets, 0, sizeof(*targets));
	if (!policy_has(context, TARGETS_FILE)) {
		say_failed(TARGETS_FILE, "this kernel has no dump engine (CONFIG_RAS_DUMP)");
		return false;
	}
	text = policy_read(context, TARGETS_FILE);
	if (!text)
		return false;
	plan = policy_try(context, "plan");
	rest = strcmp(text, TARGETS_NONE) ? text : NULL;
	for (char *name; good && (name = strsep(&rest, " "));) {
		if (!*name)
			continue;
		good = add(targets, name);
		if (!good)
			say_failed(TARGETS_FILE, "no memory");
		else
			good = load(context, targets->list + targets->count - 1, plan);
	}
	free(plan);
	free(text);
	return good;
}

/**
 * targets_find() - find a target by its name
 * @targets: the targets
 * @name: the name
 *
 * Return: the target, or %NULL.
 */
const struct target *targets_find(const struct targets *targets, const char *name)
{
	for (size_t i = 0; i < targets->count; i++)
		if (!strcmp(targets->list[i].name, name))
			return targets->list + i;
	return NULL;
}

/**
 * targets_free() - free what was loaded
 * @targets: the targets
 */
void targets_free(struct targets *targets)
{
	while (targets->count) {
		free(targets->list[--targets->count].name);
		free(targets->list[targets->count].reason);
	}
	free(targets->list);
}

/**
 * target_reason() - why a target is not armed
 * @target: the target
 *
 * Return: the reason in words, or %NULL if it is armed.
 */
const char *target_reason(const struct target *target)
{
	if (target->is_armed)
		return NULL;
	return target->reason ? target->reason : "the kernel does not say why";
}

/**
 * target_open() - read the stamps of a target that is a disk
 * @target: the target
 * @source: set to what they say; to be closed whatever comes out
 *
 * Return: they are sound; otherwise the reason was said.
 */
bool target_open(const struct target *target, struct source *source)
{
	return disk_open(source, target->name, false) == DONE;
}

/**
 * target_area_room() - how large a dump an area takes
 * @source: the area
 */
uint64_t target_area_room(const struct source *source)
{
	const struct area *area = &source->area;

	return area->start[area->extents] - (uint64_t)area->extents * RAS_DUMP_BLOCK;
}

/**
 * target_memory_room() - how large a dump the region of memory takes
 * @context: the context
 * @room: set to it
 *
 * Return: it is known.  Only the kernel's command line has it.
 */
bool target_memory_room(const struct context *context, uint64_t *room)
{
	static const char parameter[] = "ras_dump.memory=";
	char path[4096], *line = NULL, *rest;
	const char *end;
	size_t size = 0;
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "%s/cmdline", context->proc);
	file = fopen(path, "re");
	if (file && getline(&line, &size, file) > 0) {
		rest = line;
		for (char *word; (word = strsep(&rest, "\n "));)
			if (!strncmp(word, parameter, strlen(parameter)))
				found = size_parse(word + strlen(parameter), room, &end) &&
					*end == '@' && *room > MEMORY_HEAD;
	}
	free(line);
	if (file)
		fclose(file);
	if (found)
		*room -= MEMORY_HEAD;
	return found;
}
