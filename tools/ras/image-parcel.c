// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: records that several threads work on.
 */
#include "image-parcel.h"

/**
 * parcels_begin_to_pack() - get ready to store records
 * @parcels: set to as many as there is memory for, to be ended by parcels_end()
 * @method: how they are to be stored, one that is built in
 *
 * Return: there is at least one.
 */
bool parcels_begin_to_pack(struct parcels *parcels, enum image_method method)
{
	const unsigned int most = crew_places(PACKER_BYTES);

	for (parcels->count = 0; parcels->count < most; parcels->count++)
		if (!packer_begin_to_pack(&parcels->parcels[parcels->count].packer, method))
			break;
	return parcels->count;
}

/**
 * parcels_begin_to_unpack() - get ready to read records
 * @parcels: set to as many as there is memory for, to be ended by parcels_end()
 *
 * Return: there is at least one.
 */
bool parcels_begin_to_unpack(struct parcels *parcels)
{
	const unsigned int most = crew_places(PACKER_BYTES);

	for (parcels->count = 0; parcels->count < most; parcels->count++)
		if (!packer_begin_to_unpack(&parcels->parcels[parcels->count].packer))
			break;
	return parcels->count;
}

/**
 * parcels_end() - free what the parcels have
 * @parcels: them
 */
void parcels_end(struct parcels *parcels)
{
	while (parcels->count)
		packer_end(&parcels->parcels[--parcels->count].packer);
}
