/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-dump: the ELF notes of a dump: the registers of each CPU, and vmcoreinfo.
 */
#ifndef RAS_NOTES_H
#define RAS_NOTES_H

#include "kdump-file.h"

/* What a note is. */
enum note_kind {
	NOTE_PRSTATUS,
	NOTE_VMCOREINFO,
	NOTE_OTHER,
};

/**
 * struct note - a note
 * @kind: what it is
 * @data: where in the file its content is
 */
struct note {
	enum note_kind	kind;
	struct extent	data;
};

/**
 * struct notes - a way through all notes
 * @dump: the dump
 * @window: the part of them that is looked at
 * @at: where in the file the next one is
 * @end: where the last ends
 */
struct notes {
	const struct kdump	*dump;
	struct window		window;
	uint64_t		at;
	uint64_t		end;
};

bool notes_begin(struct notes *notes, const struct kdump *dump, struct why *why);
bool notes_next(struct notes *notes, struct note *note, struct why *why);
bool note_pid(struct notes *notes, const struct note *note, int32_t *pid);

#endif
