// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: the second kernel's initial file system, with the job in it.
 *
 * The kernel unpacks one archive after the other.  An archive that is not compressed has to begin
 * at a multiple of 4, and zeros before it do not count.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ramdisk.h"
#include "say.h"

#define ALIGN	4u
#define END	"TRAILER!!!"
/* 6 bytes of a magic number and 13 fields. */
#define HEAD	110

static size_t aligned(size_t size)
{
	return (size + ALIGN - 1) / ALIGN * ALIGN;
}

/* How much a member of an archive takes, in the form "newc" of cpio. */
static size_t member_size(const char *name, size_t size)
{
	return aligned(HEAD + strlen(name) + 1) + aligned(size);
}

/* Write a member to where there are zeros.  Return: what is behind it. */
static uint8_t *put_member(uint8_t *to, const char *name, unsigned int mode, const char *data,
			   size_t size)
{
	const unsigned int fields[13] = {
		[1] = mode, [4] = 1, [6] = (unsigned int)size,
		[11] = (unsigned int)strlen(name) + 1,
	};
	char head[HEAD + 1] = "070701";

	for (size_t i = 0; i < 13; i++)
		snprintf(head + 6 + 8 * i, 9, "%08x", fields[i]);
	memcpy(to, head, HEAD);
	memcpy(to + HEAD, name, strlen(name));
	memcpy(to + aligned(HEAD + strlen(name) + 1), data, size);
	return to + member_size(name, size);
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
	const char *name = RAMDISK_JOB + 1;
	const size_t start = aligned(ramdisk->size);
	const size_t size = start + member_size(name, strlen(job)) + member_size(END, 0);
	uint8_t *data = realloc(ramdisk->data, size + 1);

	if (!data) {
		say_failed("initrd", "no memory");
		return false;
	}
	memset(data + ramdisk->size, 0, size + 1 - ramdisk->size);
	put_member(put_member(data + start, name, 0100600, job, strlen(job)), END, 0, "", 0);
	ramdisk->data = data;
	ramdisk->size = size;
	return true;
}
