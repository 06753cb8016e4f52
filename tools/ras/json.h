/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tools/ras: JSON, as it is written.
 */
#ifndef RAS_JSON_H
#define RAS_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/**
 * struct json - an object that is being written
 * @file: where to
 * @has_member: the object or array that is open has a member already
 */
struct json {
	FILE	*file;
	bool	has_member;
};

void json_begin(struct json *json, const char *name, char bracket);
void json_end(struct json *json, char bracket);
void json_string(struct json *json, const char *name, const char *value);
void json_number(struct json *json, const char *name, uint64_t value);
void json_integer(struct json *json, const char *name, int64_t value);
void json_boolean(struct json *json, const char *name, bool value);

#endif
