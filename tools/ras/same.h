/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-dump: are two dumps of the same crash?
 */
#ifndef RAS_SAME_H
#define RAS_SAME_H

#include "kdump-file.h"

bool same_crash(const struct kdump *one, const struct kdump *other, struct why *why);

#endif
