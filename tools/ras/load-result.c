// SPDX-License-Identifier: GPL-2.0
/*
 * ras-netdump-load: what has come of a run.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "load-result.h"
#include "size.h"

static int compare(const void *one, const void *other)
{
	const uint64_t *a = one, *b = other;

	return (*a > *b) - (*a < *b);
}

/**
 * result_make() - look what has come of a run
 * @result: set to it
 * @load: the clients, each of which has ended
 *
 * Return: there is memory.
 */
bool result_make(struct result *result, const struct load *load)
{
	const uint32_t clients = load->options->clients;
	uint64_t *times = calloc(clients, sizeof(*times));
	uint32_t count = 0;

	memset(result, 0, sizeof(*result));
	if (!times)
		return false;
	for (uint32_t i = 0; i < clients; i++) {
		const struct client *client = &load->clients[i];

		result->ends[client->end]++;
		if (client->end == END_COMPLETE)
			times[count++] = client->ended - load->begun;
		if (client->ended - load->begun > result->time_ns)
			result->time_ns = client->ended - load->begun;
	}
	qsort(times, count, sizeof(*times), compare);
	if (count) {
		result->median_ns = times[(count - 1) / 2];
		result->longest_ns = times[count - 1];
	}
	free(times);
	return true;
}

/**
 * result_is_good() - are all clients complete, but for those that have died as asked?
 * @result: the result
 */
bool result_is_good(const struct result *result)
{
	for (int end = 0; end < ENDS; end++)
		if (end != END_COMPLETE && end != END_DIED && result->ends[end])
			return false;
	return true;
}

static uint64_t bytes_per_second(const struct result *result, const struct load *load)
{
	if (!result->time_ns)
		return 0;
	return (uint64_t)((double)load->acked * 1e9 / (double)result->time_ns);
}

static double seconds(uint64_t ns)
{
	return (double)ns / 1e9;
}

/* Also what is worth a line only if there is any. */
static void print_rest(const struct load *load)
{
	const struct way_counts *counts = &load->way_counts;

	if (counts->lost || counts->doubled || counts->late)
		printf("on purpose  %" PRIu64 " lost, %" PRIu64 " sent twice, %" PRIu64 " late\n",
		       counts->lost, counts->doubled, counts->late);
	if (load->strange)
		printf("strange     %" PRIu64 " answers\n", load->strange);
	if (counts->failed)
		printf("not sent    %" PRIu64 " packets; last: %s\n", counts->failed,
		       strerror(counts->error));
	if (load->error)
		printf("error       %s\n", strerror(load->error));
}

/**
 * result_print() - show a result to people
 * @result: the result
 * @load: the clients
 */
void result_print(const struct result *result, const struct load *load)
{
	const uint32_t clients = load->options->clients, complete = result->ends[END_COMPLETE];

	printf("clients     %" PRIu32 ", %" PRIu32 " welcomed\n", clients, load->welcomes);
	printf("complete    %" PRIu32 "\n", complete);
	printf("incomplete  %" PRIu32 "\n", clients - complete);
	for (int end = 0; end < ENDS; end++)
		if (end != END_COMPLETE && result->ends[end])
			printf("            %" PRIu32 " %s\n", result->ends[end],
			       client_end_name((enum client_end)end));
	printf("bytes       %" PRIu64 " (%s)\n", load->acked, size_text(load->acked).text);
	printf("seconds     %.3f\n", seconds(result->time_ns));
	printf("MB/s        %.1f\n", (double)bytes_per_second(result, load) / 1e6);
	printf("packets     %" PRIu64 " sent, %" PRIu64 " of them again\n",
	       load->way_counts.sent, load->repeats);
	if (complete)
		printf("client      %.3f s median, %.3f s longest\n", seconds(result->median_ns),
		       seconds(result->longest_ns));
	print_rest(load);
}

/* The reasons have names that programs can use as such. */
static void print_json_reasons(const struct result *result, struct json *json)
{
	static const char * const names[ENDS] = {
		[END_DIED]		= "died",
		[END_UNANSWERED]	= "unanswered",
		[END_SILENT]		= "silent",
		[END_UNCONFIRMED]	= "unconfirmed",
		[END_WELCOME]		= "bad_welcome",
		[END_ERROR]		= "error",
		[END_INTERRUPTED]	= "interrupted",
	};

	json_begin(json, "reasons", '{');
	for (int end = 0; end < ENDS; end++)
		if (names[end])
			json_number(json, names[end], result->ends[end]);
	json_end(json, '}');
}

/**
 * result_print_json() - show a result to programs
 * @result: the result
 * @load: the clients
 */
void result_print_json(const struct result *result, const struct load *load)
{
	const uint32_t clients = load->options->clients, complete = result->ends[END_COMPLETE];
	const struct way_counts *counts = &load->way_counts;
	struct json json = { .file = stdout };

	json_begin(&json, NULL, '{');
	json_number(&json, "clients", clients);
	json_number(&json, "welcomed", load->welcomes);
	json_number(&json, "complete", complete);
	json_number(&json, "incomplete", clients - complete);
	print_json_reasons(result, &json);
	json_number(&json, "bytes", load->acked);
	json_number(&json, "time_us", result->time_ns / 1000);
	json_number(&json, "bytes_per_s", bytes_per_second(result, load));
	json_number(&json, "packets", counts->sent);
	json_number(&json, "again", load->repeats);
	json_number(&json, "client_median_us", result->median_ns / 1000);
	json_number(&json, "client_longest_us", result->longest_ns / 1000);
	json_number(&json, "lost", counts->lost);
	json_number(&json, "twice", counts->doubled);
	json_number(&json, "late", counts->late);
	json_number(&json, "strange", load->strange);
	json_number(&json, "not_sent", counts->failed);
	json_end(&json, '}');
	putchar('\n');
}
