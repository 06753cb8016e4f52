/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rasctl: the public key of a receiver of dumps.
 */
#ifndef RAS_SERVER_KEY_H
#define RAS_SERVER_KEY_H

#include <stdbool.h>

#define SERVER_KEY_FILE	"dump/server_key"
/* A key as text, with a 0 behind. */
#define SERVER_KEY_TEXT	65

bool server_key_read(char *key, const char *word);

#endif
