// SPDX-License-Identifier: GPL-2.0
/*
 * ras-savecore: the CRC-32 of zlib and Ethernet.
 */
#include "crc32.h"

/* The polynomial with its lowest power in the highest bit. */
#define POLYNOMIAL 0xedb88320u

static uint32_t table[256];

static void make_table(void)
{
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t value = byte;

		for (int bit = 0; bit < 8; bit++)
			value = (value >> 1) ^ (value & 1 ? POLYNOMIAL : 0);
		table[byte] = value;
	}
}

/**
 * crc32() - the checksum of some bytes
 * @crc: of the bytes before, or 0
 * @data: the bytes
 * @size: how many
 *
 * Return: the checksum of the bytes before and these.
 */
uint32_t crc32(uint32_t crc, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	/* No byte but 0 has an entry of 0. */
	if (!table[1])
		make_table();
	crc = ~crc;
	while (size--)
		crc = (crc >> 8) ^ table[(crc ^ *bytes++) & 0xff];
	return ~crc;
}
