/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-dump: are the headers plausible, and what they lead to but the pages?
 */
#ifndef RAS_HEADERS_H
#define RAS_HEADERS_H

#include "findings.h"

bool headers_check(const struct kdump *dump, struct findings *findings);

#endif
