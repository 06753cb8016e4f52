/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: records that several threads work on.
 */
#ifndef RAS_IMAGE_PARCEL_H
#define RAS_IMAGE_PARCEL_H

#include "crew.h"
#include "image-pack.h"
#include "why.h"

/**
 * struct parcel - a record that somebody works on
 * @number: of the record
 * @record: what it says
 * @packer: with its memory, or with its content, or both
 * @content: what there is to be stored, if it is written
 * @is_bad: it makes no sense, or something has failed
 * @why: the reason, if @is_bad
 */
struct parcel {
	uint64_t		number;
	struct image_record	record;
	struct packer		packer;
	const uint8_t		*content;
	bool			is_bad;
	struct why		why;
};

/**
 * struct parcels - records that are worked on at the same time
 * @count: of them
 * @parcels: each
 */
struct parcels {
	unsigned int	count;
	struct parcel	parcels[CREW_PLACES];
};

bool parcels_begin_to_pack(struct parcels *parcels, enum image_method method);
bool parcels_begin_to_unpack(struct parcels *parcels);
void parcels_end(struct parcels *parcels);

#endif
