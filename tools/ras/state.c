// SPDX-License-Identifier: GPL-2.0
/*
 * ras-savecore: what is known of a copy that was begun: the file FILE.part.state.
 *
 * The file has two blocks, and each of them a number and a checksum; the valid one with the
 * higher number counts.  They are written in turn: a write that a power failure tears leaves
 * the block before it, which says less and is still true.  Both are allocated when the file
 * is made: what was copied before a disk is full can still be noted.  That is why this is no
 * file that is written anew and renamed.  And it is no tail of FILE.part: the dump is written
 * over that place, and there would be no moment at which both are right.
 */
#include <endian.h>
#include <string.h>
#include <unistd.h>

#include "crc32.h"
#include "state.h"

#define STATE_MAGIC	"RASPART1"
#define STATE_BLOCK	4096

/* A block of the file, little-endian as those of the area.  The rest of it is 0. */
struct state_block {
	char		magic[8];
	uint64_t	crc;
	uint64_t	sequence;
	uint8_t		uuid[16];
	uint64_t	armed;
	uint64_t	time;
	uint64_t	bytes;
	uint64_t	done;
	uint64_t	inode;
};

/* The checksum of a block whose crc is 0. */
static uint64_t checksum(struct state_block block)
{
	block.crc = 0;
	return htole64(crc32(0, &block, sizeof(block)));
}

static bool read_block(int fd, unsigned int number, struct state_block *block)
{
	const off_t where = (off_t)number * STATE_BLOCK;

	return pread(fd, block, sizeof(*block), where) == (ssize_t)sizeof(*block) &&
	       !memcmp(block->magic, STATE_MAGIC, sizeof(block->magic)) &&
	       block->crc == checksum(*block) && block->sequence;
}

static bool write_block(const struct state_file *file)
{
	const off_t where = (off_t)(file->sequence % 2) * STATE_BLOCK;
	union {
		struct state_block	block;
		uint8_t			bytes[STATE_BLOCK];
	} whole = { .bytes = { 0 } };
	struct state_block *block = &whole.block;

	memcpy(block->magic, STATE_MAGIC, sizeof(block->magic));
	memcpy(block->uuid, file->state.uuid, sizeof(block->uuid));
	block->sequence = htole64(file->sequence);
	block->armed = htole64(file->state.armed);
	block->time = htole64(file->state.time);
	block->bytes = htole64(file->state.bytes);
	block->done = htole64(file->state.done);
	block->inode = htole64(file->state.inode);
	block->crc = checksum(*block);
	return pwrite(file->fd, &whole, sizeof(whole), where) == (ssize_t)sizeof(whole) &&
	       !fdatasync(file->fd);
}

static void take(struct state_file *file, const struct state_block *block)
{
	file->sequence = le64toh(block->sequence);
	memcpy(file->state.uuid, block->uuid, sizeof(file->state.uuid));
	file->state.armed = le64toh(block->armed);
	file->state.time = le64toh(block->time);
	file->state.bytes = le64toh(block->bytes);
	file->state.done = le64toh(block->done);
	file->state.inode = le64toh(block->inode);
}

/**
 * state_load() - read the file
 * @file: with @file->fd; the rest is set, and is 0 if the file says nothing
 */
void state_load(struct state_file *file)
{
	struct state_block block;

	file->sequence = 0;
	memset(&file->state, 0, sizeof(file->state));
	for (unsigned int i = 0; i < 2; i++)
		if (read_block(file->fd, i, &block) && le64toh(block.sequence) > file->sequence)
			take(file, &block);
}

/* A block that could not be written is written again: the other one is still true. */
static bool write_next(struct state_file *file)
{
	file->sequence++;
	if (write_block(file))
		return true;
	file->sequence--;
	return false;
}

/**
 * state_save() - make it durable
 * @file: the file; its number is increased
 *
 * Return: it is durable; if not, errno says why, and the file says what it has said.
 */
bool state_save(struct state_file *file)
{
	/* So that both blocks are allocated. */
	if (!file->sequence && !write_next(file))
		return false;
	return write_next(file);
}

/**
 * state_is_of() - is the file about this dump?
 * @file: the file
 * @dump: the dump; @dump->done and @dump->inode do not count
 */
bool state_is_of(const struct state_file *file, const struct state *dump)
{
	const struct state *state = &file->state;

	return file->sequence && !memcmp(state->uuid, dump->uuid, sizeof(dump->uuid)) &&
	       state->armed == dump->armed && state->time == dump->time &&
	       state->bytes == dump->bytes;
}
