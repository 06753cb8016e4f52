// SPDX-License-Identifier: GPL-2.0
/*
 * rasdumpd - receive dumps that crashed kernels send
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/ras_netdump.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "decimal.h"
#include "descriptors.h"
#include "key.h"
#include "receiver.h"
#include "say.h"
#include "size.h"

#define VERSION "1"
#define DIRECTORY "/var/crash/net"

const char say_program[] = "rasdumpd";

static const char help[] =
"usage: rasdumpd [OPTION]...\n"
"\n"
"Receives the dumps that crashed kernels send by netdump, those of FreeBSD as well.\n"
"\n"
"  -d, --directory DIR  keep them in DIR/ADDRESS/ (default DIR: " DIRECTORY ")\n"
"      --listen ADDR    receive on this address only\n"
"      --port N         receive on this port (default: 20023)\n"
"      --quota SIZE     keep no more than that (default: no limit)\n"
"      --keep-free SIZE leave so much room on the file system (default: 1G)\n"
"      --max-size SIZE  a dump has no more than that (default: 1T)\n"
"      --clients N      receive so many dumps at a time (default: 4096)\n"
"      --heralds N      of one address, look at so many in a second (default: 100)\n"
"      --silence S      a dump whose machine is silent for so long is over (default: 60)\n"
"      --hook PROGRAM   run PROGRAM RESULT FILE when a dump has ended\n"
"      --metrics FILE   write counters to FILE, for Prometheus' node exporter\n"
"      --key FILE       the secret key, for clients that prove their packets\n"
"      --proven-only    refuse clients that do not; needs --key\n"
"      --user NAME      run as this user; needed if it is started by root\n"
"      --json           write a JSON object for each event to standard output\n"
"      --help           show this text\n"
"      --version        show the version\n"
"\n"
"Exit status: 0 it was told to end, 2 usage, 3 an error.\n";

enum {
	OPTION_LISTEN = 256,
	OPTION_PORT,
	OPTION_QUOTA,
	OPTION_KEEP_FREE,
	OPTION_MAX_SIZE,
	OPTION_CLIENTS,
	OPTION_HERALDS,
	OPTION_SILENCE,
	OPTION_HOOK,
	OPTION_METRICS,
	OPTION_KEY,
	OPTION_PROVEN_ONLY,
	OPTION_USER,
	OPTION_JSON,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option long_options[] = {
	{ "directory",	required_argument,	NULL, 'd' },
	{ "listen",	required_argument,	NULL, OPTION_LISTEN },
	{ "port",	required_argument,	NULL, OPTION_PORT },
	{ "quota",	required_argument,	NULL, OPTION_QUOTA },
	{ "keep-free",	required_argument,	NULL, OPTION_KEEP_FREE },
	{ "max-size",	required_argument,	NULL, OPTION_MAX_SIZE },
	{ "clients",	required_argument,	NULL, OPTION_CLIENTS },
	{ "heralds",	required_argument,	NULL, OPTION_HERALDS },
	{ "silence",	required_argument,	NULL, OPTION_SILENCE },
	{ "hook",	required_argument,	NULL, OPTION_HOOK },
	{ "metrics",	required_argument,	NULL, OPTION_METRICS },
	{ "key",	required_argument,	NULL, OPTION_KEY },
	{ "proven-only", no_argument,		NULL, OPTION_PROVEN_ONLY },
	{ "user",	required_argument,	NULL, OPTION_USER },
	{ "json",	no_argument,		NULL, OPTION_JSON },
	{ "help",	no_argument,		NULL, OPTION_HELP },
	{ "version",	no_argument,		NULL, OPTION_VERSION },
	{ NULL,		0,			NULL, 0 },
};

/**
 * struct wanted - what the command line asks for
 * @receiver: see struct receiver_options
 * @quota: see struct store
 * @keep_free: the same
 * @user: to run as; or %NULL
 * @key: the file of the secret key; or %NULL
 */
struct wanted {
	struct receiver_options	receiver;
	uint64_t		quota;
	uint64_t		keep_free;
	const char		*user;
	const char		*key;
};

static bool parse_number(const char *text, unsigned int most, unsigned int *number)
{
	uint64_t value;

	if (!decimal_parse(text, 1, most, &value))
		return false;
	*number = (unsigned int)value;
	return true;
}

static bool parse_size(const char *text, uint64_t *bytes)
{
	const char *end;

	return size_parse(text, bytes, &end) && !*end && *bytes;
}

/* An address of either kind, as the one socket has it. */
static bool parse_address(const char *text, struct in6_addr *address)
{
	struct in_addr in;

	if (inet_pton(AF_INET6, text, address) == 1)
		return true;
	if (inet_pton(AF_INET, text, &in) != 1)
		return false;
	memset(address, 0, 10);
	memset(&address->s6_addr[10], 0xff, 2);
	memcpy(&address->s6_addr[12], &in, sizeof(in));
	return true;
}

static bool parse_option(int option, const char *value, struct wanted *wanted)
{
	struct receiver_options *receiver = &wanted->receiver;
	unsigned int port;

	switch (option) {
	case 'd':
		receiver->directory = value;
		return *value;
	case OPTION_LISTEN:
		return parse_address(value, &receiver->address.sin6_addr);
	case OPTION_PORT:
		if (!parse_number(value, 65535, &port))
			return false;
		receiver->address.sin6_port = htons((uint16_t)port);
		return true;
	case OPTION_QUOTA:
		return parse_size(value, &wanted->quota);
	case OPTION_KEEP_FREE:
		return parse_size(value, &wanted->keep_free);
	case OPTION_MAX_SIZE:
		return parse_size(value, &receiver->limit);
	case OPTION_CLIENTS:
		return parse_number(value, 1000000, &receiver->clients);
	case OPTION_HERALDS:
		return parse_number(value, 1000000, &receiver->heralds);
	case OPTION_SILENCE:
		return parse_number(value, 86400, &receiver->silence_s);
	case OPTION_HOOK:
		receiver->hook = value;
		return *value;
	case OPTION_METRICS:
		receiver->metrics = value;
		return *value;
	case OPTION_KEY:
		wanted->key = value;
		return *value;
	case OPTION_PROVEN_ONLY:
		receiver->demand.is_demanded = true;
		return true;
	case OPTION_USER:
		wanted->user = value;
		return *value;
	default:
		receiver->is_json = true;
		return true;
	}
}

/* The exit status, or -1 to go on. */
static int parse(int argc, char **argv, struct wanted *wanted)
{
	int option, index = 0;

	while ((option = getopt_long(argc, argv, "d:", long_options, &index)) != -1) {
		if (option == '?')
			return USAGE;
		if (option == OPTION_HELP || option == OPTION_VERSION) {
			fputs(option == OPTION_HELP ? help : "rasdumpd " VERSION "\n", stdout);
			return fflush(stdout) ? FAILED : DONE;
		}
		if (!parse_option(option, optarg, wanted)) {
			say_failed(option == 'd' ? "directory" : long_options[index].name,
				   "\"%s\" makes no sense", optarg);
			return USAGE;
		}
	}
	if (optind < argc) {
		say_failed(argv[optind], "not an option");
		return USAGE;
	}
	if (wanted->receiver.demand.is_demanded && !wanted->key) {
		say_failed("--proven-only", "needs --key");
		return USAGE;
	}
	return -1;
}

/* Read the secret key.  Nobody but root need be able to read its file. */
static bool read_key(struct wanted *wanted, uint8_t *secret, struct why *why)
{
	if (!wanted->key)
		return true;
	wanted->receiver.demand.secret = secret;
	return proof_start(why) && key_read(secret, wanted->key, why);
}

/* Become another user, who is not root. */
static bool become(const char *name, struct why *why)
{
	const struct passwd *user = name ? getpwnam(name) : NULL;

	if (!name)
		return refuse(why, "does not run as root: name a user by --user");
	if (!user || !user->pw_uid)
		return refuse(why, "user \"%s\": there is none, or it is root", name);
	if (setgroups(0, NULL) || setgid(user->pw_gid) || setuid(user->pw_uid))
		return refuse(why, "user \"%s\": %s", name, strerror(errno));
	return true;
}

/* A unit may forbid capset(2), and then gives no capabilities. */
static bool drop_capabilities(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { };

	if (!syscall(SYS_capget, &head, data) && !data[0].permitted && !data[1].permitted)
		return true;
	memset(data, 0, sizeof(data));
	return !syscall(SYS_capset, &head, data);
}

/* Have no capability, and get none by the hook either. */
static bool drop_privileges(const char *name, struct why *why)
{
	if (!geteuid() && !become(name, why))
		return false;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || !drop_capabilities())
		return refuse(why, "privileges: %s", strerror(errno));
	return true;
}

int main(int argc, char **argv)
{
	struct wanted wanted = {
		.receiver = {
			.address	= {
				.sin6_family	= AF_INET6,
				.sin6_port	= htons(RAS_NETDUMP_PORT),
				.sin6_addr	= IN6ADDR_ANY_INIT,
			},
			.directory	= DIRECTORY,
			.clients	= 4096,
			.heralds	= 100,
			.limit		= 1ULL << 40,
			.silence_s	= 60,
		},
		.quota = UINT64_MAX,
		.keep_free = 1ULL << 30,
	};
	int status = parse(argc, argv, &wanted);
	static uint8_t secret[RAS_NETDUMP_KEY_BYTES];
	struct store *store;
	struct why why;
	bool good;

	if (status >= 0)
		return status;
	descriptors_fill();
	descriptors_raise();
	if (!read_key(&wanted, secret, &why))
		return say_failed(wanted.key, "%s", why.text);
	if (!drop_privileges(wanted.user, &why))
		return say_failed("rasdumpd", "%s", why.text);
	store = directory_store(wanted.receiver.directory, &why);
	if (!store)
		return say_failed(wanted.receiver.directory, "%s", why.text);
	store->quota = wanted.quota;
	store->keep_free = wanted.keep_free;
	if (!receiver_open(&wanted.receiver, store, &why))
		return say_failed("socket", "%s", why.text);
	say_note(wanted.receiver.directory, "receives on port %u",
		 ntohs(wanted.receiver.address.sin6_port));
	good = receiver_run(&why);
	crypt_forget(secret, sizeof(secret));
	if (!good)
		return say_failed("rasdumpd", "%s", why.text);
	return DONE;
}
