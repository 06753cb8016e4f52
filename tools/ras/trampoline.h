/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: the few instructions between the first kernel and the second.
 */
#ifndef RAS_TRAMPOLINE_H
#define RAS_TRAMPOLINE_H

/* Where the numbers are that the instructions use, from trampoline_code on. */
#define TRAMPOLINE_DIGITS	8
#define TRAMPOLINE_PARAMS	16
#define TRAMPOLINE_ENTRY	24

#ifndef __ASSEMBLY__
#include <stdint.h>

/* They can run anywhere below 4 GiB; they begin with the first byte. */
extern const uint8_t trampoline_code[];
extern const uint8_t trampoline_end[];
#endif

#endif
