// SPDX-License-Identifier: GPL-2.0
/*
 * rasctl: the handlers, as their files show them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "handlers.h"
#include "plan.h"
#include "policy-file.h"
#include "say.h"

/* The path of a file of a handler. */
struct path {
	char	text[320];
};

static struct path file_of(const char *name, const char *file)
{
	struct path path;

	snprintf(path.text, sizeof(path.text), "handlers/%.255s/%s", name, file);
	return path;
}

/* Is a word in a list with blanks between? */
static bool has_word(const char *list, const char *word)
{
	const size_t length = strlen(word);

	while (*list) {
		const size_t next = strcspn(list, " ");

		if (next == length && !strncmp(list, word, length))
			return true;
		list += next;
		list += strspn(list, " ");
	}
	return false;
}

/* Those that have the memory of the machine kept.  kmsg keeps the log only. */
static bool is_saver(const char *name)
{
	return !strcmp(name, HANDLER_KDUMP) ||
	       !strncmp(name, HANDLER_DUMP, strlen(HANDLER_DUMP));
}

static bool load_texts(const struct context *context, struct handler *handler)
{
	const char *name = handler->name;
	char *triggers = policy_read(context, file_of(name, "triggers").text);
	char *state = policy_read(context, file_of(name, "state").text);
	const bool good = triggers && state;

	if (good) {
		handler->on_panic = has_word(triggers, TRIGGER_PANIC);
		handler->failed = strcmp(state, "ok");
		handler->verdict = policy_read(context, file_of(name, "last_verdict").text);
	}
	free(triggers);
	free(state);
	return good && handler->verdict;
}

static bool load(const struct context *context, struct handler *handler, const char *plan)
{
	const char *name = handler->name;

	handler->saves = is_saver(name);
	handler->waits = policy_has(context, file_of(name, "wait_s").text);
	handler->reason = plan ? plan_reason(plan, TRIGGER_PANIC, name) : NULL;
	return policy_read_number(context, file_of(name, "priority").text, &handler->priority) &&
	       policy_read_switch(context, file_of(name, "enabled").text, &handler->enabled) &&
	       policy_read_switch(context, file_of(name, "armed").text, &handler->armed) &&
	       policy_read_number(context, file_of(name, "last_ns").text, &handler->ns) &&
	       load_texts(context, handler);
}

static bool add(struct handlers *handlers, const char *name)
{
	const size_t size = (handlers->count + 1) * sizeof(*handlers->list);
	struct handler *list = realloc(handlers->list, size);
	struct handler *handler;

	if (!list)
		return false;
	handlers->list = list;
	handler = list + handlers->count;
	memset(handler, 0, sizeof(*handler));
	handler->name = strdup(name);
	if (!handler->name)
		return false;
	handlers->count++;
	return true;
}

static void free_one(struct handler *handler)
{
	free(handler->name);
	free(handler->reason);
	free(handler->verdict);
}

/* As the kernel sorts them; kdump never returns, and so runs last. */
static int compare(const void *one, const void *other)
{
	const struct handler *a = one, *b = other;
	const bool a_last = !strcmp(a->name, HANDLER_KDUMP);
	const bool b_last = !strcmp(b->name, HANDLER_KDUMP);

	if (a_last != b_last)
		return a_last ? 1 : -1;
	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	return strcmp(a->name, b->name);
}

static bool load_all(const struct context *context, struct handlers *handlers, DIR *directory)
{
	char *plan = policy_try(context, "plan");
	const struct dirent *entry;
	bool good = true;

	while (good && (entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			continue;
		good = add(handlers, entry->d_name);
		if (!good) {
			say_failed("handlers", "no memory");
			break;
		}
		good = load(context, handlers->list + handlers->count - 1, plan);
		/* Its client has left meanwhile. */
		if (!good && faccessat(dirfd(directory), entry->d_name, F_OK, 0)) {
			free_one(handlers->list + --handlers->count);
			good = true;
		}
	}
	free(plan);
	return good;
}

/**
 * handlers_load() - read the files of all handlers
 * @context: the context
 * @handlers: set to the handlers, in the order in which they run; to be freed
 *
 * Return: all could be read; otherwise the reason was said.
 */
bool handlers_load(const struct context *context, struct handlers *handlers)
{
	const int fd = openat(context->directory, "handlers", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	bool good;

	memset(handlers, 0, sizeof(*handlers));
	if (!directory) {
		say_failed("handlers", "%s", strerror(errno));
		return false;
	}
	good = load_all(context, handlers, directory);
	closedir(directory);
	if (handlers->count)
		qsort(handlers->list, handlers->count, sizeof(*handlers->list), compare);
	return good;
}

/**
 * handler_would_save() - would it save the memory of the machine in a panic?
 * @handler: the handler
 */
bool handler_would_save(const struct handler *handler)
{
	return handler->saves && handler->on_panic && handler->enabled && !handler->failed &&
	       handler->armed;
}

/**
 * handler_reason() - why a panic would not run a handler
 * @handler: the handler
 *
 * Return: %NULL if it would.  Whether a handler that waits for a person is armed depends on the
 *	trigger, which only the plan says.
 */
const char *handler_reason(const struct handler *handler)
{
	if (handler->enabled && !handler->failed && handler->armed &&
	    !(handler->waits && handler->reason))
		return NULL;
	if (handler->reason)
		return handler->reason;
	if (!handler->enabled)
		return "disabled";
	return handler->failed ? "failed, to be enabled again" : "not ready";
}

/**
 * handlers_free() - free what was loaded
 * @handlers: the handlers
 */
void handlers_free(struct handlers *handlers)
{
	while (handlers->count)
		free_one(handlers->list + --handlers->count);
	free(handlers->list);
}
