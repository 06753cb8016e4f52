// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: a kernel in the form of bzImage.
 *
 * See Documentation/x86/boot.rst in the kernel's source.
 */
#include <endian.h>
#include <string.h>

#include "bzimage.h"
#include "memory-map.h"
#include "say.h"

#define SECTOR		512u
#define HEADER_AT	0x1f1
/* Where the header ends: this byte says how far from 0x202. */
#define HEADER_LENGTH	0x201
/* The first version whose images say what a 64-bit entry is good for. */
#define VERSION		0x020c
/* Any kernel; more would be nonsense. */
#define ROOM_MAX	(1u << 30)

/* Copy as much of the header as there is. */
static void take_header(struct setup_header *header, const uint8_t *data)
{
	size_t length = 0x202 + data[HEADER_LENGTH] - (size_t)HEADER_AT;

	memset(header, 0, sizeof(*header));
	if (length > sizeof(*header))
		length = sizeof(*header);
	memcpy(header, data + HEADER_AT, length);
}

/* Return: NULL, or why this kernel cannot be loaded. */
static const char *why_not(const struct setup_header *header)
{
	if (header->boot_flag != 0xaa55 || header->header != 0x53726448)
		return "is no bzImage";
	if (header->version < VERSION)
		return "is a kernel of an old boot protocol, older than 2.12";
	if (!(header->loadflags & LOADED_HIGH))
		return "is a zImage, no bzImage";
	if (!(header->xloadflags & XLF_KERNEL_64))
		return "has no 64-bit entry";
	if (!header->relocatable_kernel)
		return "is not relocatable";
	if (!header->init_size || header->init_size > ROOM_MAX)
		return "does not say how much memory it needs";
	if (header->kernel_alignment < MEMORY_PAGE ||
	    header->kernel_alignment & (header->kernel_alignment - 1) ||
	    header->kernel_alignment > ROOM_MAX)
		return "does not say how it is to be aligned";
	if (header->pref_address > ROOM_MAX)
		return "wants to be above 1 GiB";
	return NULL;
}

static bool refused(const char *name, const char *reason)
{
	say_failed(name, "%s", reason);
	return false;
}

/**
 * bzimage_check() - can this kernel be loaded?
 * @image: set to what it says of itself
 * @name: of the file
 * @data: the file, which @image goes on to use
 * @size: of it
 *
 * Return: yes; otherwise the reason was said.
 */
bool bzimage_check(struct bzimage *image, const char *name, const uint8_t *data, size_t size)
{
	const char *reason;
	size_t setup;

	/* The header, and what is behind it up to the longest that it can be. */
	if (size < 2 * SECTOR)
		return refused(name, "is no bzImage");
	take_header(&image->header, data);
	reason = why_not(&image->header);
	if (reason)
		return refused(name, reason);
	/* 0 stands for 4; and there is the boot sector. */
	setup = ((image->header.setup_sects ? image->header.setup_sects : 4u) + 1) * SECTOR;
	if (setup >= size || size - setup < (uint64_t)image->header.syssize * 16)
		return refused(name, "is cut off");
	image->data = data + setup;
	image->size = size - setup;
	image->room = (image->header.init_size + MEMORY_PAGE - 1) & ~(uint64_t)(MEMORY_PAGE - 1);
	if (image->size > image->room || image->size <= BZIMAGE_ENTRY)
		return refused(name, "does not fit into the memory that it says it needs");
	image->align = image->header.kernel_alignment;
	/* Loaded lower it would move there, and overwrite what is behind it. */
	image->least = image->header.pref_address;
	return true;
}
