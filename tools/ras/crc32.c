// SPDX-License-Identifier: GPL-2.0
/*
 * ras-savecore: the CRC-32 of zlib and Ethernet.
 */
#include <endian.h>
#include <string.h>

#include "crc32.h"

/* The polynomial with its lowest power in the highest bit. */
#define POLYNOMIAL	0xedb88320u
/* So many bytes at once. */
#define AT_ONCE		8

/* What a byte makes of the checksum when so many others are behind it. */
static uint32_t table[AT_ONCE][256];

/* Before main(): threads only read it. */
static void __attribute__((constructor)) make_table(void)
{
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t value = byte;

		for (int bit = 0; bit < 8; bit++)
			value = (value >> 1) ^ (value & 1 ? POLYNOMIAL : 0);
		table[0][byte] = value;
	}
	for (int behind = 1; behind < AT_ONCE; behind++)
		for (int byte = 0; byte < 256; byte++) {
			const uint32_t value = table[behind - 1][byte];

			table[behind][byte] = (value >> 8) ^ table[0][value & 0xff];
		}
}

static uint32_t of_four(uint32_t value, int behind)
{
	return table[behind + 3][value & 0xff] ^ table[behind + 2][value >> 8 & 0xff] ^
	       table[behind + 1][value >> 16 & 0xff] ^ table[behind][value >> 24];
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
	uint32_t words[2];

	crc = ~crc;
	for (; size >= AT_ONCE; size -= AT_ONCE, bytes += AT_ONCE) {
		memcpy(words, bytes, sizeof(words));
		crc = of_four(le32toh(words[0]) ^ crc, 4) ^ of_four(le32toh(words[1]), 0);
	}
	while (size--)
		crc = (crc >> 8) ^ table[0][(crc ^ *bytes++) & 0xff];
	return ~crc;
}
