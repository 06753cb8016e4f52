/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-savecore: the way of the bytes from a source to a file.
 */
#ifndef RAS_COPY_H
#define RAS_COPY_H

#include "output.h"
#include "source.h"

enum outcome copy_dump(struct source *source, struct output *output, bool is_quiet);

#endif
