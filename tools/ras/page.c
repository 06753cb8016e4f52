// SPDX-License-Identifier: GPL-2.0
/*
 * ras-dump: a page: is its descriptor plausible, and what is in it?
 *
 * Each library is one that the program may have been built without.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_ZLIB
#include <zlib.h>
#endif
#ifdef HAVE_LZO
#include <lzo/lzo1x.h>
#endif
#ifdef HAVE_SNAPPY
#include <snappy-c.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "page.h"

/**
 * unpack_new() - what pages are read with
 * @dump: the dump
 * @pages: how many descriptors there are
 *
 * Return: it, to be freed by unpack_free(); or %NULL.
 */
struct unpack *unpack_new(const struct kdump *dump, uint64_t pages)
{
	struct unpack *unpack = malloc(sizeof(*unpack));

	if (unpack) {
		unpack->dump = dump;
		unpack->data_start = dump->table + pages * sizeof(struct kdump_desc);
		/* Rounded up, and with a page of zeros. */
		unpack->data_end = unpack->data_start + (pages + 2) * dump->page_size;
		unpack->zstd = NULL;
	}
	return unpack;
}

/**
 * unpack_free() - free what pages were read with
 * @unpack: it, or %NULL
 */
void unpack_free(struct unpack *unpack)
{
#ifdef HAVE_ZSTD
	if (unpack)
		ZSTD_freeDCtx(unpack->zstd);
#endif
	free(unpack);
}

/**
 * page_is_plausible() - can a page be where its descriptor says?
 * @dump: the dump
 * @data_start: where the descriptors end
 * @page: the page, whose descriptor is there
 * @why: set to the reason if it cannot
 */
bool page_is_plausible(const struct kdump *dump, uint64_t data_start, const struct page *page,
		       struct why *why)
{
	if (page_kind(page) == PAGE_UNKNOWN)
		return refuse(why, "its flags are %#" PRIx32 ", which is no way to store a page",
			      page->flags);
	if (!page->size || page->size > dump->page_size)
		return refuse(why, "it takes %" PRIu32 " bytes, a page has %" PRIu32, page->size,
			      dump->page_size);
	if (page_kind(page) == PAGE_RAW && page->size != dump->page_size)
		return refuse(why, "it takes %" PRIu32 " bytes and is not compressed",
			      page->size);
	if (page->offset < data_start)
		return refuse(why, "it begins before the end of the descriptors, which is at %"
			      PRIu64, data_start);
	if (!bytes_has(dump->bytes, page->offset, page->size))
		return refuse(why, "it has %" PRIu32 " bytes, and the file ends after %" PRIu64,
			      page->size, dump->bytes->size);
	return true;
}

/**
 * page_is_beyond() - would a page be where its descriptor says, if the file did not end before?
 * @unpack: what pages are read with
 * @page: the page, whose descriptor is there
 *
 * makedumpfile writes some descriptors before the pages; it may find no room then.
 */
bool page_is_beyond(const struct unpack *unpack, const struct page *page)
{
	const struct kdump *dump = unpack->dump;

	return page_kind(page) != PAGE_UNKNOWN && page->size && page->size <= dump->page_size &&
	       page->offset >= unpack->data_start && page->offset < unpack->data_end &&
	       !bytes_has(dump->bytes, page->offset, page->size);
}

#ifdef HAVE_ZLIB
static const char *unpack_zlib(struct unpack *unpack, size_t size, size_t *out)
{
	z_stream stream = {
		.next_in	= unpack->stored,
		.avail_in	= (uInt)size,
		.next_out	= unpack->data,
		.avail_out	= (uInt)(*out),
	};
	int result;

	if (inflateInit(&stream) != Z_OK)
		return "zlib has no memory";
	result = inflate(&stream, Z_FINISH);
	*out -= stream.avail_out;
	inflateEnd(&stream);
	if (result == Z_STREAM_END)
		return stream.avail_in ? "zlib leaves bytes behind its end" : NULL;
	/* There is no end in the bytes, or more than a page. */
	return result == Z_BUF_ERROR ? "zlib finds no end of it" : "zlib finds it damaged";
}
#endif

#ifdef HAVE_LZO
static const char *unpack_lzo(struct unpack *unpack, size_t size, size_t *out)
{
	lzo_uint length = *out;
	const int result = lzo1x_decompress_safe(unpack->stored, size, unpack->data, &length,
						 NULL);

	*out = length;
	if (result == LZO_E_OUTPUT_OVERRUN)
		return "lzo finds more than a page in it";
	return result == LZO_E_OK ? NULL : "lzo finds it damaged";
}
#endif

#ifdef HAVE_SNAPPY
static const char *unpack_snappy(struct unpack *unpack, size_t size, size_t *out)
{
	const char *stored = (const char *)unpack->stored;
	size_t length;

	if (snappy_uncompressed_length(stored, size, &length) != SNAPPY_OK)
		return "snappy finds it damaged";
	if (length > *out)
		return "snappy finds more than a page in it";
	*out = length;
	if (snappy_uncompress(stored, size, (char *)unpack->data, out) != SNAPPY_OK)
		return "snappy finds it damaged";
	return NULL;
}
#endif

#ifdef HAVE_ZSTD
static const char *unpack_zstd(struct unpack *unpack, size_t size, size_t *out)
{
	size_t length;

	if (!unpack->zstd)
		unpack->zstd = ZSTD_createDCtx();
	if (!unpack->zstd)
		return "zstd has no memory";
	/* At once, it takes no memory for what the frame says that its window is. */
	length = ZSTD_decompressDCtx(unpack->zstd, unpack->data, *out, unpack->stored, size);
	if (ZSTD_isError(length))
		return "zstd finds it damaged";
	*out = length;
	return NULL;
}
#endif

/*
 * What decompresses a kind of page, @size bytes, and sets @out, which is the room, to the size
 * of what comes out; it returns what is wrong, or NULL.  It is NULL if it is not built in.
 */
static const char *(* const unpackers[PAGE_KINDS])(struct unpack *unpack, size_t size,
						   size_t *out) = {
#ifdef HAVE_ZLIB
	[PAGE_ZLIB]	= unpack_zlib,
#endif
#ifdef HAVE_LZO
	[PAGE_LZO]	= unpack_lzo,
#endif
#ifdef HAVE_SNAPPY
	[PAGE_SNAPPY]	= unpack_snappy,
#endif
#ifdef HAVE_ZSTD
	[PAGE_ZSTD]	= unpack_zstd,
#endif
};

static enum page_state decompress(struct unpack *unpack, const struct page *page,
				  struct why *why)
{
	const enum page_kind kind = page_kind(page);
	size_t out = unpack->dump->page_size;
	const char *wrong;

	if (!unpackers[kind]) {
		refuse(why, "ras-dump was built without %s", page_kind_name(kind));
		return PAGE_UNREADABLE;
	}
	wrong = unpackers[kind](unpack, page->size, &out);
	if (wrong)
		refuse(why, "%s", wrong);
	else if (out != unpack->dump->page_size)
		refuse(why, "%s makes %zu bytes of it, a page has %" PRIu32, page_kind_name(kind),
		       out, unpack->dump->page_size);
	else
		return PAGE_GOOD;
	return PAGE_BAD;
}

/**
 * page_read() - read a page
 * @unpack: what pages are read with; afterwards @unpack.data is the page
 * @page: the page, whose descriptor is there
 * @why: set to the reason if it is not good
 *
 * An error of the file is one of the page: others may be readable.
 */
enum page_state page_read(struct unpack *unpack, const struct page *page, struct why *why)
{
	struct bytes *bytes = unpack->dump->bytes;
	const bool is_raw = page_kind(page) == PAGE_RAW;
	void *buffer = is_raw ? unpack->data : unpack->stored;

	if (!page_is_plausible(unpack->dump, unpack->data_start, page, why))
		return PAGE_BAD;
	if (!bytes_read(bytes, buffer, page->size, page->offset)) {
		refuse(why, "it cannot be read: %s", strerror(bytes->error));
		bytes->error = 0;
		return PAGE_BAD;
	}
	return is_raw ? PAGE_GOOD : decompress(unpack, page, why);
}

/**
 * page_is_zeros() - is the page that was read nothing but zeros?
 * @unpack: what it was read with
 */
bool page_is_zeros(const struct unpack *unpack)
{
	const uint8_t *data = unpack->data;

	return !*data && !memcmp(data, data + 1, unpack->dump->page_size - 1);
}

/**
 * page_libraries() - what the program was built with
 */
const char *page_libraries(void)
{
	static char text[64];

	*text = '\0';
	for (int kind = 0; kind < PAGE_KINDS; kind++) {
		if (!unpackers[kind])
			continue;
		if (*text)
			strcat(text, ", ");
		strcat(text, page_kind_name((enum page_kind)kind));
	}
	return *text ? text : "no library";
}
