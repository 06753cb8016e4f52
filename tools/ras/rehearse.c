// SPDX-License-Identifier: GPL-2.0
/*
 * rasctl: a rehearsal of a stop: every CPU is stopped and released, and no handler runs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-file.h"
#include "quote.h"
#include "rehearse.h"
#include "say.h"

/* How often last/ is read while other stops change it. */
#define TRIES	5

/**
 * rehearsal_free() - free what was read
 * @rehearsal: the rehearsal
 */
void rehearsal_free(struct rehearsal *rehearsal)
{
	free(rehearsal->ipi);
	free(rehearsal->nmi);
	free(rehearsal->self);
	free(rehearsal->missing);
	memset(rehearsal, 0, sizeof(*rehearsal));
}

static bool read_figures(const struct context *context, struct rehearsal *rehearsal)
{
	rehearsal->ipi = policy_read(context, "last/cpus_ipi");
	rehearsal->nmi = policy_read(context, "last/cpus_nmi");
	rehearsal->self = policy_read(context, "last/cpus_self");
	rehearsal->missing = policy_read(context, "last/cpus_missing");
	return rehearsal->ipi && rehearsal->nmi && rehearsal->self && rehearsal->missing &&
	       policy_read_number(context, "last/owner", &rehearsal->owner) &&
	       policy_read_number(context, "last/stop_ns", &rehearsal->stop_ns) &&
	       policy_read_number(context, "last/held_ns", &rehearsal->held_ns) &&
	       policy_read_number(context, "last/release_ns", &rehearsal->release_ns);
}

static enum answer check_trigger(const struct context *context)
{
	char *trigger = policy_read(context, "last/trigger");
	const bool is_rehearsal = trigger && !strcmp(trigger, "rehearsal");

	if (trigger && !is_rehearsal)
		say_failed("last", "describes a stop by %s, which came after the rehearsal",
			   *trigger ? trigger : "nobody");
	free(trigger);
	return is_rehearsal ? ANSWER_YES : ANSWER_TROUBLE;
}

/* The files of one stop: its number is the same before and after them. */
static enum answer read_last(const struct context *context, struct rehearsal *rehearsal)
{
	uint64_t after;

	for (int i = 0; i < TRIES; i++) {
		rehearsal_free(rehearsal);
		if (!policy_read_number(context, "last/sequence", &rehearsal->sequence) ||
		    check_trigger(context) != ANSWER_YES || !read_figures(context, rehearsal) ||
		    !policy_read_number(context, "last/sequence", &after))
			return ANSWER_TROUBLE;
		if (after == rehearsal->sequence)
			return ANSWER_YES;
	}
	say_failed("last", "one stop comes after the other");
	return ANSWER_TROUBLE;
}

/**
 * rehearse() - stop every CPU and release it
 * @context: the context
 * @rehearsal: set to what came of it; to be freed
 *
 * Return: %ANSWER_YES if no CPU is missing; otherwise %ANSWER_NO, and @rehearsal->missing is
 *	%NULL if the kernel has refused; or %ANSWER_TROUBLE.  The reason was said.
 */
enum answer rehearse(const struct context *context, struct rehearsal *rehearsal)
{
	enum answer answer;
	uint64_t before;

	memset(rehearsal, 0, sizeof(*rehearsal));
	if (!policy_has(context, "trigger") ||
	    !policy_read_number(context, "last/sequence", &before)) {
		say_failed("trigger", "there can be no rehearsal");
		return ANSWER_TROUBLE;
	}
	if (!policy_write(context, "trigger", "rehearse"))
		return ANSWER_NO;
	answer = read_last(context, rehearsal);
	if (answer != ANSWER_YES)
		return answer;
	if (rehearsal->sequence <= before) {
		say_failed("last", "the kernel has rehearsed no stop");
		return ANSWER_TROUBLE;
	}
	if (*rehearsal->missing) {
		say_failed("rehearsal", "CPUs that have not answered: %s", rehearsal->missing);
		return ANSWER_NO;
	}
	return ANSWER_YES;
}

static double ms(uint64_t ns)
{
	return (double)ns / 1e6;
}

static void print_cpus(const char *how, const char *cpus)
{
	printf("%-8s %s\n", how, *cpus ? cpus : "none");
}

static void print_text(const struct rehearsal *rehearsal)
{
	printf("stop %" PRIu64 ": stopped in %.3f ms, held for %.3f ms, released in %.3f ms\n",
	       rehearsal->sequence, ms(rehearsal->stop_ns), ms(rehearsal->held_ns),
	       ms(rehearsal->release_ns));
	printf("%-8s %" PRIu64 "\n", "owner", rehearsal->owner);
	print_cpus("ipi", rehearsal->ipi);
	print_cpus("nmi", rehearsal->nmi);
	print_cpus("self", rehearsal->self);
	print_cpus("missing", rehearsal->missing);
}

static void print_json(const struct rehearsal *rehearsal)
{
	printf("{\"sequence\": %" PRIu64 ", \"owner\": %" PRIu64 ", \"ipi\": ",
	       rehearsal->sequence, rehearsal->owner);
	quote_json(rehearsal->ipi);
	fputs(", \"nmi\": ", stdout);
	quote_json(rehearsal->nmi);
	fputs(", \"self\": ", stdout);
	quote_json(rehearsal->self);
	fputs(", \"missing\": ", stdout);
	quote_json(rehearsal->missing);
	printf(", \"stop_ns\": %" PRIu64 ", \"held_ns\": %" PRIu64 ", \"release_ns\": %" PRIu64
	       "}\n", rehearsal->stop_ns, rehearsal->held_ns, rehearsal->release_ns);
}

/**
 * rehearse_command() - rasctl rehearse
 * @context: the context
 * @argc: number of arguments
 * @argv: the arguments
 */
enum answer rehearse_command(const struct context *context, int argc, char **argv)
{
	struct rehearsal rehearsal;
	enum answer answer;

	(void)argc;
	(void)argv;
	say_note("rehearsal", "every CPU stops for a moment; no handler runs");
	answer = rehearse(context, &rehearsal);
	if (answer != ANSWER_TROUBLE && rehearsal.missing) {
		if (context->json)
			print_json(&rehearsal);
		else
			print_text(&rehearsal);
	}
	rehearsal_free(&rehearsal);
	return answer;
}
