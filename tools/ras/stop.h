/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tools/ras: signals that ask a program to end.
 */
#ifndef RAS_STOP_H
#define RAS_STOP_H

void stop_catch_signals(void);
const char *stop_reason(void);

#endif
