// SPDX-License-Identifier: GPL-2.0
/*
 * ras-netdump-load: what is asked for.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "decimal.h"
#include "key.h"
#include "load-options.h"
#include "proof.h"
#include "say.h"
#include "size.h"

#define DEFAULT_CLIENTS	1
#define DEFAULT_BYTES	(16u << 20)
#define DEFAULT_PAYLOAD	1428
#define DEFAULT_WINDOW	48
#define DEFAULT_SEED	1
#define DEFAULT_SILENCE	12

static const char help[] =
"usage: ras-netdump-load [OPTION]... SERVER\n"
"       ras-netdump-load --content CLIENT [--bytes SIZE] [--seed N]\n"
"\n"
"Sends dumps of machines that do not exist to a server of netdump.  SERVER is ADDRESS,\n"
"ADDRESS:PORT or [ADDRESS]:PORT; the port is 20023 if there is none.\n"
"\n"
"      --clients N           how many machines; 1 (default) to 10000\n"
"      --bytes SIZE          of the file of each, with K, M or G (default: 16M)\n"
"      --log SIZE            of the log of each, if there was a welcome (default: 0)\n"
"      --from ADDRESS        send from port 20024 of ADDRESS and those after it\n"
"      --host NAME           of the machines; -0 and so on is added (default: load)\n"
"      --server-key KEY      prove all packets to the server with this public key, of 64\n"
"                            hexadecimal digits or in a file\n"
"      --plain               send no hello, as FreeBSD does\n"
"      --payload BYTES       in a packet, 1 to 8192 (default: 1428)\n"
"      --window N            packets on their way, 1 to 4096 (default: 48)\n"
"      --rate MBIT           all machines together send no faster, in Mbit/s\n"
"      --loss PERCENT        of the packets are dropped\n"
"      --duplicate PERCENT   of the packets are sent twice\n"
"      --reorder PERCENT     of the packets are sent after the next one\n"
"      --die-at PERCENT      of a file that are acknowledged: the machine falls silent\n"
"      --silence SECONDS     of the server: the machine gives up (default: 12)\n"
"      --seed N              of contents, sessions and what is lost (default: 1)\n"
"      --content CLIENT      write the file of this machine to standard output, send nothing\n"
"      --json                write the results as JSON\n"
"      --help                show this text\n"
"\n"
"Exit status: 0 all is complete, but for machines that died as asked; 1 something is not;\n"
"2 usage.\n";

enum {
	OPTION_CLIENTS = 256,
	OPTION_BYTES,
	OPTION_LOG,
	OPTION_FROM,
	OPTION_HOST,
	OPTION_SERVER_KEY,
	OPTION_PLAIN,
	OPTION_PAYLOAD,
	OPTION_WINDOW,
	OPTION_RATE,
	OPTION_LOSS,
	OPTION_DUPLICATE,
	OPTION_REORDER,
	OPTION_DIE_AT,
	OPTION_SILENCE,
	OPTION_SEED,
	OPTION_CONTENT,
	OPTION_JSON,
	OPTION_HELP,
};

static const struct option long_options[] = {
	{ "clients",	required_argument,	NULL, OPTION_CLIENTS },
	{ "bytes",	required_argument,	NULL, OPTION_BYTES },
	{ "log",	required_argument,	NULL, OPTION_LOG },
	{ "from",	required_argument,	NULL, OPTION_FROM },
	{ "host",	required_argument,	NULL, OPTION_HOST },
	{ "server-key",	required_argument,	NULL, OPTION_SERVER_KEY },
	{ "plain",	no_argument,		NULL, OPTION_PLAIN },
	{ "payload",	required_argument,	NULL, OPTION_PAYLOAD },
	{ "window",	required_argument,	NULL, OPTION_WINDOW },
	{ "rate",	required_argument,	NULL, OPTION_RATE },
	{ "loss",	required_argument,	NULL, OPTION_LOSS },
	{ "duplicate",	required_argument,	NULL, OPTION_DUPLICATE },
	{ "reorder",	required_argument,	NULL, OPTION_REORDER },
	{ "die-at",	required_argument,	NULL, OPTION_DIE_AT },
	{ "silence",	required_argument,	NULL, OPTION_SILENCE },
	{ "seed",	required_argument,	NULL, OPTION_SEED },
	{ "content",	required_argument,	NULL, OPTION_CONTENT },
	{ "json",	no_argument,		NULL, OPTION_JSON },
	{ "help",	no_argument,		NULL, OPTION_HELP },
	{ NULL,		0,			NULL, 0 },
};

/**
 * struct draft - what is known of the options before all are read
 * @options: the options
 * @die_at: percent of the file; negative if machines do not die
 */
struct draft {
	struct load_options	*options;
	double			die_at;
};

/* Return: false, for callers that end with it. */
static bool wrong(int option, const char *value, const char *is_not)
{
	char name[32] = "";

	for (size_t i = 0; i + 1 < ARRAY_SIZE(long_options); i++)
		if (long_options[i].val == option)
			snprintf(name, sizeof(name), "--%s", long_options[i].name);
	say_failed(name, "\"%s\" is not %s", value, is_not);
	return false;
}

static bool take_number(int option, const char *text, uint64_t least, uint64_t most,
			uint64_t *value)
{
	char range[64];

	if (decimal_parse(text, least, most, value))
		return true;
	snprintf(range, sizeof(range), "a number from %llu to %llu", (unsigned long long)least,
		 (unsigned long long)most);
	return wrong(option, text, range);
}

static bool take_number32(int option, const char *text, uint32_t least, uint32_t most,
			  uint32_t *value)
{
	uint64_t wide;

	if (!take_number(option, text, least, most, &wide))
		return false;
	*value = (uint32_t)wide;
	return true;
}

static bool take_size(int option, const char *text, uint64_t *value)
{
	const char *end;

	if (size_parse(text, value, &end) && !*end)
		return true;
	return wrong(option, text, "a size, such as 16M");
}

/* A number that may have a fraction. */
static bool take_real(int option, const char *text, double least, double most, double *value,
		      const char *is_not)
{
	char *end;

	errno = 0;
	*value = strtod(text, &end);
	if (((*text >= '0' && *text <= '9') || *text == '.') && !*end && !errno &&
	    *value >= least && *value <= most)
		return true;
	return wrong(option, text, is_not);
}

static bool take_percent(int option, const char *text, double *percent)
{
	return take_real(option, text, 0, 100, percent, "a percentage, from 0 to 100");
}

/* How many of 2^32 that is. */
static bool take_share(int option, const char *text, uint64_t *share)
{
	double percent;

	if (!take_percent(option, text, &percent))
		return false;
	*share = (uint64_t)(percent / 100 * 0x1p32 + 0.5);
	return true;
}

static bool take_silence(const char *text, uint64_t *silence_ns)
{
	double seconds;

	if (!take_real(OPTION_SILENCE, text, 0.001, 86400, &seconds,
		       "a number of seconds, from 0.001 to 86400"))
		return false;
	*silence_ns = (uint64_t)(seconds * 1e9);
	return true;
}

static bool take_rate(const char *text, double *rate)
{
	if (!take_real(OPTION_RATE, text, 0.001, 1e6, rate,
		       "a number of Mbit/s, from 0.001 to 1000000"))
		return false;
	*rate *= 1e6;
	return true;
}

static bool take_from(const char *text, struct load_options *options)
{
	options->has_from = true;
	return address_parse(&options->from, text, RAS_NETDUMP_CLIENT_PORT) ||
	       wrong(OPTION_FROM, text, "an address");
}

static bool take_host(const char *text, struct load_options *options)
{
	options->host = text;
	return strlen(text) <= LOAD_HOST ||
	       wrong(OPTION_HOST, text, "short enough for the name of a machine");
}

static bool take_server_key(const char *text, struct load_options *options)
{
	struct why why;

	options->has_server_key = true;
	if (proof_start(&why) && key_word(options->server_key, text, &why))
		return true;
	say_failed(text, "%s", why.text);
	return false;
}

static bool take_client(const char *text, struct load_options *options)
{
	uint32_t client;

	if (!take_number32(OPTION_CONTENT, text, 0, LOAD_CLIENTS - 1, &client))
		return false;
	options->show = (int32_t)client;
	return true;
}

/* Options that say how packets are sent. */
static bool take_sending(struct draft *draft, int option, const char *text)
{
	struct load_options *options = draft->options;

	switch (option) {
	case OPTION_PAYLOAD:
		return take_number32(option, text, 1, RAS_NETDUMP_BYTES_MAX, &options->payload);
	case OPTION_WINDOW:
		return take_number32(option, text, 1, LOAD_WINDOW, &options->window);
	case OPTION_RATE:
		return take_rate(text, &options->rate);
	case OPTION_LOSS:
		return take_share(option, text, &options->loss);
	case OPTION_DUPLICATE:
		return take_share(option, text, &options->duplicate);
	case OPTION_REORDER:
		return take_share(option, text, &options->reorder);
	case OPTION_DIE_AT:
		return take_percent(option, text, &draft->die_at);
	case OPTION_SILENCE:
		return take_silence(text, &options->silence_ns);
	default:
		/* getopt_long() has said what is wrong. */
		return false;
	}
}

static bool take_option(struct draft *draft, int option, const char *text)
{
	struct load_options *options = draft->options;

	switch (option) {
	case OPTION_CLIENTS:
		return take_number32(option, text, 1, LOAD_CLIENTS, &options->clients);
	case OPTION_BYTES:
		return take_size(option, text, &options->bytes);
	case OPTION_LOG:
		return take_size(option, text, &options->log);
	case OPTION_FROM:
		return take_from(text, options);
	case OPTION_HOST:
		return take_host(text, options);
	case OPTION_SERVER_KEY:
		return take_server_key(text, options);
	case OPTION_PLAIN:
		options->is_plain = true;
		return true;
	case OPTION_SEED:
		return take_number(option, text, 0, UINT64_MAX, &options->seed);
	case OPTION_CONTENT:
		return take_client(text, options);
	case OPTION_JSON:
		options->is_json = true;
		return true;
	default:
		return take_sending(draft, option, text);
	}
}

static bool refuse_line(const char *object, const char *reason)
{
	say_failed(object, "%s", reason);
	return false;
}

static bool take_server(struct load_options *options, int count, char **names)
{
	struct address last = options->from;

	if (options->show != SHOW_NOTHING)
		return !count || refuse_line("--content", "needs no server");
	if (count != 1)
		return refuse_line("SERVER", count ? "there can be only one" : "is not named");
	if (!address_parse_with_port(&options->server, names[0], RAS_NETDUMP_PORT))
		return refuse_line(names[0], "is neither ADDRESS nor ADDRESS:PORT");
	if (options->is_plain && options->has_server_key)
		return refuse_line("--server-key", "a plain client can prove nothing");
	if (!options->has_from)
		return true;
	if (options->from.any.sa_family != options->server.any.sa_family)
		return refuse_line("--from", "is not of the same kind as the server");
	return address_add(&last, options->clients - 1) ||
	       refuse_line("--from", "there are not so many addresses behind it");
}

/* What follows from several options. */
static void conclude(struct draft *draft)
{
	struct load_options *options = draft->options;

	if (draft->die_at >= 100)
		options->die_at = options->bytes;
	else if (draft->die_at >= 0)
		options->die_at = (uint64_t)((double)options->bytes * draft->die_at / 100);
	if (options->is_plain && options->payload > RAS_NETDUMP_BYTES)
		options->payload = RAS_NETDUMP_BYTES;
}

/**
 * options_parse() - read a command line
 * @options: set to what it asks for
 * @argc: number of arguments
 * @argv: the arguments
 *
 * Return: what comes of it.
 */
enum parsed options_parse(struct load_options *options, int argc, char **argv)
{
	struct draft draft = { .options = options, .die_at = -1 };
	int option;

	*options = (struct load_options){
		.clients	= DEFAULT_CLIENTS,
		.bytes		= DEFAULT_BYTES,
		.payload	= DEFAULT_PAYLOAD,
		.window		= DEFAULT_WINDOW,
		.host		= "load",
		.seed		= DEFAULT_SEED,
		.die_at		= UINT64_MAX,
		.silence_ns	= DEFAULT_SILENCE * 1000000000ull,
		.show		= SHOW_NOTHING,
	};
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (option == OPTION_HELP) {
			fputs(help, stdout);
			return PARSED_HELP;
		}
		if (!take_option(&draft, option, optarg))
			return PARSED_WRONG;
	}
	if (!take_server(options, argc - optind, argv + optind))
		return PARSED_WRONG;
	conclude(&draft);
	return PARSED_RUN;
}
