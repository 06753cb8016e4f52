// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump merge: one dump of parts of it.
 *
 * The descriptor of a page is found by its rank in bitmap 2.  So that bitmap is made first, of
 * those of all parts; then all parts are walked through together, in the order of the pages.
 */
#include <endian.h>
#include <stddef.h>
#include <string.h>

#include "merge.h"
#include "stop.h"

#define WAYS	(KDUMP_ZLIB | KDUMP_LZO | KDUMP_SNAPPY | KDUMP_ZSTD)

/* A part cannot be read.  Return: false, for callers that end with it. */
static bool not_read(struct merge *merge, struct part *part, struct why *why)
{
	merge->failed = part;
	return refuse(why, "cannot be read: %s", strerror(part->dump.bytes->error));
}

/* Copy bytes of the first part to the same place, without its holes. */
static bool copy(struct merge *merge, uint64_t from, uint64_t end, struct why *why)
{
	struct part *first = merge->parts;
	struct bytes *bytes = first->dump.bytes;
	uint8_t *buffer = merge->data.data;

	while (from < end) {
		const uint64_t data = bytes->ops->next_data(bytes, from);
		size_t size = APPEND_BYTES;

		if (data > from)
			from = data;
		if (from >= end)
			break;
		if (size > end - from)
			size = (size_t)(end - from);
		if (!bytes_read(bytes, buffer, size, from))
			return not_read(merge, first, why);
		if (!new_file_write(&merge->file, buffer, size, from))
			return false;
		from += size;
	}
	return true;
}

/* Where the next word is that is in no hole of all second bitmaps. */
static uint64_t skip(struct merge *merge, uint64_t index)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < merge->count; i++) {
		const uint64_t found = bitmap_skip(&merge->parts[i].walk.bitmap, index);

		if (found < next)
			next = found;
	}
	return next;
}

/* A word of the new bitmap 2. */
static bool join(struct merge *merge, uint64_t index, uint64_t *word, struct why *why)
{
	const uint64_t end = merge->parts->dump.max_pfn;

	*word = 0;
	for (size_t i = 0; i < merge->count; i++) {
		uint64_t bits;

		if (!bitmap_word(&merge->parts[i].walk.bitmap, index, &bits))
			return not_read(merge, &merge->parts[i], why);
		*word |= bits;
	}
	if (index == end / 64)
		*word &= (1ull << end % 64) - 1;
	return true;
}

static bool write_bitmap(struct merge *merge, struct why *why)
{
	const struct kdump *dump = &merge->parts->dump;
	const uint64_t start = dump->bitmaps + dump->bitmap_bytes;
	const uint64_t words = (dump->max_pfn + 63) / 64;
	uint64_t word, stored;

	for (size_t i = 0; i < merge->count; i++)
		bitmap_open(&merge->parts[i].walk.bitmap, &merge->parts[i].dump, 1);
	append_begin(&merge->data, &merge->file, start);
	for (uint64_t i = skip(merge, 0); i < words; i = skip(merge, i + 1)) {
		if (!join(merge, i, &word, why))
			return false;
		if (!word)
			continue;
		merge->pages += (uint64_t)__builtin_popcountll(word);
		stored = htole64(word);
		if (!append_skip(&merge->data, start + i * sizeof(stored)) ||
		    !append_bytes(&merge->data, &stored, sizeof(stored)))
			return false;
	}
	return append_end(&merge->data);
}

/* The descriptor of the next page. */
static bool describe(struct merge *merge, uint64_t offset, uint32_t size, uint32_t flags)
{
	const struct kdump_desc desc = {
		.offset	= htole64(offset),
		.size	= htole32(size),
		.flags	= htole32(flags),
	};

	return append_bytes(&merge->table, &desc, sizeof(desc));
}

/* A page of zeros, which is stored once. */
static bool take_zeros(struct merge *merge, struct part *part)
{
	const uint32_t size = part->dump.page_size;

	part->taken++;
	if (!merge->zeros) {
		merge->zeros = append_at(&merge->data);
		if (!append_bytes(&merge->data, merge->zero, size))
			return false;
	}
	return describe(merge, merge->zeros, size, 0);
}

static bool take(struct merge *merge, struct part *part)
{
	const struct page *page = &part->page;
	const bool is_raw = page_kind(page) == PAGE_RAW;
	const void *data = is_raw ? part->unpack->data : part->unpack->stored;

	if (is_raw && page_is_zeros(part->unpack))
		return take_zeros(merge, part);
	part->taken++;
	return describe(merge, append_at(&merge->data), page->size, page->flags) &&
	       append_bytes(&merge->data, data, page->size);
}

/* Does a part have the page that is next there, and is it good? */
static enum page_state look(struct part *part, struct why *why)
{
	const struct page *page = &part->page;
	enum page_state state;

	if (page->is != PAGE_THERE ||
	    (kdump_is_cut(&part->dump) && page_is_beyond(part->unpack, page)))
		return PAGE_BAD;
	state = page_read(part->unpack, page, why);
	/* What ras-dump check says: there was something else. */
	if (state == PAGE_GOOD && page_kind(page) == PAGE_RAW && part->survey.zeros &&
	    !survey_is_zeros(&part->survey, page) && page_is_zeros(part->unpack))
		state = PAGE_BAD;
	if (state == PAGE_BAD)
		part->damaged++;
	return state;
}

/* Find a page in the first part that has it, and take it. */
static bool find(struct merge *merge, uint64_t pfn, struct why *why)
{
	for (size_t i = 0; i < merge->count; i++) {
		struct part *part = &merge->parts[i];

		if (!part->has_page || part->page.pfn != pfn)
			continue;
		switch (look(part, why)) {
		case PAGE_GOOD:
			return take(merge, part);
		case PAGE_UNREADABLE:
			merge->failed = part;
			return false;
		default:
			break;
		}
	}
	merge->missing++;
	return describe(merge, 0, 0, 0);
}

/* Go to the next page in all parts that are at this. */
static bool go_on(struct merge *merge, uint64_t pfn, struct why *why)
{
	for (size_t i = 0; i < merge->count; i++) {
		struct part *part = &merge->parts[i];

		if (part->has_page && part->page.pfn == pfn)
			part->has_page = walk_next(&part->walk, &part->page);
		if (part->dump.bytes->error)
			return not_read(merge, part, why);
	}
	return true;
}

/* The next page that any part should have; the walk has ended if there is none. */
static bool next_page(const struct merge *merge, uint64_t *pfn)
{
	bool found = false;

	for (size_t i = 0; i < merge->count; i++) {
		const struct part *part = &merge->parts[i];

		if (part->has_page && (!found || part->page.pfn < *pfn)) {
			*pfn = part->page.pfn;
			found = true;
		}
	}
	return found;
}

static bool write_pages(struct merge *merge, struct why *why)
{
	const struct kdump *dump = &merge->parts->dump;
	uint64_t pfn = 0;

	merge->progress.total = merge->pages * dump->page_size;
	append_begin(&merge->table, &merge->file, dump->table);
	append_begin(&merge->data, &merge->file,
		     dump->table + merge->pages * sizeof(struct kdump_desc));
	for (size_t i = 0; i < merge->count; i++) {
		struct part *part = &merge->parts[i];

		walk_begin(&part->walk, &part->dump);
		part->has_page = walk_next(&part->walk, &part->page);
		if (part->dump.bytes->error)
			return not_read(merge, part, why);
	}
	while (next_page(merge, &pfn)) {
		if (stop_reason()) {
			merge->failed = merge->parts;
			return refuse(why, "%s", stop_reason());
		}
		/* A file that changes meanwhile: there is no room for more descriptors. */
		if (merge->done++ == merge->pages) {
			merge->failed = merge->parts;
			return refuse(why, "the files are being changed");
		}
		if (!find(merge, pfn, why) || !go_on(merge, pfn, why))
			return false;
		progress_show(&merge->progress, merge->done * dump->page_size);
	}
	return append_end(&merge->table) && append_end(&merge->data) &&
	       new_file_grow(&merge->file, append_at(&merge->data));
}

/* The status of all parts together, and the kinds of pages that all leave out. */
static bool write_status(struct merge *merge)
{
	const struct kdump *first = &merge->parts->dump;
	uint32_t status = 0, common = first->status, level = first->level;
	const uint64_t level_at = first->page_size + offsetof(struct kdump_sub_header, dump_level);

	for (size_t i = 0; i < merge->count; i++) {
		status |= merge->parts[i].dump.status & WAYS;
		common &= merge->parts[i].dump.status;
		level &= merge->parts[i].dump.level;
	}
	status |= common & KDUMP_NO_VMEMMAP;
	if (merge->missing)
		status |= KDUMP_INCOMPLETE;
	status = htole32(status);
	level = htole32(level);
	return new_file_write(&merge->file, &status, sizeof(status),
			      offsetof(struct kdump_header, status)) &&
	       new_file_write(&merge->file, &level, sizeof(level), level_at);
}

/**
 * merge_all() - make one dump of several
 * @merge: the dumps, with its first four fields set, and the others 0
 * @why: set to the reason if @merge.failed is set; otherwise the reason was said
 *
 * Return: it was made.
 */
bool merge_all(struct merge *merge, struct why *why)
{
	const struct kdump *dump = &merge->parts->dump;

	return copy(merge, 0, dump->bitmaps + dump->bitmap_bytes, why) &&
	       write_bitmap(merge, why) && new_file_grow(&merge->file, dump->table) &&
	       write_pages(merge, why) && write_status(merge);
}
