// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump: the ELF notes of a dump: the registers of each CPU, and vmcoreinfo.
 */
#include <endian.h>
#include <inttypes.h>
#include <string.h>

#include "notes.h"

/* Names have few bytes; with their padding, they are at most that. */
#define NAME_MAX_BYTES	64

/**
 * notes_begin() - begin a way through all notes
 * @notes: the way
 * @dump: the dump
 * @why: set to the reason if there is none
 *
 * Return: the notes are in the file.
 */
bool notes_begin(struct notes *notes, const struct kdump *dump, struct why *why)
{
	const struct extent *extent = &dump->notes;

	notes->dump = dump;
	window_open(&notes->window, dump->bytes);
	notes->at = 0;
	notes->end = 0;
	if (!extent->size)
		return true;
	if (extent->size > KDUMP_NOTES_MAX)
		return refuse(why, "the notes are said to have %" PRIu64 " bytes", extent->size);
	if (!bytes_has(dump->bytes, extent->offset, extent->size))
		return refuse(why, "the notes have %" PRIu64 " bytes at byte %" PRIu64 ", and the "
			      "file ends after %" PRIu64, extent->size, extent->offset,
			      dump->bytes->size);
	notes->at = extent->offset;
	notes->end = extent->offset + extent->size;
	return true;
}

/* Is there nothing but zeros up to the end? */
static bool is_end(struct notes *notes)
{
	for (uint64_t at = notes->at; at < notes->end; at++) {
		const uint8_t *byte = window_at(&notes->window, at, 1);

		if (!byte || *byte)
			return false;
	}
	return true;
}

static enum note_kind kind_of(struct notes *notes, uint32_t type, uint64_t at, uint32_t length)
{
	const char *name = NULL;

	if (length <= NAME_MAX_BYTES)
		name = window_at(&notes->window, at, length);
	if (!name)
		return NOTE_OTHER;
	/* With its 0 or, as some write it, without. */
	if (length && !name[length - 1])
		length--;
	if (length == 4 && !memcmp(name, "CORE", 4) && type == KDUMP_NT_PRSTATUS)
		return NOTE_PRSTATUS;
	return length == 10 && !memcmp(name, "VMCOREINFO", 10) ? NOTE_VMCOREINFO : NOTE_OTHER;
}

static uint64_t padded(uint32_t size)
{
	return ((uint64_t)size + 3) / 4 * 4;
}

/* Set @note to the one that begins here and fits; the last one may lack its padding. */
static bool take(struct notes *notes, const struct kdump_note *head, struct note *note)
{
	const uint32_t name = le32toh(head->namesz), size = le32toh(head->descsz);
	const uint64_t start = sizeof(*head) + padded(name), left = notes->end - notes->at;

	if (start > left || size > left - start)
		return false;
	note->data.offset = notes->at + start;
	note->data.size = size;
	note->kind = kind_of(notes, le32toh(head->type), notes->at + sizeof(*head), name);
	notes->at += padded(size) > left - start ? left : start + padded(size);
	return true;
}

/**
 * notes_next() - go to the next note
 * @notes: the way
 * @note: set to the note
 * @why: set to the reason if what is there is no note; otherwise to nothing
 *
 * Return: there is one.
 */
bool notes_next(struct notes *notes, struct note *note, struct why *why)
{
	const uint64_t before = notes->at - notes->dump->notes.offset;
	struct kdump_note head = { 0 };
	const void *at = NULL;

	*why->text = '\0';
	if (notes->at == notes->end)
		return false;
	if (notes->end - notes->at >= sizeof(head))
		at = window_at(&notes->window, notes->at, sizeof(head));
	if (at)
		memcpy(&head, at, sizeof(head));
	/* A note without a name and content ends the list. */
	if (!head.namesz && !head.descsz && !head.type && is_end(notes))
		return false;
	if (at && head.namesz && take(notes, &head, note))
		return true;
	return refuse(why, "what is at byte %" PRIu64 " of the notes is no note that ends within "
		      "their %" PRIu64 " bytes", before, notes->dump->notes.size);
}

/**
 * note_pid() - the process that a CPU has run
 * @notes: the way
 * @note: of kind %NOTE_PRSTATUS
 * @pid: set to the process; 0 if the CPU was idle
 *
 * Return: the note has one.
 */
bool note_pid(struct notes *notes, const struct note *note, int32_t *pid)
{
	const void *at = NULL;
	uint32_t value;

	if (note->data.size >= KDUMP_PRSTATUS_PID + sizeof(value))
		at = window_at(&notes->window, note->data.offset + KDUMP_PRSTATUS_PID,
			       sizeof(value));
	if (!at)
		return false;
	memcpy(&value, at, sizeof(value));
	*pid = (int32_t)le32toh(value);
	return true;
}
