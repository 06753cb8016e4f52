// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine: the bytes of the file go to the target: as they are, or into a
 * log that is sealed.
 *
 * Bytes for the front of the file, headers and page descriptors, are gathered, and sealed
 * together.  Pages are sealed by the CPU that has packed them.  A record says where in the
 * file they are; it comes after them, so that a log which is cut off is a file that is cut off.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "dump.h"
#include "seal.h"

static int dump_store_at_target(struct dump_session *s, u64 offset, const void *data, size_t size)
{
	return s->target->ops->write(s->target, offset, data, size);
}

static void *dump_log_text(struct dump_log *log)
{
	return log->seal->room + sizeof(struct ras_seal_segment);
}

/* Append what is sealed: its head is before @text, its tag behind it. */
static int dump_log_append(struct dump_session *s, const void *text, size_t length)
{
	const size_t head = sizeof(struct ras_seal_segment);
	const size_t size = head + length + RAS_SEAL_TAG_BYTES;
	int ret = dump_store_at_target(s, s->log.end, text - head, size);

	if (!ret)
		s->log.end += size;
	return ret;
}

/* Seal what was gathered. */
static int dump_log_emit(struct dump_session *s, enum ras_seal_kind kind)
{
	struct dump_log *log = &s->log;
	size_t length = log->filled;
	void *text = dump_log_text(log);
	int ret;

	/* A reader takes a gap for a segment that somebody has removed. */
	if (log->broken)
		return -EIO;
	if (!length)
		return 0;
	log->filled = 0;
	dump_seal_segment(log, &log->seal->cipher, kind, log->number++, text, length);
	ret = dump_log_append(s, text, length);
	log->broken = ret;
	return ret;
}

static void dump_log_put(struct dump_log *log, const void *data, size_t size)
{
	memcpy(dump_log_text(log) + log->filled, data, size);
	log->filled += size;
}

/* The number of this segment of records comes first. */
static void dump_log_open(struct dump_log *log)
{
	__le64 serial;

	if (log->filled)
		return;
	serial = cpu_to_le64(log->serial++);
	dump_log_put(log, &serial, sizeof(serial));
}

/* A record, and @size bytes behind it, for which there has to be room. */
static int dump_log_record(struct dump_session *s, const struct ras_seal_record *record,
			   const void *data, size_t size)
{
	struct dump_log *log = &s->log;

	if (log->filled + sizeof(*record) + size > DUMP_SEAL_TEXT) {
		int ret = dump_log_emit(s, RAS_SEAL_RECORDS);

		if (ret)
			return ret;
	}
	dump_log_open(log);
	dump_log_put(log, record, sizeof(*record));
	dump_log_put(log, data, size);
	return 0;
}

static int dump_log_bytes(struct dump_session *s, u64 offset, const void *data, size_t size)
{
	int ret = 0;

	while (size && !ret) {
		size_t part = min_t(size_t, size, PAGE_SIZE);
		struct ras_seal_record record = {
			.offset	= cpu_to_le64(offset),
			.what	= cpu_to_le32(RAS_SEAL_BYTES),
			.length	= cpu_to_le32(part),
		};

		ret = dump_log_record(s, &record, data, part);
		offset += part;
		data += part;
		size -= part;
	}
	return ret;
}

static int dump_log_lot(struct dump_session *s, const struct dump_lot *lot)
{
	const struct ras_seal_record record = {
		.offset	= cpu_to_le64(s->end),
		.number	= cpu_to_le64(lot->number),
		.what	= cpu_to_le32(RAS_SEAL_SEGMENT),
		.length	= cpu_to_le32(lot->bytes),
	};

	/* Room is left for what tells of the lot: pages that nobody finds are lost. */
	if (s->log.end + lot->bytes + 2 * sizeof(s->log.seal->room) >
	    s->target->ops->room(s->target))
		return -ENOSPC;
	return dump_log_append(s, lot->data, lot->bytes) ?: dump_log_record(s, &record, NULL, 0);
}

static int dump_log_start(struct dump_session *s)
{
	static const struct dump_layout layout = { .data = RAS_SEAL_BEGIN };
	int ret = s->target->ops->start(s->target, s, &layout);

	if (ret)
		return ret;
	BUILD_BUG_ON(RAS_SEAL_BEGIN != PAGE_SIZE);
	memset(s->arena->meta, 0, PAGE_SIZE);
	memcpy(s->arena->meta, &s->log.header, sizeof(s->log.header));
	return dump_store_at_target(s, 0, s->arena->meta, PAGE_SIZE);
}

/**
 * dump_store_start() - have the target begin a dump
 * @s: the session, laid out
 *
 * Context: A handler.
 * Return: 0, or what the target has refused with.
 */
int dump_store_start(struct dump_session *s)
{
	if (s->log.seal)
		return dump_log_start(s);
	return s->target->ops->start(s->target, s, &s->layout);
}

/**
 * dump_store() - store a part of the front of the file, or what is appended to it
 * @s: the session
 * @offset: where in the file, in bytes
 * @data: the bytes
 * @size: how many
 *
 * Context: A handler.
 * Return: 0, or what the target has refused with.
 */
int dump_store(struct dump_session *s, u64 offset, const void *data, size_t size)
{
	if (s->log.seal)
		return dump_log_bytes(s, offset, data, size);
	return dump_store_at_target(s, offset, data, size);
}

/**
 * dump_store_append() - store bytes behind what is there
 * @s: the session
 * @data: the bytes
 * @size: how many
 *
 * Context: A handler.
 * Return: 0, or what the target has refused with.
 */
int dump_store_append(struct dump_session *s, const void *data, size_t size)
{
	int ret = dump_store(s, s->end, data, size);

	if (!ret)
		s->end += size;
	return ret;
}

/**
 * dump_store_lot() - store the pages of a lot behind what is there
 * @s: the session
 * @lot: the lot, packed
 *
 * Context: A handler.
 * Return: 0, or what the target has refused with.
 */
int dump_store_lot(struct dump_session *s, const struct dump_lot *lot)
{
	int ret = 0;

	if (lot->bytes)
		ret = s->log.seal ? dump_log_lot(s, lot) :
				    dump_store_at_target(s, s->end, lot->data, lot->bytes);
	if (!ret)
		s->end += lot->bytes;
	return ret;
}

/**
 * dump_store_flush() - should the machine die, what was stored before this is good
 * @s: the session
 *
 * Context: A handler.
 * Return: 0, or what the target has refused with.
 */
int dump_store_flush(struct dump_session *s)
{
	const struct dump_target_ops *ops = s->target->ops;
	int ret = s->log.seal ? dump_log_emit(s, RAS_SEAL_RECORDS) : 0;

	return ret ?: ops->flush ? ops->flush(s->target) : 0;
}

/**
 * dump_store_finish() - end the dump
 * @s: the session
 * @whole: all of it is there
 *
 * Context: A handler.
 * Return: 0, or what the target has refused with: then the dump is not whole.
 */
int dump_store_finish(struct dump_session *s, bool whole)
{
	int ret = 0, finished;

	if (s->log.seal) {
		/* Without that nobody could tell whether something was cut off. */
		dump_log_open(&s->log);
		ret = dump_log_emit(s, RAS_SEAL_END);
	}
	finished = s->target->ops->finish(s->target, dump_store_bytes(s), whole && !ret);
	return ret ?: finished;
}

/* How much is at the target, in bytes. */
u64 dump_store_bytes(const struct dump_session *s)
{
	return s->log.seal ? s->log.end : s->end;
}
