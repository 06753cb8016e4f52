// SPDX-License-Identifier: GPL-2.0
/*
 * rasctl: would a crash now be saved?
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "handlers.h"
#include "policy-file.h"
#include "quote.h"
#include "say.h"

/* What the plan says of a target that cannot be used because its dump is still there. */
#define NOT_FETCHED	"not fetched"

/**
 * struct status - what the files say
 * @framework: it is on
 * @panic: its panic trigger is on
 * @handlers: all handlers
 * @saved: a crash now would be saved by the framework
 * @reason: why not
 * @by_kernel: the kernel would start the crash kernel without the framework
 * @key: the public key for which the dump engine seals dumps, or %NULL; to be freed
 */
struct status {
	bool		framework;
	bool		panic;
	struct handlers	handlers;
	bool		saved;
	char		reason[1024];
	bool		by_kernel;
	char		*key;
};

/* Is a crash kernel loaded?  The file is beside the directory of the framework. */
static bool crash_kernel_is_loaded(const struct context *context)
{
	const int fd = openat(context->directory, "../kexec_crash_loaded", O_RDONLY | O_CLOEXEC);
	char digit = '0';

	if (fd < 0)
		return false;
	if (read(fd, &digit, 1) != 1)
		digit = '0';
	close(fd);
	return digit == '1';
}

static void add_reason(struct status *status, const char *name, const char *reason)
{
	const size_t length = strlen(status->reason);

	snprintf(status->reason + length, sizeof(status->reason) - length, "%s%s: %s",
		 length ? "; " : "", name, reason);
}

/* No handler would save the crash: why? */
static void explain(struct status *status)
{
	const struct handlers *handlers = &status->handlers;

	if (!status->framework) {
		strcpy(status->reason, "the framework is switched off");
		return;
	}
	if (!status->panic) {
		strcpy(status->reason, "the panic trigger is switched off");
		return;
	}
	for (size_t i = 0; i < handlers->count; i++) {
		const struct handler *handler = handlers->list + i;
		const char *reason = handler_reason(handler);

		if (handler->saves)
			add_reason(status, handler->name,
				   handler->on_panic && reason ? reason : "not for a panic");
	}
	if (!*status->reason)
		strcpy(status->reason, "there is no handler that saves memory");
}

/* If nothing of the framework is in its way, panic() starts the crash kernel by itself. */
static bool kernel_starts_kdump(const struct context *context, const struct status *status)
{
	const struct handlers *handlers = &status->handlers;
	bool is_taken_over = false;

	for (size_t i = 0; i < handlers->count; i++)
		is_taken_over |= !strcmp(handlers->list[i].name, HANDLER_KDUMP);
	return !(status->framework && status->panic && is_taken_over) &&
	       crash_kernel_is_loaded(context);
}

/* The key for which dumps are sealed; a kernel without the dump engine has none. */
static char *read_key(const struct context *context)
{
	char *key = policy_has(context, "dump/key") ? policy_try(context, "dump/key") : NULL;

	if (key && !strcmp(key, "none")) {
		free(key);
		key = NULL;
	}
	return key;
}

static bool load(const struct context *context, struct status *status)
{
	memset(status, 0, sizeof(*status));
	status->key = read_key(context);
	if (!policy_read_switch(context, "enabled", &status->framework) ||
	    !policy_read_switch(context, "triggers/" TRIGGER_PANIC "/enabled", &status->panic) ||
	    !handlers_load(context, &status->handlers))
		return false;
	for (size_t i = 0; i < status->handlers.count; i++)
		status->saved |= handler_would_save(status->handlers.list + i);
	status->saved &= status->framework && status->panic;
	if (status->saved)
		return true;
	explain(status);
	status->by_kernel = kernel_starts_kdump(context, status);
	return true;
}

static void print_verdict(const struct status *status)
{
	const struct handlers *handlers = &status->handlers;
	const char *between = ": ";

	if (!status->saved) {
		printf("A crash now would NOT be saved%s: %s.\n",
		       status->by_kernel ? " by the framework" : "", status->reason);
		if (status->by_kernel)
			puts("The kernel itself would start the crash kernel, which is loaded.");
		return;
	}
	fputs("A crash now would be saved", stdout);
	for (size_t i = 0; i < handlers->count; i++) {
		if (!handler_would_save(handlers->list + i))
			continue;
		printf("%s%s", between, handlers->list[i].name);
		between = ", then ";
	}
	puts(".");
}

static void print_table(const struct handlers *handlers)
{
	int width = (int)strlen("HANDLER");

	for (size_t i = 0; i < handlers->count; i++)
		if (handlers->list[i].on_panic && (int)strlen(handlers->list[i].name) > width)
			width = (int)strlen(handlers->list[i].name);
	printf("\nPRIORITY  %-*s  LAST RESULT           ON A PANIC\n", width, "HANDLER");
	for (size_t i = 0; i < handlers->count; i++) {
		const struct handler *handler = handlers->list + i;
		const char *reason = handler_reason(handler);
		char result[64];

		if (!handler->on_panic)
			continue;
		snprintf(result, sizeof(result), "%.30s", handler->verdict);
		if (handler->ns)
			snprintf(result, sizeof(result), "%.30s %.3f ms", handler->verdict,
				 (double)handler->ns / 1e6);
		printf("%8" PRIu64 "  %-*s  %-20s  %s%s%s\n", handler->priority, width,
		       handler->name, result, reason ? "not armed: " : "armed",
		       reason ? reason : "", !reason && handler->saves ? ", saves memory" : "");
	}
	putchar('\n');
}

static bool holds_dump(const struct handler *handler)
{
	return handler->reason && strstr(handler->reason, NOT_FETCHED);
}

/* What somebody should know besides. */
static void print_notes(const struct status *status)
{
	const struct handlers *handlers = &status->handlers;

	printf("framework %s, panic trigger %s\n", status->framework ? "on" : "off",
	       status->panic ? "on" : "off");
	if (status->key)
		printf("dumps but those of kdump are sealed for %s\n", status->key);
	for (size_t i = 0; i < handlers->count; i++) {
		const struct handler *handler = handlers->list + i;

		if (holds_dump(handler))
			printf("%s holds a dump that was not fetched, see ras-savecore(8)\n",
			       handler->name);
		if (handler->waits && handler->on_panic && !handler_reason(handler))
			printf("%s waits for a person in a panic\n", handler->name);
	}
}

static void print_handler_json(const struct handler *handler)
{
	fputs("{\"name\": ", stdout);
	quote_json(handler->name);
	printf(", \"priority\": %" PRIu64 ", \"enabled\": %s, \"armed\": %s, \"failed\": %s",
	       handler->priority, handler->enabled ? "true" : "false",
	       handler->armed ? "true" : "false", handler->failed ? "true" : "false");
	printf(", \"saves\": %s, \"reason\": ", handler->saves ? "true" : "false");
	quote_json(handler_reason(handler));
	fputs(", \"last_verdict\": ", stdout);
	quote_json(handler->verdict);
	printf(", \"last_ns\": %" PRIu64 "}", handler->ns);
}

static void print_json(const struct status *status)
{
	const struct handlers *handlers = &status->handlers;
	const char *between = "";

	printf("{\"saved\": %s, \"reason\": ", status->saved ? "true" : "false");
	quote_json(status->saved ? NULL : status->reason);
	printf(", \"kernel_starts_kdump\": %s, \"framework\": %s, \"panic\": %s, \"handlers\": [",
	       status->by_kernel ? "true" : "false", status->framework ? "true" : "false",
	       status->panic ? "true" : "false");
	for (size_t i = 0; i < handlers->count; i++) {
		if (!handlers->list[i].on_panic)
			continue;
		fputs(between, stdout);
		print_handler_json(handlers->list + i);
		between = ", ";
	}
	fputs("], \"sealed_for\": ", stdout);
	quote_json(status->key);
	fputs(", \"not_fetched\": [", stdout);
	between = "";
	for (size_t i = 0; i < handlers->count; i++) {
		if (!holds_dump(handlers->list + i))
			continue;
		fputs(between, stdout);
		quote_json(handlers->list[i].name);
		between = ", ";
	}
	puts("]}");
}

/**
 * status_command() - rasctl status
 * @context: the context
 * @argc: number of arguments
 * @argv: the arguments
 */
enum answer status_command(const struct context *context, int argc, char **argv)
{
	enum answer answer = ANSWER_TROUBLE;
	struct status status;

	(void)argc;
	(void)argv;
	if (load(context, &status)) {
		answer = status.saved ? ANSWER_YES : ANSWER_NO;
		if (context->json) {
			print_json(&status);
		} else {
			print_verdict(&status);
			print_table(&status.handlers);
			print_notes(&status);
		}
	}
	handlers_free(&status.handlers);
	free(status.key);
	return answer;
}
