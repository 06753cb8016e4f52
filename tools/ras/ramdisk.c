// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: the second kernel's initial file system.
 *
 * The kernel unpacks one archive after the other.  An archive that is not compressed has to begin
 * at a multiple of 4, and zeros before it do not count.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ramdisk.h"
#include "say.h"

#define ALIGN	4u
#define END	"TRAILER!!!"
/* 6 bytes of a magic number and 13 fields. */
#define HEAD	110

/* What an archive has under a name. */
struct member {
	unsigned int	mode;
	unsigned int	major;
	unsigned int	minor;
	const void	*data;
	size_t		size;
};

static size_t aligned(size_t size)
{
	return (size + ALIGN - 1) / ALIGN * ALIGN;
}

/* How much a member of an archive takes, in the form "newc" of cpio. */
static size_t member_size(const char *name, size_t size)
{
	return aligned(HEAD + strlen(name) + 1) + aligned(size);
}

/* Write a member to where there are zeros. */
static void put_member(uint8_t *to, const char *name, const struct member *member)
{
	const unsigned int fields[13] = {
		[1] = member->mode, [4] = 1, [6] = (unsigned int)member->size,
		[9] = member->major, [10] = member->minor,
		[11] = (unsigned int)strlen(name) + 1,
	};
	char head[HEAD + 1] = "070701";

	for (size_t i = 0; i < 13; i++)
		snprintf(head + 6 + 8 * i, 9, "%08x", fields[i]);
	memcpy(to, head, HEAD);
	memcpy(to + HEAD, name, strlen(name));
	if (member->size)
		memcpy(to + aligned(HEAD + strlen(name) + 1), member->data, member->size);
}

/* Return: it is in it; otherwise that was said. */
static bool add(struct whole_file *ramdisk, const char *name, const struct member *member)
{
	const size_t start = aligned(ramdisk->size);
	const size_t size = start + member_size(name, member->size);
	uint8_t *data = member->size <= UINT32_MAX ? realloc(ramdisk->data, size + 1) : NULL;

	if (!data) {
		say_failed("initrd", "no memory");
		return false;
	}
	memset(data + ramdisk->size, 0, size + 1 - ramdisk->size);
	put_member(data + start, name, member);
	ramdisk->data = data;
	ramdisk->size = size;
	return true;
}

/**
 * ramdisk_add_file() - put a file into an initial file system
 * @ramdisk: its archive, or nothing, which becomes longer
 * @name: of the file
 * @mode: its permissions
 * @data: its content
 * @size: of that, in bytes
 *
 * Return: it is in it; otherwise the reason was said.
 */
bool ramdisk_add_file(struct whole_file *ramdisk, const char *name, unsigned int mode,
		      const void *data, size_t size)
{
	const struct member member = { .mode = S_IFREG | mode, .data = data, .size = size };

	return add(ramdisk, name, &member);
}

/**
 * ramdisk_add_directory() - likewise a directory
 * @ramdisk: the archive
 * @name: of the directory
 *
 * Return: it is in it; otherwise the reason was said.
 */
bool ramdisk_add_directory(struct whole_file *ramdisk, const char *name)
{
	const struct member member = { .mode = S_IFDIR | 0755 };

	return add(ramdisk, name, &member);
}

/**
 * ramdisk_add_console() - likewise the console, which the first program has from the beginning
 * @ramdisk: the archive
 *
 * Return: it is in it; otherwise the reason was said.
 */
bool ramdisk_add_console(struct whole_file *ramdisk)
{
	/* Documentation/admin-guide/devices.txt */
	const struct member member = { .mode = S_IFCHR | 0600, .major = 5, .minor = 1 };

	return add(ramdisk, "dev/console", &member);
}

/**
 * ramdisk_end() - end an archive
 * @ramdisk: the archive
 *
 * Return: it is complete; otherwise the reason was said.
 */
bool ramdisk_end(struct whole_file *ramdisk)
{
	const struct member end = { 0 };

	return add(ramdisk, END, &end);
}

/**
 * ramdisk_add_job() - put a job into an initial file system
 * @ramdisk: its archive, which becomes longer
 * @job: the job
 *
 * Return: it is in it; otherwise the reason was said.
 */
bool ramdisk_add_job(struct whole_file *ramdisk, const char *job)
{
	return ramdisk_add_file(ramdisk, RAMDISK_JOB + 1, 0600, job, strlen(job)) &&
	       ramdisk_end(ramdisk);
}
