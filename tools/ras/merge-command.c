// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump merge: make one dump of parts of it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "merge.h"
#include "same.h"
#include "say.h"

static const char help[] =
"usage: ras-dump merge [OPTION]... OUTPUT FILE FILE...\n"
"\n"
"Makes one dump, OUTPUT, which must not be there, of parts of the dump of one crash.  A page is\n"
"taken from the first FILE that has it good.\n"
"\n"
"      --json   write a JSON object\n"
"  -q, --quiet  show no progress\n"
"      --help   show this text\n"
"\n"
"Exit status: 0 no page is missing, 1 a FILE is damaged such that it cannot be opened, 2 usage,\n"
"or it cannot be done, or they are not of one crash, 3 pages are missing; with 1 and 2 there is\n"
"no OUTPUT.\n";

static void write_json(const struct request *request, const struct merge *merge)
{
	struct json json = { .file = request->out };

	json_begin(&json, NULL, '{');
	json_string(&json, "output", request->name);
	json_number(&json, "bytes", merge->file.size);
	json_begin(&json, "files", '[');
	for (size_t i = 0; i < merge->count; i++) {
		json_begin(&json, NULL, '{');
		json_string(&json, "file", merge->parts[i].name);
		json_number(&json, "taken_pages", merge->parts[i].taken);
		json_number(&json, "damaged_pages", merge->parts[i].damaged);
		json_end(&json, '}');
	}
	json_end(&json, ']');
	json_number(&json, "pages", merge->pages);
	json_number(&json, "good_pages", merge->pages - merge->missing);
	json_number(&json, "missing_pages", merge->missing);
	json_string(&json, "result", merge->missing ? "pages missing" : "good");
	json_end(&json, '}');
	fputc('\n', json.file);
}

static void print(const struct request *request, const struct merge *merge)
{
	for (size_t i = 0; i < merge->count; i++) {
		const struct part *part = &merge->parts[i];

		fprintf(request->out, "%s: %" PRIu64 " pages were taken", part->name, part->taken);
		if (part->damaged)
			fprintf(request->out, ", %" PRIu64 " are damaged", part->damaged);
		fputc('\n', request->out);
	}
	if (merge->missing)
		fprintf(request->out, "%s: cut off: %" PRIu64 " of %" PRIu64 " pages are there, %"
			PRIu64 " missing\n", request->name, merge->pages - merge->missing,
			merge->pages, merge->missing);
	else
		fprintf(request->out, "%s: all pages are there, %" PRIu64 "\n", request->name,
			merge->pages);
}

/* Is it a dump that can be merged with the first? */
static bool fits(const struct merge *merge, const struct part *part, struct why *why)
{
	struct why differs;

	if (kdump_is_split(&part->dump))
		return refuse(why, "is one of several files; \"makedumpfile --reassemble\" makes "
			      "one dump of them");
	if (part->dump.eraseinfo.size)
		return refuse(why, "has a list of what was erased, which cannot be merged");
	if (!same_crash(&merge->parts->dump, &part->dump, &differs))
		return refuse(why, "cannot be merged with %.60s: %.100s", merge->parts->name,
			      differs.text);
	return true;
}

static enum verdict open_part(const struct request *request, struct merge *merge,
			      const char *name)
{
	struct part *part = &merge->parts[merge->count];
	enum verdict verdict;
	struct why why;

	part->name = name;
	verdict = command_open(request, name, &part->bytes, &part->dump);
	merge->count++;
	if (verdict != VERDICT_GOOD)
		return verdict;
	if (!fits(merge, part, &why))
		return command_failed(request, VERDICT_TROUBLE, name, why.text);
	if (!survey_make(&part->survey, &part->dump))
		return command_failed(request, VERDICT_TROUBLE, name,
				      strerror(part->bytes.error));
	part->unpack = unpack_new(&part->dump, part->survey.pages);
	if (!part->unpack)
		return command_failed(request, VERDICT_TROUBLE, name, "no memory");
	return VERDICT_GOOD;
}

static enum verdict act(const struct request *request, struct merge *merge)
{
	struct why why = { "" };
	bool is_made;

	/* How many pages there are, is not known yet. */
	progress_begin(&merge->progress, request->name, "merged", 0, 0, request->is_quiet);
	is_made = merge_all(merge, &why);
	if (is_made) {
		progress_end(&merge->progress, merge->progress.total);
		is_made = new_file_finish(&merge->file);
	}
	if (merge->failed)
		return command_failed(request, VERDICT_TROUBLE, merge->failed->name, why.text);
	if (!is_made)
		return command_said(request, VERDICT_TROUBLE, request->name);
	if (request->is_json)
		write_json(request, merge);
	else
		print(request, merge);
	return merge->missing ? VERDICT_CUT : VERDICT_GOOD;
}

static enum verdict run(const struct request *request, struct merge *merge)
{
	enum verdict verdict = VERDICT_GOOD;

	for (int i = 1; i < request->count && verdict == VERDICT_GOOD; i++)
		verdict = open_part(request, merge, request->names[i]);
	if (verdict == VERDICT_GOOD) {
		if (new_file_open(&merge->file, request->name))
			verdict = act(request, merge);
		else
			verdict = command_said(request, VERDICT_TROUBLE, request->name);
		new_file_close(&merge->file);
	}
	for (size_t i = 0; i < merge->count; i++) {
		unpack_free(merge->parts[i].unpack);
		bytes_close(&merge->parts[i].bytes);
	}
	return verdict;
}

/**
 * merge_command() - make one dump of those that the command line names
 * @argc: number of arguments
 * @argv: the arguments
 *
 * Return: what came of it.
 */
enum verdict merge_command(int argc, char **argv)
{
	static const struct syntax syntax = {
		.help	= help,
		.takes	= TAKES_QUIET,
		.least	= 3,
		.most	= 1 + MERGE_PARTS,
		.names	= "the output and 2 to 16 dumps are to be named",
	};
	struct request request;
	enum verdict verdict = command_parse(&syntax, &request, argc, argv);
	struct merge *merge;

	if (!request.name)
		return verdict;
	merge = calloc(1, sizeof(*merge));
	if (!merge)
		return command_failed(&request, VERDICT_TROUBLE, request.name, "no memory");
	verdict = run(&request, merge);
	free(merge);
	return verdict;
}
