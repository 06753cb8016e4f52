// SPDX-License-Identifier: GPL-2.0
/*
 * ras-netdump-load - send dumps of machines that do not exist to a server of netdump
 */
#include <stdio.h>

#include "descriptors.h"
#include "load-content.h"
#include "load-options.h"
#include "load-result.h"
#include "load-run.h"
#include "say.h"
#include "stop.h"

const char say_program[] = "ras-netdump-load";

/* The exit status. */
enum {
	STATUS_GOOD,
	STATUS_FAILED,
	STATUS_USAGE,
};

/* Write a file at once as much as this. */
#define PIECE	65536

static int show(const struct load_options *options)
{
	const struct content content = {
		.seed	= options->seed,
		.client	= (uint32_t)options->show,
	};
	static uint8_t piece[PIECE];
	uint64_t offset = 0;

	while (offset < options->bytes && !ferror(stdout) && !stop_reason()) {
		const uint64_t left = options->bytes - offset;
		const size_t size = left < PIECE ? (size_t)left : PIECE;

		content_file(&content, offset, piece, size);
		fwrite(piece, size, 1, stdout);
		offset += size;
	}
	return offset < options->bytes ? STATUS_FAILED : STATUS_GOOD;
}

static int report(const struct load *load)
{
	struct result result;

	if (!result_make(&result, load)) {
		say_failed("result", "no memory");
		return STATUS_FAILED;
	}
	if (load->options->is_json)
		result_print_json(&result, load);
	else
		result_print(&result, load);
	return result_is_good(&result) ? STATUS_GOOD : STATUS_FAILED;
}

static int run(const struct load_options *options)
{
	int status = STATUS_FAILED;
	struct load load;

	if (load_open(&load, options)) {
		load_run(&load);
		status = report(&load);
	}
	load_close(&load);
	return status;
}

int main(int argc, char **argv)
{
	struct load_options options;
	int status = STATUS_GOOD;

	descriptors_fill();
	stop_catch_signals();
	switch (options_parse(&options, argc, argv)) {
	case PARSED_RUN:
		status = options.show == SHOW_NOTHING ? run(&options) : show(&options);
		break;
	case PARSED_HELP:
		break;
	default:
		status = STATUS_USAGE;
	}
	if (fflush(stdout) || ferror(stdout)) {
		say_failed("standard output", "cannot be written");
		status = STATUS_FAILED;
	}
	return status;
}
