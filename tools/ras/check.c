// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump check: is all of a dump there, and can it be read?
 */
#include <inttypes.h>
#include <string.h>

#include "command.h"
#include "headers.h"
#include "places.h"
#include "progress.h"
#include "say.h"
#include "stop.h"

static const char help[] =
"usage: ras-dump check [OPTION]... FILE\n"
"\n"
"Checks a dump: its headers, notes and bitmaps; that each page has a descriptor; that pages do\n"
"not overlap; and that each page decompresses to a page.\n"
"\n"
"  -a, --all    show all that is damaged, not the first 10 only\n"
"      --json   write a JSON object\n"
"  -q, --quiet  show no progress\n"
"      --help   show this text\n"
"\n"
"Exit status: 0 the dump is good and whole, 1 it is damaged, 2 usage, or it cannot be read, 3 it\n"
"is good as far as it goes, but pages are missing.\n";

/**
 * struct check - a check
 * @request: what is asked for
 * @dump: the dump
 * @survey: of its pages
 * @findings: what was found
 * @good: pages that are good
 * @error: why the check has ended early; or %NULL
 */
struct check {
	const struct request	*request;
	const struct kdump	*dump;
	struct survey		survey;
	struct findings		findings;
	uint64_t		good;
	const char		*error;
};

/*
 * Who stores pages of zeros once stores none at another place: there was something else, which
 * was never written, or was lost, and is a hole now.  A live dump stores each page.
 */
static bool may_be_zeros(const struct check *check, struct why *why)
{
	if (!check->survey.zeros)
		return true;
	return refuse(why, "there are zeros, and the dump stores pages of zeros at byte %" PRIu64,
		      check->survey.zeros);
}

static void check_page(struct check *check, struct unpack *unpack, const struct page *page)
{
	enum page_state state;
	struct why why;

	/* The survey has read it. */
	if (survey_is_zeros(&check->survey, page) && page->size == check->dump->page_size) {
		check->good++;
		return;
	}
	if (kdump_is_cut(check->dump) && page_is_beyond(unpack, page))
		return;
	state = page_read(unpack, page, &why);
	if (state == PAGE_GOOD && page_kind(page) == PAGE_RAW && page_is_zeros(unpack) &&
	    !may_be_zeros(check, &why))
		state = PAGE_BAD;
	if (state == PAGE_GOOD) {
		check->good++;
		return;
	}
	if (state == PAGE_UNREADABLE)
		check->findings.unreadable++;
	else
		findings_page(&check->findings, check->dump, page, why.text);
}

/*
 * A page that is not there.  Its descriptor is zeros if the kernel could not read it, also in a
 * dump that is whole; but a file that is whole has all descriptors.
 */
static void check_missing(struct check *check, const struct page *page)
{
	if (page->is == PAGE_UNLISTED && !kdump_is_cut(check->dump))
		findings_page(&check->findings, check->dump, page,
			      "the file ends before its descriptor");
}

static void check_pages(struct check *check, struct unpack *unpack)
{
	const struct kdump *dump = check->dump;
	struct progress progress;
	struct walk walk;
	struct page page;

	progress_begin(&progress, check->request->name, "checked",
		       check->survey.pages * dump->page_size, 0, check->request->is_quiet);
	walk_begin(&walk, dump);
	while (walk_next(&walk, &page)) {
		if (stop_reason()) {
			check->error = stop_reason();
			break;
		}
		if (page.is == PAGE_THERE)
			check_page(check, unpack, &page);
		else
			check_missing(check, &page);
		progress_show(&progress, walk.rank * dump->page_size);
	}
	progress_end(&progress, walk.rank * dump->page_size);
}

static void check_bitmaps(struct check *check)
{
	const struct bitmap_counts *counts = &check->survey.bitmaps;

	if (counts->foreign)
		findings_problem(&check->findings, "pages in the dump that the first bitmap does "
				 "not have: %" PRIu64 ", the first is 0x%" PRIx64,
				 counts->foreign, counts->first_foreign);
	if (counts->beyond)
		findings_problem(&check->findings, "bits of the bitmaps behind the last page "
				 "frame: %" PRIu64 ", the first is 0x%" PRIx64,
				 counts->beyond, counts->first_beyond);
}

/*
 * Without a page in bitmap 2 there is a descriptor more than there should be, and pages get
 * the descriptors of others.  Behind the last descriptor there is the first page, or zeros
 * up to it.
 */
static void check_table(struct check *check)
{
	const struct kdump *dump = check->dump;
	const uint64_t end = dump->table + check->survey.pages * sizeof(struct kdump_desc);
	struct page page, extra;
	struct kdump_desc desc;
	struct walk walk;
	struct why why;

	if (!bytes_read(dump->bytes, &desc, sizeof(desc), end))
		return;
	page_describe(&extra, &desc);
	if (!page_is_plausible(dump, end, &extra, &why))
		return;
	walk_begin(&walk, dump);
	while (walk_next(&walk, &page))
		if (page.is == PAGE_THERE && page.offset < end + sizeof(desc) &&
		    page_is_plausible(dump, end, &page, &why))
			return;
	findings_problem(&check->findings, "behind the last descriptor, at byte %" PRIu64
			 ", there is one more: bitmap 2 does not fit the descriptors", end);
}

/* All but what is in the pages. */
static bool check_frame(struct check *check)
{
	if (!headers_check(check->dump, &check->findings) ||
	    !survey_make(&check->survey, check->dump))
		return false;
	check_bitmaps(check);
	check_table(check);
	return places_check(check->dump, &check->survey, &check->findings);
}

static void check_all(struct check *check)
{
	struct unpack *unpack = NULL;

	if (check_frame(check))
		unpack = unpack_new(check->dump, check->survey.pages);
	if (unpack)
		check_pages(check, unpack);
	else if (!check->dump->bytes->error)
		check->error = "no memory";
	unpack_free(unpack);
	if (check->dump->bytes->error)
		check->error = strerror(check->dump->bytes->error);
}

static enum verdict verdict(const struct check *check)
{
	if (check->error)
		return VERDICT_TROUBLE;
	if (check->findings.problems || check->findings.pages)
		return VERDICT_DAMAGED;
	if (check->findings.unreadable)
		return VERDICT_TROUBLE;
	if (kdump_is_cut(check->dump) || survey_missing(&check->survey))
		return VERDICT_CUT;
	return VERDICT_GOOD;
}

static void write_end(struct check *check)
{
	static const char * const results[] = {
		[VERDICT_GOOD]		= "good",
		[VERDICT_DAMAGED]	= "damaged",
		[VERDICT_TROUBLE]	= "not checked",
		[VERDICT_CUT]		= "pages missing",
	};
	struct json *json = &check->findings.json;

	json_number(json, "problem_count", check->findings.problems);
	json_number(json, "pages", check->survey.pages);
	json_number(json, "good_pages", check->good);
	json_number(json, "damaged_pages", check->findings.pages);
	json_number(json, "missing_pages", survey_missing(&check->survey));
	json_number(json, "unreadable_pages", check->findings.unreadable);
	json_boolean(json, "cut_off", kdump_is_cut(check->dump));
	json_string(json, "result", results[verdict(check)]);
	if (check->error)
		json_string(json, "error", check->error);
	json_end(json, '}');
	fputc('\n', json->file);
}

static void print_damaged(const struct check *check)
{
	const struct findings *findings = &check->findings;
	FILE *out = check->request->out;

	fprintf(out, "%s: damaged: %" PRIu64 " of %" PRIu64 " pages are good, %" PRIu64
		" damaged", check->request->name, check->good, check->survey.pages,
		findings->pages);
	if (survey_missing(&check->survey))
		fprintf(out, ", %" PRIu64 " missing", survey_missing(&check->survey));
	if (findings->problems)
		fprintf(out, "; other problems: %" PRIu64, findings->problems);
	fputc('\n', out);
}

static void print_end(const struct check *check)
{
	const char *name = check->request->name;
	FILE *out = check->request->out;

	if (check->error)
		return;
	if (verdict(check) == VERDICT_DAMAGED)
		print_damaged(check);
	if (check->findings.unreadable)
		fprintf(out, "%s: pages that cannot be checked: %" PRIu64 "; ras-dump was built "
			"with %s\n", name, check->findings.unreadable, page_libraries());
	if (verdict(check) == VERDICT_GOOD)
		fprintf(out, "%s: good: all pages are there, %" PRIu64 "\n", name, check->good);
	if (verdict(check) == VERDICT_CUT)
		fprintf(out, "%s: good, but %s: %" PRIu64 " of %" PRIu64 " pages are there and "
			"good, %" PRIu64 " missing\n", name,
			kdump_is_cut(check->dump) ? "cut off" : "pages could not be read",
			check->good, check->survey.pages, survey_missing(&check->survey));
}

/**
 * check_dump() - check a dump that is open
 * @request: what is asked for
 * @dump: the dump
 *
 * Return: what came of it.
 */
enum verdict check_dump(const struct request *request, const struct kdump *dump)
{
	struct check check = { .request = request, .dump = dump };

	check.findings.name = request->name;
	check.findings.json.file = request->out;
	check.findings.is_json = request->is_json;
	check.findings.is_all = request->is_all;
	findings_begin(&check.findings);
	check_all(&check);
	findings_end(&check.findings);
	if (check.error)
		say_failed(request->name, "not checked to the end: %s", check.error);
	if (request->is_json)
		write_end(&check);
	else
		print_end(&check);
	return verdict(&check);
}

/**
 * check_command() - check the dump that the command line names
 * @argc: number of arguments
 * @argv: the arguments
 *
 * Return: what came of it.
 */
enum verdict check_command(int argc, char **argv)
{
	static const struct look look = {
		.help	= help,
		.takes	= TAKES_ALL | TAKES_QUIET,
		.run	= check_dump,
	};

	return command_look(&look, argc, argv);
}
