// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump: are the headers plausible, and what they lead to but the pages?
 *
 * All of this is what makedumpfile and the kernel's own dump engine write.  Readers do with
 * less, each with another part of it.
 */
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "headers.h"
#include "notes.h"
#include "vmcoreinfo.h"

/* What is read of vmcoreinfo: by the header, and by its note. */
struct texts {
	struct vmcoreinfo	own;
	struct vmcoreinfo	noted;
};

static void check_numbers(const struct kdump *dump, struct findings *findings)
{
	const uint64_t bits = 8 * (uint64_t)dump->page_size;
	const uint64_t blocks = 2 * ((dump->max_pfn + bits - 1) / bits);
	const uint64_t claimed = 2 * dump->bitmap_bytes / dump->page_size;
	const uint32_t max_pfn = le32toh(dump->header.max_mapnr);
	const uint64_t max_pfn_64 = le64toh(dump->sub.max_mapnr_64);

	if (claimed != blocks)
		findings_problem(findings, "the bitmaps have %" PRIu64 " blocks, for %" PRIu64
				 " page frames they need %" PRIu64, claimed, dump->max_pfn,
				 blocks);
	/* The number of 32 bits is the least of both. */
	if (dump->version >= 6 &&
	    max_pfn != (max_pfn_64 < UINT32_MAX ? max_pfn_64 : UINT32_MAX))
		findings_problem(findings, "the header says that there are %" PRIu32 " page "
				 "frames, the second one %" PRIu64, max_pfn, max_pfn_64);
	if (dump->status & ~(uint32_t)KDUMP_STATUS)
		findings_problem(findings, "the status in the header is %#" PRIx32
				 ", of which %#" PRIx32 " is not known", dump->status,
				 dump->status & ~(uint32_t)KDUMP_STATUS);
	if (dump->level > 31)
		findings_problem(findings, "the dump level is %" PRIu32 ", the highest is 31",
				 dump->level);
}

static void check_names(const struct kdump *dump, struct findings *findings)
{
	for (unsigned int i = 0; i < KDUMP_UTS; i++)
		if (!memchr(dump->header.uts[i], '\0', KDUMP_UTS_BYTES))
			findings_problem(findings, "the %s of the kernel has no end in the header",
					 kdump_uts_name(i));
}

/* Vmcoreinfo and the notes are between the second header and the bitmaps. */
static void check_place(const struct kdump *dump, const struct extent *extent, const char *name,
			struct findings *findings)
{
	const uint64_t start = dump->page_size;

	if (!extent->size)
		return;
	if (extent->offset < start || extent->offset > dump->bitmaps ||
	    extent->size > dump->bitmaps - extent->offset)
		findings_problem(findings, "%s, %" PRIu64 " bytes at byte %" PRIu64 " of the file, "
				 "does not lie between the headers and the bitmaps", name,
				 extent->size, extent->offset);
}

static void check_places(const struct kdump *dump, struct findings *findings)
{
	const struct extent *erased = &dump->eraseinfo;

	check_place(dump, &dump->vmcoreinfo, "vmcoreinfo", findings);
	check_place(dump, &dump->notes, "the list of notes", findings);
	if (erased->size && !bytes_has(dump->bytes, erased->offset, erased->size))
		findings_problem(findings, "the list of what was erased, %" PRIu64 " bytes at byte "
				 "%" PRIu64 ", is not in the file", erased->size, erased->offset);
}

/* The note of a CPU.  What other machines have in it is not known. */
static void check_cpu(const struct kdump *dump, const struct note *note, unsigned int number,
		      struct findings *findings)
{
	if (!strncmp(dump->header.uts[KDUMP_MACHINE], "x86_64", KDUMP_UTS_BYTES) &&
	    note->data.size != KDUMP_PRSTATUS_BYTES)
		findings_problem(findings, "note %u of a CPU has %" PRIu64 " bytes, not %d",
				 number, note->data.size, KDUMP_PRSTATUS_BYTES);
}

static void check_noted(const struct kdump *dump, struct texts *texts, const struct note *note,
			struct findings *findings)
{
	struct why why;

	if (!vmcoreinfo_read(&texts->noted, dump, &note->data, &why))
		findings_problem(findings, "in its note, %s", why.text);
	else if (texts->noted.size != texts->own.size ||
		 memcmp(texts->noted.text, texts->own.text, texts->own.size))
		findings_problem(findings, "vmcoreinfo in its note is not the one of the second "
				 "header");
}

static void check_notes(const struct kdump *dump, struct texts *texts, struct findings *findings)
{
	const uint32_t expected = le32toh(dump->header.nr_cpus);
	unsigned int cpus = 0, noted = 0;
	struct notes notes;
	struct note note;
	struct why why;

	if (!notes_begin(&notes, dump, &why)) {
		findings_problem(findings, "%s", why.text);
		return;
	}
	while (notes_next(&notes, &note, &why)) {
		if (note.kind == NOTE_PRSTATUS)
			check_cpu(dump, &note, ++cpus, findings);
		/* A second one is none. */
		if (note.kind == NOTE_VMCOREINFO && !noted++)
			check_noted(dump, texts, &note, findings);
	}
	if (*why.text)
		findings_problem(findings, "%s", why.text);
	if (dump->notes.size && expected && cpus != expected)
		findings_problem(findings, "the header says that there are %" PRId32 " CPUs, the "
				 "notes have %u", (int32_t)expected, cpus);
	if (dump->notes.size && texts->own.size && !noted)
		findings_problem(findings, "the notes do not have vmcoreinfo, the second header "
				 "has");
}

static void check_vmcoreinfo(const struct kdump *dump, struct vmcoreinfo *info,
			     struct findings *findings)
{
	struct why why;
	int64_t page_size;

	if (!vmcoreinfo_read(info, dump, &dump->vmcoreinfo, &why))
		findings_problem(findings, "%s", why.text);
	else if (vmcoreinfo_number(info, "PAGESIZE", &page_size) && page_size != dump->page_size)
		findings_problem(findings, "the header says that pages have %" PRIu32 " bytes, "
				 "vmcoreinfo %" PRId64, dump->page_size, page_size);
}

/**
 * headers_check() - check all but the pages and the bitmaps
 * @dump: the dump
 * @findings: where to say what is wrong
 *
 * Return: all was read; otherwise the error of the file is set.
 */
bool headers_check(const struct kdump *dump, struct findings *findings)
{
	struct texts *texts = malloc(sizeof(*texts));

	if (!texts) {
		dump->bytes->error = ENOMEM;
		return false;
	}
	check_numbers(dump, findings);
	check_names(dump, findings);
	check_places(dump, findings);
	check_vmcoreinfo(dump, &texts->own, findings);
	check_notes(dump, texts, findings);
	free(texts);
	return !dump->bytes->error;
}
