// SPDX-License-Identifier: GPL-2.0
/*
 * tools/ras: texts in quotes, for programs.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "quote.h"

/*
 * How many bytes the character has that begins here; 0 if it is no UTF-8.  The names of files
 * may be anything, JSON may not.
 */
static size_t utf8_length(const unsigned char *text)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length = 1;
	uint32_t value = *text;

	if (value < 0x80)
		return 1;
	if (value >= 0xc2 && value < 0xe0)
		length = 2, value &= 0x1f;
	else if (value >= 0xe0 && value < 0xf0)
		length = 3, value &= 0x0f;
	else if (value >= 0xf0 && value < 0xf5)
		length = 4, value &= 0x07;
	else
		return 0;
	for (size_t i = 1; i < length; i++) {
		/* The 0 at the end is no continuation. */
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (text[i] & 0x3f);
	}
	if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return 0;
	return length;
}

/**
 * quote_json_to() - write a text as JSON has it
 * @file: where to
 * @string: the text, or %NULL
 */
void quote_json_to(FILE *file, const char *string)
{
	const unsigned char *text = (const unsigned char *)string;

	if (!text) {
		fputs("null", file);
		return;
	}
	fputc('"', file);
	while (*text) {
		const size_t length = utf8_length(text);

		if (!length)
			fputs("\\ufffd", file);
		else if (*text == '"' || *text == '\\')
			fprintf(file, "\\%c", *text);
		else if (*text < 0x20 || *text == 0x7f)
			fprintf(file, "\\u%04x", *text);
		else
			fwrite(text, length, 1, file);
		text += length ? length : 1;
	}
	fputc('"', file);
}

/**
 * quote_json() - the same on standard output
 * @string: the text, or %NULL
 */
void quote_json(const char *string)
{
	quote_json_to(stdout, string);
}
