// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: in the second kernel, the memory of the first is saved.
 *
 * One thread writes the records, in order; others read and compress the next ones meanwhile.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crc32.h"
#include "esc.h"
#include "image-list.h"
#include "image-memory.h"
#include "image-parcel.h"
#include "image-write.h"
#include "kexec-call.h"
#include "pace.h"
#include "say.h"
#include "sink.h"
#include "superblocks.h"

/**
 * struct saver - what is being saved
 * @sink: where to
 * @memory: of the first kernel
 * @parcels: the records that are worked on
 * @image: what becomes of it
 * @pace: how far it is
 * @esc: where the user can abort it
 * @is_over: no other record is begun with
 */
struct saver {
	struct sink		sink;
	struct image_memory	memory;
	struct parcels		parcels;
	struct image		image;
	struct pace		pace;
	struct esc		esc;
	bool			is_over;
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

static bool aborted(struct saver *saver)
{
	return failed(saver, "aborted by Esc");
}

/* In order: which memory is next? */
static bool take_parcel(void *to, unsigned int place)
{
	struct saver *saver = to;
	struct parcel *parcel = saver->parcels.parcels + place;

	if (saver->is_over)
		return false;
	parcel->is_bad = !image_memory_next(&saver->memory, &parcel->record, &parcel->why);
	saver->is_over = parcel->is_bad || !parcel->record.bytes;
	return parcel->is_bad || parcel->record.bytes;
}

/* At the same time as others: read the memory, and make of it what there is to be stored. */
static void work_on_parcel(void *to, unsigned int place)
{
	struct saver *saver = to;
	struct parcel *parcel = saver->parcels.parcels + place;
	struct image_record *record = &parcel->record;

	if (parcel->is_bad)
		return;
	parcel->is_bad = !image_memory_read(&saver->memory, record, parcel->packer.memory,
					   &parcel->why);
	if (parcel->is_bad)
		return;
	record->crc = crc32(0, parcel->packer.memory, record->bytes);
	parcel->content = packer_pack(&parcel->packer, record);
}

/* In order: write it. */
static bool give_parcel(void *to, unsigned int place)
{
	struct saver *saver = to;
	const struct parcel *parcel = saver->parcels.parcels + place;
	struct image *image = &saver->image;
	struct image_record record;

	if (parcel->is_bad)
		return failed(saver, "%s", parcel->why.text);
	image_record_make(&record, &parcel->record);
	image->crc = crc32(image->crc, &record, sizeof(record));
	image->records++;
	image->bytes += parcel->record.bytes;
	if (!sink_put(&saver->sink, &record, sizeof(record)) ||
	    !sink_put(&saver->sink, parcel->content, parcel->record.stored))
		return failed_by_sink(saver);
	pace_show(&saver->pace, image->bytes);
	return !esc_look_if_due(&saver->esc) || aborted(saver);
}

static bool write_records(struct saver *saver)
{
	const struct crew_work work = {
		.take = take_parcel, .work = work_on_parcel, .give = give_parcel, .to = saver,
	};
	struct why why;
	uint64_t bytes;

	if (!image_memory_count(&saver->memory, &bytes, &why))
		return failed(saver, "%s", why.text);
	pace_begin(&saver->pace, "saved", bytes);
	if (!crew_run(&work, saver->parcels.count))
		return false;
	if (!sink_finish(&saver->sink))
		return failed_by_sink(saver);
	if (esc_look(&saver->esc))
		return aborted(saver);
	pace_end(&saver->pace);
	return true;
}

/* Who resumes finds the other parts by it. */
static bool write_list(struct saver *saver)
{
	const struct extents *extents = &saver->sink.job->extents;
	size_t size;
	uint8_t *list;
	bool good;

	saver->sink.offset = IMAGE_FIRST;
	if (!image_list_is_needed(extents))
		return true;
	list = image_list_make(extents, &size);
	if (!list)
		return failed(saver, "no memory");
	saver->image.parts = (uint32_t)extents->count;
	saver->image.parts_crc = crc32(0, list, size);
	good = sink_put(&saver->sink, list, size);
	free(list);
	/* Only what is behind it is counted. */
	saver->sink.bytes = 0;
	return good || failed_by_sink(saver);
}

/* The console says what can be done on it. */
static bool write_or_abort(struct saver *saver)
{
	bool good;

	if (esc_begin(&saver->esc, STDIN_FILENO)) {
		puts("Esc aborts");
		fflush(stdout);
	}
	good = write_list(saver) && write_records(saver);
	esc_end(&saver->esc);
	return good;
}

/* The memory is open. */
static bool save_all(struct saver *saver)
{
	const struct job *job = saver->sink.job;
	const enum image_method method = job->has_method ? job->method : image_method_default();
	bool good;

	if (!image_method_is_built_in(method))
		return failed(saver, "the second kernel's program was built without %s",
			      image_method_name(method));
	if (!parcels_begin_to_pack(&saver->parcels, method))
		return failed(saver, "no memory");
	good = write_or_abort(saver);
	parcels_end(&saver->parcels);
	return good;
}

static bool save_memory(struct saver *saver, const char *root)
{
	struct why why;
	bool good;

	if (!image_memory_open(&saver->memory, root, saver->image.memory_end, &why))
		return failed(saver, "%s", why.text);
	good = save_all(saver);
	image_memory_close(&saver->memory);
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
