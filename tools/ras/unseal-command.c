// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump unseal: make the ordinary dump of a sealed one.
 */
#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>

#include "command.h"
#include "json.h"
#include "say.h"
#include "unseal.h"

static const char help[] =
"usage: ras-dump unseal [OPTION]... --key KEY FILE OUTPUT\n"
"\n"
"Makes the ordinary dump OUTPUT, which must not be there, of the sealed dump FILE.\n"
"\n"
"  -k, --key KEY       the file of the secret key, see ras-dump keygen\n"
"      --until-damage  if the dump was changed, keep what is before, as if it was cut off there\n"
"      --json          write a JSON object\n"
"  -q, --quiet         show no progress\n"
"      --help          show this text\n"
"\n"
"Exit status: 0 all of the dump is in OUTPUT, 1 the sealed dump is damaged: there is no OUTPUT,\n"
"2 usage, or it cannot be done: there is no OUTPUT, 3 the sealed dump is cut off: OUTPUT is what\n"
"there is of it.\n";

static void write_json(const struct request *request, const struct unseal *unseal,
		       enum verdict verdict, const char *reason)
{
	const struct ras_seal_header *header = &unseal->seal.header;
	struct json json = { .file = request->out };

	json_begin(&json, NULL, '{');
	json_string(&json, "file", request->name);
	json_string(&json, "output", request->names[1]);
	json_string(&json, "result", verdict == VERDICT_GOOD ? "whole" : "cut off");
	json_number(&json, "attempt", le32toh(header->attempt));
	json_number(&json, "segments", unseal->segments);
	json_number(&json, "end", unseal->seal.at);
	json_number(&json, "bytes", unseal->file.size);
	if (*reason)
		json_string(&json, "error", reason);
	json_end(&json, '}');
	fputc('\n', json.file);
}

/* There is an output: finish it, and say what it is. */
static enum verdict finish(const struct request *request, struct unseal *unseal,
			   enum verdict verdict, const char *reason)
{
	if (!new_file_finish(&unseal->file))
		return command_said(request, VERDICT_TROUBLE, request->names[1]);
	if (request->is_json)
		write_json(request, unseal, verdict, reason);
	else
		fprintf(request->out, "%s: %s, %" PRIu64 " bytes\n", request->names[1],
			verdict == VERDICT_GOOD ? "whole" : "cut off", unseal->file.size);
	return verdict;
}

/* Can readers open the output, which is cut off? */
static bool is_of_use(const struct unseal *unseal)
{
	struct kdump dump;
	struct bytes bytes;
	struct why why;

	bytes_of(&bytes, unseal->file.fd, unseal->file.size);
	return kdump_open(&dump, &bytes, &why) == KDUMP_OPEN;
}

/* The output has what is before an end that is none. */
static enum verdict keep(const struct request *request, struct unseal *unseal,
			 const char *reason)
{
	if (is_of_use(unseal)) {
		say_failed(request->name, "%s", reason);
		return finish(request, unseal, VERDICT_CUT, reason);
	}
	say_failed(request->name, "%s; before that, there is too little to make a dump of",
		   reason);
	return command_said(request, VERDICT_DAMAGED, request->name);
}

static enum verdict act(const struct request *request, struct unseal *unseal)
{
	struct why why = { "" };
	enum unsealed result;

	progress_begin(&unseal->progress, request->name, "unsealed", unseal->seal.bytes->size, 0,
		       request->is_quiet);
	result = unseal_all(unseal, &why);
	progress_end(&unseal->progress, unseal->seal.at);
	switch (result) {
	case UNSEALED_WHOLE:
		return finish(request, unseal, VERDICT_GOOD, "");
	case UNSEALED_CUT:
		return keep(request, unseal, why.text);
	case UNSEALED_CHANGED:
		if (request->is_until_damage)
			return keep(request, unseal, why.text);
		return command_failed(request, VERDICT_DAMAGED, request->name, why.text);
	default:
		if (*why.text)
			say_failed(request->name, "%s", why.text);
		return command_said(request, VERDICT_TROUBLE,
				    *why.text ? request->name : request->names[1]);
	}
}

/* Open the sealed dump by the key. */
static enum verdict open_seal(const struct request *request, struct unseal *unseal,
			      struct bytes *bytes)
{
	uint8_t secret[CRYPT_KEY_BYTES];
	struct why why = { "" };
	enum seal_is is;

	if (!bytes_open(bytes, request->name, &why))
		return command_failed(request, VERDICT_TROUBLE, request->name, why.text);
	is = seal_header(&unseal->seal, bytes, &why);
	if (is == SEAL_GOOD && !key_read(secret, request->key, &why)) {
		crypt_forget(secret, sizeof(secret));
		return command_failed(request, VERDICT_TROUBLE, request->key, why.text);
	}
	if (is == SEAL_GOOD)
		is = seal_open(&unseal->seal, secret, &why);
	crypt_forget(secret, sizeof(secret));
	if (is == SEAL_GOOD)
		return VERDICT_GOOD;
	return command_failed(request, is == SEAL_CHANGED ? VERDICT_DAMAGED : VERDICT_TROUBLE,
			      request->name, why.text);
}

static enum verdict run(const struct request *request, struct unseal *unseal)
{
	enum verdict verdict;
	struct bytes bytes = { .fd = -1 };
	struct why why;

	if (!crypt_begin(&why))
		return command_failed(request, VERDICT_TROUBLE, request->name, why.text);
	verdict = open_seal(request, unseal, &bytes);
	if (verdict == VERDICT_GOOD) {
		if (new_file_open(&unseal->file, request->names[1]))
			verdict = act(request, unseal);
		else
			verdict = command_said(request, VERDICT_TROUBLE, request->names[1]);
		new_file_close(&unseal->file);
	}
	seal_close(&unseal->seal);
	bytes_close(&bytes);
	return verdict;
}

/**
 * unseal_command() - make the ordinary dump of the sealed one that the command line names
 * @argc: number of arguments
 * @argv: the arguments
 *
 * Return: what came of it.
 */
enum verdict unseal_command(int argc, char **argv)
{
	static const struct syntax syntax = {
		.help	= help,
		.takes	= TAKES_KEY | TAKES_UNTIL_DAMAGE | TAKES_QUIET,
		.least	= 2,
		.most	= 2,
		.names	= "the sealed dump and the output are to be named",
	};
	struct request request;
	enum verdict verdict = command_parse(&syntax, &request, argc, argv);
	struct unseal *unseal;

	if (!request.name)
		return verdict;
	unseal = calloc(1, sizeof(*unseal));
	if (!unseal)
		return command_failed(&request, VERDICT_TROUBLE, request.name, "no memory");
	verdict = run(&request, unseal);
	free(unseal);
	return verdict;
}
