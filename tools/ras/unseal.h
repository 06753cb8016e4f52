/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-dump unseal: the ordinary dump that is in a sealed one.
 */
#ifndef RAS_UNSEAL_H
#define RAS_UNSEAL_H

#include "new-file.h"
#include "numbers.h"
#include "progress.h"
#include "seal.h"

/* Where a file may end at most: that of who can seal, which is everybody, has to be bounded. */
#define UNSEAL_FILE_MAX	(1ull << 44)

/**
 * enum unsealed - what came of a sealed dump
 * @UNSEALED_WHOLE: all of it is in the file
 * @UNSEALED_CUT: the file has what there was before the log ended
 * @UNSEALED_CHANGED: the file has what there was before something was changed
 * @UNSEALED_FAILED: something else went wrong
 */
enum unsealed {
	UNSEALED_WHOLE,
	UNSEALED_CUT,
	UNSEALED_CHANGED,
	UNSEALED_FAILED,
};

/**
 * struct unseal - a sealed dump that is made an ordinary one
 * @seal: the sealed dump, which is open
 * @file: the ordinary dump
 * @progress: of it
 * @numbers: the segments that were there
 * @counter: how many segments with records there were
 * @segments: how many segments there were
 * @records: what is in the segment with records that is looked at
 * @pages: what is in a segment that a record names
 */
struct unseal {
	struct seal	seal;
	struct new_file	file;
	struct progress	progress;
	struct numbers	numbers;
	uint64_t	counter;
	uint64_t	segments;
	uint8_t		records[RAS_SEAL_LENGTH_MAX];
	uint8_t		pages[RAS_SEAL_LENGTH_MAX];
};

enum unsealed unseal_all(struct unseal *unseal, struct why *why);

#endif
