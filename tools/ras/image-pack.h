/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: the content of a record, as it is stored.
 */
#ifndef RAS_IMAGE_PACK_H
#define RAS_IMAGE_PACK_H

#include <stdbool.h>

#include "image-form.h"
#include "image-method.h"

/* The memory that a packer takes, with what a library needs. */
#define PACKER_BYTES	(3 * (size_t)IMAGE_PIECE)

/**
 * struct packer - what contents are stored and read with
 * @method: how they are stored
 * @memory: of a record, %IMAGE_PIECE bytes, aligned
 * @stored: the same as it is stored, %IMAGE_PIECE bytes
 * @writes: what zstd compresses with
 * @reads: what zstd decompresses with
 */
struct packer {
	enum image_method	method;
	uint8_t			*memory;
	uint8_t			*stored;
	void			*writes;
	void			*reads;
};

bool packer_begin_to_pack(struct packer *packer, enum image_method method);
bool packer_begin_to_unpack(struct packer *packer);
void packer_end(struct packer *packer);
const uint8_t *packer_pack(struct packer *packer, struct image_record *record);
const uint8_t *packer_unpack(struct packer *packer, const struct image_record *record);

#endif
