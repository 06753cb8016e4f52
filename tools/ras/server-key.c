// SPDX-License-Identifier: GPL-2.0
/*
 * rasctl: the public key of a receiver of dumps.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "say.h"
#include "server-key.h"

#define DIGITS	(SERVER_KEY_TEXT - 1)

static bool is_key(const char *text)
{
	return strlen(text) == DIGITS && strspn(text, "0123456789abcdefABCDEF") == DIGITS;
}

/* The first line of a file, up to @size.  Return: it was read; otherwise the reason was said. */
static bool read_line(const char *name, char *line, int size)
{
	FILE *file = fopen(name, "re");
	bool good;

	if (!file) {
		say_failed(name, "%s", strerror(errno));
		return false;
	}
	*line = '\0';
	good = fgets(line, size, file) || !ferror(file);
	if (!good)
		say_failed(name, "%s", strerror(errno));
	fclose(file);
	line[strcspn(line, "\n")] = '\0';
	return good;
}

/**
 * server_key_read() - read the public key of a receiver
 * @key: set to it, %SERVER_KEY_TEXT; to nothing if there is no @word
 * @word: the key, or the name of a file that holds it; or %NULL
 *
 * Return: done; otherwise the reason was said.
 */
bool server_key_read(char *key, const char *word)
{
	/* More than a key, so that more is seen. */
	char line[DIGITS + 3] = "";

	if (word && is_key(word))
		memcpy(line, word, DIGITS);
	else if (word && !read_line(word, line, sizeof(line)))
		return false;
	if (word && !is_key(line)) {
		say_failed(word, "is no key: it is not 64 hexadecimal digits");
		return false;
	}
	memcpy(key, line, SERVER_KEY_TEXT);
	return true;
}
