/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tools/ras: arrays.
 */
#ifndef RAS_ARRAY_H
#define RAS_ARRAY_H

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

#endif
