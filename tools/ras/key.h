/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tools/ras: keys, as text and in files.
 */
#ifndef RAS_KEY_H
#define RAS_KEY_H

#include "crypt.h"

/* A key as text, with a 0 behind. */
#define KEY_TEXT	(2 * CRYPT_KEY_BYTES + 1)

void key_text(char *text, const uint8_t *key);
bool key_read(uint8_t *key, const char *name, struct why *why);
bool key_word(uint8_t *key, const char *word, struct why *why);
bool key_write(const uint8_t *key, const char *path);

#endif
