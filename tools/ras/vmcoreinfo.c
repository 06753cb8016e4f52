// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump: what the kernel says of itself for those who read dumps.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "vmcoreinfo.h"

/**
 * vmcoreinfo_read() - read the text
 * @info: set to the text
 * @dump: the dump
 * @extent: where it is, in a note or by the header; of any size
 * @why: set to the reason if it cannot be read
 *
 * Return: it was read; where there is none, it is empty.
 */
bool vmcoreinfo_read(struct vmcoreinfo *info, const struct kdump *dump,
		     const struct extent *extent, struct why *why)
{
	info->size = 0;
	info->text[0] = '\0';
	if (extent->size > KDUMP_VMCOREINFO_MAX)
		return refuse(why, "vmcoreinfo is said to have %" PRIu64 " bytes", extent->size);
	if (!bytes_has(dump->bytes, extent->offset, extent->size))
		return refuse(why, "vmcoreinfo has %" PRIu64 " bytes at byte %" PRIu64 ", and the "
			      "file ends after %" PRIu64, extent->size, extent->offset,
			      dump->bytes->size);
	if (!bytes_read(dump->bytes, info->text, (size_t)extent->size, extent->offset))
		return refuse(why, "vmcoreinfo cannot be read: %s", strerror(dump->bytes->error));
	info->size = (size_t)extent->size;
	info->text[info->size] = '\0';
	return true;
}

/* The value of a line; it ends with the line. */
static const char *find(const struct vmcoreinfo *info, const char *name)
{
	const size_t length = strlen(name);
	const char *line = info->text;

	while (line) {
		if (!strncmp(line, name, length) && line[length] == '=')
			return line + length + 1;
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return NULL;
}

/**
 * vmcoreinfo_number() - find a decimal number
 * @info: the text
 * @name: of its line, without the "="
 * @value: set to the number
 *
 * Return: there is such a line, and it has a number and nothing else.
 */
bool vmcoreinfo_number(const struct vmcoreinfo *info, const char *name, int64_t *value)
{
	const char *text = find(info, name);
	char *end;
	long number;

	if (!text || ((*text < '0' || *text > '9') && *text != '-'))
		return false;
	errno = 0;
	number = strtol(text, &end, 10);
	if (errno || (*end && *end != '\n'))
		return false;
	*value = number;
	return true;
}
