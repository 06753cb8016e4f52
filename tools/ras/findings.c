// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump: what a check has found, as it is found, for people or for programs.
 *
 * Problems come before pages.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "findings.h"
#include "say.h"

/**
 * findings_begin() - begin to write
 * @findings: with its first four fields set, and the others 0
 */
void findings_begin(struct findings *findings)
{
	if (!findings->is_json)
		return;
	json_begin(&findings->json, NULL, '{');
	json_string(&findings->json, "file", findings->name);
	json_begin(&findings->json, "problems", '[');
}

/**
 * findings_problem() - something is wrong that is not one page
 * @findings: the findings
 * @format: what, for printf(3)
 */
void findings_problem(struct findings *findings, const char *format, ...)
{
	char text[200];
	va_list arguments;

	if (findings->problems++ >= FINDINGS_SHOWN && !findings->is_all)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (findings->is_json)
		json_string(&findings->json, NULL, text);
	else
		fprintf(findings->json.file, "%s: %s\n", findings->name, text);
}

/* No more problems will come. */
static void begin_pages(struct findings *findings)
{
	if (findings->lists_pages)
		return;
	findings->lists_pages = true;
	if (findings->is_json) {
		json_end(&findings->json, ']');
		json_begin(&findings->json, "damaged", '[');
	} else if (findings->problems > FINDINGS_SHOWN && !findings->is_all) {
		fprintf(findings->json.file, "%s: problems that are not shown: %" PRIu64
			"; --all shows all\n", findings->name, findings->problems - FINDINGS_SHOWN);
	}
}

static void print_page(struct findings *findings, const struct page *page, uint64_t address,
		       const char *reason)
{
	fprintf(findings->json.file, "%s: page 0x%" PRIx64 ", physical address 0x%" PRIx64,
		findings->name, page->pfn, address);
	if (page->is == PAGE_THERE)
		fprintf(findings->json.file, ", byte %" PRIu64 " of the file", page->offset);
	fprintf(findings->json.file, ": %s\n", reason);
}

static void write_page(struct json *json, const struct page *page, uint64_t address,
		       const char *reason)
{
	json_begin(json, NULL, '{');
	json_number(json, "pfn", page->pfn);
	json_number(json, "address", address);
	if (page->is == PAGE_THERE)
		json_number(json, "offset", page->offset);
	json_string(json, "reason", reason);
	json_end(json, '}');
}

/**
 * findings_page() - a page is damaged
 * @findings: the findings
 * @dump: the dump
 * @page: the page
 * @reason: why
 */
void findings_page(struct findings *findings, const struct kdump *dump, const struct page *page,
		   const char *reason)
{
	const uint64_t address = page->pfn * dump->page_size;

	begin_pages(findings);
	if (findings->pages++ >= FINDINGS_SHOWN && !findings->is_all)
		return;
	/* The line of the progress is not to be continued. */
	say_end_line();
	if (findings->is_json)
		write_page(&findings->json, page, address, reason);
	else
		print_page(findings, page, address, reason);
}

/**
 * findings_end() - end the lists
 * @findings: the findings
 *
 * Of JSON the object is still open.
 */
void findings_end(struct findings *findings)
{
	begin_pages(findings);
	if (findings->is_json)
		json_end(&findings->json, ']');
	else if (findings->pages > FINDINGS_SHOWN && !findings->is_all)
		fprintf(findings->json.file, "%s: damaged pages that are not shown: %" PRIu64
			"; --all shows all\n", findings->name, findings->pages - FINDINGS_SHOWN);
}
