// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target memory: a region that the kernel does not use, and
 * that keeps its content over a warm reboot, as ramoops has one.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/crc32.h>
#include <linux/err.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "memory.h"

#define DUMP_AREA_MAGIC		"RASDUMP1"
/* The file begins here in the region. */
#define DUMP_AREA_HEAD		PAGE_SIZE

/**
 * struct dump_area - the head of the region, read by the next kernel
 * @magic: %DUMP_AREA_MAGIC
 * @version: 1
 * @state: see enum dump_kept_state
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
 * struct dump_region - the region
 * @keeper: as the engine sees it
 * @phys: where it is
 * @size: how large, in bytes
 * @map: mapped; what is stored there goes to memory, not to a cache that a reset clears
 */
struct dump_region {
	struct dump_keeper	keeper;
	phys_addr_t		phys;
	size_t			size;
	void			*map;
};

static u32 dump_area_crc(const struct dump_area *area)
{
	return crc32_le(~0, (const u8 *)area, offsetof(struct dump_area, crc));
}

static struct dump_region *dump_region_of(struct dump_target *target)
{
	return container_of(target, struct dump_region, keeper.target);
}

/* A head that is none is that of an empty region. */
static void dump_region_look(struct dump_keeper *keeper, struct dump_kept *kept)
{
	const struct dump_region *region = dump_region_of(&keeper->target);
	struct dump_area area;

	memcpy(&area, region->map, sizeof(area));
	if (memcmp(area.magic, DUMP_AREA_MAGIC, sizeof(area.magic)) || area.version != 1 ||
	    area.crc != dump_area_crc(&area) || area.state >= DUMP_KEPT_STATES ||
	    area.size > region->size - DUMP_AREA_HEAD) {
		kept->state = DUMP_KEPT_EMPTY;
		kept->size = 0;
		return;
	}
	kept->state = area.state;
	kept->size = area.size;
}

static void dump_region_mark(struct dump_region *region, enum dump_kept_state state, u64 size)
{
	struct dump_area area = { .version = 1, .state = state, .size = size };

	memcpy(area.magic, DUMP_AREA_MAGIC, sizeof(area.magic));
	area.crc = dump_area_crc(&area);
	/* What it tells of comes first: the stores to such memory are not ordered. */
	wmb();
	memcpy(region->map, &area, sizeof(area));
	/* And it is there before anything can reset the machine. */
	wmb();
}

static void dump_region_read(struct dump_keeper *keeper, u64 offset, void *buf, size_t size)
{
	memcpy(buf, dump_region_of(&keeper->target)->map + DUMP_AREA_HEAD + offset, size);
}

static void dump_region_taken(struct dump_keeper *keeper)
{
	struct dump_kept kept;

	dump_region_look(keeper, &kept);
	dump_region_mark(dump_region_of(&keeper->target), DUMP_KEPT_TAKEN, kept.size);
}

static const struct dump_keeper_ops dump_region_keeper_ops = {
	.look	= dump_region_look,
	.read	= dump_region_read,
	.taken	= dump_region_taken,
};

static const char *dump_region_not_ready(struct dump_target *target)
{
	struct dump_kept kept;

	dump_region_look(&dump_region_of(target)->keeper, &kept);
	return dump_kept_is_wanted(&kept) ? "holds a dump that was not fetched" : NULL;
}

static u64 dump_region_room(struct dump_target *target)
{
	return dump_region_of(target)->size - DUMP_AREA_HEAD;
}

static int dump_region_start(struct dump_target *target, const struct dump_session *s,
			     const struct dump_layout *layout)
{
	/* Should this be the end of it, the next kernel shows what there is. */
	dump_region_mark(dump_region_of(target), DUMP_KEPT_BEGUN, dump_region_room(target));
	return 0;
}

static int dump_region_write(struct dump_target *target, u64 offset, const void *data,
			     size_t size)
{
	u64 room = dump_region_room(target);

	if (offset > room || size > room - offset)
		return -ENOSPC;
	memcpy(dump_region_of(target)->map + DUMP_AREA_HEAD + offset, data, size);
	return 0;
}

static int dump_region_finish(struct dump_target *target, u64 size, bool whole)
{
	dump_region_mark(dump_region_of(target), whole ? DUMP_KEPT_WHOLE : DUMP_KEPT_CUT,
			 min(size, dump_region_room(target)));
	return 0;
}

static const struct dump_target_ops dump_region_ops = {
	.not_ready	= dump_region_not_ready,
	.start		= dump_region_start,
	.write		= dump_region_write,
	.room		= dump_region_room,
	.finish		= dump_region_finish,
};

static struct dump_region dump_region = {
	.keeper.target	= { .name = "memory", .ops = &dump_region_ops },
	.keeper.ops	= &dump_region_keeper_ops,
};

/* SIZE@ADDRESS */
static int __init dump_region_parse(struct dump_region *region, const char *text)
{
	char *end;

	region->size = memparse(text, &end);
	if (*end != '@')
		return -EINVAL;
	region->phys = memparse(end + 1, &end);
	if (*end || !PAGE_ALIGNED(region->phys) || !PAGE_ALIGNED(region->size) ||
	    region->size <= DUMP_AREA_HEAD)
		return -EINVAL;
	return 0;
}

static int __init dump_region_map(struct dump_region *region)
{
	if (region_intersects(region->phys, region->size, IORESOURCE_SYSTEM_RAM,
			      IORES_DESC_NONE) != REGION_DISJOINT) {
		pr_err("memory=: the kernel uses that memory; see memmap=\n");
		return -EBUSY;
	}
	if (!request_mem_region(region->phys, region->size, "ras_dump")) {
		pr_err("memory=: somebody else uses that memory\n");
		return -EBUSY;
	}
	region->map = memremap(region->phys, region->size, MEMREMAP_WC);
	if (!region->map) {
		release_mem_region(region->phys, region->size);
		return -ENOMEM;
	}
	return 0;
}

/**
 * dump_region_init() - keep dumps in a region
 * @text: where it is, as the boot parameter has it
 *
 * Return: the keeper, or an error pointer, with a line in the log that says why.
 */
struct dump_keeper *__init dump_region_init(const char *text)
{
	int ret = dump_region_parse(&dump_region, text);

	if (ret)
		pr_err("memory=%s is not borrow, nor SIZE@ADDRESS in whole pages\n", text);
	ret = ret ?: dump_region_map(&dump_region);
	return ret ? ERR_PTR(ret) : &dump_region.keeper;
}
