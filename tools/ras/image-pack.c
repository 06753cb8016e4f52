// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: the content of a record, as it is stored.
 *
 * The libraries may be such that the program was built without.
 */
#include <stdlib.h>
#ifdef HAVE_LZ4
#include <lz4.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "image-pack.h"

/* The disk, not the CPU, is to be what takes the time. */
#define LEVEL	1

/* Return: there is enough memory. */
static bool begin(struct packer *packer, enum image_method method)
{
	*packer = (struct packer){
		.method = method, .memory = aligned_alloc(EXTENT_BLOCK, IMAGE_PIECE),
		.stored = malloc(IMAGE_PIECE),
	};
	return packer->memory && packer->stored;
}

/**
 * packer_end() - free what the packer has taken
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

/**
 * packer_begin_to_pack() - get ready to store contents
 * @packer: set to it, to be ended by packer_end()
 * @method: how they are to be stored, one that is built in
 *
 * Return: there is enough memory; otherwise there is nothing to be ended.
 */
bool packer_begin_to_pack(struct packer *packer, enum image_method method)
{
	bool good = begin(packer, method);

#ifdef HAVE_ZSTD
	if (good && method == IMAGE_ZSTD) {
		packer->writes = ZSTD_createCCtx();
		good = packer->writes;
	}
#endif
	if (!good)
		packer_end(packer);
	return good;
}

/**
 * packer_begin_to_unpack() - get ready to read contents, however they are stored
 * @packer: set to it, to be ended by packer_end()
 *
 * Return: there is enough memory; otherwise there is nothing to be ended.
 */
bool packer_begin_to_unpack(struct packer *packer)
{
	bool good = begin(packer, IMAGE_PLAIN);

#ifdef HAVE_ZSTD
	if (good) {
		packer->reads = ZSTD_createDCtx();
		good = packer->reads;
	}
#endif
	if (!good)
		packer_end(packer);
	return good;
}

/* What does not become smaller does not fit.  Return: the size, or 0. */
static size_t compress(struct packer *packer, size_t bytes)
{
#ifdef HAVE_LZ4
	if (packer->method == IMAGE_LZ4) {
		const int size = LZ4_compress_default((const char *)packer->memory,
						      (char *)packer->stored, (int)bytes,
						      (int)bytes - 1);

		return size > 0 ? (size_t)size : 0;
	}
#endif
#ifdef HAVE_ZSTD
	if (packer->method == IMAGE_ZSTD) {
		const size_t size = ZSTD_compressCCtx(packer->writes, packer->stored, bytes - 1,
						      packer->memory, bytes, LEVEL);

		return ZSTD_isError(size) ? 0 : size;
	}
#endif
	(void)packer;
	(void)bytes;
	return 0;
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

	record->method = size ? packer->method : IMAGE_PLAIN;
	record->stored = size ? (uint32_t)size : record->bytes;
	return size ? packer->stored : packer->memory;
}

/* Return: so many bytes are in the packer's memory then, 0 if it is damaged. */
static size_t decompress(struct packer *packer, const struct image_record *record)
{
#ifdef HAVE_LZ4
	if (record->method == IMAGE_LZ4) {
		const int size = LZ4_decompress_safe((const char *)packer->stored,
						     (char *)packer->memory, (int)record->stored,
						     (int)record->bytes);

		return size > 0 ? (size_t)size : 0;
	}
#endif
#ifdef HAVE_ZSTD
	if (record->method == IMAGE_ZSTD) {
		const size_t size = ZSTD_decompressDCtx(packer->reads, packer->memory,
							record->bytes, packer->stored,
							record->stored);

		return ZSTD_isError(size) ? 0 : size;
	}
#endif
	(void)packer;
	(void)record;
	return 0;
}

/**
 * packer_unpack() - get the memory of a record
 * @packer: has what was stored
 * @record: the record, whose numbers make sense, and whose method is built in
 *
 * Return: as many bytes as the record says; %NULL: it is damaged.
 */
const uint8_t *packer_unpack(struct packer *packer, const struct image_record *record)
{
	if (record->method == IMAGE_PLAIN)
		return packer->stored;
	return decompress(packer, record) == record->bytes ? packer->memory : NULL;
}
