/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rasctl: is there somebody who fetches dumps at boot?
 */
#ifndef RAS_INSTALLED_H
#define RAS_INSTALLED_H

#include <stdbool.h>

/* Whether a systemd unit is enabled. */
enum unit {
	UNIT_ENABLED,
	UNIT_NOT_ENABLED,
	UNIT_NO_SYSTEMD,
};

bool installed_program(const char *name);
enum unit installed_unit(const char *name);

#endif
