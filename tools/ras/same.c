// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump: are two dumps of the same crash?
 *
 * The time of a crash, to the second, and all that the kernel says of itself, tell it from others.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bitmap.h"
#include "same.h"
#include "vmcoreinfo.h"

static bool same_names(const struct kdump *one, const struct kdump *other, struct why *why)
{
	for (unsigned int i = 0; i < KDUMP_UTS; i++)
		if (strncmp(one->header.uts[i], other->header.uts[i], KDUMP_UTS_BYTES))
			return refuse(why, "the %s of the kernel differs", kdump_uts_name(i));
	return true;
}

static bool same_numbers(const struct kdump *one, const struct kdump *other, struct why *why)
{
	if (one->page_size != other->page_size)
		return refuse(why, "the size of a page differs");
	if (one->max_pfn != other->max_pfn || one->bitmap_bytes != other->bitmap_bytes)
		return refuse(why, "the number of page frames differs");
	if (one->sub.phys_base != other->sub.phys_base)
		return refuse(why, "phys_base differs");
	return true;
}

static bool same_texts(const struct kdump *one, const struct kdump *other,
		       struct vmcoreinfo *texts, struct why *why)
{
	int64_t time;

	if (!vmcoreinfo_read(&texts[0], one, &one->vmcoreinfo, why) ||
	    !vmcoreinfo_read(&texts[1], other, &other->vmcoreinfo, why))
		return false;
	if (texts[0].size != texts[1].size ||
	    memcmp(texts[0].text, texts[1].text, texts[0].size))
		return refuse(why, "vmcoreinfo differs");
	if (!vmcoreinfo_number(&texts[0], "CRASHTIME", &time))
		return refuse(why, "vmcoreinfo has no CRASHTIME: of which crash it is, nobody "
			      "can tell");
	return true;
}

static bool same_vmcoreinfo(const struct kdump *one, const struct kdump *other,
			    struct why *why)
{
	struct vmcoreinfo *texts = calloc(2, sizeof(*texts));
	bool same;

	if (!texts)
		return refuse(why, "no memory");
	same = same_texts(one, other, texts, why);
	free(texts);
	return same;
}

static bool same_memory(const struct kdump *one, const struct kdump *other, struct why *why)
{
	struct bitmap mine, theirs;
	uint64_t left, right;

	bitmap_open(&mine, one, 0);
	bitmap_open(&theirs, other, 0);
	for (uint64_t i = 0; i < mine.words; i++) {
		const uint64_t next = bitmap_skip(&mine, i), skipped = bitmap_skip(&theirs, i);

		i = next < skipped ? next : skipped;
		if (i >= mine.words)
			break;
		if (!bitmap_word(&mine, i, &left))
			return refuse(why, "the first bitmap of the other cannot be read: %s",
				      strerror(one->bytes->error));
		if (!bitmap_word(&theirs, i, &right))
			return refuse(why, "the first bitmap cannot be read: %s",
				      strerror(other->bytes->error));
		if (left != right)
			return refuse(why, "the first bitmap differs, at page frame 0x%" PRIx64,
				      i * 64 + (uint64_t)__builtin_ctzll(left ^ right));
	}
	return true;
}

/**
 * same_crash() - are two dumps of the same crash?
 * @one: a dump
 * @other: another
 * @why: set to what differs
 */
bool same_crash(const struct kdump *one, const struct kdump *other, struct why *why)
{
	return same_names(one, other, why) && same_numbers(one, other, why) &&
	       same_vmcoreinfo(one, other, why) && same_memory(one, other, why);
}
