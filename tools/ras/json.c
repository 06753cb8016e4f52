// SPDX-License-Identifier: GPL-2.0
/*
 * tools/ras: JSON, as it is written.
 */
#include <inttypes.h>

#include "json.h"
#include "quote.h"

/* What comes before a value: of members the name, of elements nothing. */
static void print_name(struct json *json, const char *name)
{
	if (json->has_member)
		fputs(", ", json->file);
	json->has_member = true;
	if (name)
		fprintf(json->file, "\"%s\": ", name);
}

/**
 * json_begin() - begin an object or an array
 * @json: where to
 * @name: of the member that it is; or %NULL
 * @bracket: that opens it
 */
void json_begin(struct json *json, const char *name, char bracket)
{
	print_name(json, name);
	fputc(bracket, json->file);
	json->has_member = false;
}

/**
 * json_end() - end what was begun last
 * @json: where to
 * @bracket: that closes it
 */
void json_end(struct json *json, char bracket)
{
	fputc(bracket, json->file);
	json->has_member = true;
}

/**
 * json_string() - write a member or an element that is a string
 * @json: where to
 * @name: of the member; or %NULL
 * @value: the string; what is no UTF-8 is replaced
 */
void json_string(struct json *json, const char *name, const char *value)
{
	print_name(json, name);
	quote_json_to(json->file, value);
}

/**
 * json_number() - write a member or an element that is a number
 * @json: where to
 * @name: of the member; or %NULL
 * @value: the number
 */
void json_number(struct json *json, const char *name, uint64_t value)
{
	print_name(json, name);
	fprintf(json->file, "%" PRIu64, value);
}

/**
 * json_integer() - write a member or an element that is a number, and may be negative
 * @json: where to
 * @name: of the member; or %NULL
 * @value: the number
 */
void json_integer(struct json *json, const char *name, int64_t value)
{
	print_name(json, name);
	fprintf(json->file, "%" PRId64, value);
}

/**
 * json_boolean() - write a member or an element that is true or false
 * @json: where to
 * @name: of the member; or %NULL
 * @value: which
 */
void json_boolean(struct json *json, const char *name, bool value)
{
	print_name(json, name);
	fputs(value ? "true" : "false", json->file);
}
