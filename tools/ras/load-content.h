/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-netdump-load: the bytes that a client sends.
 *
 * Nothing is stored: each byte follows from the seed, the number of the client, and the offset.
 */
#ifndef RAS_LOAD_CONTENT_H
#define RAS_LOAD_CONTENT_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of a line of a log, with its end. */
#define CONTENT_LINE	64

/**
 * enum content_use - what numbers are drawn for
 * @CONTENT_FILE: the words of the file
 * @CONTENT_PAGES: which pages of it are text
 * @CONTENT_SESSION: the session
 * @CONTENT_LOSS: what is lost, doubled or late
 * @CONTENT_SECRET: the secret key
 */
enum content_use {
	CONTENT_FILE,
	CONTENT_PAGES,
	CONTENT_SESSION,
	CONTENT_LOSS,
	CONTENT_SECRET,
};

/**
 * struct content - where the bytes of a client come from
 * @seed: of the run
 * @client: its number, from 0
 */
struct content {
	uint64_t	seed;
	uint32_t	client;
};

uint64_t content_key(const struct content *content, enum content_use use);
uint64_t content_draw(uint64_t key, uint64_t index);
void content_bytes(const struct content *content, enum content_use use, uint8_t *bytes,
		   size_t size);
void content_file(const struct content *content, uint64_t offset, void *buffer, size_t size);
void content_log(const struct content *content, uint64_t offset, void *buffer, size_t size);

#endif
