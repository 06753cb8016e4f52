// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target net: the file of a dump, as packets.
 *
 * The engine writes bytes anywhere in the front of the file, where headers, bitmaps and page
 * descriptors are, and appends pages behind that.  Packets arrive in any order.  So what goes
 * to the front is held back, and sent when the server has all the pages that it tells of: a
 * dump is good up to where it ended, however it ended.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/kmsg_dump.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "file.h"

/* A line of the log at the most, in bytes. */
#define DUMP_LOG_LINE		1024
/* The server takes more than that of the log. */
#define DUMP_LOG_MAX		SZ_32M

/* Send the packet that is being filled. */
static void dump_file_post(struct dump_file *f)
{
	if (!f->data)
		return;
	f->data = NULL;
	dump_transfer_post(&f->transfer, f->slot, RAS_NETDUMP_DATA, f->end - f->filled,
			   f->filled);
}

/* Send bytes of a part of the dump, in packets of their own. */
static int dump_file_send(struct dump_file *f, enum ras_netdump_type type, u64 offset,
			  const void *bytes, size_t size)
{
	while (size) {
		size_t part = min(size, f->transfer.payload);
		unsigned int slot;
		void *data;
		int ret = dump_transfer_slot(&f->transfer, &slot, &data);

		if (ret)
			return ret;
		memcpy(data, bytes, part);
		dump_transfer_post(&f->transfer, slot, type, offset, part);
		offset += part;
		bytes += part;
		size -= part;
	}
	return 0;
}

/*
 * Send what was held back, after all that it tells of.  Before there is a page it tells of
 * nothing; @settle: what was sent before may be for the same place.
 */
static int dump_file_drain(struct dump_file *f, bool settle)
{
	size_t at = 0;
	int ret = 0;

	if (!f->held_bytes)
		return 0;
	dump_file_post(f);
	if (settle || f->end > f->front)
		ret = dump_transfer_settle(&f->transfer);
	while (!ret && at < f->held_bytes) {
		const struct dump_held *held = (const void *)f->held + at;

		ret = dump_file_send(f, RAS_NETDUMP_DATA, held->offset, held + 1, held->size);
		at += ALIGN(sizeof(*held) + held->size, sizeof(u64));
	}
	f->held_bytes = 0;
	f->held_end = 0;
	f->last = NULL;
	return ret;
}

/* Can bytes go behind those that came last, into the same packet? */
static bool dump_held_fits(const struct dump_file *f, u64 offset, size_t size)
{
	const struct dump_held *last = f->last;

	return last && last->offset + last->size == offset &&
	       last->size + size <= f->transfer.payload &&
	       (void *)(last + 1) + last->size + size <= (void *)f->held + sizeof(f->held);
}

/* Is something held back for a part of this place? */
static bool dump_held_has(const struct dump_file *f, u64 offset, size_t size)
{
	size_t at = 0;

	while (offset < f->held_end && at < f->held_bytes) {
		const struct dump_held *held = (const void *)f->held + at;

		if (offset < held->offset + held->size && held->offset < offset + size)
			return true;
		at += ALIGN(sizeof(*held) + held->size, sizeof(u64));
	}
	return false;
}

/* Hold back bytes of the front, of which a packet has room for all. */
static int dump_file_hold(struct dump_file *f, u64 offset, const void *bytes, size_t size)
{
	int ret = 0;

	if (!dump_held_fits(f, offset, size)) {
		/* Of two for one place, as the header is, the later one has to come later. */
		const bool back = dump_held_has(f, offset, size);

		if (back || f->held_bytes + sizeof(*f->last) + size > sizeof(f->held))
			ret = dump_file_drain(f, back);
		f->last = (void *)f->held + f->held_bytes;
		f->last->offset = offset;
		f->last->size = 0;
	}
	memcpy((void *)(f->last + 1) + f->last->size, bytes, size);
	f->last->size += size;
	f->held_end = max(f->held_end, offset + size);
	f->held_bytes = ALIGN((u8 *)(f->last + 1) + f->last->size - f->held, sizeof(u64));
	return ret;
}

static int dump_file_change(struct dump_file *f, u64 offset, const void *bytes, size_t size)
{
	int ret = 0;

	while (size && !ret) {
		size_t part = min(size, f->transfer.payload);

		ret = dump_file_hold(f, offset, bytes, part);
		offset += part;
		bytes += part;
		size -= part;
	}
	return ret;
}

static int dump_file_append(struct dump_file *f, const void *bytes, size_t size)
{
	while (size) {
		size_t part;

		if (!f->data) {
			int ret = dump_transfer_slot(&f->transfer, &f->slot, &f->data);

			if (ret) {
				f->data = NULL;
				return ret;
			}
			f->filled = 0;
		}
		part = min(size, f->transfer.payload - f->filled);
		memcpy(f->data + f->filled, bytes, part);
		f->filled += part;
		f->end += part;
		bytes += part;
		size -= part;
		if (f->filled == f->transfer.payload)
			dump_file_post(f);
	}
	return f->transfer.error;
}

/**
 * dump_file_begin() - begin with the file of a dump
 * @f: the file, whose transfer is set up
 * @front: size of the front of the file, in bytes
 *
 * Context: A handler.
 */
void dump_file_begin(struct dump_file *f, u64 front)
{
	f->front = front;
	f->end = front;
	f->data = NULL;
	f->held_bytes = 0;
	f->held_end = 0;
	f->last = NULL;
	f->log_at = 0;
	kmsg_dump_rewind(&f->log);
}

/**
 * dump_file_write() - write bytes of the file
 * @f: the file
 * @offset: where in the file they go
 * @bytes: the bytes
 * @size: how many
 *
 * Context: A handler.  Waits for the server, if too many packets are on their way.
 * Return: 0; %-EINVAL if they are neither in the front nor at the end; or why the server was
 *	given up.
 */
int dump_file_write(struct dump_file *f, u64 offset, const void *bytes, size_t size)
{
	if (offset < f->front) {
		size_t part = min_t(u64, size, f->front - offset);
		int ret = dump_file_change(f, offset, bytes, part);

		if (ret)
			return ret;
		offset += part;
		bytes += part;
		size -= part;
	}
	/* Pages are appended, and nothing else is behind the front. */
	if (size && offset != f->end)
		return -EINVAL;
	return size ? dump_file_append(f, bytes, size) : f->transfer.error;
}

/**
 * dump_file_flush() - have the server take all that was written
 * @f: the file
 *
 * Context: A handler.
 * Return: 0, or why the server was given up.
 */
int dump_file_flush(struct dump_file *f)
{
	dump_file_post(f);
	return dump_file_drain(f, true) ?: dump_transfer_flush(&f->transfer);
}

/**
 * dump_file_log() - send what there is of the kernel's log, and was not sent
 * @f: the file
 *
 * Context: A handler, behind dump_file_begin() and dump_transfer_begin().
 * Return: 0, or why the server was given up.
 */
int dump_file_log(struct dump_file *f)
{
	struct kmsg_dump_iter all;
	size_t filled, size;
	int ret = 0;

	/* Another server has no place for it, and finds it in the memory. */
	if (!f->transfer.is_ours)
		return 0;
	/* No more than there is now: a CPU that is missing may go on to print. */
	kmsg_dump_rewind(&all);
	do {
		filled = 0;
		while (filled + DUMP_LOG_LINE <= sizeof(f->text) && f->log_at < DUMP_LOG_MAX &&
		       f->log.cur_seq < all.next_seq &&
		       kmsg_dump_get_line(&f->log, true, f->text + filled, DUMP_LOG_LINE, &size))
			filled += size;
		ret = dump_file_send(f, RAS_NETDUMP_LOG, f->log_at, f->text, filled);
		f->log_at += filled;
	} while (!ret && filled);
	return ret;
}
