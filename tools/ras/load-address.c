// SPDX-License-Identifier: GPL-2.0
/*
 * ras-netdump-load: addresses, as they stand on the command line.
 */
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "decimal.h"
#include "load-address.h"

/* Long enough for an address of IPv6 with the name of a link. */
#define ADDRESS_TEXT	80

/**
 * address_size() - how many bytes an address has, for the system
 * @address: the address
 */
socklen_t address_size(const struct address *address)
{
	return address->any.sa_family == AF_INET6 ? sizeof(address->v6) : sizeof(address->v4);
}

/**
 * address_port() - the port of an address
 * @address: the address
 */
uint16_t address_port(const struct address *address)
{
	return ntohs(address->any.sa_family == AF_INET6 ? address->v6.sin6_port :
							  address->v4.sin_port);
}

static void set_port(struct address *address, uint16_t port)
{
	if (address->any.sa_family == AF_INET6)
		address->v6.sin6_port = htons(port);
	else
		address->v4.sin_port = htons(port);
}

/**
 * address_parse() - read an address, which is no name
 * @address: set to it
 * @text: the text
 * @port: of the address
 *
 * Return: it is one.
 */
bool address_parse(struct address *address, const char *text, uint16_t port)
{
	const struct addrinfo hints = {
		.ai_flags	= AI_NUMERICHOST,
		.ai_socktype	= SOCK_DGRAM,
	};
	struct addrinfo *found;
	bool is_address;

	if (getaddrinfo(text, NULL, &hints, &found))
		return false;
	is_address = found->ai_addrlen <= sizeof(*address);
	if (is_address) {
		memset(address, 0, sizeof(*address));
		memcpy(address, found->ai_addr, found->ai_addrlen);
		set_port(address, port);
	}
	freeaddrinfo(found);
	return is_address;
}

static bool parse_port(const char *text, uint16_t *port)
{
	uint64_t value;

	if (!decimal_parse(text, 1, UINT16_MAX, &value))
		return false;
	*port = (uint16_t)value;
	return true;
}

/* Where ":PORT" begins, or the end of the text; in an address of IPv6 there are more colons. */
static const char *find_port(const char *text)
{
	const char *colon = strchr(text, ':');

	if (colon && !strchr(colon + 1, ':'))
		return colon;
	return text + strlen(text);
}

/**
 * address_parse_with_port() - read ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT
 * @address: set to it
 * @text: the text
 * @port: what the port is if the text has none
 *
 * Return: it is one.
 */
bool address_parse_with_port(struct address *address, const char *text, uint16_t port)
{
	const bool is_bracketed = *text == '[';
	const char *end = is_bracketed ? strchr(++text, ']') : find_port(text);
	char name[ADDRESS_TEXT];

	if (!end || (size_t)(end - text) >= sizeof(name))
		return false;
	memcpy(name, text, (size_t)(end - text));
	name[end - text] = '\0';
	if (is_bracketed && (end++, !strchr(name, ':')))
		return false;
	if (*end && (*end != ':' || !parse_port(end + 1, &port)))
		return false;
	return address_parse(address, name, port);
}

/**
 * address_add() - go on from an address to one that comes after it
 * @address: the address; the port stays
 * @number: how many to go on
 *
 * Return: there is one.
 */
bool address_add(struct address *address, uint32_t number)
{
	uint8_t *bytes = address->v6.sin6_addr.s6_addr;
	size_t at = sizeof(address->v6.sin6_addr);
	uint64_t carry = number;

	if (address->any.sa_family == AF_INET) {
		bytes = (uint8_t *)&address->v4.sin_addr;
		at = sizeof(address->v4.sin_addr);
	}
	while (at--) {
		carry += bytes[at];
		bytes[at] = (uint8_t)carry;
		carry >>= 8;
	}
	return !carry;
}
