// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: the form of the file in which the second kernel leaves a dump.
 */
#include <endian.h>
#include <stddef.h>
#include <string.h>

#include "crc32.h"
#include "stream-form.h"

static uint32_t crc_of(const struct stream_head *head)
{
	return crc32(0, head, offsetof(struct stream_head, head_crc));
}

/**
 * stream_head_make() - make a block
 * @head: set to it
 * @token: of the file
 * @at: where the block will be in it
 * @end: what became of the stream
 */
void stream_head_make(struct stream_head *head, const char *token, uint64_t at,
		      const struct stream_end *end)
{
	memset(head, 0, sizeof(*head));
	memcpy(head->magic, STREAM_MAGIC, sizeof(head->magic));
	memcpy(head->token, token, sizeof(head->token));
	head->state = htole32(end->state);
	head->crc = htole32(end->crc);
	head->bytes = htole64(end->bytes);
	head->at = htole64(at);
	memcpy(head->message, end->message, sizeof(head->message) - 1);
	head->head_crc = htole32(crc_of(head));
}

/**
 * stream_head_read() - read a block
 * @head: the block
 * @token: of the file; %NULL: any
 * @at: where the block is in it
 * @end: set to what became of the stream
 *
 * Return: it is a block for this place, and whole.
 */
bool stream_head_read(const struct stream_head *head, const char *token, uint64_t at,
		      struct stream_end *end)
{
	if (memcmp(head->magic, STREAM_MAGIC, sizeof(head->magic)) ||
	    le32toh(head->head_crc) != crc_of(head) || le64toh(head->at) != at ||
	    (token && memcmp(head->token, token, sizeof(head->token))) ||
	    le32toh(head->state) > STREAM_FAILED)
		return false;
	end->state = (enum stream_state)le32toh(head->state);
	end->crc = le32toh(head->crc);
	end->bytes = le64toh(head->bytes);
	memcpy(end->message, head->message, sizeof(end->message));
	end->message[sizeof(end->message) - 1] = 0;
	return true;
}
