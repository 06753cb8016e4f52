/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: the form of the image of a kernel that hibernates.
 *
 * The first block of the device says what there is, and is written last.  The second has what the
 * first one of a swap device was.  The next ones have the list of all parts, unless that is the
 * whole device; all parts are read as one.  The records are behind them, one after the other: each
 * is a struct image_record and the content.  All numbers are little endian.
 */
#ifndef RAS_IMAGE_FORM_H
#define RAS_IMAGE_FORM_H

#include <stdint.h>

#include "extents.h"
#include "mounts.h"

#define IMAGE_MAGIC	"RASIMG01"
/* What the first block was if the device is swap, and has to be again; otherwise zeros. */
#define IMAGE_KEPT	EXTENT_BLOCK
/* Where the list of parts is; without one, the first record. */
#define IMAGE_FIRST	((uint64_t)2 * EXTENT_BLOCK)
/* A record has no more memory than that, in bytes. */
#define IMAGE_PIECE	((uint32_t)1024 * 1024)
/* A release or a version of a kernel has 64 bytes, and a 0. */
#define IMAGE_NAME	65

/* What became of the image. */
enum image_state {
	IMAGE_SAVED = 1,	/* the machine was switched off, and can be resumed */
	IMAGE_CONSUMED,		/* a resume has begun, and there must not be another */
	IMAGE_FAILED,		/* it was not saved */
	IMAGE_STAYED,		/* it was saved, and the first kernel went on */
};

/**
 * struct image_mount - a file system that was mounted
 * @name: of its block device
 * @major: @minor: its numbers
 * @crc: of what it begins with
 */
struct image_mount {
	char		name[MOUNT_NAME];
	uint32_t	major;
	uint32_t	minor;
	uint32_t	crc;
};

/**
 * struct image_head - the first block
 * @magic: %IMAGE_MAGIC
 * @token: of this image, hexadecimal digits
 * @state: see enum image_state
 * @levels: of the page tables
 * @entry: where the kernel goes on
 * @memory_end: where the memory ends that is not in the image
 * @stored: size of all records on the device
 * @bytes: of memory that they have
 * @records: how many there are
 * @when: it was saved, in seconds since 1970
 * @crc: of all records without their contents, whose checksums they have
 * @map_crc: of the firmware's memory map
 * @release: of the kernel
 * @version: of the kernel
 * @message: why it has failed
 * @mounts: file systems that were mounted; the first @nr_mounts are there
 * @nr_mounts: how many there are
 * @parts: how many the list has; 0: there is none, the image is on the device as a whole
 * @parts_crc: of the list
 * @unused: zeros
 * @head_crc: of what is before it
 */
struct image_head {
	char		magic[8];
	char		token[EXTENT_TOKEN_BYTES - 1];
	uint32_t	state;
	uint32_t	levels;
	uint64_t	entry;
	uint64_t	memory_end;
	uint64_t	stored;
	uint64_t	bytes;
	uint64_t	records;
	uint64_t	when;
	uint32_t	crc;
	uint32_t	map_crc;
	char		release[72];
	char		version[72];
	char		message[256];
	struct image_mount mounts[MOUNTS_MOST];
	uint32_t	nr_mounts;
	uint32_t	parts;
	uint32_t	parts_crc;
	uint8_t		unused[EXTENT_BLOCK - 520 - MOUNTS_MOST * sizeof(struct image_mount)];
	uint32_t	head_crc;
};

_Static_assert(sizeof(struct image_head) == EXTENT_BLOCK, "it is a block");

/**
 * struct image_part - a part of the image, in the list
 * @physical: where it is on the device, in bytes
 * @length: of it
 */
struct image_part {
	uint64_t	physical;
	uint64_t	length;
};

/**
 * struct image_record - what is before the content of a record
 * @address: of the memory
 * @bytes: of memory
 * @stored: size of the content
 * @method: see enum image_method
 * @crc: of the memory
 */
struct image_record {
	uint64_t	address;
	uint32_t	bytes;
	uint32_t	stored;
	uint32_t	method;
	uint32_t	crc;
};

/**
 * struct image - what the first block says
 *
 * The members are those of struct image_head.
 */
struct image {
	char			token[EXTENT_TOKEN_BYTES];
	enum image_state	state;
	uint32_t		levels;
	uint64_t		entry;
	uint64_t		memory_end;
	uint64_t		stored;
	uint64_t		bytes;
	uint64_t		records;
	uint64_t		when;
	uint32_t		crc;
	uint32_t		map_crc;
	char			release[IMAGE_NAME];
	char			version[IMAGE_NAME];
	char			message[256];
	struct mounts		mounts;
	uint32_t		parts;
	uint32_t		parts_crc;
};

/**
 * enum image_found - what a block is
 * @IMAGE_FOUND: the first of an image
 * @IMAGE_NONE: something else
 * @IMAGE_DAMAGED: the first of an image, but it makes no sense
 */
enum image_found {
	IMAGE_FOUND,
	IMAGE_NONE,
	IMAGE_DAMAGED,
};

/**
 * image_list_bytes() - the size of a list of parts, in whole blocks
 * @parts: how many it has
 */
static inline size_t image_list_bytes(uint32_t parts)
{
	return (parts * sizeof(struct image_part) + EXTENT_BLOCK - 1) / EXTENT_BLOCK * EXTENT_BLOCK;
}

void image_head_make(struct image_head *head, const struct image *image);
enum image_found image_head_read(const struct image_head *head, struct image *image);
void image_record_make(struct image_record *record, const struct image_record *of);
void image_record_read(struct image_record *record);

#endif
