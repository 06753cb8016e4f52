// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: a token, by which the second kernel knows what the first has prepared.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "extents.h"
#include "say.h"
#include "token.h"

/**
 * token_make() - make a token
 * @token: set to it, of %EXTENT_TOKEN_BYTES
 *
 * Return: there is one; otherwise the reason was said.
 */
bool token_make(char *token)
{
	uint8_t bytes[(EXTENT_TOKEN_BYTES - 1) / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes)) {
		say_failed("random numbers", "%s", strerror(errno));
		return false;
	}
	for (size_t i = 0; i < sizeof(bytes); i++)
		sprintf(token + 2 * i, "%02x", bytes[i]);
	return true;
}
