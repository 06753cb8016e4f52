// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: what the kernel calls a block device.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "block-name.h"

/**
 * block_name() - the name of a block device in /dev
 * @root: what is put before the names of the kernel's files
 * @major: @minor: its numbers
 * @name: set to it
 * @size: of @name
 *
 * Return: there is such a device, and its name fits.
 */
bool block_name(const char *root, unsigned int major, unsigned int minor, char *name,
		size_t size)
{
	char link[4096], to[4096], *slash;
	ssize_t length;

	snprintf(link, sizeof(link), "%s/sys/dev/block/%u:%u", root, major, minor);
	length = readlink(link, to, sizeof(to) - 1);
	if (length <= 0)
		return false;
	to[length] = 0;
	slash = strrchr(to, '/');
	slash = slash ? slash + 1 : to;
	if (strlen(slash) >= size)
		return false;
	strcpy(name, slash);
	return true;
}
