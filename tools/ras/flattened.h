/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: what makedumpfile -F writes, put in order.
 */
#ifndef RAS_FLATTENED_H
#define RAS_FLATTENED_H

#include "new-file.h"
#include "stream-read.h"

/**
 * enum flattened - what became of it
 * @FLATTENED_GOOD: it is in order
 * @FLATTENED_BAD: the stream makes no sense; @why says where
 * @FLATTENED_FAILED: the file could not be written, which was said
 */
enum flattened {
	FLATTENED_GOOD,
	FLATTENED_BAD,
	FLATTENED_FAILED,
};

enum flattened flattened_order(struct stream *stream, struct new_file *file, struct why *why);

#endif
