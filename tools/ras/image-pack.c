// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: the content of a record, as it is stored.
 *
 * The library may be one that the program was built without.
 */
#include <stdlib.h>
#include <string.h>
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "image-pack.h"
#include "say.h"

/* The disk, not the CPU, is to be what takes the time. */
#define LEVEL	1

/**
 * packer_begin() - get ready
 * @packer: set to it, to be ended by packer_end() whatever comes out
 *
 * Return: there is enough memory; otherwise that was said.
 */
bool packer_begin(struct packer *packer)
{
	*packer = (struct packer){
		.memory = aligned_alloc(EXTENT_BLOCK, IMAGE_PIECE), .stored = malloc(IMAGE_PIECE),
	};
	if (!packer->memory || !packer->stored) {
		say_failed("image", "no memory");
		return false;
	}
#ifdef HAVE_ZSTD
	packer->writes = ZSTD_createCCtx();
	packer->reads = ZSTD_createDCtx();
#endif
	return true;
}

/**
 * packer_end() - free what packer_begin() has taken
 * @packer: it
 */
void packer_end(struct packer *packer)
{
#ifdef HAVE_ZSTD
	ZSTD_freeCCtx(packer->writes);
	ZSTD_freeDCtx(packer->reads);
#endif
	free(packer->memory);
	free(packer->stored);
}

/* Return: the size, or 0 if it does not become smaller. */
static size_t compress(struct packer *packer, size_t bytes)
{
#ifdef HAVE_ZSTD
	size_t size;

	if (!packer->writes)
		return 0;
	/* One that would not become smaller does not fit. */
	size = ZSTD_compressCCtx(packer->writes, packer->stored, bytes - 1, packer->memory, bytes,
				 LEVEL);
	return ZSTD_isError(size) ? 0 : size;
#else
	(void)packer;
	(void)bytes;
	return 0;
#endif
}

/**
 * packer_pack() - store the memory of a record
 * @packer: has it
 * @record: with its @bytes; set @stored and @method
 *
 * Return: what there is to be stored.
 */
const uint8_t *packer_pack(struct packer *packer, struct image_record *record)
{
	const size_t size = compress(packer, record->bytes);

	record->method = size ? IMAGE_ZSTD : IMAGE_PLAIN;
	record->stored = size ? (uint32_t)size : record->bytes;
	return size ? packer->stored : packer->memory;
}

/**
 * packer_knows() - can content that is stored so be read?
 * @method: how it is stored
 */
bool packer_knows(uint32_t method)
{
#ifdef HAVE_ZSTD
	return method == IMAGE_PLAIN || method == IMAGE_ZSTD;
#else
	return method == IMAGE_PLAIN;
#endif
}

/**
 * packer_unpack() - get the memory of a record
 * @packer: has what was stored, and gets it
 * @record: the record, whose numbers make sense
 *
 * Return: it is as many bytes as the record says.
 */
bool packer_unpack(struct packer *packer, const struct image_record *record)
{
	if (record->method == IMAGE_PLAIN) {
		memcpy(packer->memory, packer->stored, record->bytes);
		return true;
	}
#ifdef HAVE_ZSTD
	return packer->reads &&
	       ZSTD_decompressDCtx(packer->reads, packer->memory, record->bytes, packer->stored,
				   record->stored) == record->bytes;
#else
	return false;
#endif
}
