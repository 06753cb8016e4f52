/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-netdump-load: addresses, as they stand on the command line.
 */
#ifndef RAS_LOAD_ADDRESS_H
#define RAS_LOAD_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/**
 * struct address - an address of IPv4 or IPv6, and a port
 * @any: either; its family says which
 * @v4: of IPv4
 * @v6: of IPv6
 */
struct address {
	union {
		struct sockaddr		any;
		struct sockaddr_in	v4;
		struct sockaddr_in6	v6;
	};
};

bool address_parse(struct address *address, const char *text, uint16_t port);
bool address_parse_with_port(struct address *address, const char *text, uint16_t port);
bool address_add(struct address *address, uint32_t number);
uint16_t address_port(const struct address *address);
socklen_t address_size(const struct address *address);

#endif
