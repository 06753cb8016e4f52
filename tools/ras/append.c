// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump: a part of a new file, to be written from its beginning to its end.
 */
#include <string.h>

#include "append.h"

/**
 * append_begin() - begin to write a part
 * @append: the part
 * @file: the file
 * @offset: where in the file the part begins
 */
void append_begin(struct append *append, struct new_file *file, uint64_t offset)
{
	append->file = file;
	append->offset = offset;
	append->used = 0;
}

/**
 * append_at() - where in the file the next byte goes
 * @append: the part
 */
uint64_t append_at(const struct append *append)
{
	return append->offset + append->used;
}

/**
 * append_end() - write what waits
 * @append: the part
 *
 * Return: it was written; otherwise the reason was said.
 */
bool append_end(struct append *append)
{
	const size_t size = append->used;

	append->used = 0;
	append->offset += size;
	return new_file_write(append->file, append->data, size, append->offset - size);
}

/**
 * append_bytes() - write bytes
 * @append: the part
 * @data: the bytes
 * @size: how many, at most %APPEND_BYTES
 *
 * Return: they were written, or wait; otherwise the reason was said.
 */
bool append_bytes(struct append *append, const void *data, size_t size)
{
	if (size > APPEND_BYTES - append->used && !append_end(append))
		return false;
	memcpy(append->data + append->used, data, size);
	append->used += size;
	return true;
}

/**
 * append_skip() - leave a hole
 * @append: the part
 * @offset: where in the file the next byte goes then
 *
 * Return: that is so; otherwise the reason was said.
 */
bool append_skip(struct append *append, uint64_t offset)
{
	if (offset == append_at(append))
		return true;
	if (!append_end(append))
		return false;
	append->offset = offset;
	return true;
}
