// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: what the second kernel is to do.
 *
 * A job is a text of lines NAME=VALUE.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "decimal.h"
#include "job.h"
#include "say.h"
#include "whole-file.h"

#define TEXT_MOST	65536

/* Names of things to do. */
static const char * const names[] = {
	[JOB_REHEARSE] = "rehearse",
	[JOB_SNAPSHOT] = "snapshot",
	[JOB_SAVE] = "save",
};

/**
 * job_read_text() - read a job that the user has written
 * @path: of the file
 *
 * Return: its text, which the caller frees; %NULL if it makes no sense, which was said.
 */
char *job_read_text(const char *path)
{
	struct job *job = calloc(1, sizeof(*job));
	struct whole_file file = { 0 };
	bool good;

	good = job && whole_file_read(&file, path, TEXT_MOST) &&
	       job_parse(job, path, (const char *)file.data);
	free(job);
	if (good && strlen((const char *)file.data) == file.size)
		return (char *)file.data;
	if (good)
		say_failed(path, "is no text");
	free(file.data);
	return NULL;
}

static bool take_what(struct job *job, const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(names[i], value)) {
			job->what = (enum job_do)i;
			return true;
		}
	}
	return false;
}

/* A name in /dev. */
static bool is_device_name(const char *name, size_t size)
{
	return *name && *name != '.' && strlen(name) < size && !strchr(name, '/');
}

static bool take_disk(struct job *job, const char *value)
{
	if (!is_device_name(value, sizeof(job->disk)))
		return false;
	strcpy(job->disk, value);
	return true;
}

static bool take_token(struct job *job, const char *value)
{
	if (strlen(value) != sizeof(job->token) - 1 ||
	    strspn(value, "0123456789abcdef") != sizeof(job->token) - 1)
		return false;
	strcpy(job->token, value);
	return true;
}

/* Two numbers with a colon in between. */
static bool take_pair(char *value, uint64_t most, uint64_t *one, uint64_t *two)
{
	char *colon = strchr(value, ':');

	if (!colon)
		return false;
	*colon = 0;
	return decimal_parse(value, 0, most, one) && decimal_parse(colon + 1, 0, most, two);
}

static bool take_number(const char *value, uint64_t most, uint32_t *to)
{
	uint64_t number;

	if (!decimal_parse(value, 0, most, &number))
		return false;
	*to = (uint32_t)number;
	return true;
}

static bool take_name(char *name, const char *value)
{
	if (!*value || strlen(value) >= IMAGE_NAME)
		return false;
	strcpy(name, value);
	return true;
}

/* MAJOR:MINOR:NAME */
static bool take_mount(struct job *job, const char *value)
{
	struct mount mount = { 0 };
	uint64_t major, minor;
	char numbers[32];
	const char *name = strrchr(value, ':');

	if (!name || (size_t)(name - value) >= sizeof(numbers))
		return false;
	memcpy(numbers, value, (size_t)(name - value));
	numbers[name - value] = 0;
	if (!is_device_name(++name, sizeof(mount.name)) ||
	    !take_pair(numbers, UINT32_MAX, &major, &minor))
		return false;
	strcpy(mount.name, name);
	mount.major = (uint32_t)major;
	mount.minor = (uint32_t)minor;
	return mounts_add(&job->mounts, &mount);
}

static bool take_method(struct job *job, const char *value)
{
	job->has_method = image_method_find(value, &job->method);
	return job->has_method;
}

/* What only a save has. */
static bool take_for_save(struct job *job, const char *name, const char *value)
{
	if (!strcmp(name, "memory"))
		return decimal_parse(value, EXTENT_BLOCK, INT64_MAX, &job->memory_end) &&
		       !(job->memory_end % EXTENT_BLOCK);
	if (!strcmp(name, "levels"))
		return take_number(value, 5, &job->levels) && job->levels >= 4;
	if (!strcmp(name, "map"))
		return take_number(value, UINT32_MAX, &job->map_crc);
	if (!strcmp(name, "mount"))
		return take_mount(job, value);
	if (!strcmp(name, "release"))
		return take_name(job->release, value);
	if (!strcmp(name, "version"))
		return take_name(job->version, value);
	if (!strcmp(name, "compress"))
		return take_method(job, value);
	if (strcmp(name, "stay") || strcmp(value, "1"))
		return false;
	job->is_staying = true;
	return true;
}

static bool take(struct job *job, const char *name, char *value)
{
	uint64_t one, two;

	if (!strcmp(name, "do"))
		return take_what(job, value);
	if (!strcmp(name, "disk"))
		return take_disk(job, value);
	if (!strcmp(name, "token"))
		return take_token(job, value);
	if (!strcmp(name, "extent"))
		return take_pair(value, INT64_MAX, &one, &two) &&
		       extents_add(&job->extents, one, two);
	if (strcmp(name, "device"))
		return take_for_save(job, name, value);
	if (!take_pair(value, UINT32_MAX, &one, &two))
		return false;
	job->major = (unsigned int)one;
	job->minor = (unsigned int)two;
	return true;
}

/* Return: the line makes sense. */
static bool take_line(struct job *job, char *line, bool *has_what)
{
	char *value = strchr(line, '=');

	if (!*line || *line == '#')
		return true;
	if (!value)
		return false;
	*value++ = 0;
	*has_what |= !strcmp(line, "do");
	return take(job, line, value);
}

/* Return: it has all that it needs; otherwise that was said. */
static bool is_complete(const struct job *job, const char *name)
{
	const bool has_place = *job->disk && *job->token && job->extents.count;

	if (job->what == JOB_SNAPSHOT && !has_place)
		say_failed(name, "a snapshot needs disk=, token= and extent=");
	else if (job->what == JOB_SAVE && !(has_place && job->memory_end && job->levels))
		say_failed(name, "a save needs disk=, token=, extent=, memory= and levels=");
	else
		return true;
	return false;
}

/**
 * job_parse() - read a job
 * @job: set to it; zeros before
 * @name: of the file
 * @text: of it
 *
 * Return: it makes sense; otherwise the reason was said.
 */
bool job_parse(struct job *job, const char *name, const char *text)
{
	char *copy = strdup(text), *rest = copy, *line;
	bool good = copy, has_what = false;
	unsigned int number = 0;

	while (good && (line = strsep(&rest, "\n"))) {
		number++;
		good = take_line(job, line, &has_what);
	}
	free(copy);
	if (!good)
		say_failed(name, "its line %u makes no sense", number);
	else if (!has_what)
		say_failed(name, "does not say what to do");
	else
		return is_complete(job, name);
	return false;
}

static void print_place(FILE *file, const struct job *job)
{
	fprintf(file, "disk=%s\ndevice=%u:%u\ntoken=%s\n", job->disk, job->major, job->minor,
		job->token);
	for (size_t i = 0; i < job->extents.count; i++)
		fprintf(file, "extent=%" PRIu64 ":%" PRIu64 "\n",
			job->extents.extents[i].physical, job->extents.extents[i].length);
}

static void print_save(FILE *file, const struct job *job)
{
	fprintf(file, "memory=%" PRIu64 "\nlevels=%" PRIu32 "\nmap=%" PRIu32 "\n",
		job->memory_end, job->levels, job->map_crc);
	fprintf(file, "release=%s\nversion=%s\n%s", job->release, job->version,
		job->is_staying ? "stay=1\n" : "");
	for (size_t i = 0; i < job->mounts.count; i++)
		fprintf(file, "mount=%" PRIu32 ":%" PRIu32 ":%s\n", job->mounts.mounts[i].major,
			job->mounts.mounts[i].minor, job->mounts.mounts[i].name);
	if (job->has_method)
		fprintf(file, "compress=%s\n", image_method_name(job->method));
}

/**
 * job_text() - write a job
 * @job: the job
 *
 * Return: its text, which the caller frees; %NULL if there is no memory.
 */
char *job_text(const struct job *job)
{
	size_t size;
	char *text = NULL;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		return NULL;
	fprintf(file, "do=%s\n", names[job->what]);
	if (job->what != JOB_REHEARSE)
		print_place(file, job);
	if (job->what == JOB_SAVE)
		print_save(file, job);
	if (!fclose(file))
		return text;
	free(text);
	return NULL;
}
