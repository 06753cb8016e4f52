// SPDX-License-Identifier: GPL-2.0
/*
 * rasdumpd: what all of the receiver shares.
 */
#include <sys/epoll.h>

#include "reception.h"

/**
 * reception_watch() - have a source called when there is something to read
 * @reception: the receiver
 * @fd: what to read
 * @source: the source
 *
 * Return: that is done; otherwise errno is set.
 */
bool reception_watch(const struct reception *reception, int fd, struct source *source)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = source };

	return !epoll_ctl(reception->epoll, EPOLL_CTL_ADD, fd, &event);
}

/**
 * reception_hash() - FNV-1a of an address
 * @reception: the receiver
 * @address: the address
 * @with_port: the port is part of it
 *
 * Return: less than %RECEPTION_HASHES.
 */
unsigned int reception_hash(const struct reception *reception,
			    const struct sockaddr_in6 *address, bool with_port)
{
	uint32_t hash = 2166136261U ^ reception->seed;
	unsigned int i;

	for (i = 0; i < sizeof(address->sin6_addr); i++)
		hash = (hash ^ address->sin6_addr.s6_addr[i]) * 16777619U;
	if (with_port)
		hash = (hash ^ address->sin6_port) * 16777619U;
	return hash % RECEPTION_HASHES;
}
