/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS client: the dump engine, target net: the file of a dump, as packets.
 */
#ifndef _RAS_DUMP_FILE_H
#define _RAS_DUMP_FILE_H

#include <linux/kmsg_dump.h>
#include <linux/types.h>

#include "transfer.h"

/* What is held back of the front of the file, in bytes. */
#define DUMP_HELD_BYTES		(64 * 1024)
/* What is read of the kernel's log at a time, in bytes. */
#define DUMP_LOG_BYTES		8192

/**
 * struct dump_held - bytes for the front of the file; they follow
 * @offset: where in the file they go
 * @size: how many there are
 */
struct dump_held {
	u64	offset;
	u32	size;
};

/**
 * struct dump_file - the file of a dump on its way to a server
 * @transfer: of the dump
 * @log: which lines of the kernel's log were sent
 * @log_at: how many bytes of it were sent
 * @text: some of them
 * @front: size of the front of the file, in bytes
 * @end: size of the file so far, in bytes
 * @slot: of the packet that is being filled, if @data
 * @data: its bytes; NULL: there is none
 * @filled: how many of them there are
 * @held: what is held back
 * @held_bytes: how much that is
 * @held_end: nothing of it is behind that, in bytes of the file
 * @last: the one of it that came last, or NULL
 */
struct dump_file {
	struct dump_transfer	transfer;
	struct kmsg_dump_iter	log;
	u64			log_at;
	char			text[DUMP_LOG_BYTES];
	u64			front;
	u64			end;
	unsigned int		slot;
	void			*data;
	size_t			filled;
	u8			held[DUMP_HELD_BYTES];
	size_t			held_bytes;
	u64			held_end;
	struct dump_held	*last;
};

void dump_file_begin(struct dump_file *f, u64 front);
int dump_file_write(struct dump_file *f, u64 offset, const void *bytes, size_t size);
int dump_file_flush(struct dump_file *f);
int dump_file_log(struct dump_file *f);

#endif /* _RAS_DUMP_FILE_H */
