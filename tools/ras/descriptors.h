/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tools/ras: the descriptors of a program.
 */
#ifndef RAS_DESCRIPTORS_H
#define RAS_DESCRIPTORS_H

void descriptors_fill(void);
void descriptors_raise(void);

#endif
