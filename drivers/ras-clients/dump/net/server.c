// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target net: which server a target names.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/errno.h>
#include <linux/inet.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/ras_netdump.h>
#include <linux/string.h>
#include <net/ipv6.h>

#include "server.h"

/* ADDRESS of IPv4, or [ADDRESS] of IPv6; what is behind it, or NULL. */
static const char *dump_server_address(struct dump_server *server, const char *text)
{
	const char *rest = text + strcspn(text, *text == '[' ? "]" : ":%"), *end;
	u8 *address = (u8 *)&server->address;
	int good;

	/* Both parsers accept text behind an address, so each has to have stopped at its end. */
	if (*text != '[') {
		server->family = AF_INET;
		good = in4_pton(text, rest - text, address, -1, &end);
		return good && end == rest ? rest : NULL;
	}
	server->family = AF_INET6;
	good = in6_pton(text + 1, rest - text - 1, address, -1, &end);
	return *rest && good && end == rest ? rest + 1 : NULL;
}

/* [:PORT][%INTERFACE] */
static bool dump_server_suffix(struct dump_server *server, const char *rest)
{
	server->port = RAS_NETDUMP_PORT;
	if (*rest == ':') {
		const size_t digits = strcspn(++rest, "%");
		char number[6];

		if (digits >= sizeof(number))
			return false;
		strscpy(number, rest, digits + 1);
		if (kstrtou16(number, 10, &server->port) || !server->port)
			return false;
		rest += digits;
	}
	if (!*rest)
		return true;
	/* No interface has a colon in its name: the port belongs before the interface. */
	return *rest == '%' && rest[1] && !strchr(rest, ':') &&
	       strscpy(server->interface, rest + 1, sizeof(server->interface)) >= 0;
}

/* Can a server have this address of IPv6?  Of IPv4 the route tells. */
static int dump_server_check(const struct dump_server *server, const char *text)
{
	const int type = ipv6_addr_type(&server->address.v6);

	/* An IPv4 address within IPv6 (::ffff:0:0/96) is not unicast, either. */
	if ((type & (IPV6_ADDR_UNICAST | IPV6_ADDR_LOOPBACK)) != IPV6_ADDR_UNICAST) {
		pr_warn("targets: \"net:%s\": no other machine has this address\n", text);
		return -EADDRNOTAVAIL;
	}
	if (type & IPV6_ADDR_LINKLOCAL && !*server->interface) {
		pr_warn("targets: \"net:%s\": a link-local address needs %%INTERFACE\n", text);
		return -EINVAL;
	}
	return 0;
}

/**
 * dump_server_parse() - read which server is meant
 * @server: all zeros; set to the server
 * @text: ADDRESS[:PORT][%INTERFACE], with brackets around an address of IPv6
 *
 * Context: Process context.
 * Return: 0; %-EINVAL if @text is something else, or the interface of a link-local address is
 *	missing; %-EADDRNOTAVAIL if no other machine can have that address of IPv6.  Then there
 *	is a line in the log.
 */
int dump_server_parse(struct dump_server *server, const char *text)
{
	const char *rest = dump_server_address(server, text);

	if (!rest || !dump_server_suffix(server, rest)) {
		pr_warn("targets: \"net:%s\" is not net:ADDRESS[:PORT][%%INTERFACE], with [] around an address of IPv6\n",
			text);
		return -EINVAL;
	}
	return server->family == AF_INET6 ? dump_server_check(server, text) : 0;
}
