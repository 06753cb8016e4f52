// SPDX-License-Identifier: GPL-2.0
/*
 * ras-savecore: what became of an area, for programs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "report.h"

/*
 * How many bytes the character has that begins here; 0 if it is no UTF-8.  The names of files
 * may be anything, JSON may not.
 */
static size_t utf8_length(const unsigned char *text)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length = 1;
	uint32_t value = *text;

	if (value < 0x80)
		return 1;
	if (value >= 0xc2 && value < 0xe0)
		length = 2, value &= 0x1f;
	else if (value >= 0xe0 && value < 0xf0)
		length = 3, value &= 0x0f;
	else if (value >= 0xf0 && value < 0xf5)
		length = 4, value &= 0x07;
	else
		return 0;
	for (size_t i = 1; i < length; i++) {
		/* The 0 at the end is no continuation. */
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (text[i] & 0x3f);
	}
	if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return 0;
	return length;
}

static void print_string(const char *string)
{
	const unsigned char *text = (const unsigned char *)string;

	putchar('"');
	while (*text) {
		const size_t length = utf8_length(text);

		if (!length)
			fputs("\\ufffd", stdout);
		else if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if (*text < 0x20 || *text == 0x7f)
			printf("\\u%04x", *text);
		else
			fwrite(text, length, 1, stdout);
		text += length ? length : 1;
	}
	putchar('"');
}

static void print_member(const char *name, const char *value)
{
	printf(", \"%s\": ", name);
	print_string(value);
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
	print_string(report->source->name);
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
