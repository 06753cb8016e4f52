/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: a dump is taken from where the second kernel has left it.
 */
#ifndef RAS_STREAM_TAKE_H
#define RAS_STREAM_TAKE_H

#include <stdint.h>

/**
 * enum taken - what became of it
 * @TAKEN: there is a dump
 * @TAKEN_NOTHING: the second kernel has left none, or it is damaged; it was said
 * @TAKEN_FAILED: it could not be written or read; it was said
 */
enum taken {
	TAKEN,
	TAKEN_NOTHING,
	TAKEN_FAILED,
};

enum taken stream_take(const char *from, const char *to, const char *token, uint64_t *bytes);

#endif
