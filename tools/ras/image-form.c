// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: the form of the image of a kernel that hibernates.
 */
#include <endian.h>
#include <stddef.h>
#include <string.h>

#include "crc32.h"
#include "image-form.h"

static uint32_t crc_of(const struct image_head *head)
{
	return crc32(0, head, offsetof(struct image_head, head_crc));
}

static void make_mounts(struct image_head *head, const struct mounts *mounts)
{
	for (size_t i = 0; i < mounts->count; i++) {
		const struct mount *mount = mounts->mounts + i;
		struct image_mount *to = head->mounts + i;

		memcpy(to->name, mount->name, sizeof(to->name));
		to->major = htole32(mount->major);
		to->minor = htole32(mount->minor);
		to->crc = htole32(mount->crc);
	}
	head->nr_mounts = htole32((uint32_t)mounts->count);
}

/**
 * image_head_make() - make the first block of an image
 * @head: set to it
 * @image: what it is to say
 */
void image_head_make(struct image_head *head, const struct image *image)
{
	memset(head, 0, sizeof(*head));
	memcpy(head->magic, IMAGE_MAGIC, sizeof(head->magic));
	memcpy(head->token, image->token, sizeof(head->token));
	head->state = htole32(image->state);
	head->levels = htole32(image->levels);
	head->entry = htole64(image->entry);
	head->memory_end = htole64(image->memory_end);
	head->stored = htole64(image->stored);
	head->bytes = htole64(image->bytes);
	head->records = htole64(image->records);
	head->when = htole64(image->when);
	head->crc = htole32(image->crc);
	head->map_crc = htole32(image->map_crc);
	memcpy(head->release, image->release, sizeof(image->release) - 1);
	memcpy(head->version, image->version, sizeof(image->version) - 1);
	memcpy(head->message, image->message, sizeof(image->message) - 1);
	make_mounts(head, &image->mounts);
	head->parts = htole32(image->parts);
	head->parts_crc = htole32(image->parts_crc);
	head->head_crc = htole32(crc_of(head));
}

/* A text that can be shown on any terminal. */
static void take_text(char *to, size_t size, const char *from)
{
	memcpy(to, from, size - 1);
	to[size - 1] = 0;
	for (; *to; to++)
		if (*to < ' ' || *to > '~')
			*to = '?';
}

/* Return: they make sense. */
static bool take_mounts(struct mounts *mounts, const struct image_head *head)
{
	mounts->count = le32toh(head->nr_mounts);
	if (mounts->count > MOUNTS_MOST)
		return false;
	for (size_t i = 0; i < mounts->count; i++) {
		const struct image_mount *from = head->mounts + i;
		struct mount *mount = mounts->mounts + i;

		take_text(mount->name, sizeof(mount->name), from->name);
		if (!*mount->name || strchr(mount->name, '/'))
			return false;
		mount->major = le32toh(from->major);
		mount->minor = le32toh(from->minor);
		mount->crc = le32toh(from->crc);
	}
	return true;
}

/**
 * image_head_read() - read the first block of an image
 * @head: the block
 * @image: set to what it says, if it is one
 *
 * Return: is it one?
 */
enum image_found image_head_read(const struct image_head *head, struct image *image)
{
	const uint32_t state = le32toh(head->state);

	if (memcmp(head->magic, IMAGE_MAGIC, sizeof(head->magic)))
		return IMAGE_NONE;
	if (le32toh(head->head_crc) != crc_of(head) || state < IMAGE_SAVED || state > IMAGE_STAYED)
		return IMAGE_DAMAGED;
	memset(image, 0, sizeof(*image));
	take_text(image->token, sizeof(image->token), head->token);
	image->state = (enum image_state)state;
	image->levels = le32toh(head->levels);
	image->entry = le64toh(head->entry);
	image->memory_end = le64toh(head->memory_end);
	image->stored = le64toh(head->stored);
	image->bytes = le64toh(head->bytes);
	image->records = le64toh(head->records);
	image->when = le64toh(head->when);
	image->crc = le32toh(head->crc);
	image->map_crc = le32toh(head->map_crc);
	take_text(image->release, sizeof(image->release), head->release);
	take_text(image->version, sizeof(image->version), head->version);
	take_text(image->message, sizeof(image->message), head->message);
	image->parts = le32toh(head->parts);
	image->parts_crc = le32toh(head->parts_crc);
	return take_mounts(&image->mounts, head) ? IMAGE_FOUND : IMAGE_DAMAGED;
}

/**
 * image_record_make() - make a record, without its content
 * @record: set to it
 * @of: what it is to say
 */
void image_record_make(struct image_record *record, const struct image_record *of)
{
	record->address = htole64(of->address);
	record->bytes = htole32(of->bytes);
	record->stored = htole32(of->stored);
	record->method = htole32(of->method);
	record->crc = htole32(of->crc);
}

/**
 * image_record_read() - read a record, without its content
 * @record: as it was on the device; set to what it says
 */
void image_record_read(struct image_record *record)
{
	record->address = le64toh(record->address);
	record->bytes = le32toh(record->bytes);
	record->stored = le32toh(record->stored);
	record->method = le32toh(record->method);
	record->crc = le32toh(record->crc);
}
