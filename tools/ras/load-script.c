// SPDX-License-Identifier: GPL-2.0
/*
 * ras-netdump-load: which packets a client sends, one after the other.
 */
#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "load-script.h"

/* FreeBSD's header of a dump, and what it begins with. */
#define HEADER_BYTES	512
#define HEADER_MAGIC	"FreeBSD Kernel Dump"

static uint64_t packets(uint64_t bytes, uint32_t payload)
{
	return bytes / payload + !!(bytes % payload);
}

/**
 * script_write() - lay down which packets a client sends
 * @script: set to it
 * @options: what is asked for
 * @payload: how many bytes a packet has
 * @has_log: the server takes a log
 */
void script_write(struct script *script, const struct load_options *options, uint32_t payload,
		  bool has_log)
{
	script->log = has_log ? options->log : 0;
	script->bytes = options->bytes;
	script->payload = payload;
	script->log_end = 1 + packets(script->log, payload);
	script->file_end = script->log_end + packets(script->bytes, payload);
	script->last = script->file_end + options->is_plain;
}

/* A packet of bytes that go to a file, which is the packet of this number there. */
static struct scene part(const struct script *script, uint32_t type, uint64_t number,
			 uint64_t total)
{
	struct scene scene = {
		.type	= type,
		.offset	= number * script->payload,
		.size	= script->payload,
	};

	if (total - scene.offset < scene.size)
		scene.size = (uint32_t)(total - scene.offset);
	return scene;
}

/**
 * script_at() - what a packet is
 * @script: the script; for packet 0 it need not be written yet
 * @index: of the packet
 */
struct scene script_at(const struct script *script, uint64_t index)
{
	if (!index)
		return (struct scene){ .type = RAS_NETDUMP_HERALD };
	if (index < script->log_end)
		return part(script, RAS_NETDUMP_LOG, index - 1, script->log);
	if (index < script->file_end)
		return part(script, RAS_NETDUMP_DATA, index - script->log_end, script->bytes);
	if (index < script->last)
		return (struct scene){ .type = RAS_NETDUMP_HEADER, .size = HEADER_BYTES };
	return (struct scene){ .type = RAS_NETDUMP_FINISHED };
}

/*
 * A path of nothing but its NUL, and a hello behind it; and room for an offer if there is to be
 * one.  Return: how many bytes they have.
 */
static uint32_t fill_hello(const struct load_options *options, const struct content *content,
			   uint8_t *to)
{
	struct ras_netdump_hello hello = {
		.version	= htobe32(RAS_NETDUMP_VERSION),
		.flags		= htobe32(options->has_server_key ? RAS_NETDUMP_OFFERS : 0),
		.bytes		= htobe64(options->bytes),
		.payload	= htobe32(options->payload),
	};
	char host[RAS_NETDUMP_HOST_BYTES + 1] = "";

	snprintf(host, sizeof(host), "%s-%" PRIu32, options->host, content->client);
	memcpy(hello.magic, RAS_NETDUMP_HELLO_MAGIC, sizeof(hello.magic));
	memcpy(hello.host, host, sizeof(hello.host));
	content_bytes(content, CONTENT_SESSION, hello.session, sizeof(hello.session));
	*to = '\0';
	memcpy(to + 1, &hello, sizeof(hello));
	if (!options->has_server_key)
		return 1 + sizeof(hello);
	memset(to + 1 + sizeof(hello), 0, sizeof(struct ras_netdump_offer));
	return 1 + sizeof(hello) + sizeof(struct ras_netdump_offer);
}

static void fill_header(uint8_t *to, uint32_t size)
{
	memset(to, 0, size);
	memcpy(to, HEADER_MAGIC, sizeof(HEADER_MAGIC));
}

/**
 * script_fill() - make the bytes of a packet
 * @script: the script
 * @options: what is asked for
 * @content: where the bytes of the client come from
 * @index: of the packet
 * @buffer: for the packet, %SCRIPT_ROOM bytes
 *
 * Return: how many bytes it has, with its head.
 */
size_t script_fill(const struct script *script, const struct load_options *options,
		   const struct content *content, uint64_t index, void *buffer)
{
	struct scene scene = script_at(script, index);
	struct ras_netdump_head head = {
		.type	= htobe32(scene.type),
		.seq	= htobe32((uint32_t)(index + 1)),
		.offset	= htobe64(scene.offset),
	};
	uint8_t *data = (uint8_t *)buffer + sizeof(head);

	if (scene.type == RAS_NETDUMP_HERALD && !options->is_plain)
		scene.size = fill_hello(options, content, data);
	else if (scene.type == RAS_NETDUMP_LOG)
		content_log(content, scene.offset, data, scene.size);
	else if (scene.type == RAS_NETDUMP_DATA)
		content_file(content, scene.offset, data, scene.size);
	else if (scene.type == RAS_NETDUMP_HEADER)
		fill_header(data, scene.size);
	head.size = htobe32(scene.size);
	memcpy(buffer, &head, sizeof(head));
	return sizeof(head) + scene.size;
}
