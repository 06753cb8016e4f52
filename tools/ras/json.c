// SPDX-License-Identifier: GPL-2.0
/*
 * ras-savecore: what became of an area, for programs.
 */
#include <inttypes.h>
#include <stdio.h>

#include "quote.h"
#include "report.h"

static void print_member(const char *name, const char *value)
{
	printf(", \"%s\": ", name);
	quote_json(value);
}

static void print_number(const char *name, uint64_t value)
{
	printf(", \"%s\": %" PRIu64, name, value);
}

static const char *result(const struct report *report)
{
	switch (report->outcome) {
	case DONE:
		return report->is_dry ? "present" : "fetched";
	case NOTHING:
		return "nothing";
	default:
		return "failed";
	}
}

/* What only an area has. */
static void print_uuid(const struct area *area)
{
	char text[2 * sizeof(area->uuid) + 5], *end = text;

	for (size_t i = 0; i < sizeof(area->uuid); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*end++ = '-';
		end += sprintf(end, "%02x", area->uuid[i]);
	}
	print_member("uuid", text);
	print_number("armed", area->armed);
	print_number("extents", area->extents);
}

static void print_dump(const struct source *source)
{
	char time[32];

	print_member("state", area_state_name(source->area.state));
	print_number("bytes", source->area.bytes);
	area_time_text(source->area.time, time, sizeof(time));
	if (source->directory < 0) {
		print_member("time", time);
		print_uuid(&source->area);
	} else {
		print_member("boot", time);
	}
}

/**
 * report_json() - one object on standard output, in one line
 * @report: the report
 */
void report_json(const struct report *report)
{
	printf("{\"area\": ");
	quote_json(report->source->name);
	print_member("kind", report->source->kind);
	print_member("result", result(report));
	if (report->is_known)
		print_dump(report->source);
	if (report->path)
		print_member("file", report->path);
	if (report->is_known)
		print_number("resumed", report->resumed);
	printf(", \"saved\": %s, \"marked\": %s", report->is_named ? "true" : "false",
	       report->is_marked ? "true" : "false");
	if (report->outcome == FAILED)
		print_member("error", say_last());
	printf("}\n");
}
