// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target block: an area of a disk, written by a polled driver.
 *
 * The engine writes bytes anywhere in the front of the file, where headers, bitmaps and page
 * descriptors are, and appends pages behind that.  The disk takes blocks.  So there is a
 * window on the front, which is read, changed and written back, and a ring of buffers for
 * what is appended, which the disk writes while the CPU fills the next one.
 *
 * A page is durable before a descriptor leads to it: before the window is written, all that
 * was appended is, and the disk's cache is flushed.  So a dump is good up to where it ended,
 * however it ended.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "../dump.h"
#include "area.h"
#include "block.h"
#include "disk.h"

/* Of the front of the file.  The larger, the fewer flushes; 24 bytes of it tell of a page. */
#define DUMP_WINDOW_BYTES	(256 * 1024)
#define DUMP_BUFFERS		4
/* The window and stamps have a tag of their own, behind those of the buffers. */
#define DUMP_WINDOW_TAG		DUMP_BUFFERS

/**
 * struct dump_buffer - a part of what is appended to the file
 * @memory: %DUMP_DISK_BYTES of it
 * @addr: the same, as the device sees it
 * @at: where in the file it is, in bytes
 * @filled: how much is in it, in bytes
 * @next: what is before was given to the disk
 * @end: what is before is to be written; whole blocks
 * @bytes: how much the disk is writing now; 0: nothing
 */
struct dump_buffer {
	void			*memory;
	dma_addr_t		addr;
	u64			at;
	size_t			filled;
	size_t			next;
	size_t			end;
	size_t			bytes;
};

/**
 * struct dump_block - a target
 * @target: as the engine sees it
 * @path: the name of the partition or file
 * @area: where on the disk; NULL while not armed
 * @disk: its polled driver
 * @base: where area->bdev begins on the disk, in sectors
 * @window: %DUMP_WINDOW_BYTES of the front of the file
 * @window_addr: the same, as the device sees it
 * @window_at: where in the file it is, in bytes; U64_MAX: nowhere
 * @window_dirty: it was changed
 * @waiting: the disk is at work on the window, or flushes
 * @block: a block for stamps
 * @block_addr: the same, as the device sees it
 * @stamp: that of extent 0 as it is to be
 * @front: size of the front of the file, in bytes
 * @end: size of the file so far, in bytes
 * @told: what the stamp on the disk says of that
 * @buffer: a ring
 * @current_nr: the one that is being filled
 * @error: why the disk was given up, or 0
 * @heard_ns: when it has answered last
 */
struct dump_block {
	struct dump_target	target;
	char			*path;
	struct dump_area	*area;
	struct dump_disk	*disk;
	u64			base;
	void			*window;
	dma_addr_t		window_addr;
	u64			window_at;
	bool			window_dirty;
	bool			waiting;
	void			*block;
	dma_addr_t		block_addr;
	struct ras_dump_stamp	stamp;
	u64			front;
	u64			end;
	u64			told;
	struct dump_buffer	buffer[DUMP_BUFFERS];
	unsigned int		current_nr;
	int			error;
	u64			heard_ns;
};

static struct dump_block *dump_block_of(struct dump_target *target)
{
	return container_of(target, struct dump_block, target);
}

static u64 dump_block_room(struct dump_target *target)
{
	return dump_block_of(target)->area->blocks * RAS_DUMP_BLOCK;
}

/*
 * Begin to transfer what is at @at of the file, as much as one command can.  Returns how
 * much that is, 0 if the disk cannot take a command now, or an errno.
 */
static ssize_t dump_block_submit(struct dump_block *b, unsigned int tag, enum dump_disk_op op,
				 u64 at, dma_addr_t addr, size_t bytes)
{
	struct dump_command command = { .op = op, .addr = addr };
	u32 blocks;
	int ret;

	command.sector = b->base + dump_area_sector(b->area, at / RAS_DUMP_BLOCK, &blocks);
	command.bytes = min3((u64)bytes, (u64)blocks * RAS_DUMP_BLOCK, (u64)b->disk->max_bytes);
	if (!command.bytes)
		return -ENOSPC;
	ret = b->disk->ops->submit(b->disk, tag, &command);
	if (ret)
		return ret == -EAGAIN ? 0 : ret;
	return command.bytes;
}

/* Give the disk what of the buffers is to be written. */
static void dump_block_feed(struct dump_block *b)
{
	unsigned int i;

	for (i = 0; i < DUMP_BUFFERS && !b->error; i++) {
		struct dump_buffer *buffer = &b->buffer[i];
		ssize_t bytes;

		if (buffer->bytes || buffer->next >= buffer->end)
			continue;
		bytes = dump_block_submit(b, i, DUMP_DISK_WRITE, buffer->at + buffer->next,
					  buffer->addr + buffer->next,
					  buffer->end - buffer->next);
		if (bytes < 0)
			b->error = bytes;
		else
			buffer->bytes = bytes;
	}
}

/* A command has ended. */
static void dump_block_note(struct dump_block *b, unsigned int tag, int error)
{
	b->heard_ns = ras_clock_ns();
	if (error) {
		pr_err("%s: the disk says that it has failed\n", b->path);
		b->error = error;
	} else if (tag == DUMP_WINDOW_TAG) {
		b->waiting = false;
	} else if (tag < DUMP_BUFFERS) {
		b->buffer[tag].next += b->buffer[tag].bytes;
		b->buffer[tag].bytes = 0;
	}
}

/* See what has ended, and keep the disk busy.  Does not wait. */
static void dump_block_pump(struct dump_block *b)
{
	unsigned int tag;
	int error = 0, ret = 0;

	while (!b->error && !(ret = b->disk->ops->poll(b->disk, &tag, &error)))
		dump_block_note(b, tag, error);
	if (!b->error && ret == -ENODEV) {
		pr_err("%s: the disk is gone\n", b->path);
		b->error = ret;
	}
	dump_block_feed(b);
}

/* One step of waiting for the disk: false if it has failed, or is silent for too long. */
static bool dump_block_step(struct dump_block *b)
{
	dump_block_pump(b);
	if (!b->error && ras_clock_ns() - b->heard_ns > DUMP_DISK_TIMEOUT_NS) {
		pr_err("%s: the disk does not answer\n", b->path);
		b->error = -ETIMEDOUT;
	}
	ras_relax();
	return !b->error;
}

/* The next command counts from here. */
static void dump_block_begin(struct dump_block *b)
{
	b->heard_ns = ras_clock_ns();
}

static int dump_block_flush(struct dump_block *b)
{
	const struct dump_command command = { .op = DUMP_DISK_FLUSH };
	int ret = -EAGAIN;

	dump_block_begin(b);
	while (!b->error && ret == -EAGAIN) {
		ret = b->disk->ops->submit(b->disk, DUMP_WINDOW_TAG, &command);
		if (ret == -EAGAIN)
			dump_block_step(b);
		else if (ret)
			b->error = ret;
	}
	b->waiting = !b->error;
	while (b->waiting && dump_block_step(b))
		;
	return b->error;
}

/* Transfer @bytes at @at of the file, and wait for it. */
static int dump_block_transfer(struct dump_block *b, enum dump_disk_op op, u64 at,
			       dma_addr_t addr, size_t bytes)
{
	dump_block_begin(b);
	while (bytes && !b->error) {
		ssize_t done = dump_block_submit(b, DUMP_WINDOW_TAG, op, at, addr, bytes);

		if (done < 0) {
			b->error = done;
			break;
		}
		b->waiting = done;
		if (!done)
			dump_block_step(b);
		while (b->waiting && dump_block_step(b))
			;
		at += done;
		addr += done;
		bytes -= done;
	}
	return b->error;
}

/* Transfer the stamp of an extent. */
static int dump_block_stamp(struct dump_block *b, enum dump_disk_op op, unsigned int extent)
{
	struct dump_command command = {
		.op	= op,
		.sector	= b->base + b->area->extent[extent].sector,
		.addr	= b->block_addr,
		.bytes	= RAS_DUMP_BLOCK,
	};
	int ret = b->error;

	dump_block_begin(b);
	while (!ret && (ret = b->disk->ops->submit(b->disk, DUMP_WINDOW_TAG, &command)) == -EAGAIN)
		ret = dump_block_step(b) ? 0 : b->error;
	if (ret)
		return b->error = ret;
	b->waiting = true;
	while (b->waiting && dump_block_step(b))
		;
	return b->error;
}

/* Tell the next kernel what is there. */
static int dump_block_tell(struct dump_block *b, enum ras_dump_state state, u64 bytes)
{
	b->stamp.state = cpu_to_le32(state);
	b->stamp.bytes = cpu_to_le64(bytes);
	dump_area_seal(&b->stamp);
	memcpy(b->block, &b->stamp, sizeof(b->stamp));
	b->told = bytes;
	return dump_block_stamp(b, DUMP_DISK_WRITE, 0);
}

/* Have the disk write all that was appended so far. */
static int dump_block_sync(struct dump_block *b)
{
	struct dump_buffer *buffer = &b->buffer[b->current_nr];
	size_t end = round_up(buffer->filled, RAS_DUMP_BLOCK);
	unsigned int i;

	memset(buffer->memory + buffer->filled, 0, end - buffer->filled);
	buffer->end = end;
	dump_block_begin(b);
	for (i = 0; i < DUMP_BUFFERS; i++)
		while (!b->error && b->buffer[i].next < b->buffer[i].end)
			dump_block_step(b);
	/* The last block is written again when there is more in it. */
	buffer->next = round_down(buffer->filled, RAS_DUMP_BLOCK);
	buffer->end = buffer->next;
	return b->error;
}

/* How much of the front there is from @at on, in a window. */
static size_t dump_window_bytes(const struct dump_block *b, u64 at)
{
	return min_t(u64, DUMP_WINDOW_BYTES, b->front - at);
}

/* Does the stamp tell of less than there is?  With the first page all of the front is there. */
static bool dump_block_has_more(const struct dump_block *b)
{
	return b->end != b->told && b->end != b->front;
}

/* Write the window back, after all that it tells of. */
static int dump_window_write(struct dump_block *b)
{
	int ret;

	if (!b->window_dirty)
		return b->error;
	ret = dump_block_sync(b) ?: dump_block_flush(b) ?:
	      dump_block_transfer(b, DUMP_DISK_WRITE, b->window_at, b->window_addr,
				  dump_window_bytes(b, b->window_at));
	b->window_dirty = false;
	if (!ret && dump_block_has_more(b))
		ret = dump_block_tell(b, RAS_DUMP_BEGUN, b->end);
	return ret;
}

/* All that was written so far is durable, and the stamp tells of it. */
static int dump_block_flush_all(struct dump_target *target)
{
	struct dump_block *b = dump_block_of(target);
	int ret = dump_window_write(b);

	/* The window is clean: of a sealed dump the front does not change. */
	if (!ret && dump_block_has_more(b))
		ret = dump_block_sync(b) ?: dump_block_flush(b) ?:
		      dump_block_tell(b, RAS_DUMP_BEGUN, b->end);
	return ret ?: dump_block_flush(b);
}

/* Have the window at @at. */
static int dump_window_move(struct dump_block *b, u64 at)
{
	int ret;

	if (at == b->window_at)
		return b->error;
	ret = dump_window_write(b);
	b->window_at = U64_MAX;
	if (!ret)
		ret = dump_block_transfer(b, DUMP_DISK_READ, at, b->window_addr,
					  dump_window_bytes(b, at));
	if (!ret)
		b->window_at = at;
	return ret;
}

/* Change the front of the file. */
static int dump_block_change(struct dump_block *b, u64 offset, const void *data, size_t size)
{
	while (size) {
		u64 at = round_down(offset, DUMP_WINDOW_BYTES);
		size_t part = min_t(u64, size, at + DUMP_WINDOW_BYTES - offset);
		int ret = dump_window_move(b, at);

		if (ret)
			return ret;
		memcpy(b->window + (offset - at), data, part);
		b->window_dirty = true;
		offset += part;
		data += part;
		size -= part;
	}
	return 0;
}

/* Take the next buffer of the ring, as soon as it was written. */
static int dump_block_turn(struct dump_block *b)
{
	struct dump_buffer *full = &b->buffer[b->current_nr], *buffer;

	full->end = DUMP_DISK_BYTES;
	b->current_nr = (b->current_nr + 1) % DUMP_BUFFERS;
	buffer = &b->buffer[b->current_nr];
	dump_block_begin(b);
	dump_block_feed(b);
	while (!b->error && buffer->next < buffer->end)
		dump_block_step(b);
	buffer->at = full->at + DUMP_DISK_BYTES;
	buffer->filled = 0;
	buffer->next = 0;
	buffer->end = 0;
	return b->error;
}

static int dump_block_append(struct dump_block *b, const void *data, size_t size)
{
	while (size) {
		struct dump_buffer *buffer = &b->buffer[b->current_nr];
		size_t part = min_t(size_t, size, DUMP_DISK_BYTES - buffer->filled);

		memcpy(buffer->memory + buffer->filled, data, part);
		buffer->filled += part;
		b->end += part;
		data += part;
		size -= part;
		if (buffer->filled == DUMP_DISK_BYTES && dump_block_turn(b))
			return b->error;
	}
	dump_block_pump(b);
	return b->error;
}

static int dump_block_write(struct dump_target *target, u64 offset, const void *data, size_t size)
{
	struct dump_block *b = dump_block_of(target);
	u64 room = dump_block_room(target);

	if (b->error)
		return b->error;
	if (offset > room || size > room - offset)
		return -ENOSPC;
	if (offset < b->front) {
		size_t part = min_t(u64, size, b->front - offset);
		int ret = dump_block_change(b, offset, data, part);

		if (ret)
			return ret;
		offset += part;
		data += part;
		size -= part;
	}
	/* Pages are appended, and nothing else is behind the front. */
	if (size && offset != b->end)
		return -EINVAL;
	return size ? dump_block_append(b, data, size) : 0;
}

/* Is this the disk that was armed?  Not one byte is written before. */
static int dump_block_verify(struct dump_block *b)
{
	unsigned int i;

	for (i = 0; i < b->area->nr_extents; i++) {
		int ret = dump_block_stamp(b, DUMP_DISK_READ, i);

		if (ret)
			return ret;
		dump_area_stamp(b->area, i, &b->stamp);
		if (!memcmp(b->block, &b->stamp, sizeof(b->stamp)))
			continue;
		pr_err("%s: extent %u has another stamp than when it was armed: left alone\n",
		       b->path, i);
		return -ESTALE;
	}
	return 0;
}

static void dump_block_reset(struct dump_block *b, const struct dump_layout *layout)
{
	unsigned int i;

	b->error = 0;
	b->waiting = false;
	b->front = layout->data;
	b->end = layout->data;
	b->told = 0;
	b->window_at = U64_MAX;
	b->window_dirty = false;
	b->current_nr = 0;
	for (i = 0; i < DUMP_BUFFERS; i++) {
		struct dump_buffer *buffer = &b->buffer[i];

		buffer->filled = 0;
		buffer->next = 0;
		buffer->end = 0;
		buffer->bytes = 0;
	}
	b->buffer[0].at = layout->data;
}

static int dump_block_start(struct dump_target *target, const struct dump_session *s,
			    const struct dump_layout *layout)
{
	struct dump_block *b = dump_block_of(target);
	int ret;

	/* The kernel's own driver would not find its device again. */
	if (s->stop->resumable) {
		pr_warn("%s: is written in a crash only\n", b->path);
		return -EBUSY;
	}
	if (layout->data >= dump_block_room(target))
		return -ENOSPC;
	dump_block_reset(b, layout);
	ret = b->disk->ops->start(b->disk);
	if (ret) {
		pr_err("%s: the disk cannot be started: %d\n", b->path, ret);
		return ret;
	}
	ret = dump_block_verify(b);
	if (ret)
		return ret;
	dump_area_stamp(b->area, 0, &b->stamp);
	b->stamp.time = cpu_to_le64(ktime_get_real_seconds());
	return dump_block_tell(b, RAS_DUMP_BEGUN, 0);
}

static int dump_block_finish(struct dump_target *target, u64 size, bool whole)
{
	struct dump_block *b = dump_block_of(target);
	enum ras_dump_state state = whole ? RAS_DUMP_WHOLE : RAS_DUMP_CUT;

	if (!dump_block_sync(b) && !dump_window_write(b) && !dump_block_flush(b) &&
	    !dump_block_tell(b, state, size))
		dump_block_flush(b);
	/*
	 * A disk that has failed must not go on writing to memory.  One that is silent or gone
	 * would have us wait again; what it may write to is the target's own for good.
	 */
	if (!b->error || b->error == -EIO)
		b->disk->ops->stop(b->disk);
	return b->error;
}

static const char *dump_block_not_ready(struct dump_target *target)
{
	const struct dump_block *b = dump_block_of(target);
	const struct dump_area *area = READ_ONCE(b->area);

	if (!area)
		return "disabled";
	if (dump_device_is_gone(&b->disk->device))
		return "its device has lost its driver";
	return dump_area_is_used(area) ? "holds a dump that was not fetched" : NULL;
}

static void dump_block_free_memory(struct dump_block *b)
{
	unsigned int i;

	for (i = 0; i < DUMP_BUFFERS; i++)
		dump_device_free(&b->disk->device, DUMP_DISK_BYTES, b->buffer[i].memory,
				 b->buffer[i].addr);
	dump_device_free(&b->disk->device, DUMP_WINDOW_BYTES, b->window, b->window_addr);
	dump_device_free(&b->disk->device, RAS_DUMP_BLOCK, b->block, b->block_addr);
}

static int dump_block_alloc_memory(struct dump_block *b)
{
	bool missing = false;
	unsigned int i;

	for (i = 0; i < DUMP_BUFFERS; i++) {
		struct dump_buffer *buffer = &b->buffer[i];

		buffer->memory = dump_device_alloc(&b->disk->device, DUMP_DISK_BYTES,
						   &buffer->addr);
		missing |= !buffer->memory;
	}
	b->window = dump_device_alloc(&b->disk->device, DUMP_WINDOW_BYTES, &b->window_addr);
	b->block = dump_device_alloc(&b->disk->device, RAS_DUMP_BLOCK, &b->block_addr);
	if (!missing && b->window && b->block)
		return 0;
	dump_block_free_memory(b);
	return -ENOMEM;
}

static int dump_block_arm(struct dump_target *target)
{
	struct dump_block *b = dump_block_of(target);
	struct dump_area *area;
	int ret;

	BUILD_BUG_ON(DUMP_WINDOW_TAG >= DUMP_DISK_TAGS);
	area = dump_area_arm(b->path);
	if (IS_ERR(area))
		return PTR_ERR(area);
	b->base = get_start_sect(area->bdev);
	b->disk = dump_disk_arm(area->bdev);
	if (IS_ERR(b->disk)) {
		ret = PTR_ERR(b->disk);
		goto disarm_area;
	}
	ret = dump_block_alloc_memory(b);
	if (ret)
		goto disarm_disk;
	b->target.memory = DUMP_BUFFERS * DUMP_DISK_BYTES + DUMP_WINDOW_BYTES + RAS_DUMP_BLOCK;
	ret = dump_device_watch(&b->disk->device, b->path);
	if (!ret) {
		WRITE_ONCE(b->area, area);
		return 0;
	}
	dump_block_free_memory(b);
disarm_disk:
	dump_disk_disarm(b->disk);
disarm_area:
	dump_area_disarm(area);
	return ret;
}

static void dump_block_disarm(struct dump_target *target)
{
	struct dump_block *b = dump_block_of(target);
	struct dump_area *area = b->area;

	WRITE_ONCE(b->area, NULL);
	dump_device_unwatch(&b->disk->device);
	dump_block_free_memory(b);
	dump_disk_disarm(b->disk);
	dump_area_disarm(area);
}

static void dump_block_release(struct dump_target *target)
{
	struct dump_block *b = dump_block_of(target);

	kfree(b->path);
	kvfree(b);
}

static const struct dump_target_ops dump_block_ops = {
	.arm		= dump_block_arm,
	.disarm		= dump_block_disarm,
	.release	= dump_block_release,
	.not_ready	= dump_block_not_ready,
	.start		= dump_block_start,
	.write		= dump_block_write,
	.room		= dump_block_room,
	.flush		= dump_block_flush_all,
	.finish		= dump_block_finish,
};

/**
 * dump_block_new() - make a partition or a file a target
 * @path: its name
 *
 * Context: Process context.
 * Return: the target, which is to be armed; or an error pointer.
 */
struct dump_target *dump_block_new(const char *path)
{
	struct dump_block *b = kvzalloc(sizeof(*b), GFP_KERNEL);

	if (!b)
		return ERR_PTR(-ENOMEM);
	b->path = kstrdup(path, GFP_KERNEL);
	if (!b->path) {
		kvfree(b);
		return ERR_PTR(-ENOMEM);
	}
	b->target.name = b->path;
	b->target.ops = &dump_block_ops;
	return &b->target;
}

#ifdef CONFIG_RAS_KUNIT_TEST
#include "block_kunit.c"
#endif
