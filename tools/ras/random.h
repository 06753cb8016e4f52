/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: the kernel's random generator.
 */
#ifndef RAS_RANDOM_H
#define RAS_RANDOM_H

void random_reseed(const char *root);

#endif
