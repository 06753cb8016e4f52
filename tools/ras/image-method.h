/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: the ways in which the content of a record is stored, and their names.
 */
#ifndef RAS_IMAGE_METHOD_H
#define RAS_IMAGE_METHOD_H

#include <stdbool.h>
#include <stdint.h>

/* How the content of a record is stored.  The numbers are on the device. */
enum image_method {
	IMAGE_PLAIN,
	IMAGE_ZSTD,
	IMAGE_LZ4,
	IMAGE_METHODS,		/* how many there are */
};

const char *image_method_name(enum image_method method);
bool image_method_find(const char *name, enum image_method *method);
bool image_method_is_built_in(enum image_method method);
enum image_method image_method_default(void);

#endif
