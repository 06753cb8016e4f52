// SPDX-License-Identifier: GPL-2.0
/*
 * rasdumpd: packets of netdump, as they come from anybody.
 */
#include <endian.h>
#include <string.h>

#include "packet.h"

/**
 * refusal_name() - why a packet is not taken, in a word
 * @refusal: why
 *
 * Return: the word, as the metrics have it.
 */
const char *refusal_name(enum refusal refusal)
{
	static const char * const names[REFUSE_REASONS] = {
		[REFUSE_NOTHING]	= "none",
		[REFUSE_SHORT]		= "short",
		[REFUSE_LONG]		= "long",
		[REFUSE_TYPE]		= "type",
		[REFUSE_OFFSET]		= "offset",
		[REFUSE_PATH]		= "path",
		[REFUSE_STRAY]		= "stray",
		[REFUSE_RATE]		= "rate",
		[REFUSE_FULL]		= "full",
		[REFUSE_PROOF]		= "proof",
		[REFUSE_REPLAY]		= "replay",
	};

	return names[refusal];
}

/**
 * packet_parse() - look at a packet
 * @packet: set to what it says; points into @bytes
 * @bytes: the packet
 * @size: how many bytes it has
 * @behind: how many of them are a proof, which its head does not count
 *
 * Return: %REFUSE_NOTHING, or why it is no packet of netdump.
 */
enum refusal packet_parse(struct packet *packet, const void *bytes, size_t size,
			  size_t behind)
{
	struct ras_netdump_head head;

	if (size < sizeof(head) + behind)
		return REFUSE_SHORT;
	size -= sizeof(head) + behind;
	memcpy(&head, bytes, sizeof(head));
	packet->head = bytes;
	packet->type = be32toh(head.type);
	packet->seq = be32toh(head.seq);
	packet->offset = be64toh(head.offset);
	packet->size = be32toh(head.size);
	packet->count = be32toh(head.aux);
	packet->data = (const uint8_t *)bytes + sizeof(head);
	if (packet->size > size)
		return REFUSE_SHORT;
	if (packet->size < size || packet->size > RAS_NETDUMP_BYTES_MAX)
		return REFUSE_LONG;
	if (packet->offset > (uint64_t)INT64_MAX - RAS_NETDUMP_BYTES_MAX)
		return REFUSE_OFFSET;
	switch (packet->type) {
	case RAS_NETDUMP_HERALD:
	case RAS_NETDUMP_FINISHED:
	case RAS_NETDUMP_DATA:
	case RAS_NETDUMP_HEADER:
	case RAS_NETDUMP_KEY:
	case RAS_NETDUMP_LOG:
		return REFUSE_NOTHING;
	default:
		return REFUSE_TYPE;
	}
}

/* The name of a machine becomes part of the name of a file. */
static void copy_host(char *host, const char *from)
{
	size_t i;

	for (i = 0; i < RAS_NETDUMP_HOST_BYTES && from[i]; i++) {
		char c = from[i];
		bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
				(c >= '0' && c <= '9') || c == '-' || (c == '.' && i);

		host[i] = is_plain ? c : '_';
	}
	host[i] = '\0';
}

/* What is behind a hello whose flags say so. */
static void parse_offer(struct herald *herald, const struct packet *packet, const uint8_t *bytes,
			size_t size)
{
	struct ras_netdump_offer offer;

	herald->offers = true;
	if (size < sizeof(offer))
		return;
	memcpy(&offer, bytes, sizeof(offer));
	memcpy(herald->public_key, offer.public_key, sizeof(herald->public_key));
	herald->proof = (size_t)(bytes - (const uint8_t *)packet->head) +
			offsetof(struct ras_netdump_offer, proof);
}

static void parse_hello(struct herald *herald, const struct packet *packet, const uint8_t *bytes,
			size_t size)
{
	struct ras_netdump_hello hello;

	/* A later version may have more.  What is none is some padding of another client. */
	if (size < sizeof(hello))
		return;
	memcpy(&hello, bytes, sizeof(hello));
	if (memcmp(hello.magic, RAS_NETDUMP_HELLO_MAGIC, sizeof(hello.magic)) ||
	    be32toh(hello.version) < RAS_NETDUMP_VERSION)
		return;
	herald->has_hello = true;
	memcpy(herald->session, hello.session, sizeof(herald->session));
	memcpy(herald->name, hello.session, sizeof(herald->name));
	herald->bytes = be64toh(hello.bytes);
	herald->payload = be32toh(hello.payload);
	copy_host(herald->host, hello.host);
	if (be32toh(hello.flags) & RAS_NETDUMP_OFFERS)
		parse_offer(herald, packet, bytes + sizeof(hello), size - sizeof(hello));
}

/**
 * herald_parse() - look at a herald
 * @herald: set to what it says
 * @packet: the packet, of type %RAS_NETDUMP_HERALD
 *
 * Return: %REFUSE_NOTHING or %REFUSE_PATH.
 */
enum refusal herald_parse(struct herald *herald, const struct packet *packet)
{
	size_t length;

	memset(herald, 0, sizeof(*herald));
	if (!packet->size)
		return REFUSE_NOTHING;
	length = strnlen((const char *)packet->data, packet->size);
	if (length == packet->size || length >= sizeof(herald->path))
		return REFUSE_PATH;
	memcpy(herald->path, packet->data, length + 1);
	parse_hello(herald, packet, packet->data + length + 1, packet->size - length - 1);
	return REFUSE_NOTHING;
}
