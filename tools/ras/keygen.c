// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump keygen, ras-dump pubkey: make a key, and show the public part of one.
 */
#include <stdio.h>

#include "command.h"
#include "json.h"
#include "key.h"
#include "say.h"

static const char keygen_help[] =
"usage: ras-dump keygen [OPTION]... FILE\n"
"\n"
"Makes a pair of keys for sealed dumps.  Writes the secret key to FILE, which must not be there,\n"
"and shows the public key, which is what /sys/kernel/ras/dump/key and ras_dump.key= take.\n"
"rasdumpd --key FILE needs a pair of its own; dump/server_key and ras_dump.server_key= take the\n"
"public key of that.\n"
"\n"
"      --json   write a JSON object\n"
"      --help   show this text\n"
"\n"
"Exit status: 0 it was made, 2 usage, or it cannot be made.\n";

static const char pubkey_help[] =
"usage: ras-dump pubkey [OPTION]... FILE\n"
"\n"
"Shows the public key of the secret key in FILE.\n"
"\n"
"      --json   write a JSON object\n"
"      --help   show this text\n"
"\n"
"Exit status: 0 it was shown, 2 usage, or there is no key.\n";

static enum verdict show(const struct request *request, const uint8_t *public)
{
	struct json json = { .file = request->out };
	char text[KEY_TEXT];

	key_text(text, public);
	if (request->is_json) {
		json_begin(&json, NULL, '{');
		json_string(&json, "file", request->name);
		json_string(&json, "public_key", text);
		json_end(&json, '}');
	} else {
		fputs(text, request->out);
	}
	fputc('\n', request->out);
	return VERDICT_GOOD;
}

static enum verdict make(const struct request *request)
{
	uint8_t public[CRYPT_KEY_BYTES], secret[CRYPT_KEY_BYTES];
	struct why why;
	bool is_written;

	if (!crypt_begin(&why))
		return command_failed(request, VERDICT_TROUBLE, request->name, why.text);
	if (!crypt_pair(public, secret))
		return command_failed(request, VERDICT_TROUBLE, request->name, "no key was made");
	is_written = key_write(secret, request->name);
	crypt_forget(secret, sizeof(secret));
	return is_written ? show(request, public) :
			    command_said(request, VERDICT_TROUBLE, request->name);
}

static enum verdict derive(const struct request *request)
{
	uint8_t public[CRYPT_KEY_BYTES], secret[CRYPT_KEY_BYTES];
	struct why why;
	bool good;

	good = crypt_begin(&why) && key_read(secret, request->name, &why);
	if (good && !crypt_public(public, secret))
		good = refuse(&why, "is no secret key");
	crypt_forget(secret, sizeof(secret));
	return good ? show(request, public) :
		      command_failed(request, VERDICT_TROUBLE, request->name, why.text);
}

static enum verdict run(const char *help, enum verdict (*act)(const struct request *request),
			int argc, char **argv)
{
	const struct syntax syntax = {
		.help	= help,
		.least	= 1,
		.most	= 1,
		.names	= "one file is to be named",
	};
	struct request request;
	const enum verdict verdict = command_parse(&syntax, &request, argc, argv);

	return request.name ? act(&request) : verdict;
}

/**
 * keygen_command() - make a pair of keys
 * @argc: number of arguments
 * @argv: the arguments
 *
 * Return: what came of it.
 */
enum verdict keygen_command(int argc, char **argv)
{
	return run(keygen_help, make, argc, argv);
}

/**
 * pubkey_command() - show the public key of a secret one
 * @argc: number of arguments
 * @argv: the arguments
 *
 * Return: what came of it.
 */
enum verdict pubkey_command(int argc, char **argv)
{
	return run(pubkey_help, derive, argc, argv);
}
