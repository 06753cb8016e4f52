// SPDX-License-Identifier: GPL-2.0
/*
 * ras-savecore: what became of an area, for people.
 */
#include <inttypes.h>
#include <stdio.h>

#include "report.h"

/**
 * report_text() - one line on standard output
 * @report: the report.  Of a failure there is a line on standard error already
 */
void report_text(const struct report *report)
{
	const struct area *area = &report->source->area;
	char time[32];

	if (report->outcome == FAILED)
		return;
	printf("%s: ", report->source->name);
	if (report->outcome == NOTHING) {
		printf("no dump to fetch: %s\n", area_state_name(area->state));
		return;
	}
	area_time_text(area->time, time, sizeof(time));
	printf("a dump (%s) of %" PRIu64 " bytes, %s %s", area_state_name(area->state),
	       area->bytes, report->source->directory < 0 ? "begun" : "found at the boot of", time);
	if (report->is_dry)
		printf(", would be saved as %s\n", report->path);
	else
		printf(", saved as %s, %s\n", report->path,
		       report->is_marked ? "marked as taken" : "not marked as taken");
}
