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
 * @aux: 0; added: if packets are proven, a count that no two packets share: of a herald, among
 *	the heralds of its session; of another packet, among the others
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

/* Flag of a hello: a struct ras_netdump_offer is behind it. */
#define RAS_NETDUMP_OFFERS		1

/**
 * struct ras_netdump_hello - added: behind the path in a herald
 * @magic: %RAS_NETDUMP_HELLO_MAGIC, without a NUL
 * @version: %RAS_NETDUMP_VERSION; a server takes later ones for this one
 * @flags: %RAS_NETDUMP_OFFERS or 0
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
 * Proofs, which are added: by them client and server know each other's packets from forged ones.
 * The client knows the server's public key of X25519, and has a key pair of its own.
 *
 * A proof is SipHash-2-4 (Aumasson and Bernstein, 2012) of all that is before it in the packet,
 * as a number.  Its key is made by HChaCha20 (draft-irtf-cfrg-xchacha-03, 2.2), which makes 32
 * bytes of a key and 16 bytes of input:
 *
 *	base    = HChaCha20(X25519(secret key, public key of the other side), 16 zeros)
 *	session = HChaCha20(base, the session of the hello)
 *	dump    = HChaCha20(session, the challenge of the welcome)
 *
 * The first half of "session" is the key for heralds, the second for welcomes; the first half of
 * "dump" is the key for the other packets of the client, the second for their acknowledgments.
 *
 * The proof of a packet is behind its bytes, and @size of its head does not count it.  The server
 * takes a herald, and another packet, whose count it has not seen; the client takes a welcome to
 * a later herald than the last one that was answered.  The challenge is drawn when the server
 * begins, or goes on with, a dump: so a packet cannot be used a second time, even if the server
 * was started anew.
 */
#define RAS_NETDUMP_KEY_BYTES		32
#define RAS_NETDUMP_CHALLENGE_BYTES	16

/**
 * struct ras_netdump_offer - added: behind the hello of a client that knows the server's key
 * @public_key: the client's, drawn for this boot
 * @proof: of the herald up to here
 * @end: NUL, as in struct ras_netdump_hello
 *
 * A server that has no key ignores it.
 */
struct ras_netdump_offer {
	__u8	public_key[RAS_NETDUMP_KEY_BYTES];
	__be64	proof;
	__u8	end;
} __attribute__((packed));

/*
 * Flag of a welcome: the dump of this session was begun before, and what was acknowledged is in
 * it.  Without the flag the file is a new one: the client has to send all of it.
 */
#define RAS_NETDUMP_RESUMED		1
/* Flag of a welcome: a struct ras_netdump_accept is behind it. */
#define RAS_NETDUMP_ACCEPTS		2

/**
 * struct ras_netdump_welcome - added: the answer to a herald with a hello
 * @ack: as any
 * @magic: %RAS_NETDUMP_WELCOME_MAGIC, without a NUL
 * @version: %RAS_NETDUMP_VERSION
 * @flags: %RAS_NETDUMP_RESUMED, %RAS_NETDUMP_ACCEPTS or 0
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

/**
 * struct ras_netdump_accept - added: behind a welcome to a proven herald
 * @herald: count of the herald
 * @port: of the server, from which the welcome is sent
 * @challenge: drawn at random
 * @proof: of the welcome up to here
 *
 * From now on all packets of the client, and the acknowledgments, have proofs.
 */
struct ras_netdump_accept {
	__be32	herald;
	__be32	port;
	__u8	challenge[RAS_NETDUMP_CHALLENGE_BYTES];
	__be64	proof;
} __attribute__((packed));

/* The answer to a proven packet. */
struct ras_netdump_proven_ack {
	struct ras_netdump_ack	ack;
	__be64			proof;
} __attribute__((packed));

#endif /* _UAPI_LINUX_RAS_NETDUMP_H */
