// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine: the file, which is makedumpfile's kdump-compressed format,
 * version 6, as crash(8), drgn and makedumpfile(8) read it (makedumpfile: IMPLEMENTATION,
 * diskdump_mod.h).
 *
 * A reader finds a page's descriptor by its rank among the pages that bitmap 2 has, and
 * the page by the offset in there.  So pages may be stored in any order, and whatever of
 * the file there is can be read, as long as all up to the descriptors is.
 */
#include <linux/crash_core.h>
#include <linux/elfcore.h>
#include <linux/kexec.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "dump.h"
#include "format.h"

#define DUMP_VERSION	6

/* The note that crash_save_cpu() writes, without the empty one that ends a list. */
#define DUMP_CPU_NOTE_BYTES	(CRASH_CORE_NOTE_BYTES - CRASH_CORE_NOTE_HEAD_BYTES)

/* The head of the note of vmcoreinfo. */
struct dump_note_head {
	u32			namesz;
	u32			descsz;
	u32			type;
	char			name[12];
} __packed;

static u64 dump_vmcoreinfo_at(const struct dump_session *s)
{
	return s->layout.sub_header + sizeof(struct dump_sub_header);
}

static u64 dump_notes_at(const struct dump_session *s)
{
	return round_up(dump_vmcoreinfo_at(s) + s->arena->vmcoreinfo_size, 4);
}

static size_t dump_notes_bytes(const struct dump_session *s)
{
	return sizeof(struct dump_note_head) + round_up(s->arena->vmcoreinfo_size, 4) +
	       num_online_cpus() * DUMP_CPU_NOTE_BYTES;
}

/**
 * dump_lay_out() - decide where in the file what is
 * @s: the session, its pages classified
 *
 * Context: A handler.
 */
void dump_lay_out(struct dump_session *s)
{
	struct dump_layout *layout = &s->layout;
	struct dump_arena *arena = s->arena;

	layout->nr_pages = bitmap_weight(arena->keep, arena->nr_pfns);
	layout->sub_header = PAGE_SIZE;
	layout->bitmaps = round_up(dump_notes_at(s) + dump_notes_bytes(s), PAGE_SIZE);
	layout->descs = layout->bitmaps + 2 * arena->bitmap_bytes;
	layout->data = round_up(layout->descs + layout->nr_pages * sizeof(struct dump_desc),
				PAGE_SIZE);
	s->end = layout->data;
	s->zero = 0;
}

/**
 * dump_write_header() - write the first block, which says what the file is
 * @s: the session
 * @whole: all pages are in it
 *
 * Context: A handler.
 * Return: 0, or what the target has refused with.
 */
int dump_write_header(struct dump_session *s, bool whole)
{
	const struct dump_layout *layout = &s->layout;
	struct dump_header *header = s->arena->meta;

	memset(header, 0, PAGE_SIZE);
	memcpy(header->signature, "KDUMP   ", sizeof(header->signature));
	header->version = DUMP_VERSION;
	header->uts = init_uts_ns.name;
	header->tv_sec = ktime_get_real_seconds();
	header->status = (whole ? 0 : DUMP_INCOMPLETE) | s->policy.compression;
	header->block_size = PAGE_SIZE;
	header->sub_header_blocks = (layout->bitmaps - layout->sub_header) / PAGE_SIZE;
	header->bitmap_blocks = (layout->descs - layout->bitmaps) / PAGE_SIZE;
	/* Readers that know of the sub-header take the number there. */
	header->max_mapnr = min_t(u64, s->arena->nr_pfns, U32_MAX);
	header->current_cpu = s->stop->trigger_cpu;
	header->nr_cpus = num_online_cpus();
	return dump_store(s, 0, header, PAGE_SIZE);
}

static int dump_write_sub_header(struct dump_session *s)
{
	struct dump_sub_header header = {
		.phys_base	   = phys_base,
		.dump_level	   = s->policy.level,
		.offset_vmcoreinfo = dump_vmcoreinfo_at(s),
		.size_vmcoreinfo   = s->arena->vmcoreinfo_size,
		.offset_note	   = dump_notes_at(s),
		.size_note	   = dump_notes_bytes(s),
		.max_mapnr_64	   = s->arena->nr_pfns,
	};
	int ret = dump_store(s, s->layout.sub_header, &header, sizeof(header));

	return ret ?: dump_store(s, dump_vmcoreinfo_at(s), s->arena->vmcoreinfo,
				 s->arena->vmcoreinfo_size);
}

/* One note for each online CPU, in order: crash(8) tells the CPUs by their place. */
static int dump_write_notes(struct dump_session *s)
{
	struct dump_note_head head = {
		.namesz	= sizeof("VMCOREINFO"),
		.descsz	= s->arena->vmcoreinfo_size,
		.name	= "VMCOREINFO",
	};
	u64 at = dump_notes_at(s);
	unsigned int cpu;
	int ret;

	for_each_online_cpu(cpu) {
		ret = dump_store(s, at, per_cpu_ptr(crash_notes, cpu), DUMP_CPU_NOTE_BYTES);
		if (ret)
			return ret;
		at += DUMP_CPU_NOTE_BYTES;
	}
	ret = dump_store(s, at, &head, sizeof(head));
	return ret ?: dump_store(s, at + sizeof(head), s->arena->vmcoreinfo,
				 s->arena->vmcoreinfo_size);
}

/* What is there of a former dump must not be taken for descriptors of this one. */
static int dump_clear_descs(struct dump_session *s)
{
	u64 at;
	int ret = 0;

	/* Of a sealed dump a new file is made, which has zeros there. */
	if (s->log.seal)
		return 0;
	memset(s->arena->meta, 0, PAGE_SIZE);
	for (at = s->layout.descs; at < s->layout.data && !ret; at += PAGE_SIZE)
		ret = dump_store(s, at, s->arena->meta,
				 min_t(u64, PAGE_SIZE, s->layout.data - at));
	return ret;
}

/**
 * dump_write_meta() - write all but the pages
 * @s: the session, laid out
 *
 * Context: A handler, after ras_save_notes().
 * Return: 0, or what the target has refused with.
 */
int dump_write_meta(struct dump_session *s)
{
	const struct dump_layout *layout = &s->layout;
	const struct dump_arena *arena = s->arena;

	return dump_clear_descs(s) ?:
	       dump_store(s, layout->bitmaps, arena->ram, arena->bitmap_bytes) ?:
	       dump_store(s, layout->bitmaps + arena->bitmap_bytes, arena->keep,
			  arena->bitmap_bytes) ?:
	       dump_write_sub_header(s) ?:
	       dump_write_notes(s) ?:
	       dump_write_header(s, false);
}

/**
 * dump_write_desc() - say where a page is
 * @s: the session
 * @rank: the number of the page among those that are in the dump
 * @offset: where in the file it is, in bytes
 * @size: how many bytes it takes there
 * @flags: how it is compressed, see enum dump_compression
 *
 * Context: A handler, after the page was written.
 * Return: 0, or what the target has refused with.
 */
int dump_write_desc(struct dump_session *s, u64 rank, u64 offset, u32 size, u32 flags)
{
	u8 desc[DUMP_DESC_BYTES];
	int ret;

	dump_make_desc(desc, offset, size, flags);
	ret = dump_store(s, s->layout.descs + rank * sizeof(desc), desc, sizeof(desc));
	/* Now the page is in the file. */
	if (!ret)
		s->result->written++;
	return ret;
}
