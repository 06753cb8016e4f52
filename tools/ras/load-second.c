// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate load: load a second kernel, or show how it would be loaded.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "job.h"
#include "json.h"
#include "kexec-call.h"
#include "second-kernel.h"
#include "wish.h"

static const char help[] =
"usage: ras-hibernate load [OPTION]...\n"
"\n"
"Loads a second kernel, to which the machine can be given and which gives it back.\n"
"\n"
WISH_HELP_KERNEL
"      --job FILE        what 'ras-hibernate second' is to do there\n"
"      --dry-run         load nothing, show what would be loaded\n"
"      --json            write JSON\n"
"      --help            show this text\n"
"\n"
"Exit status: 0 loaded; 1 refused or failed; 2 usage.\n";

static void show_segments(const struct second_kernel *kernel)
{
	for (size_t i = 0; i < kernel->layout.segments_count; i++) {
		const struct segment *segment = kernel->layout.segments + i;

		printf("segment %-10s %#12" PRIx64 " to %#12" PRIx64 ", %zu bytes of content\n",
		       segment->piece ? segment->piece->name : "empty", segment->start,
		       segment->end, segment->piece ? segment->piece->size : 0);
	}
}

static void show(const struct second_kernel *kernel)
{
	const struct boot_params *params = &kernel->data->params;

	show_segments(kernel);
	for (size_t i = 0; i < params->e820_entries; i++) {
		const struct memory_range *range = kernel->map.ranges + i;

		printf("memory  type %-5" PRIu32 " %#12" PRIx64 " to %#12" PRIx64 "\n", range->type,
		       range->start, range->end);
	}
	printf("start   %#" PRIx64 ", then %#" PRIx64 "\n", kernel->way.data, kernel->way.entry);
	printf("ACPI    %#" PRIx64 "\n", (uint64_t)params->acpi_rsdp_addr);
	printf("words   %s\n", kernel->data->command_line);
}

static void show_json_lists(struct json *json, const struct second_kernel *kernel)
{
	json_begin(json, "segments", '[');
	for (size_t i = 0; i < kernel->layout.segments_count; i++) {
		const struct segment *segment = kernel->layout.segments + i;

		json_begin(json, NULL, '{');
		json_string(json, "name", segment->piece ? segment->piece->name : NULL);
		json_number(json, "start", segment->start);
		json_number(json, "end", segment->end);
		json_number(json, "content", segment->piece ? segment->piece->size : 0);
		json_end(json, '}');
	}
	json_end(json, ']');
	json_begin(json, "memory", '[');
	for (size_t i = 0; i < kernel->map.count; i++) {
		json_begin(json, NULL, '{');
		json_number(json, "type", kernel->map.ranges[i].type);
		json_number(json, "start", kernel->map.ranges[i].start);
		json_number(json, "end", kernel->map.ranges[i].end);
		json_end(json, '}');
	}
	json_end(json, ']');
}

static void show_json(const struct second_kernel *kernel, bool is_loaded)
{
	struct json json = { .file = stdout };

	json_begin(&json, NULL, '{');
	json_boolean(&json, "loaded", is_loaded);
	json_number(&json, "start", kernel->way.data);
	json_number(&json, "entry", kernel->way.entry);
	json_number(&json, "initrd", kernel->way.initrd);
	json_number(&json, "initrd_bytes", kernel->way.initrd_size);
	json_number(&json, "acpi", kernel->data->params.acpi_rsdp_addr);
	json_string(&json, "command_line", kernel->data->command_line);
	show_json_lists(&json, kernel);
	json_end(&json, '}');
	fputc('\n', stdout);
}

static enum result load(const struct wish *wish, struct second_kernel *kernel)
{
	char *job = wish->job ? job_read_text(wish->job) : NULL;
	bool good = !wish->job || job;

	good = good && second_kernel_make(kernel, wish, job);
	if (good && !wish->is_dry)
		good = kexec_call_load(&kernel->layout, kernel->way.data);
	if (good && wish->is_json)
		show_json(kernel, !wish->is_dry);
	else if (good && wish->is_dry)
		show(kernel);
	free(job);
	return good ? RESULT_GOOD : RESULT_FAILED;
}

/**
 * load_command() - ras-hibernate load
 * @argc: number of arguments
 * @argv: the arguments
 */
enum result load_command(int argc, char **argv)
{
	const struct wish_syntax syntax = {
		.help = help,
		.takes = TAKES_KERNEL | TAKES_JOB | TAKES_DRY | TAKES_JSON,
	};
	struct second_kernel *kernel;
	enum result result;
	struct wish wish;

	result = wish_read(&wish, &syntax, argc, argv);
	if (result != RESULT_GOOD || wish.is_done)
		return result;
	kernel = calloc(1, sizeof(*kernel));
	if (!kernel)
		return RESULT_FAILED;
	result = load(&wish, kernel);
	second_kernel_free(kernel);
	free(kernel);
	return result;
}
