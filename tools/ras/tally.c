// SPDX-License-Identifier: GPL-2.0
/*
 * rasdumpd: what is told: a line for each event, and counters in Prometheus' text format
 * (https://prometheus.io/docs/instrumenting/exposition_formats/), for the node exporter.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "json.h"
#include "say.h"
#include "tally.h"
#include "when.h"

/**
 * result_name() - what became of a dump, in a word
 * @result: what
 *
 * Return: the word.
 */
const char *result_name(enum result result)
{
	static const char * const names[RESULTS] = { "complete", "partial", "failed" };

	return names[result];
}

/**
 * tally_packet() - count a packet
 * @tally: the counters
 * @refusal: why it was not taken; %REFUSE_NOTHING if it was
 */
void tally_packet(struct tally *tally, enum refusal refusal)
{
	if (refusal)
		tally->refused[refusal]++;
	else
		tally->packets++;
}

static void tell_json(const struct event *event)
{
	struct json json = { .file = stdout };
	char when[WHEN_TEXT];

	when_text(time(NULL), when);
	json_begin(&json, NULL, '{');
	json_string(&json, "time", when);
	json_string(&json, "event", event->event);
	json_string(&json, "address", event->address);
	json_string(&json, "host", event->host);
	json_string(&json, "file", event->file);
	json_number(&json, "bytes", event->bytes);
	json_number(&json, "milliseconds", (uint64_t)(event->seconds * 1000));
	json_string(&json, "reason", event->reason);
	json_boolean(&json, "proven", event->is_proven);
	json_end(&json, '}');
	putchar('\n');
	fflush(stdout);
}

/**
 * tally_tell() - tell what has happened
 * @event: what
 * @is_json: as an object on standard output; otherwise as a line on standard error
 */
void tally_tell(const struct event *event, bool is_json)
{
	if (is_json)
		tell_json(event);
	else
		say_note(event->address, "%s%s%s%s%s%s: %" PRIu64 " KiB in %.1f s%s%s", event->event,
			 *event->file ? " " : "", event->file, *event->host ? " of " : "",
			 event->host, event->is_proven ? ", proven" : "",
			 event->bytes >> 10, event->seconds,
			 *event->reason ? ": " : "", event->reason);
}

static void write_kind(FILE *file, const char *name, const char *type, const char *help)
{
	fprintf(file, "# HELP rasdumpd_%s %s\n# TYPE rasdumpd_%s %s\n", name, help, name, type);
}

static void write_one(FILE *file, const char *name, const char *type, const char *help,
		      uint64_t value)
{
	write_kind(file, name, type, help);
	fprintf(file, "rasdumpd_%s %" PRIu64 "\n", name, value);
}

static void write_all(FILE *file, const struct tally *tally, const struct store *store)
{
	unsigned int i;

	write_one(file, "clients", "gauge", "Dumps that are being received.", tally->clients);
	write_kind(file, "dumps_total", "counter", "Dumps that ended.");
	for (i = 0; i < RESULTS; i++)
		fprintf(file, "rasdumpd_dumps_total{result=\"%s\"} %" PRIu64 "\n", result_name(i),
			tally->results[i]);
	write_one(file, "received_packets_total", "counter", "Packets that were taken.",
		  tally->packets);
	write_one(file, "received_bytes_total", "counter", "Bytes of dumps that were taken.",
		  tally->bytes);
	write_kind(file, "refused_packets_total", "counter", "Packets that were not taken.");
	for (i = REFUSE_NOTHING + 1; i < REFUSE_REASONS; i++)
		fprintf(file, "rasdumpd_refused_packets_total{reason=\"%s\"} %" PRIu64 "\n",
			refusal_name(i), tally->refused[i]);
	write_one(file, "store_bytes", "gauge", "Bytes of dumps that are kept.", store->used);
	write_one(file, "store_free_bytes", "gauge", "Bytes that are free there.", store->free);
}

/**
 * tally_write() - write the counters to a file, which is replaced as a whole
 * @tally: the counters
 * @store: whose room is told
 * @path: the file
 * @why: set if that is not possible
 *
 * Return: it was written.
 */
bool tally_write(const struct tally *tally, const struct store *store, const char *path,
		 struct why *why)
{
	char part[4096];
	FILE *file;
	bool good;

	if (snprintf(part, sizeof(part), "%s.new", path) >= (int)sizeof(part))
		return refuse(why, "%s", strerror(ENAMETOOLONG));
	file = fopen(part, "we");
	if (!file)
		return refuse(why, "%s", strerror(errno));
	write_all(file, tally, store);
	good = !ferror(file);
	good = !fclose(file) && good;
	if (!good || rename(part, path))
		return refuse(why, "%s", strerror(errno));
	return true;
}
