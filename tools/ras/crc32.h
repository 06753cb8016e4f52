/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-savecore: the CRC-32 of zlib and Ethernet.
 */
#ifndef RAS_CRC32_H
#define RAS_CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32(uint32_t crc, const void *data, size_t size);

#endif
