/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rasctl: the plan, which is for people.
 */
#ifndef RAS_PLAN_H
#define RAS_PLAN_H

#include <stddef.h>

const char *plan_section(const char *plan, const char *trigger, size_t *length);
char *plan_reason(const char *plan, const char *trigger, const char *handler);

#endif
