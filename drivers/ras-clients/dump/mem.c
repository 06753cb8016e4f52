// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine's target memory: a region that the kernel does not use, and
 * that keeps its content over a warm reboot, as ramoops has one.
 *
 * The kernel that comes up finds the dump there and shows it as a file, until somebody says
 * that it was fetched.  Until then no other dump is written over it.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/crc32.h>
#include <linux/err.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "dump.h"

#define DUMP_AREA_MAGIC		"RASDUMP1"
/* The file begins here in the region. */
#define DUMP_AREA_HEAD		PAGE_SIZE

enum dump_area_state {
	DUMP_AREA_EMPTY,
	DUMP_AREA_BEGUN,
	DUMP_AREA_CUT,
	DUMP_AREA_WHOLE,
	DUMP_AREA_TAKEN,
};

static const char * const dump_area_states[] = {
	[DUMP_AREA_EMPTY]	= "empty",
	[DUMP_AREA_BEGUN]	= "interrupted",
	[DUMP_AREA_CUT]		= "cut off",
	[DUMP_AREA_WHOLE]	= "whole",
	[DUMP_AREA_TAKEN]	= "taken",
};

/**
 * struct dump_area - the head of the region, read by the next kernel
 * @magic: %DUMP_AREA_MAGIC
 * @version: 1
 * @state: see enum dump_area_state
 * @size: of the file behind it, in bytes; as much as there may be while it is being written
 * @crc: CRC-32 of all above
 */
struct dump_area {
	char			magic[8];
	u32			version;
	u32			state;
	u64			size;
	u32			crc;
} __packed;

/**
 * struct dump_mem - the region
 * @target: as the engine sees it
 * @phys: where it is
 * @size: how large, in bytes
 * @map: mapped; what is stored there goes to memory, not to a cache that a reset clears
 * @lock: serializes what is done to it outside a stop
 */
struct dump_mem {
	struct dump_target	target;
	phys_addr_t		phys;
	size_t			size;
	void			*map;
	struct mutex		lock;	/* see above */
};

static u32 dump_area_crc(const struct dump_area *area)
{
	return crc32_le(~0, (const u8 *)area, offsetof(struct dump_area, crc));
}

/* Read the head; one that is none is that of an empty region. */
static void dump_mem_read(const struct dump_mem *mem, struct dump_area *area)
{
	memcpy(area, mem->map, sizeof(*area));
	if (memcmp(area->magic, DUMP_AREA_MAGIC, sizeof(area->magic)) || area->version != 1 ||
	    area->crc != dump_area_crc(area) || area->state >= ARRAY_SIZE(dump_area_states) ||
	    area->size > mem->size - DUMP_AREA_HEAD) {
		memset(area, 0, sizeof(*area));
		area->state = DUMP_AREA_EMPTY;
	}
}

static void dump_mem_mark(struct dump_mem *mem, enum dump_area_state state, u64 size)
{
	struct dump_area area = { .version = 1, .state = state, .size = size };

	memcpy(area.magic, DUMP_AREA_MAGIC, sizeof(area.magic));
	area.crc = dump_area_crc(&area);
	/* What it tells of comes first: the stores to such memory are not ordered. */
	wmb();
	memcpy(mem->map, &area, sizeof(area));
	/* And it is there before anything can reset the machine. */
	wmb();
}

/* Is there something that somebody may still want? */
static bool dump_area_is_used(const struct dump_area *area)
{
	return area->state != DUMP_AREA_EMPTY && area->state != DUMP_AREA_TAKEN;
}

static struct dump_mem *dump_mem_of(struct dump_target *target)
{
	return container_of(target, struct dump_mem, target);
}

static const char *dump_mem_not_ready(struct dump_target *target)
{
	struct dump_area area;

	dump_mem_read(dump_mem_of(target), &area);
	return dump_area_is_used(&area) ? "holds a dump that was not fetched" : NULL;
}

static int dump_mem_start(struct dump_target *target, const struct ras_stop *stop,
			  const struct dump_layout *layout)
{
	struct dump_mem *mem = dump_mem_of(target);

	/* Should this be the end of it, the next kernel shows what there is. */
	dump_mem_mark(mem, DUMP_AREA_BEGUN, mem->size - DUMP_AREA_HEAD);
	return 0;
}

static int dump_mem_write(struct dump_target *target, u64 offset, const void *data, size_t size)
{
	struct dump_mem *mem = dump_mem_of(target);
	u64 room = mem->size - DUMP_AREA_HEAD;

	if (offset > room || size > room - offset)
		return -ENOSPC;
	memcpy(mem->map + DUMP_AREA_HEAD + offset, data, size);
	return 0;
}

static u64 dump_mem_room(struct dump_target *target)
{
	return dump_mem_of(target)->size - DUMP_AREA_HEAD;
}

static int dump_mem_finish(struct dump_target *target, u64 size, bool whole)
{
	struct dump_mem *mem = dump_mem_of(target);

	dump_mem_mark(mem, whole ? DUMP_AREA_WHOLE : DUMP_AREA_CUT,
		      min(size, dump_mem_room(target)));
	return 0;
}

static const struct dump_target_ops dump_mem_ops = {
	.not_ready	= dump_mem_not_ready,
	.start		= dump_mem_start,
	.write		= dump_mem_write,
	.room		= dump_mem_room,
	.finish		= dump_mem_finish,
};

static struct dump_mem dump_mem = {
	.target	= { .name = "memory", .ops = &dump_mem_ops },
	.lock	= __MUTEX_INITIALIZER(dump_mem.lock),
};

/* /sys/kernel/ras/dump/memory/file: the dump that is in the region. */
static ssize_t file_read(struct file *file, struct kobject *kobj, struct bin_attribute *attr,
			 char *buf, loff_t offset, size_t count)
{
	struct dump_mem *mem = &dump_mem;
	struct dump_area area;

	mutex_lock(&mem->lock);
	dump_mem_read(mem, &area);
	if (!dump_area_is_used(&area) || offset >= area.size)
		count = 0;
	count = min_t(u64, count, area.size - offset);
	if (count)
		memcpy(buf, mem->map + DUMP_AREA_HEAD + offset, count);
	mutex_unlock(&mem->lock);
	return count;
}

static BIN_ATTR(file, 0400, file_read, NULL, 0);

/* /sys/kernel/ras/dump/memory/state */
static ssize_t state_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct dump_area area;

	dump_mem_read(&dump_mem, &area);
	return sysfs_emit(buf, "%s\n", dump_area_states[area.state]);
}

static ssize_t state_store(struct kobject *kobj, struct kobj_attribute *attr, const char *buf,
			   size_t count)
{
	struct dump_mem *mem = &dump_mem;
	struct dump_area area;
	int ret = 0;

	if (!sysfs_streq(buf, dump_area_states[DUMP_AREA_TAKEN])) {
		pr_warn("memory/state: \"%.*s\" is not \"taken\"\n", dump_word_of(buf), buf);
		return -EINVAL;
	}
	mutex_lock(&mem->lock);
	dump_mem_read(mem, &area);
	if (dump_area_is_used(&area)) {
		dump_mem_mark(mem, DUMP_AREA_TAKEN, area.size);
	} else {
		pr_warn("memory/state: there is no dump to be taken\n");
		ret = -ENOENT;
	}
	mutex_unlock(&mem->lock);
	return ret ?: count;
}

static struct kobj_attribute dump_mem_state_attr = __ATTR_RW_MODE(state, 0600);

/* /sys/kernel/ras/dump/memory/size, in bytes */
static ssize_t size_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct dump_area area;

	dump_mem_read(&dump_mem, &area);
	return sysfs_emit(buf, "%llu\n", dump_area_is_used(&area) ? area.size : 0);
}

static struct kobj_attribute dump_mem_size_attr = __ATTR_RO_MODE(size, 0400);

static struct attribute *dump_mem_attrs[] = {
	&dump_mem_state_attr.attr,
	&dump_mem_size_attr.attr,
	NULL,
};

static struct bin_attribute *dump_mem_bin_attrs[] = { &bin_attr_file, NULL };

static const struct attribute_group dump_mem_group = {
	.name		= "memory",
	.attrs		= dump_mem_attrs,
	.bin_attrs	= dump_mem_bin_attrs,
};

/* ras_dump.memory=SIZE@ADDRESS */
static int __init dump_mem_parse(struct dump_mem *mem, const char *text)
{
	char *end;

	mem->size = memparse(text, &end);
	if (*end != '@')
		return -EINVAL;
	mem->phys = memparse(end + 1, &end);
	if (*end || !PAGE_ALIGNED(mem->phys) || !PAGE_ALIGNED(mem->size) ||
	    mem->size <= DUMP_AREA_HEAD)
		return -EINVAL;
	return 0;
}

static int __init dump_mem_map(struct dump_mem *mem)
{
	if (region_intersects(mem->phys, mem->size, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) !=
	    REGION_DISJOINT) {
		pr_err("memory=: the kernel uses that memory; see memmap=\n");
		return -EBUSY;
	}
	if (!request_mem_region(mem->phys, mem->size, "ras_dump")) {
		pr_err("memory=: somebody else uses that memory\n");
		return -EBUSY;
	}
	mem->map = memremap(mem->phys, mem->size, MEMREMAP_WC);
	if (!mem->map) {
		release_mem_region(mem->phys, mem->size);
		return -ENOMEM;
	}
	return 0;
}

/**
 * dump_mem_init() - make the region that a boot parameter names a target
 * @parent: the directory /sys/kernel/ras/dump
 * @text: the parameter
 *
 * Return: the target, or an error pointer, with a line in the log that says why.
 */
struct dump_target *__init dump_mem_init(struct kobject *parent, const char *text)
{
	struct dump_mem *mem = &dump_mem;
	struct dump_area area;
	int ret = dump_mem_parse(mem, text);

	if (ret) {
		pr_err("memory=%s is not SIZE@ADDRESS, in whole pages\n", text);
		return ERR_PTR(ret);
	}
	ret = dump_mem_map(mem) ?: sysfs_create_group(parent, &dump_mem_group);
	if (ret)
		return ERR_PTR(ret);
	dump_mem_read(mem, &area);
	if (dump_area_is_used(&area))
		pr_notice("memory holds a dump (%s, %llu KiB): dump/memory/file\n",
			  dump_area_states[area.state], area.size >> 10);
	return &mem->target;
}
