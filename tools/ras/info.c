// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump info: what is a dump of, and what is in it?
 */
#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "json.h"
#include "notes.h"
#include "say.h"
#include "survey.h"
#include "vmcoreinfo.h"
#include "when.h"

/* How many processes are named in a line. */
#define SHOWN_PIDS	16

static const char help[] =
"usage: ras-dump info [OPTION]... FILE\n"
"\n"
"Shows what a dump is of, and what is in it.  The pages themselves are not looked at.\n"
"\n"
"      --json   write a JSON object\n"
"      --help   show this text\n"
"\n"
"Exit status: 0 it was shown, 1 the dump is damaged, 2 usage, or it cannot be read.\n";

/**
 * struct info - what is shown
 * @request: what is asked for
 * @dump: the dump
 * @survey: of its pages
 * @time: of the crash, as text; empty if it is not known
 * @is_crash_time: it is the kernel's; otherwise the time when the dump was made
 * @cpus: how many CPUs have notes
 * @problem: what is wrong with the notes or vmcoreinfo; empty if nothing is
 */
struct info {
	const struct request	*request;
	const struct kdump	*dump;
	struct survey		survey;
	char			time[WHEN_TEXT];
	bool			is_crash_time;
	unsigned int		cpus;
	struct why		problem;
};

static void find_time(struct info *info, const struct vmcoreinfo *text)
{
	int64_t seconds = (int64_t)le64toh(info->dump->header.tv_sec);

	info->is_crash_time = vmcoreinfo_number(text, "CRASHTIME", &seconds);
	when_text(seconds, info->time);
}

static void count_cpus(struct info *info)
{
	struct notes notes;
	struct note note;
	struct why why;

	if (!notes_begin(&notes, info->dump, &why)) {
		info->problem = why;
		return;
	}
	while (notes_next(&notes, &note, &why))
		info->cpus += note.kind == NOTE_PRSTATUS;
	if (*why.text)
		info->problem = why;
}

/* Look at all that is shown.  Return: false if the error of the file is set. */
static bool look(struct info *info)
{
	struct vmcoreinfo *text = malloc(sizeof(*text));

	if (text) {
		vmcoreinfo_read(text, info->dump, &info->dump->vmcoreinfo, &info->problem);
		find_time(info, text);
	}
	free(text);
	count_cpus(info);
	return survey_make(&info->survey, info->dump);
}

/* What there is of pages, less what is not stored again. */
static uint64_t stored_bytes(const struct info *info)
{
	const struct survey *survey = &info->survey;

	if (!survey->zero_pages)
		return survey->bytes;
	return survey->bytes - (survey->zero_pages - 1) * info->dump->page_size;
}

static uint64_t excluded(const struct info *info)
{
	const struct bitmap_counts *counts = &info->survey.bitmaps;

	return counts->memory - (counts->dumped - counts->foreign);
}

/* Is something wrong that was seen on the way? */
static bool is_damaged(const struct info *info)
{
	return *info->problem.text || info->survey.implausible ||
	       (info->survey.unlisted && !kdump_is_cut(info->dump));
}

static void print_names(const struct info *info)
{
	char text[KDUMP_UTS][KDUMP_UTS_BYTES + 1];
	FILE *out = info->request->out;

	for (unsigned int i = 0; i < KDUMP_UTS; i++)
		kdump_uts(info->dump, i, text[i]);
	fprintf(out, "kernel      %s %s %s\n", text[KDUMP_SYSNAME], text[KDUMP_RELEASE],
		text[KDUMP_MACHINE]);
	fprintf(out, "version     %s\n", text[KDUMP_KERNEL_VERSION]);
	fprintf(out, "node        %s\n", text[KDUMP_NODE]);
	fprintf(out, "time        %s%s\n", *info->time ? info->time : "not known",
		*info->time && !info->is_crash_time ? " (of the dump)" : "");
}

static void print_level(const struct info *info)
{
	static const char * const kinds[] = {
		"zeros", "cache", "cache with private data", "user", "free"
	};
	FILE *out = info->request->out;
	const char *before = ": ";

	fprintf(out, "level       %" PRIu32, info->dump->level);
	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (!(info->dump->level & 1u << i))
			continue;
		fprintf(out, "%s%s", before, kinds[i]);
		before = ", ";
	}
	fputc('\n', out);
}

static void print_cpus(const struct info *info)
{
	const char *before = " with registers; they ran pids ";
	FILE *out = info->request->out;
	unsigned int shown = 0;
	struct notes notes;
	struct note note;
	struct why why;
	int32_t pid;

	fprintf(out, "CPUs        %" PRIu32 ", %u", le32toh(info->dump->header.nr_cpus),
		info->cpus);
	if (!info->cpus || !notes_begin(&notes, info->dump, &why)) {
		fputs(" with registers\n", out);
		return;
	}
	while (notes_next(&notes, &note, &why) && shown <= SHOWN_PIDS) {
		if (note.kind != NOTE_PRSTATUS || !note_pid(&notes, &note, &pid))
			continue;
		if (shown++ == SHOWN_PIDS)
			fprintf(out, " ...");
		else
			fprintf(out, "%s%" PRId32, before, pid);
		before = " ";
	}
	fputs(shown ? "\n" : " with registers\n", out);
}

static void print_pages(const struct info *info, const char *name, uint64_t pages)
{
	const double bytes = (double)pages * info->dump->page_size;

	fprintf(info->request->out, "%-11s %10.1f MiB %12" PRIu64 " pages\n", name,
		bytes / 1024 / 1024, pages);
}

static void print_memory(const struct info *info)
{
	const struct kdump *dump = info->dump;
	FILE *out = info->request->out;

	print_pages(info, "memory", info->survey.bitmaps.memory);
	print_pages(info, "excluded", excluded(info));
	print_pages(info, "dumped", info->survey.pages);
	if (survey_missing(&info->survey))
		print_pages(info, "missing", survey_missing(&info->survey));
	if (info->survey.implausible)
		print_pages(info, "damaged", info->survey.implausible);
	fprintf(out, "addresses   up to %#" PRIx64 ", pages of %" PRIu32 " bytes\n",
		dump->max_pfn * dump->page_size, dump->page_size);
	if (kdump_is_split(dump))
		fprintf(out, "part        from %#" PRIx64 " to %#" PRIx64 " of a dump in several "
			"files\n", dump->first_pfn * dump->page_size,
			dump->end_pfn * dump->page_size);
}

static void print_stored(const struct info *info)
{
	const struct survey *survey = &info->survey;
	const uint64_t stored = stored_bytes(info);
	const char *before = "stored      ";
	FILE *out = info->request->out;
	uint64_t pages = 0;

	for (unsigned int kind = 0; kind < PAGE_KINDS; kind++) {
		if (!survey->by_kind[kind])
			continue;
		fprintf(out, "%s%" PRIu64 " %s", before, survey->by_kind[kind],
			page_kind_name(kind));
		pages += survey->by_kind[kind];
		before = ", ";
	}
	if (!pages)
		return;
	if (survey->zero_pages)
		fprintf(out, "; of the raw, %" PRIu64 " are zeros in one place",
			survey->zero_pages);
	fprintf(out, "\nratio       %.2f: %.1f MiB in %.1f\n",
		(double)pages * info->dump->page_size / (double)stored,
		(double)pages * info->dump->page_size / 1024 / 1024,
		(double)stored / 1024 / 1024);
}

static void print(const struct info *info)
{
	const struct kdump *dump = info->dump;
	FILE *out = info->request->out;

	fprintf(out, "file        %s\n", info->request->name);
	fprintf(out, "format      kdump-compressed, version %" PRIu32 ", %" PRIu64 " bytes\n",
		dump->version, dump->bytes->size);
	print_names(info);
	fprintf(out, "state       %s%s\n", kdump_is_cut(dump) ? "cut off" : "whole",
		is_damaged(info) ? ", and damaged: see ras-dump check" : "");
	print_level(info);
	print_cpus(info);
	print_memory(info);
	print_stored(info);
	fprintf(out, "phys_base   0x%" PRIx64 "\n", le64toh(dump->sub.phys_base));
	if (*info->problem.text)
		fprintf(out, "problem     %s\n", info->problem.text);
}

static void write_names(const struct info *info, struct json *json)
{
	static const char * const names[] = {
		[KDUMP_SYSNAME]		= "sysname",
		[KDUMP_NODE]		= "node",
		[KDUMP_RELEASE]		= "release",
		[KDUMP_KERNEL_VERSION]	= "kernel_version",
		[KDUMP_MACHINE]		= "machine",
		[KDUMP_DOMAIN]		= "domain",
	};
	char text[KDUMP_UTS_BYTES + 1];

	for (unsigned int i = 0; i < KDUMP_UTS; i++) {
		kdump_uts(info->dump, i, text);
		json_string(json, names[i], text);
	}
	if (!*info->time)
		return;
	json_string(json, "time", info->time);
	json_string(json, "time_of", info->is_crash_time ? "crash" : "dump");
}

static void write_cpus(const struct info *info, struct json *json)
{
	struct notes notes;
	struct note note;
	struct why why;
	int32_t pid;

	json_number(json, "cpus", le32toh(info->dump->header.nr_cpus));
	json_begin(json, "notes", '[');
	if (notes_begin(&notes, info->dump, &why)) {
		while (notes_next(&notes, &note, &why)) {
			if (note.kind != NOTE_PRSTATUS)
				continue;
			json_begin(json, NULL, '{');
			if (note_pid(&notes, &note, &pid))
				json_integer(json, "pid", pid);
			json_end(json, '}');
		}
	}
	json_end(json, ']');
}

static void write_pages(const struct info *info, struct json *json)
{
	const struct survey *survey = &info->survey;
	const struct kdump *dump = info->dump;

	json_number(json, "page_size", dump->page_size);
	json_number(json, "page_frames", dump->max_pfn);
	json_number(json, "memory_pages", survey->bitmaps.memory);
	json_number(json, "excluded_pages", excluded(info));
	json_number(json, "dumped_pages", survey->pages);
	json_number(json, "missing_pages", survey_missing(&info->survey));
	json_number(json, "damaged_pages", survey->implausible);
	json_begin(json, "stored", '{');
	for (unsigned int kind = 0; kind < PAGE_KINDS; kind++)
		json_number(json, page_kind_name(kind), survey->by_kind[kind]);
	json_end(json, '}');
	json_number(json, "zero_pages", survey->zero_pages);
	json_number(json, "stored_bytes", stored_bytes(info));
	if (!kdump_is_split(dump))
		return;
	json_number(json, "first_frame", dump->first_pfn);
	json_number(json, "end_frame", dump->end_pfn);
}

static void write(const struct info *info)
{
	const struct kdump *dump = info->dump;
	struct json json = { .file = info->request->out };

	json_begin(&json, NULL, '{');
	json_string(&json, "file", info->request->name);
	json_number(&json, "bytes", dump->bytes->size);
	json_number(&json, "version", dump->version);
	json_boolean(&json, "cut_off", kdump_is_cut(dump));
	json_string(&json, "result", is_damaged(info) ? "damaged" : "shown");
	write_names(info, &json);
	json_number(&json, "level", dump->level);
	write_cpus(info, &json);
	write_pages(info, &json);
	json_number(&json, "phys_base", le64toh(dump->sub.phys_base));
	if (*info->problem.text)
		json_string(&json, "problem", info->problem.text);
	json_end(&json, '}');
	fputc('\n', json.file);
}

/**
 * info_show() - show what is in a dump that is open
 * @request: what is asked for
 * @dump: the dump
 *
 * Return: what came of it; a dump that is cut off is shown like others.
 */
enum verdict info_show(const struct request *request, const struct kdump *dump)
{
	struct info info = { .request = request, .dump = dump };

	if (!look(&info)) {
		say_failed(request->name, "%s", strerror(dump->bytes->error));
		return VERDICT_TROUBLE;
	}
	if (request->is_json)
		write(&info);
	else
		print(&info);
	return is_damaged(&info) ? VERDICT_DAMAGED : VERDICT_GOOD;
}

/**
 * info_command() - show the dump that the command line names
 * @argc: number of arguments
 * @argv: the arguments
 *
 * Return: what came of it.
 */
enum verdict info_command(int argc, char **argv)
{
	static const struct look look = {
		.help	= help,
		.run	= info_show,
	};

	return command_look(&look, argc, argv);
}
