// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: in the second kernel, the memory of the first is saved.
 *
 * The memory is a sparse file: what is a hole was free, or is no RAM, or is this kernel's.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crc32.h"
#include "image-pack.h"
#include "image-write.h"
#include "kexec-call.h"
#include "pace.h"
#include "say.h"
#include "sink.h"
#include "superblocks.h"

/**
 * struct saver - what is being saved
 * @sink: where to
 * @memory: the file of the memory
 * @packer: stores it
 * @image: what becomes of it
 * @pace: how far it is
 */
struct saver {
	struct sink	sink;
	int		memory;
	struct packer	packer;
	struct image	image;
	struct pace	pace;
};

/* Memory that is in use. */
struct run {
	uint64_t	start;
	uint64_t	end;
};

/* Note the first reason, for the first kernel.  Return: false, for callers that end with it. */
static bool failed(struct saver *saver, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool failed(struct saver *saver, const char *format, ...)
{
	struct image *image = &saver->image;
	va_list arguments;

	if (image->state == IMAGE_FAILED)
		return false;
	image->state = IMAGE_FAILED;
	va_start(arguments, format);
	vsnprintf(image->message, sizeof(image->message), format, arguments);
	va_end(arguments);
	say_failed(saver->sink.job->disk, "%s", image->message);
	return false;
}

static bool failed_by_sink(struct saver *saver)
{
	const struct sink *sink = &saver->sink;

	if (!sink->is_full)
		return failed(saver, "%s", sink->why.text);
	return failed(saver, "the image is larger than the %" PRIu64 " MiB of the device",
		      sink->job->extents.size / 1024 / 1024);
}

/* Find memory in use.  Return: there is some; otherwise it has failed, or that was all. */
static bool next_run(struct saver *saver, struct run *run)
{
	const off_t start = lseek(saver->memory, (off_t)run->end, SEEK_DATA);
	off_t end;

	if (start < 0 && errno == ENXIO)
		return false;
	end = start < 0 ? -1 : lseek(saver->memory, start, SEEK_HOLE);
	if (end < 0)
		return failed(saver, IMAGE_MEMORY ": %s", strerror(errno));
	run->start = (uint64_t)start;
	run->end = (uint64_t)end;
	if (end > start && start % EXTENT_BLOCK == 0 && end % EXTENT_BLOCK == 0 &&
	    run->start >= saver->image.memory_end)
		return true;
	return failed(saver, IMAGE_MEMORY ": memory from %#" PRIx64 " to %#" PRIx64
		      " makes no sense", run->start, run->end);
}

/* How much memory is there?  Return: it is known. */
static bool count(struct saver *saver, uint64_t *bytes)
{
	struct run run = { 0 };

	*bytes = 0;
	while (next_run(saver, &run))
		*bytes += run.end - run.start;
	if (!*bytes)
		failed(saver, IMAGE_MEMORY ": shows no memory in use");
	return saver->image.state != IMAGE_FAILED;
}

static bool read_memory(struct saver *saver, uint64_t address, size_t size)
{
	uint8_t *to = saver->packer.memory;

	while (size) {
		const ssize_t got = pread(saver->memory, to, size, (off_t)address);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return failed(saver, IMAGE_MEMORY ": memory at %#" PRIx64
				      " cannot be read: %s", address,
				      got ? strerror(errno) : "it ends there");
		to += got;
		address += (uint64_t)got;
		size -= (size_t)got;
	}
	return true;
}

static bool write_record(struct saver *saver, uint64_t address, uint32_t bytes)
{
	struct image_record record = { .address = address, .bytes = bytes }, stored;
	struct image *image = &saver->image;
	const uint8_t *content;

	if (!read_memory(saver, address, bytes))
		return false;
	record.crc = crc32(0, saver->packer.memory, bytes);
	content = packer_pack(&saver->packer, &record);
	image_record_make(&stored, &record);
	image->crc = crc32(image->crc, &stored, sizeof(stored));
	image->records++;
	image->bytes += bytes;
	if (!sink_put(&saver->sink, &stored, sizeof(stored)) ||
	    !sink_put(&saver->sink, content, record.stored))
		return failed_by_sink(saver);
	pace_show(&saver->pace, image->bytes);
	return true;
}

static bool write_run(struct saver *saver, const struct run *run)
{
	uint64_t at = run->start;

	while (at < run->end) {
		const uint64_t left = run->end - at;
		const uint32_t bytes = left < IMAGE_PIECE ? (uint32_t)left : IMAGE_PIECE;

		if (!write_record(saver, at, bytes))
			return false;
		at += bytes;
	}
	return true;
}

static bool write_records(struct saver *saver)
{
	struct run run = { 0 };
	uint64_t bytes;

	if (!count(saver, &bytes))
		return false;
	pace_begin(&saver->pace, "saved", bytes);
	while (next_run(saver, &run))
		if (!write_run(saver, &run))
			return false;
	if (saver->image.state == IMAGE_FAILED)
		return false;
	if (!sink_finish(&saver->sink))
		return failed_by_sink(saver);
	pace_end(&saver->pace);
	return true;
}

static bool save_memory(struct saver *saver, const char *root)
{
	const struct job *job = saver->sink.job;
	const enum image_method method = job->has_method ? job->method : image_method_default();
	char path[4096];
	bool good;

	snprintf(path, sizeof(path), "%s" IMAGE_MEMORY, root);
	saver->memory = open(path, O_RDONLY | O_CLOEXEC);
	if (saver->memory < 0)
		return failed(saver, IMAGE_MEMORY ": %s; the second kernel cannot see the first's "
			      "memory", strerror(errno));
	if (!image_method_is_built_in(method))
		good = failed(saver, "the second kernel's program was built without %s",
			      image_method_name(method));
	else if (!packer_begin_to_pack(&saver->packer, method))
		good = failed(saver, "no memory");
	else
		good = write_records(saver);
	packer_end(&saver->packer);
	close(saver->memory);
	return good;
}

/* The last thing that is written says what became of the rest. */
static bool write_head(struct saver *saver)
{
	struct image_head head;

	image_head_make(&head, &saver->image);
	if (sink_first(&saver->sink, &head))
		return true;
	say_failed(saver->sink.job->disk, "%s", saver->sink.why.text);
	return false;
}

static void fill(struct image *image, const struct job *job, uint64_t entry)
{
	*image = (struct image){
		.state = job->is_staying ? IMAGE_STAYED : IMAGE_SAVED, .entry = entry,
		.levels = job->levels, .memory_end = job->memory_end, .map_crc = job->map_crc,
		.when = (uint64_t)time(NULL), .mounts = job->mounts,
	};
	memcpy(image->token, job->token, sizeof(image->token));
	memcpy(image->release, job->release, sizeof(image->release));
	memcpy(image->version, job->version, sizeof(image->version));
}

/* Everything was saved: this kernel ends here.  Return: it could not. */
static bool power_off(struct saver *saver)
{
	failed(saver, "the machine cannot be switched off: %s", strerror(kexec_call_power_off()));
	write_head(saver);
	return false;
}

/**
 * image_write() - save the first kernel, and switch the machine off
 * @job: where to, and what to say of it
 * @entry: where the first kernel goes on
 * @root: what is put before the names of the kernel's files
 * @is_dry: do not switch it off
 *
 * Return: it was saved, and is not to be switched off; otherwise the reason was said, and written
 *	there if possible.
 */
bool image_write(const struct job *job, uint64_t entry, const char *root, bool is_dry)
{
	struct saver *saver = calloc(1, sizeof(*saver));
	bool good;

	if (!saver) {
		say_failed(job->disk, "no memory");
		return false;
	}
	fill(&saver->image, job, entry);
	good = sink_open(&saver->sink, job, root);
	if (good) {
		superblocks_note(&saver->image.mounts, root);
		good = save_memory(saver, root);
		saver->image.stored = saver->sink.bytes;
		good = write_head(saver) && good;
		if (good && !job->is_staying && !is_dry)
			good = power_off(saver);
		sink_close(&saver->sink);
	}
	free(saver);
	return good;
}
