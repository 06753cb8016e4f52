// SPDX-License-Identifier: GPL-2.0
/*
 * ras-netdump-load: the bytes that a client sends.
 *
 * Some pages of a file are the same text over and over, which compresses well; the others are
 * words that look random, which do not compress, and are different everywhere.
 */
#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "load-content.h"

/* What a file consists of, as memory does. */
#define PAGE	4096
#define WORD	sizeof(uint64_t)

/* A page has it a whole number of times. */
static const char text[] = "Nothing that this page of the memory holds is of much surprise.\n";

_Static_assert(PAGE % (sizeof(text) - 1) == 0, "the text does not divide a page");

/* Make a number of another one, so that all bits of the one depend on all bits of the other. */
static uint64_t mix(uint64_t value)
{
	value ^= value >> 30;
	value *= 0xbf58476d1ce4e5b9;
	value ^= value >> 27;
	value *= 0x94d049bb133111eb;
	return value ^ value >> 31;
}

/**
 * content_draw() - draw a number: splitmix64, which can begin anywhere
 * @key: of the sequence
 * @index: which of its numbers
 *
 * Return: the number.
 */
uint64_t content_draw(uint64_t key, uint64_t index)
{
	return mix(key + (index + 1) * 0x9e3779b97f4a7c15);
}

/**
 * content_key() - the key of a sequence of numbers of a client
 * @content: where the bytes of the client come from
 * @use: what the numbers are for
 *
 * Return: the key.
 */
uint64_t content_key(const struct content *content, enum content_use use)
{
	return content_draw(content_draw(mix(content->seed + 1), content->client), use);
}

/**
 * content_bytes() - draw bytes of a client
 * @content: where they come from
 * @use: what they are for
 * @bytes: set to them
 * @size: how many; a multiple of 8
 */
void content_bytes(const struct content *content, enum content_use use, uint8_t *bytes,
		   size_t size)
{
	const uint64_t key = content_key(content, use);

	for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
		const uint64_t word = htobe64(content_draw(key, i));

		memcpy(bytes + i, &word, sizeof(word));
	}
}

static void fill_text(uint8_t *to, uint64_t offset, size_t size)
{
	while (size) {
		const size_t at = (size_t)(offset % (sizeof(text) - 1));
		const size_t left = sizeof(text) - 1 - at;
		const size_t length = left < size ? left : size;

		memcpy(to, text + at, length);
		to += length;
		offset += length;
		size -= length;
	}
}

/* A part of the words may begin and end within one. */
static void fill_words(uint64_t key, uint8_t *to, uint64_t offset, size_t size)
{
	while (size) {
		const uint64_t word = htole64(content_draw(key, offset / WORD));
		const size_t at = (size_t)(offset % WORD);
		const size_t length = WORD - at < size ? WORD - at : size;

		memcpy(to, (const uint8_t *)&word + at, length);
		to += length;
		offset += length;
		size -= length;
	}
}

/**
 * content_file() - make a part of the file of a client
 * @content: where its bytes come from
 * @offset: where in the file the part begins
 * @buffer: set to the bytes
 * @size: how many
 */
void content_file(const struct content *content, uint64_t offset, void *buffer, size_t size)
{
	const uint64_t words = content_key(content, CONTENT_FILE);
	const uint64_t pages = content_key(content, CONTENT_PAGES);
	uint8_t *to = buffer;

	while (size) {
		const size_t left = PAGE - (size_t)(offset % PAGE);
		const size_t length = left < size ? left : size;

		if (content_draw(pages, offset / PAGE) & 1)
			fill_text(to, offset, length);
		else
			fill_words(words, to, offset, length);
		to += length;
		offset += length;
		size -= length;
	}
}

/* All lines are equally long, so that it is known which one an offset is in. */
static void make_line(const struct content *content, uint64_t number, char *line)
{
	char words[2 * CONTENT_LINE];

	snprintf(words, sizeof(words), "[%10" PRIu64 ".%06u] load: client %" PRIu32 ", line %"
		 PRIu64, number / 100, (unsigned int)(number % 100) * 10000, content->client,
		 number);
	snprintf(line, CONTENT_LINE + 1, "%-*.*s\n", CONTENT_LINE - 1, CONTENT_LINE - 1, words);
}

/**
 * content_log() - make a part of the log of a client
 * @content: where its bytes come from
 * @offset: where in the log the part begins
 * @buffer: set to the bytes
 * @size: how many
 */
void content_log(const struct content *content, uint64_t offset, void *buffer, size_t size)
{
	uint8_t *to = buffer;

	while (size) {
		const size_t at = (size_t)(offset % CONTENT_LINE);
		const size_t length = CONTENT_LINE - at < size ? CONTENT_LINE - at : size;
		char line[CONTENT_LINE + 1];

		make_line(content, offset / CONTENT_LINE, line);
		memcpy(to, line + at, length);
		to += length;
		offset += length;
		size -= length;
	}
}
