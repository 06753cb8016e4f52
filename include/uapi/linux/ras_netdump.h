/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * netdump(4): how a dump goes over the wire, and what this project adds to it.
 *
 * The protocol is FreeBSD's (sys/netinet/netdump, sys/net/debugnet.h).  A client sends a herald
 * to %RAS_NETDUMP_PORT of the server by UDP, from %RAS_NETDUMP_CLIENT_PORT.  The server
 * answers from a port of its own, to which all else goes.  Each packet is acknowledged by its
 * number, in any order, and is sent again until it is.
 *
 * What is added is behind the path in a herald, where FreeBSD's server does not look, and
 * behind the number in the answer to such a herald, which FreeBSD's client does not get.
 *
 * All numbers are big endian.
 */
#ifndef _UAPI_LINUX_RAS_NETDUMP_H
#define _UAPI_LINUX_RAS_NETDUMP_H

#include <linux/types.h>

/* Where heralds go. */
#define RAS_NETDUMP_PORT		20023
/* Where a client sends from, and gets its answers. */
#define RAS_NETDUMP_CLIENT_PORT		20024

/**
 * enum ras_netdump_type - what a packet is
 * @RAS_NETDUMP_HERALD: a dump begins; a path where to put it, with its NUL, or nothing
 * @RAS_NETDUMP_FINISHED: the dump is complete; acknowledged when it is on the disk
 * @RAS_NETDUMP_DATA: bytes of the file
 * @RAS_NETDUMP_HEADER: FreeBSD's kernel dump header, which is not part of the file
 * @RAS_NETDUMP_KEY: the encrypted key of a dump that FreeBSD has encrypted
 * @RAS_NETDUMP_LOG: added: bytes of the kernel's log, as text, in a file of their own; only
 *	for servers that have answered with a welcome
 */
enum ras_netdump_type {
	RAS_NETDUMP_HERALD	= 1,
	RAS_NETDUMP_FINISHED	= 2,
	RAS_NETDUMP_DATA	= 3,
	RAS_NETDUMP_HEADER	= 4,
	RAS_NETDUMP_KEY		= 5,
	RAS_NETDUMP_LOG		= 16,
};

/**
 * struct ras_netdump_head - what each packet of a client begins with
 * @type: see enum ras_netdump_type
 * @seq: the number of the packet
 * @offset: where in the file its bytes go
 * @size: how many bytes follow
 * @aux: 0
 */
struct ras_netdump_head {
	__be32	type;
	__be32	seq;
	__be64	offset;
	__be32	size;
	__be32	aux;
} __attribute__((packed));

/* The answer to a packet. */
struct ras_netdump_ack {
	__be32	seq;
};

/* The most bytes in a packet that any server takes. */
#define RAS_NETDUMP_BYTES		4096
/* The same of a server that has answered with a welcome: what fits an MTU of 9000. */
#define RAS_NETDUMP_BYTES_MAX		8192

#define RAS_NETDUMP_SESSION_BYTES	16
#define RAS_NETDUMP_HOST_BYTES		64
#define RAS_NETDUMP_VERSION		1

#define RAS_NETDUMP_HELLO_MAGIC		"RASHELLO"
#define RAS_NETDUMP_WELCOME_MAGIC	"RASWLCME"

/**
 * struct ras_netdump_hello - added: behind the path in a herald
 * @magic: %RAS_NETDUMP_HELLO_MAGIC, without a NUL
 * @version: %RAS_NETDUMP_VERSION; a server takes later ones for this one
 * @flags: 0
 * @session: drawn at random for this crash.  A herald with the session of a dump that is not
 *	complete goes on with its file, also at a server that was started meanwhile
 * @bytes: the most that the file can have; nothing is taken beyond that
 * @payload: the most bytes that the client can send in a packet
 * @reserved: 0
 * @host: the name of the machine, padded with NULs
 * @end: NUL: for FreeBSD's server, which wants the last byte of the path to be one
 */
struct ras_netdump_hello {
	__u8	magic[8];
	__be32	version;
	__be32	flags;
	__u8	session[RAS_NETDUMP_SESSION_BYTES];
	__be64	bytes;
	__be32	payload;
	__be32	reserved;
	char	host[RAS_NETDUMP_HOST_BYTES];
	__u8	end;
} __attribute__((packed));

/*
 * Flag of a welcome: the dump of this session was begun before, and what was acknowledged is in
 * it.  Without the flag the file is a new one: the client has to send all of it.
 */
#define RAS_NETDUMP_RESUMED		1

/**
 * struct ras_netdump_welcome - added: the answer to a herald with a hello
 * @ack: as any
 * @magic: %RAS_NETDUMP_WELCOME_MAGIC, without a NUL
 * @version: %RAS_NETDUMP_VERSION
 * @flags: %RAS_NETDUMP_RESUMED or 0
 * @payload: the most bytes that may be in a packet
 * @window: how many packets may be on their way
 */
struct ras_netdump_welcome {
	struct ras_netdump_ack	ack;
	__u8			magic[8];
	__be32			version;
	__be32			flags;
	__be32			payload;
	__be32			window;
} __attribute__((packed));

#endif /* _UAPI_LINUX_RAS_NETDUMP_H */
