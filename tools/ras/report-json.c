// SPDX-License-Identifier: GPL-2.0
/*
 * ras-savecore: what became of an area, for programs.
 */
#include <stdio.h>

#include "json.h"
#include "report.h"

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
static void print_uuid(struct json *json, const struct area *area)
{
	char text[2 * sizeof(area->uuid) + 5], *end = text;

	for (size_t i = 0; i < sizeof(area->uuid); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*end++ = '-';
		end += sprintf(end, "%02x", area->uuid[i]);
	}
	json_string(json, "uuid", text);
	json_number(json, "armed", area->armed);
	json_number(json, "extents", area->extents);
}

static void print_dump(struct json *json, const struct source *source)
{
	char time[32];

	json_string(json, "state", area_state_name(source->area.state));
	json_number(json, "bytes", source->area.bytes);
	area_time_text(source->area.time, time, sizeof(time));
	if (source->directory < 0) {
		json_string(json, "time", time);
		print_uuid(json, &source->area);
	} else {
		json_string(json, "boot", time);
	}
}

/**
 * report_json() - one object on standard output, in one line
 * @report: the report
 */
void report_json(const struct report *report)
{
	struct json json = { .file = stdout };

	json_begin(&json, NULL, '{');
	json_string(&json, "area", report->source->name);
	json_string(&json, "kind", report->source->kind);
	json_string(&json, "result", result(report));
	if (report->is_known)
		print_dump(&json, report->source);
	if (report->path)
		json_string(&json, "file", report->path);
	if (report->is_known)
		json_number(&json, "resumed", report->resumed);
	json_boolean(&json, "saved", report->is_named);
	json_boolean(&json, "marked", report->is_marked);
	if (report->outcome == FAILED)
		json_string(&json, "error", say_last());
	json_end(&json, '}');
	fputc('\n', json.file);
}
