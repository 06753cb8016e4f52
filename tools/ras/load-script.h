/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-netdump-load: which packets a client sends, one after the other.
 *
 * Packet 0 is the herald; then come the log, the file, the header that FreeBSD's client sends,
 * and FINISHED.  The number of a packet on the wire is one more, since FreeBSD begins with 1.
 */
#ifndef RAS_LOAD_SCRIPT_H
#define RAS_LOAD_SCRIPT_H

#include "load-content.h"
#include "load-options.h"
#include "proof.h"

/* The longest packet, with its head and its proof. */
#define SCRIPT_ROOM	(sizeof(struct ras_netdump_head) + RAS_NETDUMP_BYTES_MAX + PROOF_BYTES)

/**
 * struct script - which packets a client sends
 * @log: bytes of the log
 * @bytes: of the file
 * @payload: bytes in a packet of these
 * @log_end: index of the packet after the log
 * @file_end: index of the packet after the file
 * @last: index of FINISHED
 */
struct script {
	uint64_t	log;
	uint64_t	bytes;
	uint32_t	payload;
	uint64_t	log_end;
	uint64_t	file_end;
	uint64_t	last;
};

/**
 * struct scene - a packet that a client sends
 * @type: see enum ras_netdump_type
 * @offset: where its bytes go
 * @size: how many
 */
struct scene {
	uint32_t	type;
	uint64_t	offset;
	uint32_t	size;
};

void script_write(struct script *script, const struct load_options *options, uint32_t payload,
		  bool has_log);
struct scene script_at(const struct script *script, uint64_t index);
size_t script_fill(const struct script *script, const struct load_options *options,
		   const struct content *content, uint64_t index, void *buffer);

#endif
