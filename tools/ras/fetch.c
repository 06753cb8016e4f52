// SPDX-License-Identifier: GPL-2.0
/*
 * ras-savecore: an area, from the look at its stamps to the mark.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "copy.h"
#include "fetch.h"
#include "report.h"

/* The path of the file, or NULL if there is no memory. */
static char *choose_path(const struct options *options, const struct source *source)
{
	char name[64], *path;

	if (options->output)
		return strdup(options->output);
	area_file_name(source->area.time, name, sizeof(name));
	return asprintf(&path, "%s/%s", options->directory, name) < 0 ? NULL : path;
}

/*
 * Which dump this is.  The time of a region of memory is that of the boot; the next boot finds
 * the same dump, so it is left out.
 */
static struct state identify(const struct source *source)
{
	struct state dump = {
		.armed	= source->area.armed,
		.time	= source->directory < 0 ? source->area.time : 0,
		.bytes	= source->area.bytes,
	};

	memcpy(dump.uuid, source->area.uuid, sizeof(dump.uuid));
	return dump;
}

/*
 * The area is marked when the file has its name and all of it is durable, and the state is
 * forgotten when the area is marked: a run that dies in between finds the state, and only
 * marks.
 */
static enum outcome save(const struct options *options, struct source *source,
			 struct output *output, struct report *report)
{
	if (!output->is_named && copy_dump(source, output, options->quiet) != DONE)
		return FAILED;
	if (output_finish(output) != DONE)
		return FAILED;
	report->is_named = true;
	if (!options->keep) {
		if (source->ops->mark(source) != DONE)
			return FAILED;
		report->is_marked = true;
	}
	output_forget(output);
	return DONE;
}

static enum outcome fetch_dump(const struct options *options, struct source *source,
			       struct report *report)
{
	const struct state dump = identify(source);
	struct output output;
	enum outcome outcome;

	if (options->dry_run)
		return DONE;
	outcome = output_open(&output, report->path, &dump);
	if (outcome == DONE) {
		report->resumed = output.state.state.done;
		outcome = save(options, source, &output, report);
	}
	output_close(&output);
	return outcome;
}

static enum outcome fetch_source(const struct options *options, struct source *source,
				 struct report *report)
{
	char *path;

	report->is_known = true;
	if (!area_holds_dump(source->area.state))
		return NOTHING;
	path = choose_path(options, source);
	report->path = path;
	return path ? fetch_dump(options, source, report) : say_failed(source->name, "no memory");
}

/**
 * fetch() - fetch the dump of an area
 * @options: what the user wants
 * @name: of the area, or the directory of the region of memory
 * @is_memory: it is a region
 *
 * Return: %DONE, %NOTHING, or %FAILED; what there is to say was said.
 */
enum outcome fetch(const struct options *options, const char *name, bool is_memory)
{
	const bool for_mark = !options->dry_run && !options->keep;
	struct source source;
	struct report report = { .source = &source, .is_dry = options->dry_run };

	report.outcome = is_memory ? memory_open(&source, name) :
				     disk_open(&source, name, for_mark);
	if (report.outcome == DONE)
		report.outcome = fetch_source(options, &source, &report);
	if (options->json)
		report_json(&report);
	else
		report_text(&report);
	source_close(&source);
	free((char *)report.path);
	return report.outcome;
}
