// SPDX-License-Identifier: GPL-2.0
/*
 * rasctl: a receiver of dumps is made the first target of the dump engine.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/ras_netdump.h>

#include "decimal.h"
#include "key.h"
#include "policy-file.h"
#include "say.h"
#include "show.h"
#include "targets.h"

#define SERVER_KEY_FILE	"dump/server_key"

/**
 * struct receiver_wish - what the command line asks for
 * @server: the address, as the name of the target has it
 * @ipv6: place for it, with brackets, if it is one of IPv6
 * @interface: by which to go; %NULL: the routes decide
 * @port: of the receiver
 * @key: its public key, or a file that has it; %NULL: the kernel keeps the key that it has
 */
struct receiver_wish {
	const char	*server;
	char		ipv6[INET6_ADDRSTRLEN + 2];
	const char	*interface;
	uint64_t	port;
	const char	*key;
};

/* An address of IPv6 is spelt as everybody spells it (RFC 5952).  IPv4 is left to the kernel. */
static bool take_server(struct receiver_wish *wish, const char *server)
{
	struct in6_addr address;
	char text[INET6_ADDRSTRLEN];

	if (inet_pton(AF_INET6, server, &address) == 1 &&
	    inet_ntop(AF_INET6, &address, text, sizeof(text))) {
		snprintf(wish->ipv6, sizeof(wish->ipv6), "[%s]", text);
		wish->server = wish->ipv6;
		return true;
	}
	wish->server = server;
	return *server && !strpbrk(server, " ,:%[]\t\n");
}

static enum answer parse(struct receiver_wish *wish, int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "interface",	required_argument,	NULL, 'i' },
		{ "port",	required_argument,	NULL, 'p' },
		{ "server-key",	required_argument,	NULL, 'k' },
		{ NULL,		0,			NULL, 0 },
	};
	int option;

	*wish = (struct receiver_wish){ .port = RAS_NETDUMP_PORT };
	optind = 0;
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (option == 'i')
			wish->interface = optarg;
		else if (option == 'k')
			wish->key = optarg;
		else if (option != 'p')
			return usage_error(NULL);
		else if (!decimal_parse(optarg, 1, UINT16_MAX, &wish->port))
			return usage_error("\"%s\" is not a port", optarg);
	}
	if (optind + 1 != argc)
		return usage_error("netdump setup takes one server");
	if (!take_server(wish, argv[optind]))
		return usage_error("\"%s\" is not an IP address", argv[optind]);
	if (wish->interface && strpbrk(wish->interface, " ,:\t\n"))
		return usage_error("\"%s\" is not an interface", wish->interface);
	return ANSWER_YES;
}

/* As the kernel has the name of the target. */
static void make_name(const struct receiver_wish *wish, char *name, size_t size)
{
	int length = snprintf(name, size, TARGET_NET "%s", wish->server);

	if (wish->port != RAS_NETDUMP_PORT)
		length += snprintf(name + length, size - (size_t)length, ":%u",
				   (unsigned int)wish->port);
	if (wish->interface)
		snprintf(name + length, size - (size_t)length, "%%%s", wish->interface);
}

/* The key as the kernel takes it, "" if none is given.  Return: false if the reason was said. */
static bool read_key(char *text, const char *word)
{
	uint8_t key[CRYPT_KEY_BYTES];
	struct why why;

	*text = '\0';
	if (!word)
		return true;
	if (!key_word(key, word, &why)) {
		say_failed(word, "%s", why.text);
		return false;
	}
	key_text(text, key);
	return true;
}

/* The receiver first, then what there was. */
static bool write_list(const struct context *context, const char *name,
		       const struct targets *targets)
{
	char list[2 * PATH_MAX];
	size_t length = (size_t)snprintf(list, sizeof(list), "%s", name);

	for (size_t i = 0; i < targets->count; i++) {
		const char *other = targets->list[i].name;

		if (!strcmp(other, name))
			continue;
		if (strlen(other) + 2 > sizeof(list) - length) {
			say_failed(TARGETS_FILE, "the names are too long");
			return false;
		}
		length += (size_t)snprintf(list + length, sizeof(list) - length, " %s", other);
	}
	return policy_write(context, TARGETS_FILE, list);
}

/**
 * netdump_setup_command() - rasctl netdump setup [OPTION]... SERVER
 * @context: the context
 * @argc: number of arguments
 * @argv: the arguments
 */
enum answer netdump_setup_command(const struct context *context, int argc, char **argv)
{
	struct receiver_wish wish;
	struct targets targets;
	char name[PATH_MAX], key[KEY_TEXT];
	bool good;

	if (parse(&wish, argc, argv) != ANSWER_YES)
		return ANSWER_TROUBLE;
	if (strlen(wish.server) + (wish.interface ? strlen(wish.interface) : 0) > NAME_MAX)
		return usage_error("the names are too long");
	make_name(&wish, name, sizeof(name));
	if (!read_key(key, wish.key))
		return ANSWER_TROUBLE;
	if (!targets_load(context, &targets)) {
		targets_free(&targets);
		return ANSWER_TROUBLE;
	}
	/* The key first: without it a new target would send a dump to whoever answers. */
	good = (!*key || policy_write(context, SERVER_KEY_FILE, key)) &&
	       write_list(context, name, &targets);
	targets_free(&targets);
	return good ? show_targets(context) : ANSWER_NO;
}
