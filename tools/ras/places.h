/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-dump: do pages overlap in the file?
 */
#ifndef RAS_PLACES_H
#define RAS_PLACES_H

#include "findings.h"
#include "survey.h"

bool places_check(const struct kdump *dump, const struct survey *survey,
		  struct findings *findings);

#endif
