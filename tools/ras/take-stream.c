// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate take: make a dump of what a snapshot has left.
 */
#include <inttypes.h>
#include <stdio.h>

#include "json.h"
#include "stream-take.h"
#include "wish.h"

static const char help[] =
"usage: ras-hibernate take [OPTION]... STREAM FILE\n"
"\n"
"Makes the dump FILE of STREAM, which 'ras-hibernate snapshot' has left because it could not\n"
"write FILE.  STREAM stays.\n"
"\n"
"      --json            write JSON\n"
"      --help            show this text\n"
"\n"
"Exit status: 0 there is a dump; 1 refused or failed; 2 usage.\n";

/**
 * take_command() - ras-hibernate take
 * @argc: number of arguments
 * @argv: the arguments
 */
enum result take_command(int argc, char **argv)
{
	const struct wish_syntax syntax = { .help = help, .takes = TAKES_JSON, .names = 2 };
	struct json json = { .file = stdout };
	struct wish wish;
	uint64_t bytes;
	enum result result = wish_read(&wish, &syntax, argc, argv);

	if (result != RESULT_GOOD || wish.is_done)
		return result;
	if (stream_take(wish.names[0], wish.names[1], NULL, &bytes) != TAKEN)
		return RESULT_FAILED;
	if (!wish.is_json) {
		printf("%s: %" PRIu64 " bytes\n", wish.names[1], bytes);
		return RESULT_GOOD;
	}
	json_begin(&json, NULL, '{');
	json_string(&json, "file", wish.names[1]);
	json_number(&json, "bytes", bytes);
	json_end(&json, '}');
	fputc('\n', stdout);
	return RESULT_GOOD;
}
